/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The targets a command was given by --on, with a runner each, opened when first needed. */
#pragma once

#include "exec/recorder.h"

struct target_entry {
    struct target_spec spec;
    struct runner *runner;     /* of a layer; NULL until used */
    struct recorder *recorder; /* of what is no layer */
    bool absent;               /* it is not to be had here */
    struct err why;
};

struct target_list {
    struct target_entry *v;
    size_t n, cap;
};

/* Parse TEXT and append. 0, or a negative errno with one line in E. */
int target_list_add(struct target_list *l, const char *text, struct err *e);
/* Run P on entry I, opening its runner if need be. As runner_run. */
int target_list_run(struct target_list *l, size_t i, const struct prog *p,
                    const struct run_options *o, struct run_result *ret, struct err *e);
void target_list_free(struct target_list *l);

/* True if P says "requires freebsd". */
bool prog_wants_freebsd(const struct prog *p);
