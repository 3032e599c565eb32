/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparisons as text and as JSON. */
#pragma once

#include <json-c/json.h>

#include "diff_set.h"

/*
 * The finding of the last run: signature, sentence, program up to the step, what was allowed, both
 * sides' regions, and as last line the command that shows it again, for which WHAT is all behind
 * the targets.
 */
void diff_report(const struct diff_set *d, const struct prog *p, const char *what,
                 struct buf *out);
/* All of P as a file, with the configuration that the last run used. */
void diff_print_program(const struct diff_set *d, const struct prog *p, struct buf *out);
/* "4.50 % of the steps could not be compared: 9 ...", if that is more than anybody may overlook. */
bool diff_print_warning(const struct diff_counts *c, struct buf *out);
/* One line: "# 1000 programs, 21000 steps, 0 findings, 12 poisoned (0.06 %: 12 ...), ...". */
void diff_print_counts(const struct diff_counts *c, double seconds, struct buf *out);
/* "# excused: not-there 12, limit subpage-prot 3", nothing if nothing was. */
void diff_print_excused(const struct diff_counts *c, struct buf *out);
struct json_object *diff_counts_json(const struct diff_counts *c, double seconds);
