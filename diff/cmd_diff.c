/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap diff: programs on two targets, compared after every op. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/vec.h"
#include "bench.h"
#include "cmd.h"
#include "diff_random.h"
#include "diff_report.h"
#include "exec/kernel.h"
#include "input.h"
#include "run_json.h"

enum { JOBS_MAX = 256 };

struct diff_command {
    struct {
        struct target_spec *v;
        size_t n, cap;
    } targets;
    struct input_list inputs;
    enum prog_format format;
    uint64_t random, seed, jobs;
    bool seeded; /* --seed is given */
    bool json;
    struct diff_pair pair;
    struct diff_counts counts;
    struct diff_findings findings;
    uint64_t began;
};

static int set_number(uint64_t *to, const char *option, const char *value, struct err *e)
{
    char *rest;

    errno = 0;
    *to = strtoull(value, &rest, 0);
    if (errno || *rest || rest == value || strchr(value, '-')) {
        return err_set(e, -EINVAL, "--%s %s: not a number", option, value);
    }
    return 0;
}

static int add_target(struct diff_command *c, const char *text, struct err *e)
{
    if (vec_reserve(&c->targets, c->targets.n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    return target_parse(&c->targets.v[c->targets.n++], text, e);
}

static int set_format(struct diff_command *c, const char *value, struct err *e)
{
    static const char *const names[] = {"auto", "text", "binary"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], value) == 0) {
            c->format = (enum prog_format)i;
            return 0;
        }
    }
    return err_set(e, -EINVAL, "--format %s: unknown; one of auto, text, binary", value);
}

static int take_option(struct diff_command *c, int val, const char *value, struct err *e)
{
    switch (val) {
    case 'o':
        return add_target(c, value, e);
    case 'f':
        return set_format(c, value, e);
    case 'r':
        if (set_number(&c->random, "random", value, e) < 0) {
            return -EINVAL;
        }
        return c->random ? 0 : err_set(e, -EINVAL, "--random 0: expected at least one program");
    case 's':
        c->seeded = true;
        return set_number(&c->seed, "seed", value, e);
    case 'J':
        if (set_number(&c->jobs, "jobs", value, e) < 0) {
            return -EINVAL;
        }
        return c->jobs >= 1 && c->jobs <= JOBS_MAX
                   ? 0
                   : err_set(e, -EINVAL, "--jobs %s: expected 1 to %d", value, JOBS_MAX);
    default:
        c->json = true;
        return 0;
    }
}

static int parse(struct diff_command *c, struct cmd_options *o, struct err *e)
{
    const char **args;
    int rc = 0;
    int val;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        rc = take_option(c, val, value, e);
        free(value);
    }
    if (rc == 0) {
        rc = diff_pair_choose(&c->pair, c->targets.v, c->targets.n, e);
    }
    args = cmd_args(o);
    if (rc == 0 && c->random && args && args[0]) {
        return err_set(e, -EINVAL, "--random takes no program");
    }
    if (rc == 0 && !c->random && c->seeded) {
        return err_set(e, -EINVAL, "--seed is for programs that are made: --random");
    }
    if (rc == 0 && !c->random && (!args || !args[0])) {
        return err_set(e, -EINVAL, "no program named; see twinmap diff --help");
    }
    for (; rc == 0 && args && *args; args++) {
        rc = input_add(&c->inputs, *args, c->format, e);
    }
    return rc;
}

static int add_finding(struct diff_command *c, const struct input *in, struct err *e)
{
    struct buf signature = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf what = BUF_INIT;
    struct diff_finding f = {0};
    int rc = 0;

    buf_word(&what, in->path);
    diff_signature(&c->pair, &in->prog, &signature);
    diff_report(&c->pair, &in->prog, buf_text(&what), &text);
    f.signature = strdup(buf_text(&signature));
    f.text = strdup(buf_text(&text));
    if (!f.signature || !f.text || vec_reserve(&c->findings, c->findings.n + 1) < 0) {
        free(f.signature);
        free(f.text);
        rc = err_set(e, -ENOMEM, "out of memory");
    } else {
        c->findings.v[c->findings.n++] = f;
    }
    buf_free(&what);
    buf_free(&signature);
    buf_free(&text);
    return rc;
}

static int run_inputs(struct diff_command *c, struct err *e)
{
    int rc = diff_pair_open(&c->pair, e);

    for (size_t i = 0; rc == 0 && i < c->inputs.n; i++) {
        rc = diff_pair_run(&c->pair, &c->inputs.v[i].prog, e);
        if (rc == 1) {
            rc = add_finding(c, &c->inputs.v[i], e);
        } else if (rc == 0 && c->pair.a.skipped && !c->json) {
            printf("# %s on %s: skipped: %s\n", c->inputs.v[i].path, c->pair.lead.text,
                   buf_text(&c->pair.a.reason));
        }
    }
    c->counts = c->pair.counts;
    return rc;
}

static void print_json(const struct diff_command *c, double seconds)
{
    struct json_object *doc = json_object_new_object();
    struct json_object *findings = json_object_new_array();

    for (size_t i = 0; i < c->findings.n; i++) {
        struct json_object *o = json_object_new_object();

        if (c->random) {
            json_object_object_add(o, "seed", json_object_new_uint64(c->findings.v[i].seed));
        }
        json_object_object_add(o, "signature", json_text(c->findings.v[i].signature));
        json_object_object_add(o, "report", json_text(c->findings.v[i].text));
        json_object_array_add(findings, o);
    }
    json_object_object_add(doc, "findings", findings);
    json_object_object_add(doc, "summary", diff_counts_json(&c->counts, seconds));
    json_emit(doc);
}

static int conclude(const struct diff_command *c)
{
    double seconds = (double)(bench_ns() - c->began) / 1e9;
    struct buf line = BUF_INIT;

    if (c->json) {
        print_json(c, seconds);
    } else {
        diff_print_counts(&c->counts, seconds, &line);
        fputs(buf_text(&line), stdout);
        for (size_t i = 0; i < c->findings.n; i++) {
            printf("\n%s", c->findings.v[i].text);
        }
    }
    buf_clear(&line);
    if (diff_print_warning(&c->counts, &line)) {
        fprintf(stderr, "twinmap diff: %s\n", buf_text(&line));
    }
    buf_free(&line);
    if (c->counts.findings > 0) {
        return EXIT_FINDING;
    }
    return c->counts.programs == c->counts.not_run ? EXIT_NOTHING_RAN : EXIT_HOLDS;
}

static int run(struct diff_command *c)
{
    struct err e = {""};
    const char *why = "";
    int rc;

    if (c->pair.lead.kind == TARGET_KERNEL && !kernel_available(&why)) {
        fprintf(stderr, "twinmap diff: %s is not to be had here: %s\n", c->pair.lead.text, why);
        return EXIT_NOTHING_RAN;
    }
    c->began = bench_ns();
    if (c->random) {
        rc = diff_random(c->targets.v, c->random, c->seed, (unsigned)c->jobs, &c->counts,
                         &c->findings, &e);
    } else {
        rc = run_inputs(c, &e);
    }
    return rc < 0 ? cmd_harness("diff", &e) : cmd_finish("diff", conclude(c));
}

int cmd_diff(int argc, const char **argv)
{
    struct poptOption table[] = {
        {"on", 0, POPT_ARG_STRING, NULL, 'o',
         "what to compare: given twice, one a model, which follows the other", "TARGET"},
        {"random", 0, POPT_ARG_STRING, NULL, 'r', "compare over generated programs", "N"},
        {"seed", 0, POPT_ARG_STRING, NULL, 's', "seed of the first of them (0); each has its own",
         "S"},
        {"jobs", 0, POPT_ARG_STRING, NULL, 'J', "processes that share them (one per core)", "J"},
        {"format", 0, POPT_ARG_STRING, NULL, 'f', "how to read programs", "auto|text|binary"},
        {"json", 0, POPT_ARG_NONE, NULL, 'j', "one JSON document instead of text", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct diff_command c = {.jobs = (uint64_t)u64_max(1, (uint64_t)get_nprocs())};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "diff");
    code = parse(&c, &o, &e) < 0 ? cmd_usage("diff", "%s", e.text) : run(&c);
    cmd_options_free(&o);
    diff_pair_close(&c.pair);
    diff_findings_free(&c.findings);
    input_free(&c.inputs);
    free(c.targets.v);
    return code;
}
