/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a program fail in the same way each time? */
#pragma once

#include "judge.h"

struct steady {
    unsigned runs, hits;       /* HITS of RUNS were a finding with the signature of the first one */
    struct judge_result first; /* that finding; without one how the last run was judged */
    struct buf where;          /* not all are alike: the first step that differs, in words */
};
#define STEADY_INIT ((struct steady){0})
void steady_free(struct steady *s);

/*
 * Run P on J RUNS times, and if the verdicts differ as often again to find the step. 0, or a
 * negative errno with the reason in E.
 */
int steady_judge(struct judge *j, const struct prog *p, unsigned runs, struct steady *ret,
                 struct err *e);
