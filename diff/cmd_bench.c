/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap bench: run one measurement by name, or all of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "bench.h"
#include "bench_agent.h"
#include "bench_minimize.h"
#include "cmd.h"
#include "run_options.h"

static const struct {
    const char *name;
    const char *title;
    int (*run)(struct err *e); /* NULL: run_one knows, for it has options */
} benches[] = {
    {"real", "a program on the real host against the same host calls made bare", bench_real},
    {"pageflags", "time per op of the page-flag table, many runs against few", bench_pageflags},
    {"sim", "the simulated host against the real one, many areas against few", bench_sim},
    {"minimize", "executions to make failing programs of 60 ops small", NULL},
    {"agent", "an emulator that stays against one per program, and an op's cost in the agent",
     NULL},
};

struct bench_command {
    struct {
        char **v;
        size_t n, cap;
    } layers;
    struct bench_minimize minimize;
    bool has_options; /* that are for minimize alone */
    char *on;         /* of agent */
};

static int run_one(const struct bench_command *c, size_t i, struct err *e)
{
    if (benches[i].run) {
        return benches[i].run(e);
    }
    return strcmp(benches[i].name, "agent") == 0 ? bench_agent(c->on, e)
                                                 : bench_minimize(&c->minimize, e);
}

static int run_benches(struct bench_command *c, const char *name)
{
    int code = EXIT_HOLDS;
    int matched = 0;
    struct err e;

    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
        int r;

        if (name && strcmp(name, benches[i].name) != 0) {
            continue;
        }
        matched = 1;
        printf("%s: %s\n", benches[i].name, benches[i].title);
        r = run_one(c, i, &e);
        if (r == -ENOTSUP) {
            fprintf(stderr, "twinmap bench: %s skipped: %s\n", benches[i].name, e.text);
            code = name ? EXIT_NOTHING_RAN : code;
            continue;
        }
        if (r == -EINVAL || r == -ENOENT) {
            return cmd_usage("bench", "%s", e.text);
        }
        if (r < 0) {
            return cmd_harness("bench", &e);
        }
        code = r > 0 ? EXIT_FINDING : code;
    }
    return matched
               ? cmd_finish("bench", code)
               : cmd_usage("bench", "%s: unknown; there are: real, pageflags, sim, minimize, agent",
                           name);
}

static int add_layer(struct bench_command *c, const char *value, struct err *e)
{
    struct target_spec spec;
    int rc = target_parse(&spec, value, e);

    if (rc == 0 && spec.kind != TARGET_LAYER) {
        rc = err_set(e, -EINVAL, "--layer %s: no layer", value);
    }
    if (rc == 0 && vec_reserve(&c->layers, c->layers.n + 1) == 0) {
        c->layers.v[c->layers.n] = strdup(value);
        if (c->layers.v[c->layers.n]) {
            c->layers.n++;
            return 0;
        }
    }
    return rc < 0 ? rc : err_set(e, -ENOMEM, "out of memory");
}

static int take_on(struct bench_command *c, const char *value, struct err *e)
{
    struct target_spec spec;
    int rc = target_parse(&spec, value, e);

    if (rc == 0 && spec.kind != TARGET_AGENT) {
        rc = err_set(e, -EINVAL, "--on %s: expected qemu-ARCH or cmd:COMMAND", value);
    }
    free(c->on);
    c->on = rc == 0 ? strdup(value) : NULL;
    return rc < 0 || c->on ? rc : err_set(e, -ENOMEM, "out of memory");
}

static int parse(struct bench_command *c, struct cmd_options *o, struct err *e)
{
    int rc = 0;
    int val;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        c->has_options |= val != 'o';
        if (val == 'o') {
            rc = take_on(c, value, e);
        } else if (val == 'l') {
            rc = add_layer(c, value, e);
        } else if (val == 'p') {
            c->minimize.show = true;
        } else if (val == 'n') {
            rc = option_number(&c->minimize.starts, "starts", value, e);
            if (rc == 0 && (c->minimize.starts == 0 || c->minimize.starts > 10000)) {
                rc = err_set(e, -EINVAL, "--starts %s: expected 1 to 10000", value);
            }
        } else {
            rc = option_number(&c->minimize.seed, "seed", value, e);
        }
        free(value);
    }
    c->minimize.layers = (const char *const *)c->layers.v;
    c->minimize.n_layers = c->layers.n;
    return rc;
}

static int run(struct bench_command *c, const char **args)
{
    const char *name = args ? args[0] : NULL;

    if (name && args[1]) {
        return cmd_usage("bench", "one name at most");
    }
    if (c->has_options && (!name || strcmp(name, "minimize") != 0)) {
        return cmd_usage("bench", "--layer, --starts, --seed and --show are for bench minimize");
    }
    if (c->on && (!name || strcmp(name, "agent") != 0)) {
        return cmd_usage("bench", "--on is for bench agent");
    }
    return run_benches(c, name);
}

int cmd_bench(int argc, const char **argv)
{
    struct poptOption table[] = {
        {"layer", 0, POPT_ARG_STRING, NULL, 'l',
         "minimize: a layer with an error in it, as a target; may be given more than once (the "
         "project's own, with limits switched off)",
         "TARGET"},
        {"starts", 0, POPT_ARG_STRING, NULL, 'n', "minimize: programs per layer (1)", "N"},
        {"seed", 0, POPT_ARG_STRING, NULL, 's', "minimize: of the first program drawn (0)", "S"},
        {"show", 0, POPT_ARG_NONE, NULL, 'p', "minimize: print what programs end in", NULL},
        {"on", 0, POPT_ARG_STRING, NULL, 'o',
         "agent: the emulator, or a wrapper, as a target (qemu-x86_64)", "TARGET"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct bench_command c = {.minimize = {.starts = 1}};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "bench");
    code = parse(&c, &o, &e) < 0 ? cmd_usage("bench", "%s", e.text) : run(&c, cmd_args(&o));
    cmd_options_free(&o);
    for (size_t i = 0; i < c.layers.n; i++) {
        free(c.layers.v[i]);
    }
    free(c.layers.v);
    free(c.on);
    return code;
}
