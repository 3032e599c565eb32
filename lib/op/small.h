/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small world: every program of up to N steps over four guest pages and a fixed set of calls,
 * counted through, so that "all of them pass" can be said. A step is one call, followed where it
 * makes writable memory by a store that tells its bytes from all others.
 */
#pragma once

#include "op/prog.h"

enum {
    SMALL_PAGES = 4,     /* guest pages of the world */
    SMALL_STEPS_MAX = 8, /* of a program */
};

struct small_world {
    enum abi_system system;
    struct prog_config config;
    uint64_t base; /* address of its first page */
    struct {
        struct op *v;
        size_t n, cap;
    } calls;
};

/*
 * The world of SYSTEM under CONFIG. Its pages begin in the middle of a host page where a host page
 * holds more than one guest page, so that the same calls meet heads, tails and whole host pages. 0
 * or -ENOMEM.
 */
int small_world_init(struct small_world *w, enum abi_system system,
                     const struct prog_config *config);
void small_world_free(struct small_world *w);

/* Programs of exactly STEPS steps; UINT64_MAX if they cannot be counted. */
uint64_t small_world_count(const struct small_world *w, unsigned steps);
/* The INDEX-th of them into *P (cleared first). 0 or -ENOMEM. */
int small_world_prog(const struct small_world *w, unsigned steps, uint64_t index, struct prog *p);
