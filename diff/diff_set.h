/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two or more targets held against each other. The first that is no model leads. A model of its
 * system follows it: it takes over every outcome that it allows (compare.h; behind a layer as the
 * runner does it, with the layer's limits). Everything else runs the program by its own choices and
 * is compared with the leader's record (peers.h); layers are judged by themselves as well, as
 * `twinmap run` does.
 */
#pragma once

#include "compare.h"
#include "exec/follow.h"
#include "exec/recorder.h"
#include "peers.h"
#include "rules.h"

/* What came of comparisons; sums up over workers. */
struct diff_counts {
    uint64_t programs;
    uint64_t not_run; /* programs that cannot run on the leader, or on any of the others */
    uint64_t steps;   /* ops that were compared: the same, excused or a finding */
    uint64_t skipped; /* ops that neither side runs */
    uint64_t poisoned[RECORD_POISON_COUNT];
    uint64_t excused;           /* ops in which a rule or a limit excused something, */
    uint64_t rules[RULE_COUNT]; /* by which */
    uint64_t limits[LIMIT_COUNT];
    uint64_t restarts; /* of commands that run an agent */
    uint64_t findings;
    uint64_t known; /* findings that were known before, and no more than counted */
};
void diff_counts_add(struct diff_counts *to, const struct diff_counts *from);
uint64_t diff_counts_poisoned(const struct diff_counts *c);

struct diff_target {
    struct target_spec spec;
    struct recorder *recorder; /* NULL of a model that follows */
    struct record record;      /* of the last program */
    unsigned ahead;            /* programs that it runs or has run already */
};

struct diff_set {
    struct diff_target *v;
    size_t n;
    size_t lead;
    struct run_options options;
    uint64_t rules_off; /* set of rules that excuse nothing: who needs them? */
    struct follower *follower;
    struct compare *compare;
    struct peers *peers;
    struct buf why; /* the last program did not run: why */
    bool skipped;
    /* The finding of the last program. */
    struct compare_result result; /* if two differ, */
    size_t bad;                   /* at this step of the leader */
    size_t other;   /* who differs from the leader; the layer itself if it is wrong by itself */
    bool own;       /* it is: recorder_result says how */
    unsigned ahead; /* programs that somebody runs already */
    struct diff_counts counts;
};

/*
 * A set for N specs. 0, or a negative errno with the reason in E: -EINVAL if these cannot be
 * compared, -ENOTSUP if one is not to be had here.
 */
int diff_set_open(struct diff_set *d, const struct target_spec *specs, size_t n,
                  const struct run_options *o, struct err *e);
void diff_set_close(struct diff_set *d);
/* Whether these specs can be compared, without opening anything. 0, or -EINVAL with why in E. */
int diff_set_check(const struct target_spec *specs, size_t n, struct err *e);
/* As recorder_ahead, of all that can: -EAGAIN if none does. */
int diff_set_ahead(struct diff_set *d, const struct prog *p, struct err *e);
/* 1 for a finding, 0, or a negative errno with the reason in E. */
int diff_set_run(struct diff_set *d, const struct prog *p, struct err *e);

/* Whether somebody beside the leader runs programs by its own choices. */
bool diff_set_has_peers(const struct diff_set *d);

static inline const struct record *diff_set_lead(const struct diff_set *d)
{
    return &d->v[d->lead].record;
}
