/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twinmap spec: which rules of the executable kernel are exercised by programs, and which are not.
 * A rule that nothing exercises is not known to be right, so each must be reached or explained.
 * Programs run on the models by their own choices; where the native kernel is at hand the Linux
 * model follows it as well, for some answers only a real kernel gives.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "exec/follow.h"
#include "exec/kernel.h"
#include "input.h"
#include "op/gen.h"
#include "run_options.h"

enum { OPS_MAX = 40 };

struct spec {
    struct input_list inputs;
    uint64_t random, seed;
    bool seeded; /* --seed is given */
    bool all;    /* list rules that are exercised, too */
    struct follower *follower;
    struct kernel *kernel; /* NULL: not at hand */
    struct record record, seen;
    struct buf text;
    uint64_t programs;
};

/* Run P on SYSTEM's model, if it can run there. */
static int run_model(struct spec *s, const struct prog *p, enum abi_system system, struct err *e)
{
    struct record_place place;

    if (record_unfit(p, &p->config, system, &s->text) ||
        follower_place(system, &p->config, &place)) {
        return 0;
    }
    s->programs++;
    return follower_run(s->follower, p, &place, NULL, &s->record, e);
}

static int follow_kernel(struct spec *s, const struct prog *p, struct err *e)
{
    int rc = s->kernel ? kernel_run(s->kernel, p, &s->seen, e) : -ENOTSUP;

    if (rc < 0 || s->seen.skipped) {
        return rc == -ENOTSUP ? 0 : rc;
    }
    return follower_run(s->follower, p, &s->seen.place, &s->seen, &s->record, e);
}

static int run_program(struct spec *s, const struct prog *p, struct err *e)
{
    int rc = 0;

    for (int system = 0; rc == 0 && system < ABI_SYSTEM_COUNT; system++) {
        rc = run_model(s, p, (enum abi_system)system, e);
    }
    return rc < 0 ? rc : follow_kernel(s, p, e);
}

static int run_random(struct spec *s, struct err *e)
{
    struct prog p = PROG_INIT;
    int rc = 0;

    for (uint64_t i = 0; rc == 0 && i < s->random; i++) {
        struct gen_options o = {
            .system = (enum abi_system)(i % ABI_SYSTEM_COUNT), .ops_max = OPS_MAX, .fork = true};
        struct prng rng;

        prng_seed(&rng, s->seed + i);
        rc = gen_prog(&p, &rng, &o) < 0 ? err_set(e, -ENOMEM, "out of memory")
                                        : run_program(s, &p, e);
    }
    prog_free(&p);
    return rc;
}

static int run_all(struct spec *s, struct err *e)
{
    const char *why;
    int rc = 0;

    s->follower = follower_new();
    if (!s->follower) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (kernel_available(&why)) {
        rc = kernel_open(&s->kernel, e);
    } else {
        fprintf(stderr, "twinmap spec: without the native kernel: %s\n", why);
    }
    for (size_t i = 0; rc == 0 && i < s->inputs.n; i++) {
        rc = run_program(s, &s->inputs.v[i].prog, e);
    }
    return rc < 0 ? rc : run_random(s, e);
}

static void print_rule(const struct vm_rule_desc *d, uint64_t hits)
{
    const char *err = d->err ? abi_errno_name(d->err) : NULL;

    printf("%10" PRIu64 "  %-34s %-10s %s (%s)\n", hits, d->name, err ? err : "-", d->title,
           d->source);
}

/*
 * Rules that are neither exercised nor explained. One that is explained may be exercised all the
 * same: some depend on the limits of who runs this.
 */
static uint64_t print_rules(const struct spec *s)
{
    const uint64_t *hits = follower_hits(s->follower);
    uint64_t reached = 0, explained = 0, bad = 0;

    for (unsigned i = 0; i < VM_RULE_COUNT; i++) {
        const struct vm_rule_desc *d = &vm_rules[i];

        reached += hits[i] > 0;
        explained += hits[i] == 0 && d->unreached;
        if (hits[i] > 0 || d->unreached) {
            if (s->all) {
                print_rule(d, hits[i]);
                if (d->unreached) {
                    printf("            out of reach: %s\n", d->unreached);
                }
            }
            continue;
        }
        bad++;
        print_rule(d, hits[i]);
        printf("            is neither exercised nor explained\n");
    }
    printf("# %" PRIu64 " programs on models; of %d rules %" PRIu64 " exercised, %" PRIu64
           " explained, %" PRIu64 " neither\n",
           s->programs, VM_RULE_COUNT, reached, explained, bad);
    return bad;
}

static int parse(struct spec *s, struct cmd_options *o, struct err *e)
{
    const char **args;
    int val;
    int rc = 0;

    while (rc == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        if (val == 'a') {
            s->all = true;
        } else {
            rc = option_number(val == 'r' ? &s->random : &s->seed, val == 'r' ? "random" : "seed",
                               value, e);
            s->seeded |= val == 's';
        }
        free(value);
    }
    args = rc == 0 ? cmd_args(o) : NULL;
    if (rc == 0 && s->seeded && s->random == 0) {
        rc = err_set(e, -EINVAL, "--seed is for programs that are made: --random");
    }
    for (; rc == 0 && args && *args; args++) {
        rc = input_add(&s->inputs, *args, PROG_FORMAT_AUTO, e);
    }
    if (rc == 0 && s->inputs.n == 0 && s->random == 0) {
        rc = err_set(e, -EINVAL, "no program named and no --random; see twinmap spec --help");
    }
    return rc;
}

int cmd_spec(int argc, const char **argv)
{
    struct poptOption table[] = {
        {"random", 0, POPT_ARG_STRING, NULL, 'r', "generated programs besides those named", "N"},
        {"seed", 0, POPT_ARG_STRING, NULL, 's', "seed of the first of them (0)", "S"},
        {"all", 0, POPT_ARG_NONE, NULL, 'a', "list every rule with its count", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct spec s = {.record = RECORD_INIT, .seen = RECORD_INIT, .text = BUF_INIT};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "spec");
    if (parse(&s, &o, &e) < 0) {
        code = cmd_usage("spec", "%s", e.text);
    } else if (run_all(&s, &e) < 0) {
        code = cmd_harness("spec", &e);
    } else {
        code = cmd_finish("spec", print_rules(&s) ? EXIT_FINDING : EXIT_HOLDS);
    }
    cmd_options_free(&o);
    input_free(&s.inputs);
    kernel_close(s.kernel);
    follower_free(s.follower);
    record_free(&s.record);
    record_free(&s.seen);
    buf_free(&s.text);
    return code;
}
