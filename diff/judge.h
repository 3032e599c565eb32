/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One program judged, whatever the targets are: on one target by itself, on several also against
 * each other. Who minimises, groups or reproduces findings needs nothing else of how they are made.
 */
#pragma once

#include "exec/runner.h"

enum judge_verdict {
    JUDGE_PASS,
    JUDGE_FINDING,
    JUDGE_SKIP, /* the program cannot run on any of the targets, or a target is not to be had */
};

struct judge_result {
    enum judge_verdict verdict;
    struct buf reason;    /* FINDING: the violation in one sentence; SKIP: why */
    struct buf signature; /* FINDING: by meaning, the same on another machine; diff/signature.h */
    /* FINDING: index in the program's ops; their number: behind the last or before the first */
    size_t bad_op;
    bool has_where; /* FINDING: where is the first bad range, guest addresses (@N is N) */
    struct range where;
    struct prog_config config; /* as used by the first target */
};
#define JUDGE_RESULT_INIT ((struct judge_result){0})
void judge_result_free(struct judge_result *r);

struct judge;

/*
 * A judge for N_SPECS targets (1 or more). 0, or a negative errno with the reason in E: -EINVAL if
 * these cannot be judged together, -ENOTSUP if one is not to be had here.
 */
int judge_open(struct judge **ret, const struct target_spec *specs, size_t n_specs,
               const struct run_options *o, struct err *e);
/* From now on these rules (rules.h) excuse nothing. */
void judge_switch_off(struct judge *j, uint64_t rules);
/* Takes NULL, returns NULL. */
struct judge *judge_close(struct judge *j);
/*
 * P on all of them; RET is cleared first and its memory reused. 0, or a negative errno with the
 * reason in E: the world failed.
 */
int judge_run(struct judge *j, const struct prog *p, struct judge_result *ret, struct err *e);
/*
 * P once more, for who wants to show it: the records of all targets in their order, with the views
 * of host and model where a target is a layer; a target that leaves none has a record without
 * steps. They are the judge's until its next run. 0 or a negative errno with the reason in E.
 */
int judge_records(struct judge *j, const struct prog *p, const struct record **ret, size_t *n,
                  struct err *e);
/*
 * The full report of the last run's finding. WHAT: the file, and what goes before it behind the
 * targets, as a shell reads them. Ends with the command that shows it again.
 */
void judge_report(struct judge *j, const struct prog *p, const char *what, struct buf *out);
/* "twinmap run --on linux WHAT", "twinmap diff --on a --on b WHAT": no newline. */
void judge_command(const struct judge *j, const char *what, struct buf *out);
