/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any target as one that runs programs and leaves records: a layer, a model, the native kernel, an
 * agent in an emulator. Layers are judged by all there is, the others by the program's expectations
 * alone, and an emulator by that it does not end or hang.
 */
#pragma once

#include "exec/record.h"
#include "exec/runner.h"

struct recorder;

/* 0, or a negative errno with the reason in E: -ENOTSUP if it cannot be had. */
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
/* Whether programs can have one configuration alone there, as of a kernel: which, into RET. */
bool recorder_native(const struct recorder *r, struct prog_config *ret);
/* How often a command that runs an agent had to be started again. */
unsigned recorder_restarts(const struct recorder *r);
/* How a layer is judged meanwhile, and whether its records have the views of host and model. */
void recorder_judge_by(struct recorder *r, const struct run_options *o, bool views);
/* What came of the last record of a layer, until the next; NULL for anything else. */
const struct run_result *recorder_result(const struct recorder *r);
/* The same, judged and left as runner_run leaves it. */
int recorder_run(struct recorder *r, const struct prog *p, const struct run_options *o,
                 struct run_result *ret, struct err *e);
