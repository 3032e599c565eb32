/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many programs on some targets, one after the other: what came of them is counted, each new
 * signature of a target is reported once with the command that makes it again.
 */
#pragma once

#include <json-c/json.h>

#include "exec/related.h"
#include "run_options.h"

struct soak {
    struct target_list *targets;
    size_t target;
    const struct common_options *common;
    struct run_options run;
    struct run_result result; /* of the last program */
    uint64_t programs, findings, skipped;
    struct buf why_skipped;                       /* the first of them */
    uint64_t all_findings, all_ran, all_programs; /* of all targets that have ended */
    uint64_t by_relation[SPACE_H_GT_G + 1];
    uint64_t steps, poisoned, excused[LIMIT_COUNT]; /* steps, as run_result counts them */
    struct related *related;                        /* NULL: none are asked for */
    uint64_t pairs;                                 /* compared */
    struct buf seen;                                /* signatures, one per line */
    struct json_object *reports; /* of the target's findings; NULL without --json */
    struct json_object *all;     /* of the targets that have ended; NULL without --json */
    uint64_t began;              /* ns */
};

void soak_init(struct soak *s, struct target_list *targets, const struct common_options *common);
void soak_free(struct soak *s);
/* From now on for target I, with all counts 0. */
void soak_begin(struct soak *s, size_t i);
const struct target_spec *soak_spec(const struct soak *s);
/*
 * One program. WHAT: all behind the target and the common options that names it on a command line.
 * 0 or a negative errno with the reason in E.
 */
int soak_run(struct soak *s, const struct prog *p, const char *what, struct err *e);
/* "# linux: 1000 programs, 0 findings, ...", and a line of what was excused; as JSON, a row. */
void soak_end(struct soak *s);
/* After the last target: with --json, the document. */
void soak_finish(struct soak *s);
