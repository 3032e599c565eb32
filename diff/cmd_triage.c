/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap triage: crash files grouped by what is wrong, one small program kept of each group. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "cmd.h"
#include "findings.h"
#include "judge.h"
#include "pool.h"
#include "run_json.h"
#include "run_options.h"
#include "triage_judge.h"
#include "triage_print.h"

struct triage_command {
    struct {
        struct target_spec *v;
        size_t n, cap;
    } targets;
    struct triage triage;
    char *out;
    bool json;
};

static int add_target(struct triage_command *c, const char *text, struct err *e)
{
    if (vec_reserve(&c->targets, c->targets.n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    return target_parse(&c->targets.v[c->targets.n++], text, e);
}

/* Whether these can be judged together, and here. */
static int check_targets(const struct triage_command *c, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct judge *j = NULL;
    int rc = c->targets.n ? judge_open(&j, c->targets.v, c->targets.n, &o, e) : 0;

    judge_close(j);
    return rc;
}

static int parse(struct triage_command *c, struct cmd_options *o, struct err *e)
{
    int rc = 0;
    int val;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        if (val == 'o') {
            rc = add_target(c, value, e);
        } else if (val == 'J') {
            rc = option_jobs(&c->triage.jobs, value, e);
        } else if (val == 'O') {
            free(c->out);
            c->out = value;
            value = NULL;
        } else {
            c->json = true;
        }
        free(value);
    }
    c->triage.specs = c->targets.v;
    c->triage.n_specs = c->targets.n;
    c->triage.out = c->out;
    return rc;
}

/* What is found must not become what is looked at. */
static int check_apart(const char *folder, const char *out, struct err *e)
{
    struct stat a;
    struct stat b;

    if (out && stat(folder, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino) {
        return err_set(e, -EINVAL, "%s: the folder to read and the folder to write are the same",
                       folder);
    }
    return 0;
}

static int scan(struct triage_command *c, struct cmd_options *o, struct err *e)
{
    const char **args = cmd_args(o);
    int rc = 0;

    if (!args || !args[0]) {
        return err_set(e, -EINVAL, "no folder named; see twinmap triage --help");
    }
    if (c->out && !c->out[0]) {
        return err_set(e, -EINVAL, "-o needs the name of a folder");
    }
    for (size_t i = 0; rc == 0 && args[i]; i++) {
        rc = check_apart(args[i], c->out, e);
    }
    if (rc == 0 && c->out) {
        rc = findings_check(c->out, e);
    }
    for (; rc == 0 && *args; args++) {
        rc = crash_scan(&c->triage.crashes, *args, e);
    }
    return rc;
}

/* An engine's file does not say what was fuzzed. */
static void advise(const struct triage *t)
{
    if (t->n_specs == 0 && t->findings.n == 0 && triage_count(t).state[CRASH_HOLDS] > 0) {
        fprintf(stderr, "twinmap triage: nothing is wrong on the flavours; --on names what was "
                        "fuzzed if it was something else\n");
    }
}

/* A harness error is one even beside findings: what else there is nobody knows. */
static int exit_code(const struct triage *t)
{
    struct triage_counts counts = triage_count(t);
    const size_t *n = counts.state;

    if (n[CRASH_FAILED]) {
        fprintf(stderr, "twinmap triage: harness error: %zu files could not be judged\n",
                n[CRASH_FAILED]);
        return EXIT_HARNESS;
    }
    if (n[CRASH_FINDING]) {
        return EXIT_FINDING;
    }
    return n[CRASH_HOLDS] == 0 && n[CRASH_SKIPPED] + n[CRASH_UNREADABLE] > 0 ? EXIT_NOTHING_RAN
                                                                             : EXIT_HOLDS;
}

static int run(struct triage_command *c)
{
    struct err e = {""};
    struct buf text = BUF_INIT;
    int rc = check_targets(c, &e);

    if (rc == -ENOTSUP) {
        fprintf(stderr, "twinmap triage: %s\n", e.text);
        return EXIT_NOTHING_RAN;
    }
    if (rc == -EINVAL) {
        return cmd_usage("triage", "%s", e.text);
    }
    rc = rc < 0 ? rc : triage_judge(&c->triage, &e);
    rc = rc < 0 ? rc : triage_findings(&c->triage, &e);
    if (rc < 0) {
        return cmd_harness("triage", &e);
    }
    if (triage_keep(&c->triage, &e) < 0) {
        return cmd_usage("triage", "%s", e.text);
    }
    advise(&c->triage);
    if (c->json) {
        json_emit(triage_json(&c->triage));
    } else {
        triage_print(&c->triage, &text);
        fputs(buf_text(&text), stdout);
        buf_free(&text);
    }
    return cmd_finish("triage", exit_code(&c->triage));
}

int cmd_triage(int argc, const char **argv)
{
    struct poptOption table[] = {
        {"on", 0, POPT_ARG_STRING, NULL, 'o',
         "what was fuzzed, as twinmap run has it; given twice or more, as twinmap diff has them. "
         "Without it the flavour of each program's own system, which an engine's file does not say",
         "TARGET"},
        {"output", 'o', POPT_ARG_STRING, NULL, 'O',
         "folder of findings to write or to go on with; without it nothing is minimised",
         "FINDINGS"},
        {"jobs", 0, POPT_ARG_STRING, NULL, 'J', "processes that share the files (one per core)",
         "J"},
        {"json", 0, POPT_ARG_NONE, NULL, 'j', "one JSON document instead of text", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct triage_command c = {.triage = {.jobs = pool_jobs()}};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "triage");
    code =
        parse(&c, &o, &e) < 0 || scan(&c, &o, &e) < 0 ? cmd_usage("triage", "%s", e.text) : run(&c);
    cmd_options_free(&o);
    triage_free(&c.triage);
    free(c.targets.v);
    free(c.out);
    return code;
}
