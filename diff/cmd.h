/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of the twinmap command share: exit codes, option parsing, usage errors. */
#pragma once

#include <popt.h>

#include "base/err.h"

enum exit_code {
    EXIT_HOLDS = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,   /* usage or unreadable input: message on stderr, nothing written */
    EXIT_HARNESS = 3, /* twinmap or the world under it failed */
    EXIT_NOTHING_RAN = 77,
};

#ifndef TWINMAP_VERSION
#define TWINMAP_VERSION "unknown"
#endif

#define CMD(name, args, title) int cmd_##name(int argc, const char **argv);
#include "cmd.def"
#undef CMD

/*
 * Options of one verb, walked with cmd_next. --help prints and leaves the process with 0; a bad
 * option prints one line and leaves with EXIT_USAGE, before anything was done.
 */
struct cmd_options {
    poptContext popt;
    const char *verb;
};
void cmd_options_init(struct cmd_options *o, int argc, const char **argv,
                      const struct poptOption *table, const char *verb);
/* Next option's val, or -1 when only arguments are left. */
int cmd_next(struct cmd_options *o);
/* Value of the option just met, malloc'd (the caller frees it). */
char *cmd_value(struct cmd_options *o);
/* NULL-terminated arguments; NULL if there are none. Owned by O. */
const char **cmd_args(struct cmd_options *o);
void cmd_options_free(struct cmd_options *o);

/* "twinmap VERB: message" on stderr; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int cmd_usage(const char *verb, const char *fmt, ...);
/* The same for a world that failed; returns EXIT_HARNESS. */
int cmd_harness(const char *verb, const struct err *e);
/*
 * Flush standard output; CODE, or EXIT_HARNESS with a message if what was printed did not arrive.
 */
int cmd_finish(const char *verb, int code);
