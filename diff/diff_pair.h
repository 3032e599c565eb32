/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two targets held against each other: the leader runs a program by its own choices and leaves a
 * record; the follower, a model, takes over every outcome that it allows; both records are
 * compared.
 */
#pragma once

#include "compare.h"
#include "exec/follow.h"
#include "exec/recorder.h"

/* What came of comparisons; sums up over workers. */
struct diff_counts {
    uint64_t programs;
    uint64_t not_run; /* programs that cannot run on the leader */
    uint64_t steps;   /* ops that were compared: the same or a finding */
    uint64_t skipped; /* ops that neither side runs */
    uint64_t poisoned[RECORD_POISON_COUNT];
    uint64_t findings;
};
void diff_counts_add(struct diff_counts *to, const struct diff_counts *from);
uint64_t diff_counts_poisoned(const struct diff_counts *c);

struct diff_pair {
    struct target_spec lead, model;
    struct recorder *recorder;
    struct follower *follower;
    struct compare *compare;
    struct record a, b;
    struct compare_result result; /* of the last program's last step */
    size_t bad;                   /* the step of a finding */
    struct diff_counts counts;
};

/*
 * Which of the specs leads. 0, or -EINVAL with the reason in E if these two cannot be compared.
 */
int diff_pair_choose(struct diff_pair *d, const struct target_spec *specs, size_t n, struct err *e);
/* 0 or a negative errno; -ENOTSUP: the leader is not to be had here. */
int diff_pair_open(struct diff_pair *d, struct err *e);
void diff_pair_close(struct diff_pair *d);
/* As recorder_ahead. */
int diff_pair_ahead(struct diff_pair *d, const struct prog *p, struct err *e);
/* 1 for a finding, 0, or a negative errno with the reason in E. */
int diff_pair_run(struct diff_pair *d, const struct prog *p, struct err *e);
