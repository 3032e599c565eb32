/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every verb which runs programs has. */
#pragma once

#include "exec/runner.h"
#include "judge.h"
#include "op/codec.h"
#include "target_list.h"

struct common_options {
    struct run_options run;
    enum prog_format format;
    bool json;
    uint64_t rules_off; /* set of rules (rules.h) that excuse nothing */
    uint64_t related;   /* relatives (exec/related.h) that each program is compared with */
    char *hostmap;      /* owns run.hostmap */
};
#define COMMON_OPTIONS_INIT ((struct common_options){.run = RUN_OPTIONS_DEFAULT})

/* Rows for a popt table; their letters are taken by common_option. */
#define COMMON_RUN_OPTIONS \
    {"on", \
     0, \
     POPT_ARG_STRING, \
     NULL, \
     'o', \
     "where to run, with options as `twinmap targets` lists them; may be given more than once", \
     "TARGET"}, \
        {"format", 0, POPT_ARG_STRING, NULL, 'f', "how to read programs", "auto|text|binary"}, \
        {"maps", 0, POPT_ARG_STRING, NULL, 'm', "when to judge the host map", "none|program|op"}, \
        {"hostmap", 0, POPT_ARG_STRING, NULL, 'h' + 256, "reader of the host map", "NAME"}, \
    { \
        "no-limit", 0, POPT_ARG_STRING, NULL, 'l' + 256, \
            "excuse nothing by this limit (docs/LIMITS.md); may be given more than once", "NAME" \
    }
#define COMMON_OPTIONS \
    COMMON_RUN_OPTIONS, \
    { \
        "json", 0, POPT_ARG_NONE, NULL, 'j', "one JSON document instead of text", NULL \
    }

/* One more row, for verbs that hold targets against each other. */
#define NO_RULE_OPTION \
    { \
        "no-rule", 0, POPT_ARG_STRING, NULL, 'r' + 256, \
            "excuse nothing by this rule (docs/RULES.md); may be given more than once", "NAME" \
    }

/* Take option VAL with VALUE (may be NULL). 0, or a negative errno with one line in E. */
int common_option(struct common_options *c, struct target_list *targets, int val, const char *value,
                  struct err *e);
/*
 * What a command line says behind the target: to judge in the same way; to read PATH in the same
 * way, last on the line; both.
 */
void common_options_print(const struct common_options *c, struct buf *out);
void common_options_print_input(const struct common_options *c, const char *path, struct buf *out);
void common_options_print_path(const struct common_options *c, const char *path, struct buf *out);
/* VALUE as an unsigned number, decimal or hex, into *TO. 0, or -EINVAL with one line in E. */
int option_number(uint64_t *to, const char *option, const char *value, struct err *e);
/* VALUE of --jobs into *TO. The same. */
int option_jobs(unsigned *to, const char *value, struct err *e);
/* A judge for all of TARGETS under C. As judge_open. */
int common_options_judge(const struct common_options *c, const struct target_list *targets,
                         struct judge **ret, struct err *e);
void common_options_free(struct common_options *c);
