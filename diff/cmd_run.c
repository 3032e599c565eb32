/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap run: programs on targets, every step judged, the trace in program syntax. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "input.h"
#include "picture.h"
#include "run_exhaustive.h"
#include "run_fail_each.h"
#include "run_json.h"
#include "run_options.h"
#include "run_random.h"
#include "target_list.h"

struct run_command {
    struct target_list targets;
    struct input_list inputs;
    struct common_options common;
    bool quiet;
    uint64_t random; /* programs to generate instead of reading some */
    uint64_t seed;
    struct exhaustive exhaustive; /* likewise, all small ones */
    bool fail_each;
    bool picture;
    bool seeded; /* --seed is given */
    size_t passed, failed, skipped;
    struct json_object *runs; /* NULL without --json */
    struct run_result result;
    struct buf text;
    struct buf what; /* to name the program in a command */
};

static void log_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

/* What the program did, drawn, in front of what came of it. */
static int draw(struct run_command *c, const struct input *in, size_t target, struct err *e)
{
    const struct run_result *r = &c->result;
    const struct picture_finding f = picture_of_run(r, &in->prog);
    int rc;

    if (!c->picture || r->verdict == RUN_SKIP) {
        return 0;
    }
    buf_fmt(&c->text, "# %s on %s\n", in->path, c->targets.v[target].spec.text);
    rc = picture_print(&c->targets.v[target].spec, 1, &c->common.run, &in->prog,
                       r->verdict == RUN_FINDING ? &f : NULL, &c->text, e);
    buf_str(&c->text, "\n");
    return rc;
}

/* One program on one target: run, count, print. */
static int run_one(struct run_command *c, const struct input *in, size_t target, struct err *e)
{
    const char *name = c->targets.v[target].spec.text;
    int r = target_list_run(&c->targets, target, &in->prog, &c->common.run, &c->result, e);

    if (r < 0) {
        return r;
    }
    c->passed += c->result.verdict == RUN_PASS;
    c->failed += c->result.verdict == RUN_FINDING;
    c->skipped += c->result.verdict == RUN_SKIP;
    if (c->runs) {
        json_object_array_add(c->runs, run_json(in->path, name, &in->prog, &c->result));
        return 0;
    }
    buf_clear(&c->text);
    r = draw(c, in, target, e);
    if (r < 0) {
        return r;
    }
    if (c->result.verdict == RUN_SKIP) {
        buf_fmt(&c->text, "# %s on %s: skipped: %s\n", in->path, name, buf_text(&c->result.reason));
    } else if (c->result.verdict == RUN_FINDING) {
        buf_clear(&c->what);
        common_options_print_path(&c->common, in->path, &c->what);
        run_print_report(&in->prog, &c->result, name, buf_text(&c->what), &c->text);
    } else if (c->quiet) {
        buf_fmt(&c->text, "# %s on %s: passed, %zu steps", in->path, name, c->result.n_steps);
        if (c->result.n_skipped > 0) {
            buf_fmt(&c->text, ", %zu of them skipped", c->result.n_skipped);
        }
        buf_str(&c->text, "\n");
    } else {
        buf_fmt(&c->text, "# %s on %s\n", in->path, name);
        run_print_trace(&in->prog, &c->result, name, &c->text);
    }
    fputs(buf_text(&c->text), stdout);
    return 0;
}

/* Without --on a program runs on the flavour of its own system. */
static int default_target(struct run_command *c, const struct input *in, size_t *ret, struct err *e)
{
    const char *name = prog_wants_freebsd(&in->prog) ? "bsd" : "linux";

    for (size_t i = 0; i < c->targets.n; i++) {
        if (strcmp(c->targets.v[i].spec.text, name) == 0) {
            *ret = i;
            return 0;
        }
    }
    *ret = c->targets.n;
    return target_list_add(&c->targets, name, e);
}

static int run_all(struct run_command *c, struct err *e)
{
    bool chosen = c->targets.n > 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->inputs.n; i++) {
        if (!chosen) {
            size_t target = 0;

            r = default_target(c, &c->inputs.v[i], &target, e);
            if (r == 0) {
                r = run_one(c, &c->inputs.v[i], target, e);
            }
            continue;
        }
        for (size_t t = 0; r == 0 && t < c->targets.n; t++) {
            r = run_one(c, &c->inputs.v[i], t, e);
        }
    }
    return r;
}

static void print_summary(struct run_command *c)
{
    if (c->runs) {
        struct json_object *doc = json_object_new_object();

        json_object_object_add(doc, "runs", c->runs);
        json_object_object_add(doc, "summary", counts_json(c->passed, c->failed, c->skipped));
        json_emit(doc);
    } else if (c->passed + c->failed + c->skipped > 1) {
        printf("# %zu passed, %zu failed, %zu skipped\n", c->passed, c->failed, c->skipped);
    }
}

static int run_exit_code(const struct run_command *c)
{
    if (c->failed > 0) {
        return EXIT_FINDING;
    }
    return c->passed == 0 ? EXIT_NOTHING_RAN : EXIT_HOLDS;
}

/* The verb's own options; the shared ones are taken by common_option. */
static int parse(struct run_command *c, struct cmd_options *o, struct err *e)
{
    int val;
    int r = 0;

    while (r == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        if (val == 'q') {
            c->quiet = true;
        } else if (val == 'r' || val == 's') {
            r = option_number(val == 'r' ? &c->random : &c->seed, val == 'r' ? "random" : "seed",
                              value, e);
            if (r == 0 && val == 'r' && c->random == 0) {
                r = err_set(e, -EINVAL, "--random 0: expected at least one program");
            }
            c->seeded |= val == 's';
        } else if (val == 'x') {
            r = exhaustive_parse(&c->exhaustive, value, e);
        } else if (val == 'R') {
            r = option_number(&c->common.related, "related", value, e);
        } else if (val == 'F') {
            c->fail_each = true;
        } else if (val == 'P') {
            c->picture = true;
        } else if (val == 'l' && strcmp(value, "page") != 0) {
            r = err_set(e, -EINVAL, "--log %s: unknown category; page is the one there is", value);
        } else if (val == 'l') {
            c->common.run.log = log_line;
        } else {
            r = common_option(&c->common, &c->targets, val, value, e);
        }
        free(value);
    }
    return r;
}

/* Relatives are what a layer must show alike: other targets have no runner for them. */
static int check_related(const struct run_command *c, struct err *e)
{
    for (size_t i = 0; c->common.related && i < c->targets.n; i++) {
        if (c->targets.v[i].spec.kind != TARGET_LAYER) {
            return err_set(e, -EINVAL, "--related is for layers, and %s is none",
                           c->targets.v[i].spec.text);
        }
    }
    return 0;
}

/* Programs are made, not read: what comes is a summary. */
static int load_source(struct run_command *c, struct err *e)
{
    if ((c->random != 0) + (c->exhaustive.steps != 0) + c->fail_each > 1) {
        return err_set(e, -EINVAL, "one of --random, --exhaustive, --fail-each");
    }
    return c->targets.n == 0 ? target_list_add(&c->targets, "linux", e) : check_related(c, e);
}

static bool is_summed_up(const struct run_command *c)
{
    return c->random || c->exhaustive.steps || c->fail_each;
}

/* Returns the exit code. */
static int run_summed_up(struct run_command *c)
{
    struct soak s;
    struct err e;
    int rc;
    int code;

    soak_init(&s, &c->targets, &c->common);
    rc = c->random      ? run_random(&s, c->random, c->seed, &e)
         : c->fail_each ? run_fail_each(&s, &c->inputs, &e)
                        : run_exhaustive(&s, &c->exhaustive, &e);
    if (rc == 0) {
        soak_finish(&s);
    }
    code = s.all_findings > 0 ? EXIT_FINDING : s.all_ran == 0 ? EXIT_NOTHING_RAN : EXIT_HOLDS;
    soak_free(&s);
    if (rc < 0) {
        return rc == -ERANGE ? cmd_usage("run", "%s", e.text) : cmd_harness("run", &e);
    }
    return cmd_finish("run", code);
}

static int load(struct run_command *c, struct cmd_options *o, struct err *e)
{
    const char **args = cmd_args(o);
    int r = 0;

    if (c->picture && (c->random || c->exhaustive.steps || c->fail_each || c->common.json)) {
        return err_set(e, -EINVAL, "--picture is for programs that are named, as text");
    }
    if (c->random || c->exhaustive.steps) {
        if (args && args[0]) {
            return err_set(e, -EINVAL, "--random and --exhaustive take no program");
        }
        return load_source(c, e);
    }
    if (c->seeded || (c->common.related && !c->fail_each)) {
        return err_set(e, -EINVAL, "--seed and --related are for programs that are made");
    }
    if (c->fail_each && load_source(c, e) < 0) {
        return -EINVAL;
    }
    if (!args || !args[0]) {
        return err_set(e, -EINVAL, "no program named; see twinmap run --help");
    }
    for (; r == 0 && *args; args++) {
        r = input_add(&c->inputs, *args, c->common.format, e);
    }
    return r;
}

int cmd_run(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_OPTIONS,
        {"log", 0, POPT_ARG_STRING, NULL, 'l', "print each call and the page dump on stderr",
         "page"},
        {"random", 0, POPT_ARG_STRING, NULL, 'r',
         "run generated programs instead, a summary per target", "N"},
        {"seed", 0, POPT_ARG_STRING, NULL, 's', "seed of the first of them (0); each has its own",
         "S"},
        {"exhaustive", 0, POPT_ARG_STRING, NULL, 'x',
         "run every program of up to N steps over four guest pages instead, or one of N steps",
         "N or N/INDEX"},
        {"related", 0, POPT_ARG_STRING, NULL, 'R',
         "and compare each of them with N programs that must show the same; only on layers (linux, "
         "bsd, so:PATH)",
         "N"},
        {"fail-each", 0, POPT_ARG_NONE, NULL, 'F',
         "run each program again for every host call it makes, which fails", NULL},
        {"picture", 0, POPT_ARG_NONE, NULL, 'P',
         "draw what each step did to the address space first, COLUMNS characters wide", NULL},
        {"quiet", 'q', POPT_ARG_NONE, NULL, 'q', "one line per program instead of its trace", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct run_command c = {
        .common = COMMON_OPTIONS_INIT, .result = RUN_RESULT_INIT, .text = BUF_INIT};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "run");
    if (parse(&c, &o, &e) < 0 || load(&c, &o, &e) < 0) {
        code = cmd_usage("run", "%s", e.text);
    } else if (is_summed_up(&c)) {
        code = run_summed_up(&c);
    } else {
        c.runs = c.common.json ? json_object_new_array() : NULL;
        if (run_all(&c, &e) < 0) {
            json_object_put(c.runs);
            code = cmd_harness("run", &e);
        } else {
            print_summary(&c);
            code = cmd_finish("run", run_exit_code(&c));
        }
    }
    cmd_options_free(&o);
    target_list_free(&c.targets);
    input_free(&c.inputs);
    run_result_free(&c.result);
    buf_free(&c.text);
    buf_free(&c.what);
    common_options_free(&c.common);
    return code;
}
