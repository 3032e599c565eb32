/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs on both flavours: no finding, and the same seed gives the same trace, in a
 * second runner as well. TEST_SEED and TEST_PROGRAMS choose where it begins and how long it goes
 * on.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/runner.h"
#include "op/gen.h"
#include "op/text.h"

enum { PROGRAMS = 2000, OPS_MAX = 24 };

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

struct side {
    struct runner *runner;
    struct run_result result;
    struct buf trace;
};

struct pair {
    const char *target;
    struct target_spec spec;
    struct run_options options;
    struct side a, b;
    struct prog prog;
    size_t n_passed;
};

static void side_open(struct side *s, const struct target_spec *spec)
{
    struct err e = {""};

    *s = (struct side){.result = RUN_RESULT_INIT};
    if (runner_open(&s->runner, spec, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void side_close(struct side *s)
{
    runner_close(s->runner);
    run_result_free(&s->result);
    buf_free(&s->trace);
}

static void side_run(struct pair *p, struct side *s, uint64_t seed)
{
    struct err e = {""};

    if (runner_run(s->runner, &p->prog, &p->options, &s->result, &e) < 0) {
        fail_msg("seed %" PRIu64 ": %s", seed, e.text);
    }
    buf_clear(&s->trace);
    if (s->result.verdict == RUN_FINDING) {
        run_print_report(&p->prog, &s->result, p->target, "FILE", &s->trace);
        buf_str(&s->trace, "\nthe whole program:\n");
        prog_print(&p->prog, &s->trace);
        fputs(buf_text(&s->trace), stderr); /* longer than what cmocka prints */
        fail_msg("seed %" PRIu64, seed);
    }
    run_print_trace(&p->prog, &s->result, p->target, &s->trace);
}

/* One program, twice. */
static void run_seed(struct pair *p, uint64_t seed)
{
    struct gen_options o = {
        .system = p->spec.system, .ops_max = OPS_MAX, .host_fail = true, .fork = seed % 8 == 0};
    struct prng rng;

    prng_seed(&rng, seed);
    assert_int_equal(gen_prog(&p->prog, &rng, &o), 0);
    side_run(p, &p->a, seed);
    side_run(p, &p->b, seed);
    if (strcmp(buf_text(&p->a.trace), buf_text(&p->b.trace)) != 0) {
        fprintf(stderr, "%s\nand\n%s", buf_text(&p->a.trace), buf_text(&p->b.trace));
        fail_msg("seed %" PRIu64 " gives two traces", seed);
    }
    p->n_passed += p->a.result.verdict == RUN_PASS;
}

static void check_target(const char *target)
{
    uint64_t first = env_number("TEST_SEED", 1);
    uint64_t n = env_number("TEST_PROGRAMS", PROGRAMS);
    struct pair p = {.target = target, .options = RUN_OPTIONS_DEFAULT, .prog = PROG_INIT};
    struct err e = {""};

    print_message("# %s: seeds %" PRIu64 " to %" PRIu64 "\n", target, first, first + n - 1);
    assert_int_equal(target_parse(&p.spec, target, &e), 0);
    p.options.adapt_config = true;
    side_open(&p.a, &p.spec);
    side_open(&p.b, &p.spec);
    for (uint64_t seed = first; seed < first + n; seed++) {
        run_seed(&p, seed);
    }
    assert_true(p.n_passed > n / 2);
    side_close(&p.a);
    side_close(&p.b);
    prog_free(&p.prog);
}

static void test_linux(void **state)
{
    (void)state;
    check_target("linux");
}

static void test_bsd(void **state)
{
    (void)state;
    check_target("bsd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux),
        cmocka_unit_test(test_bsd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
