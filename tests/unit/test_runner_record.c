/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watched layer leaves: a record like any other target's, which its kernel's model knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "compare.h"
#include "exec/follow.h"
#include "exec/recorder.h"
#include "op/text.h"

#define FORKS \
    "file f0 size=9000\n" \
    "r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, " \
    "0)\n" \
    "r1 = mmap(@0x200000, 0x2000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n" \
    "store(r0, 0x1800, 7)\n" \
    "fork()\n" \
    "store(r0, 0x100, 9)\n" \
    "fork()\n" \
    "store(r1, 0x10, 3)\n" \
    "wait()\n" \
    "munmap(r0+0x1000, 0x1000)\n" \
    "wait()\n" \
    "load(r0, 0x100)\n" \
    "mprotect(r0, 0x1000, PROT_READ)\n"

struct bed {
    struct recorder *recorder;
    struct prog prog;
    struct record record;
};

static void record_on(struct bed *b, const char *target, const char *text)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct target_spec spec;
    struct err e = {""};

    *b = (struct bed){.prog = PROG_INIT};
    if (target_parse(&spec, target, &e) < 0 || recorder_open(&b->recorder, &spec, &e) < 0) {
        fail_msg("%s", e.text);
    }
    recorder_judge_by(b->recorder, &o, true);
    if (prog_parse(&b->prog, "test", text, strlen(text), &e) < 0 ||
        recorder_record(b->recorder, &b->prog, &b->record, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void close_bed(struct bed *b)
{
    recorder_close(b->recorder);
    prog_free(&b->prog);
    record_free(&b->record);
}

/* The step at which the model of the layer's kernel finds the record wrong, or their number. */
static size_t first_difference(struct bed *b)
{
    struct compare_result result = {.text = BUF_INIT};
    struct follower *f = follower_new();
    struct compare *c = compare_new();
    struct record known = RECORD_INIT;
    struct err e = {""};
    size_t i = 0;

    assert_non_null(f);
    assert_non_null(c);
    if (follower_run(f, &b->prog, &b->record.place, &b->record, &known, &e) < 0) {
        fail_msg("%s", e.text);
    }
    compare_begin(c, &b->record, &known);
    for (; i < b->record.steps.n && result.verdict != COMPARE_FINDING; i++) {
        assert_int_equal(compare_step(c, i, &result), 0);
    }
    i -= result.verdict == COMPARE_FINDING;
    buf_free(&result.text);
    record_free(&known);
    compare_free(c);
    follower_free(f);
    return i;
}

static void test_the_model_knows_the_record_of_a_layer(void **state)
{
    static const char *const targets[] = {"linux,host=sim-linux", "linux",
                                          "linux,host=sim-linux,guest_page=16384,host_page=16384"};
    struct bed b;

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        record_on(&b, targets[i], FORKS);
        assert_false(b.record.skipped);
        assert_int_equal(b.record.place.host_page, b.record.place.page);
        assert_int_equal(first_difference(&b), b.record.steps.n);
        close_bed(&b);
    }
}

static void test_a_false_byte_of_a_record_is_seen(void **state)
{
    struct bed b;
    size_t at = 0;

    (void)state;
    record_on(&b, "linux,host=sim-linux", FORKS);
    while (b.record.steps.v[at].digests.n == 0 ||
           b.prog.ops.v[b.record.steps.v[at].step.op].kind != OP_store) {
        at++;
    }
    b.record.digests.v[b.record.steps.v[at].digests.first].sum ^= 1;
    assert_int_equal(first_difference(&b), at);
    close_bed(&b);
}

static void test_real_and_simulated_forks_leave_the_same_steps(void **state)
{
    struct bed sim, real;

    (void)state;
    record_on(&sim, "linux,host=sim-linux", FORKS);
    record_on(&real, "linux", FORKS);
    assert_int_equal(sim.record.steps.n, 12 + 2 + 3); /* two are born, three are done */
    assert_int_equal(real.record.steps.n, sim.record.steps.n);
    for (size_t i = 0; i < sim.record.steps.n; i++) {
        const struct record_step *a = &sim.record.steps.v[i];
        const struct record_step *b = &real.record.steps.v[i];

        assert_int_equal(a->what, b->what);
        assert_int_equal(a->step.process, b->step.process);
        if (a->what == RECORD_OP) {
            assert_int_equal(a->step.op, b->step.op);
            assert_int_equal(a->step.outcome.kind, b->step.outcome.kind);
        }
    }
    close_bed(&sim);
    close_bed(&real);
}

static void test_views_show_host_and_model(void **state)
{
    struct bed b;
    struct region_vec v;

    (void)state;
    record_on(
        &b, "linux,host=sim-linux,host_page=16384",
        "r0 = mmap(@0x100000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
        "store(r0, 1, 1)\n");
    assert_int_equal(b.record.place.host_page, 16384);
    assert_true(b.record.steps.v[0].has_host && b.record.steps.v[0].has_model);
    v = record_regions(&b.record, 0);
    assert_int_equal(range_len(v.v[0].r), 0x1000);
    v = record_host(&b.record, 0);
    assert_int_equal(v.v[0].r.start, 0x100000);
    assert_int_equal(range_len(v.v[0].r), 0x4000);
    v = record_model(&b.record, 0);
    assert_int_equal(range_len(v.v[0].r), 0x1000);
    close_bed(&b);
}

static void test_a_finding_is_the_last_step(void **state)
{
    struct bed b;

    (void)state;
    record_on(&b, "linux,host=sim-linux",
              "munmap(@0x100000, 0x1000) = 0\nmunmap(@0x100000, 0x1000) = -1\n"
              "munmap(@0x100000, 0x1000) = 0\n");
    assert_int_equal(recorder_result(b.recorder)->verdict, RUN_FINDING);
    assert_int_equal(b.record.steps.n, 2);
    close_bed(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_model_knows_the_record_of_a_layer),
        cmocka_unit_test(test_a_false_byte_of_a_record_is_seen),
        cmocka_unit_test(test_real_and_simulated_forks_leave_the_same_steps),
        cmocka_unit_test(test_views_show_host_and_model),
        cmocka_unit_test(test_a_finding_is_the_last_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
