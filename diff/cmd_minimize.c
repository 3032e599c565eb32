/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap minimize: the smallest program that fails in the same way. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "bench.h"
#include "cmd.h"
#include "minimise_judge.h"
#include "op/text.h"
#include "run_options.h"
#include "shell_test.h"
#include "steady.h"

enum {
    FIRST_RUNS = 5,   /* of the program as it is, to see whether it always fails */
    FLAKY_RUNS = 10,  /* of each candidate if it does not; one of them has to fail */
    RUNS_MAX = 10000, /* --runs */
    SECONDS = 60,     /* --timeout */
};

struct minimize {
    struct target_list targets;
    struct common_options common;
    char *test, *out;
    uint64_t runs, needed, budget, seconds;
    bool has_format_option; /* something that is for judging alone is given */
    bool by_default;        /* the target is the flavour of the program's system */
    const char *path;
    struct prog prog;
    struct minimise_options how;
    struct minimise_stats stats;
    struct buf title;   /* what failed, for people: a signature, a command */
    struct buf command; /* to run next */
    uint64_t began;
};

static int take_count(uint64_t *to, const char *option, const char *value, uint64_t max,
                      struct err *e)
{
    int rc = option_number(to, option, value, e);

    if (rc == 0 && (*to == 0 || *to > max)) {
        rc = err_set(e, -EINVAL, "--%s %s: expected 1 to %" PRIu64, option, value, max);
    }
    return rc;
}

static int take_option(struct minimize *c, int val, char *value, struct err *e)
{
    switch (val) {
    case 't':
        free(c->test);
        c->test = strdup(value);
        return c->test ? 0 : err_set(e, -ENOMEM, "out of memory");
    case 'O':
        free(c->out);
        c->out = strdup(value);
        return c->out ? 0 : err_set(e, -ENOMEM, "out of memory");
    case 'n':
        return take_count(&c->runs, "runs", value, RUNS_MAX, e);
    case 'k':
        return take_count(&c->needed, "needed", value, RUNS_MAX, e);
    case 'b':
        return take_count(&c->budget, "budget", value, UINT64_MAX, e);
    case 'T':
        return take_count(&c->seconds, "timeout", value, UINT32_MAX, e);
    default:
        c->has_format_option |= val != 'f';
        return common_option(&c->common, &c->targets, val, value, e);
    }
}

static int check(struct minimize *c, const char **args, struct err *e)
{
    if (!args || !args[0] || args[1]) {
        return err_set(e, -EINVAL, "one program must be named; see twinmap minimize --help");
    }
    c->path = args[0];
    if (c->test && c->has_format_option) {
        return err_set(e, -EINVAL,
                       "--test decides by itself: no --on, --maps, --hostmap, "
                       "--no-limit, --no-rule with it");
    }
    if (c->needed && !c->runs) {
        return err_set(e, -EINVAL, "--needed is for --runs");
    }
    if (c->needed > c->runs) {
        return err_set(e, -EINVAL, "--needed %" PRIu64 ": of %" PRIu64 " runs", c->needed, c->runs);
    }
    return prog_load(&c->prog, c->path, c->common.format, e);
}

static int parse(struct minimize *c, struct cmd_options *o, struct err *e)
{
    int rc = 0;
    int val;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        rc = take_option(c, val, value, e);
        free(value);
    }
    return rc < 0 ? rc : check(c, cmd_args(o), e);
}

/* How often each candidate is run, by how often the program itself failed. */
static void plan_runs(struct minimize *c, unsigned hits, unsigned runs, const char *where)
{
    c->how.budget = c->budget;
    c->how.runs = c->runs ? (unsigned)c->runs : hits < runs ? FLAKY_RUNS : 1;
    c->how.needed = c->needed ? (unsigned)c->needed : 1;
    if (hits < runs) {
        fprintf(stderr,
                "twinmap minimize: flaky: %s fails in %u of %u runs; a candidate has to in %u of "
                "%u\n",
                c->path, hits, runs, c->how.needed, c->how.runs);
        if (where) {
            fprintf(stderr, "twinmap minimize: the first step that differs: %s\n", where);
        }
    }
}

static unsigned first_runs(const struct minimize *c)
{
    return (unsigned)u64_max(FIRST_RUNS, c->runs);
}

/* Enough failed; else an exit code and a message. */
static int check_hits(const struct minimize *c, unsigned hits, unsigned runs)
{
    if (c->needed && hits < c->needed) {
        return cmd_usage("minimize", "%s fails in %u of %u runs, %" PRIu64 " are needed", c->path,
                         hits, runs, c->needed);
    }
    return EXIT_HOLDS;
}

static int not_interested(const struct minimize *c, int status)
{
    if (status < 0) {
        return cmd_usage("minimize",
                         "nothing to minimise: --test '%s' was killed on %s, or took %" PRIu64 " s",
                         c->test, c->path, c->seconds);
    }
    return cmd_usage("minimize",
                     "nothing to minimise: --test '%s' is not interested in %s: status %d", c->test,
                     c->path, status);
}

static int by_test(struct minimize *c)
{
    struct shell_test t;
    struct err e;
    unsigned runs = first_runs(c);
    unsigned hits = 0;
    int rc = shell_test_open(&t, c->test, c->seconds, &e);
    int code;

    if (rc < 0) {
        return rc == -EINVAL ? cmd_usage("minimize", "%s", e.text) : cmd_harness("minimize", &e);
    }
    for (unsigned i = 0; rc >= 0 && i < runs; i++) {
        rc = shell_test_run(&t, &c->prog, &e);
        hits += rc > 0;
        if (rc == 0 && t.status < 0 && hits == 0) {
            break; /* what takes too long would take so each time */
        }
    }
    code = check_hits(c, hits, runs);
    if (rc >= 0 && hits == 0) {
        code = not_interested(c, t.status);
    } else if (rc >= 0 && code == EXIT_HOLDS) {
        plan_runs(c, hits, runs, NULL);
        c->how.pred = (struct minimise_pred){.same = shell_test_same, .arg = &t};
        rc = minimise(&c->prog, &c->how, &c->stats, &e);
        buf_fmt(&c->title, "twinmap minimize --test ");
        buf_word(&c->title, c->test);
        shell_test_fill(c->test, c->out ? c->out : "-", &c->command);
    }
    shell_test_close(&t);
    if (rc == -ENOEXEC) {
        return cmd_usage("minimize", "%s", e.text);
    }
    return rc < 0 ? cmd_harness("minimize", &e) : code;
}

/* Without --on a program runs on the flavour of its own system. */
static int open_judge(struct minimize *c, struct judge **ret, struct err *e)
{
    int rc = 0;

    if (c->targets.n == 0) {
        c->by_default = true;
        rc = target_list_add(&c->targets, prog_wants_freebsd(&c->prog) ? "bsd" : "linux", e);
    }
    return rc < 0 ? rc : common_options_judge(&c->common, &c->targets, ret, e);
}

static void name_targets(const struct minimize *c, struct buf *out)
{
    for (size_t i = 0; i < c->targets.n; i++) {
        buf_fmt(out, "%s%s", i > 0 ? ", " : "", c->targets.v[i].spec.text);
    }
}

/* There is no finding. */
static int nothing(const struct minimize *c, const struct judge_result *r)
{
    struct buf targets = BUF_INIT;
    int code;

    name_targets(c, &targets);
    if (r->verdict == JUDGE_SKIP) {
        fprintf(stderr, "twinmap minimize: %s is skipped on %s: %s\n", c->path, buf_text(&targets),
                buf_text(&r->reason));
        code = EXIT_NOTHING_RAN;
    } else {
        code = cmd_usage("minimize", "nothing to minimise: %s holds on %s", c->path,
                         buf_text(&targets));
    }
    buf_free(&targets);
    return code;
}

/* The program of another system goes on to find its flavour. */
static int keep_system(struct minimize *c, bool freebsd, struct err *e)
{
    struct prog_require q = {.kind = REQUIRE_FREEBSD};

    if (!c->by_default || !freebsd || prog_wants_freebsd(&c->prog)) {
        return 0;
    }
    return prog_add_require(&c->prog, q) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
}

static int minimise_judged(struct minimize *c, struct judge *j, struct err *e)
{
    struct judge_result last = JUDGE_RESULT_INIT;
    struct buf what = BUF_INIT;
    bool freebsd = prog_wants_freebsd(&c->prog);
    int rc = minimise_by_judge(j, &c->prog, &c->how, &last, &c->stats, e);

    if (rc == 0) {
        rc = keep_system(c, freebsd, e);
    }
    buf_fmt(&c->title, "twinmap-finding: %s", buf_text(&last.signature));
    common_options_print(&c->common, &what);
    if (c->out && c->out[0] == '-' && c->out[1]) {
        buf_str(&what, "-- ");
    }
    buf_word(&what, c->out ? c->out : "-");
    judge_command(j, buf_text(&what), &c->command);
    buf_free(&what);
    judge_result_free(&last);
    return rc;
}

static int by_judge(struct minimize *c)
{
    struct judge *j = NULL;
    struct steady s = STEADY_INIT;
    struct err e;
    int rc = open_judge(c, &j, &e);
    int code = EXIT_HOLDS;

    if (rc == -ENOTSUP) {
        fprintf(stderr, "twinmap minimize: %s\n", e.text);
        return EXIT_NOTHING_RAN;
    }
    if (rc == -EINVAL) {
        return cmd_usage("minimize", "%s", e.text);
    }
    if (rc == 0) {
        rc = steady_judge(j, &c->prog, first_runs(c), &s, &e);
    }
    if (rc == 0 && s.hits == 0) {
        code = nothing(c, &s.first);
    } else if (rc == 0) {
        code = check_hits(c, s.hits, s.runs);
    }
    if (rc == 0 && code == EXIT_HOLDS) {
        plan_runs(c, s.hits, s.runs, buf_text(&s.where));
        c->how.signature = buf_text(&s.first.signature);
        rc = minimise_judged(c, j, &e);
    }
    steady_free(&s);
    judge_close(j);
    return rc < 0 ? cmd_harness("minimize", &e) : code;
}

/* A line of comment: whatever cannot be in a text is left out. */
static void print_comment(const struct buf *line, struct buf *out)
{
    buf_str(out, "# ");
    for (const char *s = buf_text(line); *s; s++) {
        buf_u8(out, *s >= ' ' && *s <= '~' ? (uint8_t)*s : '?');
    }
    buf_str(out, "\n");
}

static bool ends_in(const char *name, const char *tail)
{
    size_t n = strlen(name);
    size_t t = strlen(tail);

    return n > t && strcmp(name + n - t, tail) == 0;
}

/* Text with what it shows on top; bytes where the name says so. */
static int write_out(const struct minimize *c, struct err *e)
{
    struct buf out = BUF_INIT;
    int rc;

    if (c->out && ends_in(c->out, ".bin")) {
        prog_encode(&c->prog, &out);
    } else {
        print_comment(&c->title, &out);
        print_comment(&c->command, &out);
        prog_print(&c->prog, &out);
    }
    rc = buf_write_file(&out, c->out ? c->out : "-", e);
    buf_free(&out);
    return rc;
}

static int report(const struct minimize *c)
{
    struct err e;
    double seconds = (double)(bench_ns() - c->began) / 1e9;

    if (write_out(c, &e) < 0) {
        return cmd_usage("minimize", "%s", e.text);
    }
    fprintf(stderr, "%s\n", buf_text(&c->title));
    fprintf(stderr, "%zu ops to %zu, %" PRIu64 " executions, %.2f s%s\n", c->stats.ops_before,
            c->stats.ops_after, c->stats.executed, seconds,
            c->stats.exhausted ? ", --budget used up: there may be a smaller one" : "");
    fprintf(stderr, "%s\n", buf_text(&c->command));
    return cmd_finish("minimize", EXIT_HOLDS);
}

int cmd_minimize(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_RUN_OPTIONS,
        NO_RULE_OPTION,
        {"test", 0, POPT_ARG_STRING, NULL, 't',
         "a shell command decides instead: {} is the path of a program, status 0 means that it is "
         "still interesting (as C-Reduce and delta have it); run in the current folder",
         "'CMD {}'"},
        {"timeout", 0, POPT_ARG_STRING, NULL, 'T',
         "what takes longer is not interesting to --test (60)", "SECONDS"},
        {"runs", 0, POPT_ARG_STRING, NULL, 'n',
         "flaky programs: run each candidate so often (1, or 10 if the program does not always "
         "fail)",
         "N"},
        {"needed", 0, POPT_ARG_STRING, NULL, 'k', "of which so many have to fail (1)", "K"},
        {"budget", 0, POPT_ARG_STRING, NULL, 'b',
         "executions at most (400, more for long and for flaky programs)", "N"},
        {"output", 'o', POPT_ARG_STRING, NULL, 'O',
         "where to write it; - or none is standard output, OUT.bin gets bytes", "OUT"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct minimize c = {
        .common = COMMON_OPTIONS_INIT, .prog = PROG_INIT, .seconds = SECONDS, .began = bench_ns()};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "minimize");
    if (parse(&c, &o, &e) < 0) {
        code = cmd_usage("minimize", "%s", e.text);
    } else {
        code = c.test ? by_test(&c) : by_judge(&c);
        code = code == EXIT_HOLDS ? report(&c) : code;
    }
    cmd_options_free(&o);
    target_list_free(&c.targets);
    prog_free(&c.prog);
    buf_free(&c.title);
    buf_free(&c.command);
    common_options_free(&c.common);
    free(c.test);
    free(c.out);
    return code;
}
