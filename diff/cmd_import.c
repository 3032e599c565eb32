/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap import: a recorded strace log becomes one program per address space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "op/import.h"

/* OUT.tm for the first address space, OUT.2.tm, OUT.3.tm ... for the others. */
static void nth_name(const char *out, size_t n, struct buf *name)
{
    size_t len = strlen(out);
    size_t stem = len > 3 && strcmp(out + len - 3, ".tm") == 0 ? len - 3 : len;

    buf_clear(name);
    if (n == 0) {
        buf_str(name, out);
    } else {
        buf_fmt(name, "%.*s.%zu.tm", (int)stem, out, n + 1);
    }
}

static int write_space(const struct import_space *space, const char *out, size_t n, const char *log,
                       struct err *e)
{
    struct buf text = BUF_INIT;
    struct buf name = BUF_INIT;
    int r;

    nth_name(out, n, &name);
    import_print(space, &text);
    r = buf_write_file(&text, buf_text(&name), e);
    if (r == 0) {
        fprintf(stderr, "%s: %zu ops of address space %zu of %s\n", buf_text(&name),
                space->prog.ops.n, n + 1, log);
    }
    buf_free(&text);
    buf_free(&name);
    return r;
}

static int import(const char *log, const char *out)
{
    struct buf text = BUF_INIT;
    struct import_space *spaces = NULL;
    size_t n = 0;
    struct err e;
    int r = buf_read_file(&text, log, &e);

    if (r == 0) {
        r = import_strace(log, buf_text(&text), text.len, &spaces, &n, &e);
    }
    if (r == 0 && n > 1 && strcmp(out, "-") == 0) {
        r = err_set(&e, -EINVAL, "%s: %zu address spaces, standard output takes one", log, n);
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = write_space(&spaces[i], out, i, log, &e);
    }
    import_free(spaces, n);
    buf_free(&text);
    return r < 0 ? cmd_usage("import", "%s", e.text) : EXIT_HOLDS;
}

int cmd_import(int argc, const char **argv)
{
    char *out = NULL;
    struct poptOption table[] = {
        {"output", 'o', POPT_ARG_STRING, &out, 0,
         "where to write; further address spaces go to OUT.2.tm, OUT.3.tm ...", "OUT.tm"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct cmd_options o;
    const char **args;
    int code;

    cmd_options_init(&o, argc, argv, table, "import");
    while (cmd_next(&o) > 0) {
    }
    args = cmd_args(&o);
    if (!args || !args[0] || args[1]) {
        code = cmd_usage("import",
                         "one log must be named (strace -f -e trace=%%memory,%%desc -o LOG)");
    } else if (!out) {
        code = cmd_usage("import", "-o OUT.tm is needed");
    } else {
        code = import(args[0], out);
    }
    cmd_options_free(&o);
    free(out);
    return code;
}
