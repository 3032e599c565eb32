/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where two targets have come apart for a reason that is known: pages, shared objects. What lies
 * there says nothing any more until both have mapped it anew. And which bytes of files were stored
 * to: what a private map shows of them is up to the system.
 */
#pragma once

#include "op/prog.h"
#include "region/region.h"

struct apart {
    struct region_vec pages;   /* a set of addresses, of one process */
    struct region_vec changed; /* a set of file bytes: apart_file_byte */
    struct region_vec files;   /* the same, of those that the two have differently */
    struct {
        uint64_t *v;
        size_t n, cap;
    } objects; /* shared anonymous memory, by the first target's name */
};
#define APART_INIT ((struct apart){0})

void apart_free(struct apart *a);
void apart_clear(struct apart *a);

/*
 * Where WHERE of MAPPED lies in shared memory, the memory itself has come apart. NAME, if not NULL,
 * gives the first target's name of shared anonymous memory, or 0. 0 or -ENOMEM.
 */
int apart_objects(struct apart *a, const struct region_vec *mapped, struct range where,
                  uint64_t (*name)(const void *arg, uint64_t object), const void *arg);
/* The program stored to WHERE of MAPPED: which files are not any more what they were. */
int apart_stored(struct apart *a, const struct region_vec *mapped, struct range where);
/*
 * Whether the page WHERE, which G (of the first target) maps, cannot be compared: shared memory
 * that has come apart, a private map of what was stored to.
 */
bool apart_hides(const struct apart *a, const struct region *g, struct range where);
