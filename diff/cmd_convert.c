/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap convert: one program from text to bytes or back. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "op/codec.h"
#include "op/text.h"

struct convert {
    char *to;
    char *out;
    char *format;
};

static int check(const struct convert *c, const char **args, enum prog_format *format)
{
    if (!c->to || (strcmp(c->to, "text") != 0 && strcmp(c->to, "binary") != 0)) {
        return cmd_usage("convert", "--to text or --to binary is needed");
    }
    if (!c->out) {
        return cmd_usage("convert", "-o OUT is needed; - is standard output");
    }
    if (!args || !args[0] || args[1]) {
        return cmd_usage("convert", "one program must be named");
    }
    if (!c->format || strcmp(c->format, "auto") == 0) {
        *format = PROG_FORMAT_AUTO;
    } else if (strcmp(c->format, "text") == 0) {
        *format = PROG_FORMAT_TEXT;
    } else if (strcmp(c->format, "binary") == 0) {
        *format = PROG_FORMAT_BINARY;
    } else {
        return cmd_usage("convert", "--format %s: unknown; one of auto, text, binary", c->format);
    }
    return EXIT_HOLDS;
}

static int convert(const struct convert *c, const char *path, enum prog_format format)
{
    struct prog p = PROG_INIT;
    struct buf out = BUF_INIT;
    struct err e;
    int code = EXIT_HOLDS;

    if (prog_load(&p, path, format, &e) < 0) {
        code = cmd_usage("convert", "%s", e.text);
    } else {
        if (strcmp(c->to, "text") == 0) {
            prog_print(&p, &out);
        } else {
            prog_encode(&p, &out);
        }
        if (buf_write_file(&out, c->out, &e) < 0) {
            code = cmd_usage("convert", "%s", e.text);
        }
    }
    buf_free(&out);
    prog_free(&p);
    return code;
}

int cmd_convert(int argc, const char **argv)
{
    struct convert c = {0};
    struct poptOption table[] = {
        {"to", 0, POPT_ARG_STRING, &c.to, 0, "what to write", "text|binary"},
        {"output", 'o', POPT_ARG_STRING, &c.out, 0, "where to write it; - is standard output",
         "OUT"},
        {"format", 0, POPT_ARG_STRING, &c.format, 0, "how to read the program", "auto|text|binary"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct cmd_options o;
    enum prog_format format = PROG_FORMAT_AUTO;
    const char **args;
    int code;

    cmd_options_init(&o, argc, argv, table, "convert");
    while (cmd_next(&o) > 0) {
    }
    args = cmd_args(&o);
    code = check(&c, args, &format);
    if (code == EXIT_HOLDS) {
        code = convert(&c, args[0], format);
    }
    cmd_options_free(&o);
    free(c.to);
    free(c.out);
    free(c.format);
    return code;
}
