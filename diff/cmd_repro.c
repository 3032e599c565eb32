/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap repro: a program with what a target showed as its expectations, as text or as C. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cmd.h"
#include "exec/kernel.h"
#include "repro.h"
#include "repro_find.h"
#include "run_options.h"

struct repro_command {
    char *out;
    bool c; /* not text */
    bool emits;
    bool maps;
    enum prog_format format;
    struct target_spec on;
    bool chosen; /* by --on */
    struct {
        struct target_spec *v;
        size_t n, cap;
    } findings;
    const char *path;
    struct prog prog;
    struct recorder *good; /* of --on */
    struct record record;
    struct buf title;
    int code; /* how it ends if not with what E says */
};

static int take_option(struct repro_command *c, int val, const char *value, struct err *e)
{
    switch (val) {
    case 'e':
        c->emits = true;
        c->c = strcmp(value, "c") == 0;
        return c->c || strcmp(value, "text") == 0
                   ? 0
                   : err_set(e, -EINVAL, "--emit %s: unknown; one of text, c", value);
    case 'o':
        if (c->chosen) {
            return err_set(e, -EINVAL, "--on is given twice");
        }
        c->chosen = true;
        return target_parse(&c->on, value, e);
    case 'm':
        c->maps = true;
        return 0;
    case 't':
        buf_clear(&c->title);
        buf_fmt(&c->title, "%s\n", value);
        return 0;
    case 'F':
        if (vec_reserve(&c->findings, c->findings.n + 1) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
        return target_parse(&c->findings.v[c->findings.n++], value, e);
    default: {
        struct common_options common = COMMON_OPTIONS_INIT;
        int rc = common_option(&common, NULL, 'f', value, e);

        c->format = common.format;
        common_options_free(&common);
        return rc;
    }
    }
}

static int parse(struct repro_command *c, struct cmd_options *o, struct err *e)
{
    const char **args;
    int rc = 0;
    int val;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        rc = take_option(c, val, value, e);
        free(value);
    }
    if (rc < 0) {
        return rc;
    }
    args = cmd_args(o);
    if (!args || !args[0] || args[1]) {
        return err_set(e, -EINVAL, "one program must be named");
    }
    if (!c->emits) {
        return err_set(e, -EINVAL, "--emit text or --emit c is needed");
    }
    c->path = args[0];
    if (c->maps && !c->c) {
        return err_set(e, -EINVAL, "--maps is for --emit c: no program can say it");
    }
    if (!c->title.len) {
        buf_fmt(&c->title, "%s\n", c->path);
    }
    return prog_load(&c->prog, c->path, c->format, e);
}

static bool fails_host(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].kind == OP_host_fail) {
            return true;
        }
    }
    return false;
}

/* What the program is for: it may say so, or the target on which it is a finding does. */
static bool is_for_freebsd(const struct repro_command *c)
{
    return prog_wants_freebsd(&c->prog) ||
           (c->findings.n > 0 && c->findings.v[0].system == ABI_FREEBSD);
}

static int open_good(struct repro_command *c, const char *target, struct err *e)
{
    int rc = target ? target_parse(&c->on, target, e) : 0;

    return rc < 0 ? rc : repro_open(&c->good, &c->on, e);
}

/*
 * A layer from outside is held to this project's own of its flavour, under the same options: to a
 * kernel, what the limits of every layer excuse would look like its error.
 */
static bool has_twin(const struct repro_command *c)
{
    return !c->c && c->findings.n > 0 && strncmp(c->findings.v[0].text, "so:", 3) == 0;
}

static int open_twin(struct repro_command *c, struct err *e)
{
    const struct target_spec *bad = &c->findings.v[0];
    const char *options = strchr(bad->text, ',');
    struct buf twin = BUF_INIT;
    int rc;

    buf_fmt(&twin, "%s%s", bad->system == ABI_FREEBSD ? "bsd" : "linux", options ? options : "");
    rc =
        buf_failed(&twin) ? err_set(e, -ENOMEM, "out of memory") : open_good(c, buf_text(&twin), e);
    buf_free(&twin);
    return rc;
}

/*
 * Where to record what should be: on the native kernel if it is what the program is for. It comes
 * first, for layers on the real host take the room that its child needs.
 */
static int choose(struct repro_command *c, struct err *e)
{
    const char *why;
    int rc;

    if (has_twin(c)) {
        return open_twin(c, e);
    }
    if (is_for_freebsd(c)) {
        return open_good(c, "model-freebsd", e);
    }
    if (!kernel_available(&why)) {
        return open_good(c, "model-linux", e);
    }
    rc = open_good(c, KERNEL_NAME, e);
    rc = rc < 0 ? rc : recorder_record(c->good, &c->prog, &c->record, e);
    if (rc < 0 || !c->record.skipped) {
        return rc;
    }
    c->good = recorder_close(c->good);
    return open_good(c, "model-linux", e);
}

static int nothing_ran(struct repro_command *c, const char *target, const char *why, struct err *e)
{
    c->code = EXIT_NOTHING_RAN;
    return err_set(e, -ENOTSUP, "%s cannot run on %s: %s", c->path, target, why);
}

static int open_chosen(struct repro_command *c, struct err *e)
{
    struct err why;

    if (!target_available(&c->on, &why)) {
        return nothing_ran(c, c->on.text, why.text, e);
    }
    return open_good(c, NULL, e);
}

/* The program on the target of --on. */
static int record_good(struct repro_command *c, struct err *e)
{
    int rc;

    if (c->on.kind != TARGET_LAYER && fails_host(&c->prog)) {
        return nothing_ran(c, c->on.text, "host_fail means nothing without a layer", e);
    }
    rc = recorder_record(c->good, &c->prog, &c->record, e);
    if (rc == 0 && c->record.skipped) {
        return nothing_ran(c, c->on.text, buf_text(&c->record.reason), e);
    }
    return rc;
}

/* What the judge says of the program, and a program that shows it by its own ops. */
static int take_finding(struct repro_command *c, struct judge *j, const struct judge_result *r,
                        struct err *e)
{
    struct repro_finding f = {.judge = j, .result = r, .bad = &c->findings.v[0], .good = c->good};
    int rc = record_good(c, e); /* or there is no need to look further */

    f.code = !c->c && c->on.kind == TARGET_LAYER;
    buf_fmt(&c->title, "%s\n%s\n", buf_text(&r->signature), buf_text(&r->reason));
    return rc < 0 ? rc : repro_find(&c->prog, &f, e);
}

static int find(struct repro_command *c, struct err *e)
{
    const struct run_options o = RUN_OPTIONS_DEFAULT;
    struct judge_result r = JUDGE_RESULT_INIT;
    struct judge *j = NULL;
    int rc = judge_open(&j, c->findings.v, c->findings.n, &o, e);

    if (rc == -EINVAL || rc == -ENOTSUP) {
        c->code = EXIT_USAGE;
    }
    rc = rc < 0 ? rc : judge_run(j, &c->prog, &r, e);
    if (rc == 0 && r.verdict == JUDGE_SKIP) {
        rc = nothing_ran(c, c->findings.v[0].text, buf_text(&r.reason), e);
    } else if (rc == 0 && r.verdict == JUDGE_PASS) {
        c->code = EXIT_USAGE;
        rc = err_set(e, -EINVAL, "%s holds there: there is no finding to reproduce", c->path);
    } else if (rc == 0) {
        rc = take_finding(c, j, &r, e);
    }
    judge_result_free(&r);
    judge_close(j);
    return rc;
}

static int emit(struct repro_command *c, struct err *e)
{
    const struct repro r = {
        .prog = &c->prog, .record = &c->record, .title = buf_text(&c->title), .maps = c->maps};
    size_t op = repro_contradiction(&r);
    struct buf out = BUF_INIT;
    int rc;

    if (op < c->prog.ops.n) {
        fprintf(stderr, "twinmap repro: op %zu expects what %s does not show; what it says stays\n",
                op + 1, c->record.maker);
    }
    if (c->c) {
        rc = repro_c(&r, &out, e);
    } else {
        rc = repro_text(&r, &out) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
    }
    if (rc == -ENOTSUP) {
        c->code = EXIT_USAGE;
    }
    if (rc == 0 && buf_write_file(&out, c->out ? c->out : "-", e) < 0) {
        c->code = EXIT_USAGE;
        rc = -EIO;
    }
    buf_free(&out);
    return rc;
}

static int run(struct repro_command *c)
{
    struct err e = {""};
    int rc = c->chosen ? open_chosen(c, &e) : choose(c, &e);

    if (rc == 0 && c->findings.n) {
        rc = find(c, &e);
    }
    rc = rc < 0 ? rc : record_good(c, &e);
    rc = rc < 0 ? rc : emit(c, &e);
    if (rc < 0 && c->code == EXIT_HARNESS) {
        return cmd_harness("repro", &e);
    }
    if (rc < 0) {
        fprintf(stderr, "twinmap repro: %s\n", e.text);
        return c->code;
    }
    return cmd_finish("repro", EXIT_HOLDS);
}

int cmd_repro(int argc, const char **argv)
{
    struct repro_command c = {.prog = PROG_INIT, .code = EXIT_HARNESS};
    struct poptOption table[] = {
        {"emit", 0, POPT_ARG_STRING, NULL, 'e',
         "a program with what was recorded as expectations, or a stand-alone C file", "text|c"},
        {"output", 'o', POPT_ARG_STRING, &c.out, 0, "where to write it; - is standard output",
         "OUT"},
        {"on", 0, POPT_ARG_STRING, NULL, 'o',
         "whose outcomes are expected (as text, of a finding on so:PATH: the project's own layer; "
         "else the native kernel if it fits the program, else a model)",
         "TARGET"},
        {"finding", 0, POPT_ARG_STRING, NULL, 'F',
         "cut the program to its finding on this target, and look at the bad page; may be given "
         "more than once",
         "TARGET"},
        {"maps", 0, POPT_ARG_NONE, NULL, 'm',
         "as C: in the end, also look up in /proc/self/maps what is mapped where \"@\" reaches",
         NULL},
        {"title", 0, POPT_ARG_STRING, NULL, 't', "lines for its head instead of the program's path",
         "TEXT"},
        {"format", 0, POPT_ARG_STRING, NULL, 'f', "how to read the program", "auto|text|binary"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "repro");
    code = parse(&c, &o, &e) < 0 ? cmd_usage("repro", "%s", e.text) : run(&c);
    cmd_options_free(&o);
    recorder_close(c.good);
    prog_free(&c.prog);
    record_free(&c.record);
    buf_free(&c.title);
    free(c.findings.v);
    free(c.out);
    return code;
}
