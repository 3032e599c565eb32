/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Crash files judged, and the smallest of each group made smaller, by processes of their own: what
 * ends one of them costs a file, not the run.
 */
#pragma once

#include "exec/target.h"
#include "findings.h"
#include "triage.h"

struct finding;

struct finding_list {
    struct finding *v;
    size_t n, cap;
};

struct triage {
    struct target_spec *specs; /* judged together; none: the flavour of each file's own system */
    size_t n_specs;
    unsigned jobs;
    const char *out; /* the folder of findings; NULL: none */
    struct crash_list crashes;
    struct crash_groups groups;
    struct finding_list findings;
};
void triage_free(struct triage *t);

/* A finding as it is to be kept. */
struct finding {
    struct buf signature; /* of the program; the group's may have had another page-size relation */
    struct buf slug;
    size_t n_files;
    size_t best; /* the crash file that it was made from */
    size_t ops_before, ops_after;
    bool settled; /* what its folder has stays: an earlier run's program is as small */
    struct buf program, report, repro, environment;
    struct buf command;         /* that shows it again */
    enum finding_change change; /* once it is kept */
};

/* Judge all crashes that wait, and group them. 0 or a negative errno with the reason in E. */
int triage_judge(struct triage *t, struct err *e);
/*
 * What is to be kept of each group, in order of signatures, those of the same one as one. Without
 * an OUT as it is, else minimised. The same.
 */
int triage_findings(struct triage *t, struct err *e);
/*
 * Write them to OUT, if there are any and it is given. 0, or a negative errno with one line in E.
 */
int triage_keep(struct triage *t, struct err *e);
/* Whether C is one of the files of F. */
bool finding_has(const struct triage *t, const struct finding *f, const struct crash *c);
