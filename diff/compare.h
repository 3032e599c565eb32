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
    enum compare_what what;    /* FINDING */
    bool has_where;
    struct range where; /* addresses of the first record */
    struct buf text;    /* FINDING: one sentence */
};

struct compare;

/* NULL without memory. Free takes NULL and returns NULL. */
struct compare *compare_new(void);
struct compare *compare_free(struct compare *c);
/* A and B are kept until the next begin. */
void compare_begin(struct compare *c, const struct record *a, const struct record *b);
/* Step I, in ascending order. 0 with *RET filled, whose text is reused; or -ENOMEM. */
int compare_step(struct compare *c, size_t i, struct compare_result *ret);
