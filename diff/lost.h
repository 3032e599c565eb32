/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finding of which nothing is left but that it was one: the layer under test ended the process,
 * which was a worker's.
 */
#pragma once

#include <json-c/json.h>

#include "exec/target.h"

#define LOST_REASON "the layer under test ended the process"

/* As run_signature, run_print_report and run_json: what is known of P on SPEC. */
void lost_signature(const struct prog *p, const struct target_spec *spec, struct buf *out);
void lost_report(const struct prog *p, const struct target_spec *spec, const char *what,
                 struct buf *out);
struct json_object *lost_json(const char *path, const struct prog *p,
                              const struct target_spec *spec);
