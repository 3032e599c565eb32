/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models as targets, alone and behind a record; and that a record which is not true is found out,
 * whatever part of it is false.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "exec/follow.h"
#include "exec/recorder.h"
#include "op/gen.h"
#include "op/text.h"

struct bed {
    struct target_spec spec;
    struct recorder *recorder;
    struct follower *follower;
    struct compare *compare;
    struct prog prog;
    struct record a, b;
    struct compare_result result;
};

static void open_bed(struct bed *b, const char *target)
{
    struct err e = {""};

    *b = (struct bed){.prog = PROG_INIT};
    if (target_parse(&b->spec, target, &e) < 0 || recorder_open(&b->recorder, &b->spec, &e) < 0) {
        fail_msg("%s", e.text);
    }
    b->follower = follower_new();
    b->compare = compare_new();
    assert_non_null(b->follower);
    assert_non_null(b->compare);
}

static void close_bed(struct bed *b)
{
    recorder_close(b->recorder);
    follower_free(b->follower);
    compare_free(b->compare);
    prog_free(&b->prog);
    record_free(&b->a);
    record_free(&b->b);
    buf_free(&b->result.text);
}

static void record(struct bed *b, const char *text)
{
    struct err e = {""};

    if (prog_parse(&b->prog, "test", text, strlen(text), &e) < 0 ||
        recorder_record(b->recorder, &b->prog, &b->a, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Follow the record and compare; the step of the first finding, or the number of steps. */
static size_t follow(struct bed *b)
{
    struct err e = {""};

    if (follower_run(b->follower, &b->prog, &b->a.place, &b->a, &b->b, &e) < 0) {
        fail_msg("%s", e.text);
    }
    compare_begin(b->compare, &b->a, &b->b);
    for (size_t i = 0; i < b->a.steps.n; i++) {
        assert_int_equal(compare_step(b->compare, i, &b->result), 0);
        if (b->result.verdict == COMPARE_FINDING) {
            return i;
        }
    }
    return b->a.steps.n;
}

static const char program[] =
    "file f0 size=9000\n"
    "mmap(@0x20000, 0x3000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
    "r0 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
    "store(r0, 100, 3)\n"
    "store(@0x21ffe, 4, 9)\n"
    "load(@0x21fff, 2)\n"
    "mprotect(@0x20000, 0x4000, PROT_READ)\n"
    "store(@0x20000, 1, 1)\n"
    "fork()\n"
    "store(r0, 1, 8)\n"
    "munmap(r0+0x1000, 0x1000)\n"
    "wait()\n"
    "load(r0, 1)\n"
    "munmap(@0x21000, 0x1000)\n";

enum { STEP_MPROTECT = 5, STEP_STORE_DENIED = 6, STEP_BORN = 8, STEP_IN_CHILD = 9 };

static void test_a_model_follows_itself(void **state)
{
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux");
    record(&b, program);
    assert_int_equal(b.a.steps.v[4].step.outcome.value, 9);
    assert_int_equal(b.a.steps.v[STEP_MPROTECT].step.outcome.err, ABI_ENOMEM);
    assert_int_equal(b.a.steps.v[STEP_STORE_DENIED].step.outcome.signal, SIGSEGV);
    assert_int_equal(b.a.steps.v[STEP_BORN].what, RECORD_BORN);
    assert_int_equal(b.a.steps.v[STEP_IN_CHILD].step.process, 1);
    assert_int_equal(follow(&b), b.a.steps.n);
    assert_int_equal(b.b.steps.n, b.a.steps.n);
    close_bed(&b);
}

static void lie_outcome(struct bed *b)
{
    b->a.steps.v[STEP_MPROTECT].step.outcome =
        (struct outcome){.kind = OUTCOME_FAIL, .err = ABI_EINVAL, .value = UINT64_MAX};
}

static void lie_success(struct bed *b)
{
    b->a.steps.v[STEP_MPROTECT].step.outcome = (struct outcome){.kind = OUTCOME_OK};
}

static void lie_signal(struct bed *b)
{
    b->a.steps.v[STEP_STORE_DENIED].step.outcome.signal = SIGBUS;
}

static void lie_place_of_fault(struct bed *b)
{
    b->a.steps.v[STEP_STORE_DENIED].at += 1;
}

static void lie_byte(struct bed *b)
{
    b->a.steps.v[4].step.outcome.value ^= 1;
}

static void lie_crash(struct bed *b)
{
    b->a.steps.v[4].step.outcome = (struct outcome){.kind = OUTCOME_CRASH, .signal = SIGSEGV};
}

/* The regions of a step, as its own. */
static struct region *own_regions(struct bed *b, size_t step)
{
    struct record_step *s = &b->a.steps.v[step];
    struct region_vec v = REGION_VEC_INIT;
    struct region_vec now = record_regions(&b->a, step);

    assert_int_equal(region_vec_copy(&v, &now), 0);
    v.v[0].prot ^= REGION_X; /* not like the step before, so that it is stored */
    assert_int_equal(record_put_regions(&b->a, s, &v), 0);
    region_vec_free(&v);
    b->a.regions.v[s->regions.first].prot ^= REGION_X;
    return &b->a.regions.v[s->regions.first];
}

static void lie_prot(struct bed *b)
{
    own_regions(b, STEP_MPROTECT)[0].prot = REGION_R | REGION_W;
}

static void lie_sharing(struct bed *b)
{
    own_regions(b, STEP_MPROTECT)[0].shared = false;
}

static void lie_offset(struct bed *b)
{
    own_regions(b, STEP_MPROTECT)[0].offset += 0x1000;
}

static void lie_object(struct bed *b)
{
    own_regions(b, STEP_MPROTECT)[0].object = record_file_object(1);
}

/* Shared anonymous memory that is another from one step to the next. */
static void lie_identity(struct bed *b)
{
    struct region *r = own_regions(b, STEP_MPROTECT);
    struct region_vec all = record_regions(&b->a, STEP_MPROTECT);

    assert_int_equal(all.n, 2);
    r[1].object ^= 0x10000;
}

static void lie_length(struct bed *b)
{
    own_regions(b, STEP_MPROTECT)[0].r.last += 0x1000;
}

static void lie_born(struct bed *b)
{
    own_regions(b, STEP_BORN)[0].prot = 0;
}

static void lie_bytes(struct bed *b)
{
    struct record_step *s = &b->a.steps.v[b->a.steps.n - 1];

    assert_int_equal(s->what, RECORD_DONE);
    assert_true(s->digests.n > 0);
    b->a.digests.v[s->digests.first].sum ^= 1;
}

static void lie_fault(struct bed *b)
{
    struct record_step *s = &b->a.steps.v[b->a.steps.n - 1];

    b->a.digests.v[s->digests.first].bytes = RECORD_BYTES_NONE;
    b->a.digests.v[s->digests.first].sum = SIGBUS;
}

static void test_lies_are_found(void **state)
{
    static const struct {
        const char *name;
        void (*lie)(struct bed *b);
        size_t step; /* 0: the last */
        enum compare_what what;
    } lies[] = {
        {"errno", lie_outcome, STEP_MPROTECT, COMPARE_OUTCOME},
        {"success", lie_success, STEP_MPROTECT, COMPARE_OUTCOME},
        {"signal", lie_signal, STEP_STORE_DENIED, COMPARE_OUTCOME},
        {"fault", lie_place_of_fault, STEP_STORE_DENIED, COMPARE_OUTCOME},
        {"byte", lie_byte, 4, COMPARE_OUTCOME},
        {"crash", lie_crash, 4, COMPARE_OUTCOME},
        {"rights", lie_prot, STEP_MPROTECT, COMPARE_REGIONS},
        {"sharing", lie_sharing, STEP_MPROTECT, COMPARE_REGIONS},
        {"offset", lie_offset, STEP_MPROTECT, COMPARE_REGIONS},
        {"object", lie_object, STEP_MPROTECT, COMPARE_REGIONS},
        {"identity", lie_identity, STEP_MPROTECT, COMPARE_REGIONS},
        {"length", lie_length, STEP_MPROTECT, COMPARE_REGIONS},
        {"what a child is born with", lie_born, STEP_BORN, COMPARE_REGIONS},
        {"bytes", lie_bytes, 0, COMPARE_BYTES},
        {"a page that faults", lie_fault, 0, COMPARE_BYTES},
    };
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux");
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        size_t step;

        record(&b, program);
        lies[i].lie(&b);
        step = follow(&b);
        if (step != (lies[i].step ? lies[i].step : b.a.steps.n - 1) ||
            b.result.verdict != COMPARE_FINDING || b.result.what != lies[i].what) {
            fail_msg("%s: step %zu, verdict %d, %s: %s", lies[i].name, step, b.result.verdict,
                     compare_what_name(b.result.what), buf_text(&b.result.text));
        }
        assert_true(b.result.text.len > 0);
    }
    close_bed(&b);
}

/* A step that says nothing is no finding, whatever it holds; nor are names of shared memory. */
static void test_what_is_no_finding(void **state)
{
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux");
    record(&b, program);
    for (size_t i = 0; i < b.a.regions.n; i++) {
        struct region *r = &b.a.regions.v[i];

        r->object = r->kind == REGION_ANON && r->object ? ~r->object : r->object;
    }
    assert_int_equal(follow(&b), b.a.steps.n);
    record(&b, "munmap(0x10000, 0x1000)\nmunmap(0x10000, 0x1000)\n");
    b.a.steps.v[0].step.outcome.kind = OUTCOME_SKIPPED;
    b.a.steps.v[0].poison = RECORD_FOREIGN;
    assert_int_equal(follow(&b), b.a.steps.n);
    compare_begin(b.compare, &b.a, &b.b);
    assert_int_equal(compare_step(b.compare, 0, &b.result), 0);
    assert_int_equal(b.result.verdict, COMPARE_POISONED);
    assert_int_equal(b.result.poison, RECORD_FOREIGN);
    close_bed(&b);
}

static void test_refusals_name_what_is_allowed(void **state)
{
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux");
    record(&b, program);
    lie_outcome(&b);
    assert_int_equal(follow(&b), STEP_MPROTECT);
    assert_true(b.b.steps.v[STEP_MPROTECT].refused);
    assert_int_equal(b.b.steps.n, STEP_MPROTECT + 1);
    assert_non_null(strstr(follower_allowed(b.follower), "ENOMEM"));
    close_bed(&b);
}

/* A free place that was asked for, and another one given: an emulator may have had the first. */
static void test_an_emulator_misses_hints(void **state)
{
    struct bed b;
    struct range r;

    (void)state;
    open_bed(&b, "model-linux");
    record(&b, "mmap(@0x100000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n");
    b.a.steps.v[0].step.outcome.value += 0x10000;
    r.start = b.a.steps.v[0].step.outcome.value;
    r.last = r.start + 0xfff;
    for (size_t i = 0; i < b.a.steps.n; i++) {
        own_regions(&b, i)->r = r;
    }
    assert_int_equal(follow(&b), 0);
    b.a.place.emulated = true;
    assert_int_equal(follow(&b), b.a.steps.n);
    assert_int_equal(b.b.steps.v[0].poison, RECORD_ELSEWHERE);
    b.a.steps.v[0].step.outcome.value += 1; /* no place at all */
    assert_int_equal(follow(&b), 0);
    close_bed(&b);
}

/* Both models, all configurations: what one does by itself it allows another to have done. */
static void test_random_programs(void **state)
{
    static const char *const targets[] = {"model-linux", "model-freebsd"};
    enum { PROGRAMS = 1500 };

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        size_t ran = 0;
        struct bed b;

        open_bed(&b, targets[t]);
        for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
            struct gen_options o = {
                .system = b.spec.system, .ops_max = 40, .host_fail = true, .fork = seed % 8 == 0};
            struct err e = {""};
            struct prng rng;

            prng_seed(&rng, seed);
            assert_int_equal(gen_prog(&b.prog, &rng, &o), 0);
            if (recorder_record(b.recorder, &b.prog, &b.a, &e) < 0) {
                fail_msg("%s seed %zu: %s", targets[t], (size_t)seed, e.text);
            }
            ran += !b.a.skipped;
            if (!b.a.skipped && follow(&b) != b.a.steps.n) {
                fail_msg("%s seed %zu: %s: %s", targets[t], (size_t)seed,
                         compare_what_name(b.result.what), buf_text(&b.result.text));
            }
        }
        assert_true(ran > PROGRAMS * 9 / 10);
        close_bed(&b);
    }
}

static void run(struct bed *b, struct run_result *res, const char *text)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct err e = {""};

    if (prog_parse(&b->prog, "test", text, strlen(text), &e) < 0 ||
        recorder_run(b->recorder, &b->prog, &o, res, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void test_expectations_are_judged(void **state)
{
    struct run_result res = RUN_RESULT_INIT;
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux,guest_page=16384,bits=32,reserved=0x8000000");
    run(&b, &res,
        "r0 = mmap(@0x10000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = "
        "@0x10000\n"
        "munmap(r0+0x1000, 0x1000) = -1 EINVAL\n"
        "mmap(@0x8000000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 "
        "ENOMEM\n"
        "fork()\n"
        "munmap(r0, 0x4000) = 0\n"
        "wait()\n"
        "load(r0, 4) = 0\n");
    assert_int_equal(res.verdict, RUN_PASS);
    assert_int_equal(res.n_steps, 7);
    assert_int_equal(res.space.guest_page, 16384);
    run(&b, &res, "munmap(0, 0) = -1 ENOMEM\nmunmap(@0x10000, 0x4000) = 0\n");
    assert_int_equal(res.verdict, RUN_FINDING);
    assert_int_equal(res.violated, INV_EXPECTATION);
    assert_int_equal(res.bad_step, 0);
    assert_string_equal(buf_text(&res.reason), "munmap: expected -1 ENOMEM, got -1 EINVAL");
    run(&b, &res, "requires freebsd\nmunmap(0, 0)\n");
    assert_int_equal(res.verdict, RUN_SKIP);
    run_result_free(&res);
    close_bed(&b);
}

/* More than a model has frames for: nobody may call that passed. */
static void test_no_frames_left(void **state)
{
    struct run_result res = RUN_RESULT_INIT;
    struct buf text = BUF_INIT;
    struct bed b;

    (void)state;
    open_bed(&b, "model-linux");
    for (int i = 0; i < 300; i++) {
        buf_fmt(&text,
                "r%d = mmap(NULL, 0x100000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, "
                "0)\nstore(r%d, 0x100000, 1)\n",
                i, i);
    }
    run(&b, &res, buf_text(&text));
    assert_int_equal(res.verdict, RUN_SKIP);
    assert_string_equal(buf_text(&res.reason), "the model needs more memory than it is given");
    run_result_free(&res);
    buf_free(&text);
    close_bed(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_follows_itself),
        cmocka_unit_test(test_lies_are_found),
        cmocka_unit_test(test_what_is_no_finding),
        cmocka_unit_test(test_refusals_name_what_is_allowed),
        cmocka_unit_test(test_an_emulator_misses_hints),
        cmocka_unit_test(test_random_programs),
        cmocka_unit_test(test_expectations_are_judged),
        cmocka_unit_test(test_no_frames_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
