/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated programs compared by several processes at once. */
#pragma once

#include "diff_set.h"
#include "known.h"

/* A finding as one process leaves it for another. */
struct diff_finding {
    uint64_t seed;
    char *signature;
    char *text;    /* the report */
    char *program; /* all of it, as a file; NULL where it came from one */
};

struct diff_findings {
    struct diff_finding *v;
    size_t n, cap;
};
void diff_findings_free(struct diff_findings *f);

/* What is compared, and how. */
struct diff_plan {
    const struct target_spec *specs;
    size_t n_specs;
    struct run_options options;
    uint64_t rules_off;
    const struct known *known;       /* findings that are only counted; NULL: none */
    bool steer;                      /* a program goes on without the op that showed a finding */
    const struct prog *const *seeds; /* programs to be changed, N_SEEDS */
    size_t n_seeds;
    unsigned seconds;    /* no program is begun later; 0: no limit */
    const char *command; /* options that a report's command has to repeat, each with a blank */
};

/*
 * N programs of seeds SEED, SEED + 1, ... in JOBS processes. COUNTS get the sums, FINDINGS the
 * first of each signature in order of their seeds, HITS how often each known one showed (NULL
 * without known ones). 0 or a negative errno with the reason in E.
 */
int diff_random(const struct diff_plan *plan, uint64_t n, uint64_t seed, unsigned jobs,
                struct diff_counts *counts, uint64_t *hits, struct diff_findings *findings,
                struct err *e);
