/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as JSON, one shape for every verb. */
#pragma once

#include <json-c/json.h>

#include "exec/runner.h"

/* TEXT as a JSON string, each byte that is no UTF-8 as U+FFFD: paths may be anything. */
struct json_object *json_text(const char *text);
/* "pass", "finding", "skip" */
const char *run_verdict_name(enum run_verdict v);
/* One run: path, target, verdict, reason, signature, config, steps. The caller owns it. */
struct json_object *run_json(const char *path, const char *target, const struct prog *p,
                             const struct run_result *r);
/* {"passed": .., "failed": .., "skipped": ..} */
struct json_object *counts_json(size_t passed, size_t failed, size_t skipped);
/* Print DOC on stdout, newline at the end, and drop it. */
void json_emit(struct json_object *doc);
