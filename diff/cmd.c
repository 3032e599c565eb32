/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static const char *verb_arguments(const char *verb)
{
    static const struct {
        const char *name;
        const char *args;
    } verbs[] = {
#define CMD(name, args, title) {#name, args},
#include "cmd.def"
#undef CMD
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, verb) == 0) {
            return verbs[i].args;
        }
    }
    return "";
}

void cmd_options_init(struct cmd_options *o, int argc, const char **argv,
                      const struct poptOption *table, const char *verb)
{
    o->verb = verb;
    o->popt = poptGetContext("twinmap", argc, argv, table, 0);
    if (!o->popt) {
        fprintf(stderr, "twinmap %s: out of memory\n", verb);
        exit(EXIT_HARNESS);
    }
    poptSetOtherOptionHelp(o->popt, verb_arguments(verb));
}

int cmd_next(struct cmd_options *o)
{
    int val = poptGetNextOpt(o->popt);

    if (val < -1) {
        cmd_usage(o->verb, "%s: %s (see twinmap %s --help)",
                  poptBadOption(o->popt, POPT_BADOPTION_NOALIAS), poptStrerror(val), o->verb);
        exit(EXIT_USAGE);
    }
    return val;
}

char *cmd_value(struct cmd_options *o)
{
    return poptGetOptArg(o->popt);
}

const char **cmd_args(struct cmd_options *o)
{
    return poptGetArgs(o->popt);
}

void cmd_options_free(struct cmd_options *o)
{
    o->popt = poptFreeContext(o->popt);
}

int cmd_usage(const char *verb, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "twinmap %s: ", verb);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

int cmd_harness(const char *verb, const struct err *e)
{
    fprintf(stderr, "twinmap %s: harness error: %s\n", verb, e->text);
    return EXIT_HARNESS;
}

int cmd_finish(const char *verb, int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "twinmap %s: cannot write the results: %s\n", verb, strerror(errno));
        return EXIT_HARNESS;
    }
    return code;
}
