/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two records of one program, step by step. It sees nothing but what records hold: outcomes,
 * regions, digests. The second record is of a target that followed the first, so that addresses
 * are alike on both sides; identities of shared anonymous memory are free up to renaming.
 */
#pragma once

#include "exec/record.h"

enum compare_verdict {
    COMPARE_SAME,
    COMPARE_SKIPPED,  /* neither side ran the op */
    COMPARE_POISONED, /* one side says nothing about it */
    COMPARE_EXCUSED,  /* they differ, and a rule or a limit says why they may */
    COMPARE_FINDING,
};

enum compare_what {
    COMPARE_OUTCOME, /* what the op answered */
    COMPARE_REGIONS, /* what is mapped afterwards */
    COMPARE_BYTES,   /* what a page holds */
    COMPARE_LENGTH,  /* one side has steps that the other lacks */
};
const char *compare_what_name(enum compare_what what);

struct compare_result {
    enum compare_verdict verdict;
    enum record_poison poison; /* POISONED */
    uint64_t rules, limits;    /* EXCUSED: sets of them (rules.h, inv/limit.h) */
    enum compare_what what;    /* FINDING, EXCUSED */
    bool has_where;
    struct range where; /* addresses of the first record */
    bool other_free;    /* REGIONS: the second has nothing there */
    struct buf text;    /* FINDING, EXCUSED: one sentence */
};

/* Two names of one shared object, kept as pairs: what is the same on both sides stays the same. */
struct object_names {
    struct object_name {
        uint64_t a, b;
    } * v;
    size_t n, cap;
};
void object_names_free(struct object_names *names);
int object_names_copy(struct object_names *to, const struct object_names *from);
/*
 * Objects of B that lie where A has one get A's name if the two were met together before, or for
 * the first time; A and B are what is mapped at one time, at the same addresses.
 */
void object_names_apply(struct object_names *names, const struct region_vec *a,
                        struct region_vec *b);
/* A's name of what B calls so, 0 if they have not met. */
uint64_t object_names_first(const struct object_names *names, uint64_t b);
/* Whether two digests can be of the same bytes; PAGE bytes long. */
bool compare_same_bytes(const struct record_digest *x, const struct record_digest *y,
                        uint64_t page);
void compare_print_bytes(const struct record *r, const struct record_digest *d, struct buf *out);
void compare_print_side(const struct record *r, const struct region *x, struct buf *out);

struct compare;

/* NULL without memory. Free takes NULL and returns NULL. */
struct compare *compare_new(void);
struct compare *compare_free(struct compare *c);
/* A and B are kept until the next begin. */
void compare_begin(struct compare *c, const struct record *a, const struct record *b);
/* Step I, in ascending order. 0 with *RET filled, whose text is reused; or -ENOMEM. */
int compare_step(struct compare *c, size_t i, struct compare_result *ret);
