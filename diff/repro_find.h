/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a finding to a program that shows it by its own ops, where nobody watches but they. */
#pragma once

#include "exec/recorder.h"
#include "judge.h"

struct repro_finding {
    struct judge *judge;               /* its last run was the program, */
    const struct judge_result *result; /* and this came of it */
    const struct target_spec *bad;     /* the target that is wrong */
    struct recorder *good;             /* one that is right, of repro_open */
    bool code;                         /* exec may be used: no C program can say it */
};

/* A recorder for SPEC that judges nothing. As recorder_open. */
int repro_open(struct recorder **ret, const struct target_spec *spec, struct err *e);
/*
 * P is cut behind the bad op, and ops that look at the bad pages follow, of which those stay that
 * tell the targets apart; none if P cannot run on the right one. 0 or a negative errno with the
 * reason in E.
 */
int repro_find(struct prog *p, const struct repro_finding *f, struct err *e);
