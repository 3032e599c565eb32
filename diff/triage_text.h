/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside triage only: what the files of a finding say. */
#pragma once

#include "judge.h"
#include "triage_judge.h"

/* F is of SIGNATURE, and in the folder of that name. */
void finding_name(struct finding *f, const char *signature);
/* Where its program goes, as a shell reads it; the command that shows it again, into F. */
void finding_path(const struct triage *t, const struct finding *f, struct buf *out);
void finding_command(const struct triage *t, const struct target_spec *specs, size_t n,
                     struct finding *f);
/* The crash file that stands for G, as a program that a text can say. As crash_load. */
int finding_load(const struct triage *t, const struct crash_group *g, struct prog *p,
                 struct err *e);
/* The program that an earlier run has left for F; false if there is none that reads. */
bool finding_there(const struct triage *t, const struct finding *f, struct prog *p);

/* What a finding was found with; nothing that differs from run to run on one machine. */
void environment_print(const struct target_spec *specs, size_t n, struct buf *out);
bool environment_same_targets(const char *a, const char *b);

struct finding_source {
    const struct crash *crash; /* where it comes from */
    const char *how;           /* and what was done with that, in words */
    const struct prog *prog;
    struct judge *judge; /* its last run was PROG, a finding of this RESULT; NULL: none was */
    const struct judge_result *result;
    const char *reason; /* of the finding */
    const struct target_spec *specs;
    size_t n_specs;
};
/* All files of F, whose name is set. */
void finding_print(const struct triage *t, const struct finding_source *s, struct finding *f);
