/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap diff: programs on two or more targets, compared after every op. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "bench.h"
#include "cmd.h"
#include "diff_random.h"
#include "diff_report.h"
#include "input.h"
#include "picture.h"
#include "pool.h"
#include "run_json.h"
#include "run_options.h"
#include "signature.h"

enum { TIME_MAX = 1 << 30 };

struct diff_command {
    struct target_list targets;
    struct target_spec *specs; /* of the targets */
    struct input_list inputs;
    struct common_options common;
    bool whole_folder; /* one is among the inputs */
    uint64_t random, seed;
    unsigned jobs;
    bool seeded; /* --seed is given */
    struct known known;
    uint64_t *hits;
    struct input_list seeds; /* programs to be changed */
    const struct prog **seed_progs;
    bool picture;
    struct diff_plan plan;
    struct buf command; /* options that a report's command repeats */
    struct diff_set set;
    struct diff_counts counts;
    struct diff_findings findings;
    uint64_t began;
};

static int take_option(struct diff_command *c, int val, const char *value, struct err *e)
{
    uint64_t seconds;

    switch (val) {
    case 'r':
        if (option_number(&c->random, "random", value, e) < 0) {
            return -EINVAL;
        }
        return c->random ? 0 : err_set(e, -EINVAL, "--random 0: expected at least one program");
    case 's':
        c->seeded = true;
        return option_number(&c->seed, "seed", value, e);
    case 'J':
        return option_jobs(&c->jobs, value, e);
    case 'P':
        c->picture = true;
        return 0;
    case 'K':
        c->plan.known = &c->known;
        c->plan.steer = true;
        buf_str(&c->command, "--known ");
        buf_word(&c->command, value);
        buf_str(&c->command, " ");
        return known_add(&c->known, value, e);
    case 'S':
        c->plan.steer = true;
        buf_str(&c->command, "--steer ");
        return 0;
    case 'm':
        buf_str(&c->command, "--mutate ");
        buf_word(&c->command, value);
        buf_str(&c->command, " ");
        return input_add(&c->seeds, value, PROG_FORMAT_AUTO, e);
    case 't':
        if (option_number(&seconds, "time", value, e) < 0) {
            return -EINVAL;
        }
        c->plan.seconds = (unsigned)u64_min(seconds, TIME_MAX);
        return seconds ? 0 : err_set(e, -EINVAL, "--time 0: expected at least one second");
    default:
        return common_option(&c->common, &c->targets, val, value, e);
    }
}

static int check(struct diff_command *c, const char **args, struct err *e)
{
    c->specs = calloc(c->targets.n + 1, sizeof(*c->specs));
    if (!c->specs) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < c->targets.n; i++) {
        c->specs[i] = c->targets.v[i].spec;
    }
    if (c->picture && (c->random || c->common.json)) {
        return err_set(e, -EINVAL, "--picture is for programs that are named, as text");
    }
    if (c->random && args && args[0]) {
        return err_set(e, -EINVAL, "--random takes no program");
    }
    if (!c->random &&
        (c->seeded || c->plan.steer || c->plan.known || c->seeds.n > 0 || c->plan.seconds)) {
        return err_set(e, -EINVAL,
                       "--seed, --known, --steer, --mutate and --time are for programs that are "
                       "made: --random");
    }
    c->hits = calloc(c->known.n + 1, sizeof(*c->hits));
    c->seed_progs = calloc(c->seeds.n + 1, sizeof(*c->seed_progs));
    if (!c->hits || !c->seed_progs) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (!c->random && (!args || !args[0])) {
        return err_set(e, -EINVAL, "no program named; see twinmap diff --help");
    }
    return diff_set_check(c->specs, c->targets.n, e);
}

/* What is compared, and how. */
static void plan(struct diff_command *c)
{
    common_options_print(&c->common, &c->command);
    c->plan.rules_off = c->common.rules_off;
    c->plan.specs = c->specs;
    c->plan.n_specs = c->targets.n;
    c->plan.options = c->common.run;
    c->plan.options.adapt_config = c->random > 0;
    c->plan.command = buf_text(&c->command);
    for (size_t i = 0; i < c->seeds.n; i++) {
        c->seed_progs[i] = &c->seeds.v[i].prog;
    }
    c->plan.seeds = c->seed_progs;
    c->plan.n_seeds = c->seeds.n;
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
    args = cmd_args(o);
    rc = rc < 0 ? rc : check(c, args, e);
    for (; rc == 0 && args && *args; args++) {
        size_t before = c->inputs.n;

        rc = input_add(&c->inputs, *args, c->common.format, e);
        c->whole_folder |= c->inputs.n > before + 1;
    }
    if (rc == 0) {
        plan(c);
    }
    return rc;
}

/* What IN did on all targets, drawn, if that is asked for. */
static int draw(const struct diff_command *c, const struct input *in, bool finding, struct buf *out,
                struct err *e)
{
    struct picture_finding f;
    int rc;

    if (!c->picture || c->set.skipped) {
        return 0;
    }
    f = finding ? picture_of_set(&c->set, &in->prog) : (struct picture_finding){0};
    buf_fmt(out, "# %s\n", in->path);
    rc = picture_print(c->specs, c->targets.n, &c->plan.options, &in->prog, finding ? &f : NULL,
                       out, e);
    buf_str(out, "\n");
    return rc;
}

static int add_finding(struct diff_command *c, const struct input *in, struct err *e)
{
    struct buf signature = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf what = BUF_INIT;
    struct diff_finding f = {0};
    int rc = draw(c, in, true, &text, e);

    buf_str(&what, c->plan.command);
    common_options_print_input(&c->common, in->path, &what);
    signature_of(&c->set, &in->prog, &signature);
    diff_report(&c->set, &in->prog, buf_text(&what), &text);
    f.signature = strdup(buf_text(&signature));
    f.text = strdup(buf_text(&text));
    if (rc == 0 && (!f.signature || !f.text || vec_reserve(&c->findings, c->findings.n + 1) < 0)) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    if (rc < 0) {
        free(f.signature);
        free(f.text);
    } else {
        c->findings.v[c->findings.n++] = f;
    }
    buf_free(&what);
    buf_free(&signature);
    buf_free(&text);
    return rc;
}

static int print_picture(const struct diff_command *c, const struct input *in, struct err *e)
{
    struct buf text = BUF_INIT;
    int rc = draw(c, in, false, &text, e);

    fputs(buf_text(&text), stdout);
    buf_free(&text);
    return rc;
}

static int run_inputs(struct diff_command *c, struct err *e)
{
    int rc = diff_set_open(&c->set, c->specs, c->targets.n, &c->plan.options, e);

    c->set.rules_off = c->plan.rules_off;
    for (size_t i = 0; rc == 0 && i < c->inputs.n; i++) {
        rc = diff_set_run(&c->set, &c->inputs.v[i].prog, e);
        if (rc == 1) {
            rc = add_finding(c, &c->inputs.v[i], e);
        } else if (rc == 0 && c->set.skipped && !c->common.json) {
            printf("# %s: skipped: on %s\n", c->inputs.v[i].path, buf_text(&c->set.why));
        } else if (rc == 0) {
            rc = print_picture(c, &c->inputs.v[i], e);
        }
    }
    c->counts = c->set.counts;
    return rc;
}

static void print_json(const struct diff_command *c, double seconds)
{
    struct json_object *doc = json_object_new_object();
    struct json_object *findings = json_object_new_array();
    struct json_object *known = json_object_new_object();

    for (size_t i = 0; i < c->findings.n; i++) {
        struct json_object *o = json_object_new_object();

        if (c->random) {
            json_object_object_add(o, "seed", json_object_new_uint64(c->findings.v[i].seed));
        }
        json_object_object_add(o, "signature", json_text(c->findings.v[i].signature));
        json_object_object_add(o, "report", json_text(c->findings.v[i].text));
        if (c->findings.v[i].program) {
            json_object_object_add(o, "program", json_text(c->findings.v[i].program));
        }
        json_object_array_add(findings, o);
    }
    json_object_object_add(doc, "findings", findings);
    for (size_t i = 0; i < c->known.n; i++) {
        if (c->hits[i]) {
            json_object_object_add(known, c->known.v[i], json_object_new_uint64(c->hits[i]));
        }
    }
    json_object_object_add(doc, "known", known);
    json_object_object_add(doc, "summary", diff_counts_json(&c->counts, seconds));
    json_emit(doc);
}

/* A rule that nothing here needs may have lost its reason. */
static void print_unused(const struct diff_command *c, struct buf *out)
{
    const char *before = "# rules that excused nothing: ";

    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (c->counts.rules[i] == 0) {
            buf_fmt(out, "%s%s", before, rule_descs[i].name);
            before = ", ";
        }
    }
    buf_str(out, before[0] == ',' ? "\n" : "");
}

static int conclude(const struct diff_command *c)
{
    double seconds = (double)(bench_ns() - c->began) / 1e9;
    struct buf line = BUF_INIT;

    if (c->common.json) {
        print_json(c, seconds);
    } else {
        diff_print_counts(&c->counts, seconds, &line);
        diff_print_excused(&c->counts, &line);
        for (size_t i = 0; i < c->known.n; i++) {
            if (c->hits[i]) {
                buf_fmt(&line, "# known: %" PRIu64 " times %s\n", c->hits[i], c->known.v[i]);
            }
        }
        if (c->whole_folder) {
            print_unused(c, &line);
        }
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

/* A target that is not to be had here, and why, if there is one. */
static const struct target_spec *absent(const struct diff_command *c, struct err *why)
{
    for (size_t i = 0; i < c->targets.n; i++) {
        if (!target_available(&c->specs[i], why)) {
            return &c->specs[i];
        }
    }
    return NULL;
}

static int run(struct diff_command *c)
{
    struct err e = {""};
    const struct target_spec *missing = absent(c, &e);
    int rc;

    if (missing) {
        fprintf(stderr, "twinmap diff: %s is not to be had here: %s\n", missing->text, e.text);
        return EXIT_NOTHING_RAN;
    }
    c->began = bench_ns();
    if (c->random) {
        rc = diff_random(&c->plan, c->random, c->seed, c->jobs, &c->counts, c->hits, &c->findings,
                         &e);
    } else {
        rc = run_inputs(c, &e);
    }
    return rc < 0 ? cmd_harness("diff", &e) : cmd_finish("diff", conclude(c));
}

int cmd_diff(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_OPTIONS,
        {"picture", 0, POPT_ARG_NONE, NULL, 'P',
         "draw what each step did on all targets first, COLUMNS characters wide", NULL},
        NO_RULE_OPTION,
        {"random", 0, POPT_ARG_STRING, NULL, 'r', "compare over generated programs", "N"},
        {"seed", 0, POPT_ARG_STRING, NULL, 's', "seed of the first of them (0); each has its own",
         "S"},
        {"mutate", 0, POPT_ARG_STRING, NULL, 'm',
         "half of them are changed programs of PATH; may be repeated", "PATH"},
        {"time", 0, POPT_ARG_STRING, NULL, 't', "begin none later than after so long", "SECONDS"},
        {"known", 0, POPT_ARG_STRING, NULL, 'K',
         "findings whose signatures PATH names are counted and steered round; may be repeated",
         "PATH"},
        {"steer", 0, POPT_ARG_NONE, NULL, 'S',
         "a program that shows a finding goes on without the op that showed it", NULL},
        {"jobs", 0, POPT_ARG_STRING, NULL, 'J', "processes that share them (one per core)", "J"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct diff_command c = {.common = COMMON_OPTIONS_INIT, .jobs = pool_jobs()};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "diff");
    code = parse(&c, &o, &e) < 0 ? cmd_usage("diff", "%s", e.text) : run(&c);
    cmd_options_free(&o);
    diff_set_close(&c.set);
    diff_findings_free(&c.findings);
    input_free(&c.inputs);
    target_list_free(&c.targets);
    free(c.specs);
    known_free(&c.known);
    input_free(&c.seeds);
    free(c.hits);
    free(c.seed_progs);
    buf_free(&c.command);
    common_options_free(&c.common);
    return code;
}
