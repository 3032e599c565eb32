/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option --picture: what a program did on its targets, drawn in the terminal. */
#pragma once

#include "diff_set.h"

/* What went wrong, if something did. */
struct picture_finding {
    size_t bad_op; /* as in judge_result */
    bool has_where;
    struct range where;
};
/* Of a run of one target, of the last run of several: there must be one. */
struct picture_finding picture_of_run(const struct run_result *r, const struct prog *p);
struct picture_finding picture_of_set(const struct diff_set *d, const struct prog *p);

/*
 * P once more on each of SPECS, as wide as COLUMNS of the environment says (100). F may be NULL. 0
 * or a negative errno with the reason in E; a target that is not to be had is left out.
 */
int picture_print(const struct target_spec *specs, size_t n_specs, const struct run_options *o,
                  const struct prog *p, const struct picture_finding *f, struct buf *out,
                  struct err *e);
