/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap report: what a program did on its targets, as one HTML page. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "judge.h"
#include "report/html.h"
#include "run_options.h"

/* Some megabytes at most. */
static const struct timeline_limits page_limits = {.columns = 256, .cells = 24000};

struct report_command {
    struct common_options common;
    struct target_list targets;
    char *out;
    const char *path;
    struct prog prog;
    struct judge *judge;
    struct judge_result result;
    struct timeline timeline;
};

static int parse(struct report_command *c, struct cmd_options *o, struct err *e)
{
    const char **args;
    int val;
    int rc = 0;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        if (val == 'O') {
            free(c->out);
            c->out = value;
            continue;
        }
        rc = common_option(&c->common, &c->targets, val, value, e);
        free(value);
    }
    args = cmd_args(o);
    if (rc < 0) {
        return rc;
    }
    if (c->common.json) {
        return err_set(e, -EINVAL, "--json: a report is a page");
    }
    if (!args || !args[0] || args[1]) {
        return err_set(e, -EINVAL, "one program must be named; see twinmap report --help");
    }
    if (!c->out) {
        return err_set(e, -EINVAL, "-o OUT.html is needed; - is standard output");
    }
    c->path = args[0];
    return 0;
}

static int load(struct report_command *c, struct err *e)
{
    int rc = prog_load(&c->prog, c->path, c->common.format, e);

    if (rc == 0 && c->targets.n == 0) {
        rc = target_list_add(&c->targets, prog_wants_freebsd(&c->prog) ? "bsd" : "linux", e);
    }
    return rc;
}

/* The program judged, and all it did laid out. */
static int watch(struct report_command *c, struct err *e)
{
    struct timeline_subject s = {
        .prog = &c->prog,
        .finding = c->result.verdict == JUDGE_FINDING,
        .bad_op = c->result.bad_op,
        .has_where = c->result.has_where,
        .where = c->result.where,
    };
    int rc = judge_records(c->judge, &c->prog, &s.records, &s.n_records, e);

    if (rc == 0 && timeline_build(&c->timeline, &s, &page_limits) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    return rc;
}

static int write_page(struct report_command *c, struct err *e)
{
    bool finding = c->result.verdict == JUDGE_FINDING;
    struct buf what = BUF_INIT;
    struct buf command = BUF_INIT;
    struct buf page = BUF_INIT;
    struct report r = {
        .timeline = &c->timeline,
        .verdict = finding ? REPORT_FINDING : REPORT_PASSED,
        .path = c->path,
        .signature = buf_text(&c->result.signature),
        .reason = buf_text(&c->result.reason),
    };
    int rc;

    common_options_print_path(&c->common, c->path, &what);
    judge_command(c->judge, buf_text(&what), &command);
    r.command = buf_text(&command);
    report_html(&r, &page);
    rc = buf_write_file(&page, c->out, e);
    buf_free(&what);
    buf_free(&command);
    buf_free(&page);
    return rc;
}

static int nothing_ran(const char *why)
{
    fprintf(stderr, "twinmap report: nothing to draw: %s\n", why);
    return EXIT_NOTHING_RAN;
}

/* Returns the exit code. */
static int report(struct report_command *c)
{
    struct err e = {""};
    int rc = common_options_judge(&c->common, &c->targets, &c->judge, &e);

    if (rc == -EINVAL || rc == -ENOENT) {
        return cmd_usage("report", "%s", e.text);
    }
    if (rc == -ENOTSUP) {
        return nothing_ran(e.text);
    }
    if (rc < 0 || judge_run(c->judge, &c->prog, &c->result, &e) < 0) {
        return cmd_harness("report", &e);
    }
    if (c->result.verdict == JUDGE_SKIP) {
        return nothing_ran(buf_text(&c->result.reason));
    }
    if (watch(c, &e) < 0) {
        return cmd_harness("report", &e);
    }
    if (write_page(c, &e) < 0) {
        return cmd_usage("report", "%s", e.text);
    }
    return cmd_finish("report", c->result.verdict == JUDGE_FINDING ? EXIT_FINDING : EXIT_HOLDS);
}

int cmd_report(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_OPTIONS,
        NO_RULE_OPTION,
        {"output", 'o', POPT_ARG_STRING, NULL, 'O', "where to write it; - is standard output",
         "OUT.html"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct report_command c = {.common = COMMON_OPTIONS_INIT,
                               .prog = PROG_INIT,
                               .result = JUDGE_RESULT_INIT,
                               .timeline = TIMELINE_INIT};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "report");
    code =
        parse(&c, &o, &e) < 0 || load(&c, &e) < 0 ? cmd_usage("report", "%s", e.text) : report(&c);
    cmd_options_free(&o);
    timeline_free(&c.timeline);
    judge_close(c.judge);
    judge_result_free(&c.result);
    target_list_free(&c.targets);
    prog_free(&c.prog);
    common_options_free(&c.common);
    free(c.out);
    return code;
}
