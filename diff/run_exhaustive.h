/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every program of the small world (op/small.h) instead of recorded ones. */
#pragma once

#include "soak.h"

/* Which of them. */
struct exhaustive {
    unsigned steps; /* of a program, at most; 0: none are asked for */
    bool one;       /* only program INDEX of exactly STEPS steps */
    uint64_t index;
};

/* "3", or "3/1234": program 1234 of three steps alone. 0, or -EINVAL with one line in E. */
int exhaustive_parse(struct exhaustive *ret, const char *text, struct err *e);
/*
 * Run them on each target, under its configuration. 0, or a negative errno with the reason in E:
 * -ERANGE if there is no program INDEX.
 */
int run_exhaustive(struct soak *s, const struct exhaustive *which, struct err *e);
