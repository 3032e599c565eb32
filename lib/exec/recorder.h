/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that are whole systems instead of layers: a model, the native kernel. They run programs
 * and leave records; run like any other target they are judged by the program's expectations alone.
 */
#pragma once

#include "exec/record.h"
#include "exec/runner.h"

struct recorder;

/* SPEC is no layer. 0, or a negative errno with the reason in E: -ENOTSUP if it cannot be had. */
int recorder_open(struct recorder **ret, const struct target_spec *spec, struct err *e);
/* Takes NULL, returns NULL. */
struct recorder *recorder_close(struct recorder *r);
/*
 * Let it begin to run P, to be recorded later in the order of these calls. 0; -EAGAIN if nothing
 * can be run ahead now; another negative errno with the reason in E.
 */
int recorder_ahead(struct recorder *r, const struct prog *p, struct err *e);
/* P run on it, written to RET; a program that cannot run there is a record that says so. */
int recorder_record(struct recorder *r, const struct prog *p, struct record *ret, struct err *e);
/* The same, judged and left as runner_run leaves it. */
int recorder_run(struct recorder *r, const struct prog *p, const struct run_options *o,
                 struct run_result *ret, struct err *e);
