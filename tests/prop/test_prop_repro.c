/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a target showed of random programs, printed as expectations: it parses again, expects
 * something of nearly every op, holds on the same target, and no longer does once one of them is
 * turned round. TWINMAP_TEST_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/prng.h"
#include "diff_gen.h"
#include "exec/kernel.h"
#include "exec/recorder.h"
#include "op/text.h"
#include "repro.h"

struct bed {
    struct target_spec spec;
    struct recorder *recorder;
    struct prog prog, again;
    struct record record;
    struct run_result result;
    struct buf text;
    unsigned ran, ops, expected;
};

static void open_bed(struct bed *b, const char *target)
{
    const struct run_options blind = RUN_OPTIONS_BLIND;
    struct err e = {""};

    *b = (struct bed){.prog = PROG_INIT, .again = PROG_INIT};
    if (target_parse(&b->spec, target, &e) < 0 || recorder_open(&b->recorder, &b->spec, &e) < 0) {
        fail_msg("%s: %s", target, e.text);
    }
    recorder_judge_by(b->recorder, &blind, false);
}

static void close_bed(struct bed *b)
{
    recorder_close(b->recorder);
    prog_free(&b->prog);
    prog_free(&b->again);
    record_free(&b->record);
    run_result_free(&b->result);
    buf_free(&b->text);
}

static enum run_verdict run(struct bed *b, const struct prog *p)
{
    const struct run_options o = RUN_OPTIONS_DEFAULT;
    struct err e = {""};

    if (recorder_run(b->recorder, p, &o, &b->result, &e) < 0) {
        fail_msg("%s", e.text);
    }
    return b->result.verdict;
}

static void reproduce(struct bed *b, uint64_t seed)
{
    const struct repro r = {.prog = &b->prog, .record = &b->record, .title = "random\n*/ program"};
    struct err e = {""};

    buf_clear(&b->text);
    assert_int_equal(repro_text(&r, &b->text), 0);
    if (prog_parse(&b->again, "reproducer", buf_text(&b->text), b->text.len, &e) < 0) {
        fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, e.text, buf_text(&b->text));
    }
    assert_int_equal(repro_contradiction(&r), b->prog.ops.n);
    for (size_t i = 0; i < b->again.ops.n; i++) {
        const struct op *op = &b->again.ops.v[i];

        b->ops += op_descs[op->kind].result != OP_RESULT_NONE;
        b->expected += op->expect.kind != EXPECT_NONE;
    }
}

/* Another expectation than that of op I. */
static void turn_round(struct op *op)
{
    bool access = op->kind == OP_load || op->kind == OP_store || op->kind == OP_exec;
    bool good = op->expect.kind == EXPECT_OK || op->expect.kind == EXPECT_VALUE;

    op->expect = (struct expect){.kind = !good ? EXPECT_OK : access ? EXPECT_SIGSEGV : EXPECT_FAIL};
}

static void assert_holds(struct bed *b, uint64_t seed, struct prng *rng)
{
    size_t i;

    if (run(b, &b->again) != RUN_PASS) {
        fail_msg("seed %llu on %s: %s\n%s", (unsigned long long)seed, b->spec.text,
                 buf_text(&b->result.reason), buf_text(&b->text));
    }
    i = prng_below(rng, b->again.ops.n);
    if (b->again.ops.v[i].expect.kind != EXPECT_NONE) {
        turn_round(&b->again.ops.v[i]);
        if (run(b, &b->again) != RUN_FINDING) {
            fail_msg("seed %llu on %s: op %zu may expect anything\n%s", (unsigned long long)seed,
                     b->spec.text, i, buf_text(&b->text));
        }
    }
}

static void check_target(const char *target, unsigned rounds)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t first = given ? strtoull(given, NULL, 0) : 4242;
    struct err e = {""};
    struct prng rng;
    struct bed b;

    print_message("# %s: TWINMAP_TEST_SEED=%llu\n", target, (unsigned long long)first);
    open_bed(&b, target);
    prng_seed(&rng, first);
    for (uint64_t seed = first; seed < first + rounds; seed++) {
        struct prog_config native;
        const struct diff_gen how = {
            .system = b.spec.system,
            .native = recorder_native(b.recorder, &native) ? &native : NULL,
        };

        assert_int_equal(diff_generate(&b.prog, &how, seed), 0);
        if (recorder_record(b.recorder, &b.prog, &b.record, &e) < 0) {
            fail_msg("%s", e.text);
        }
        if (b.record.skipped) {
            continue;
        }
        reproduce(&b, seed);
        if (run(&b, &b.prog) == RUN_PASS) { /* none that its target could not run to the end */
            b.ran++;
            assert_holds(&b, seed, &rng);
        }
    }
    assert_in_range(b.ran, rounds / 2, rounds);
    assert_in_range(b.expected, b.ops * 3 / 4, b.ops);
    close_bed(&b);
}

static void test_model_of_linux(void **state)
{
    (void)state;
    check_target("model-linux", 1000);
}

static void test_model_of_freebsd(void **state)
{
    (void)state;
    check_target("model-freebsd", 1000);
}

static void test_layers(void **state)
{
    (void)state;
    check_target("linux,host=sim-linux", 400);
    check_target("bsd,host=sim-freebsd", 400);
}

static void test_native_kernel(void **state)
{
    const char *why;

    (void)state;
    if (!kernel_available(&why)) {
        print_message("# %s\n", why);
        skip();
    }
    check_target(KERNEL_NAME, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_of_linux),
        cmocka_unit_test(test_model_of_freebsd),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_native_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
