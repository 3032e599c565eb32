/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What triage says: each file and what became of it, a table of findings, counts. */
#pragma once

#include <json-c/json.h>

#include "triage_judge.h"

struct triage_counts {
    size_t state[CRASH_STATE_COUNT]; /* duplicates too */
    size_t duplicates;
    size_t read; /* all that was a program */
};
struct triage_counts triage_count(const struct triage *t);

/* Ends with the command that shows the first finding again. */
void triage_print(const struct triage *t, struct buf *out);
/* All of it as one document. The caller owns it. */
struct json_object *triage_json(const struct triage *t);
