/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of generated and mutated programs: valid, left alone by repair, carried by text and
 * bytes without loss, the same again from the same state of the generator. TWINMAP_TEST_SEED
 * repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "op/codec.h"
#include "op/gen.h"
#include "op/text.h"

#define ROUNDS 400

static void start(struct prng *rng, const char *what)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20240613;

    print_message("# %s: TWINMAP_TEST_SEED=%llu\n", what, (unsigned long long)seed);
    prng_seed(rng, seed);
}

static struct gen_options options_draw(struct prng *rng)
{
    return (struct gen_options){
        .system = prng_chance(rng, 1, 2) ? ABI_LINUX : ABI_FREEBSD,
        .ops_max = (unsigned)prng_between(rng, 1, 100),
        .host_fail = prng_chance(rng, 1, 2),
        .fork = prng_chance(rng, 1, 2),
    };
}

static void assert_lossless(const struct prog *p)
{
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    struct err e;

    if (prog_check(p, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(prog_copy(&back, p), 0);
    prog_fixup(&back);
    assert_true(prog_equal(p, &back));

    prog_encode(p, &out);
    assert_int_equal(prog_decode(&back, (const uint8_t *)out.data, out.len), 0);
    assert_true(prog_equal(p, &back));

    buf_clear(&out);
    prog_print(p, &out);
    if (prog_parse(&back, "printed", out.data, out.len, &e) < 0) {
        fail_msg("%s\n%s", e.text, out.data);
    }
    assert_true(prog_equal(p, &back));
    prog_free(&back);
    buf_free(&out);
}

static void test_generated_programs_survive_both_forms(void **state)
{
    struct prog p = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "generated");
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct gen_options o = options_draw(&rng);

        assert_int_equal(gen_prog(&p, &rng, &o), 0);
        assert_in_range(p.ops.n, 1, o.ops_max);
        assert_lossless(&p);
    }
    prog_free(&p);
}

static void test_mutants_survive_both_forms(void **state)
{
    struct prog p = PROG_INIT;
    struct prog from = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "mutated");
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct gen_options o = options_draw(&rng);

        /* What comes out of one round is the other parent of the next, of either system. */
        assert_int_equal(gen_prog(&p, &rng, &o), 0);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(mutate_prog(&p, &rng, &o), 0);
            assert_lossless(&p);
            assert_int_equal(mutate_splice(&p, &from, &rng, &o), 0);
            assert_lossless(&p);
        }
        assert_int_equal(prog_copy(&from, &p), 0);
    }
    prog_free(&p);
    prog_free(&from);
}

/* A program decoded from noise has nothing of what the generator makes; mutation must cope. */
static void test_noise_can_be_mutated(void **state)
{
    struct prog p = PROG_INIT;
    uint8_t bytes[600];
    struct prng rng;

    (void)state;
    start(&rng, "noise");
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct gen_options o = options_draw(&rng);
        size_t before;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)prng_u64(&rng);
        }
        bytes[0] = PROG_CODEC_MAGIC;
        assert_int_equal(prog_decode(&p, bytes, prng_below(&rng, sizeof(bytes))), 0);
        for (unsigned i = 0; i < 4; i++) {
            before = p.ops.n;
            assert_int_equal(mutate_prog(&p, &rng, &o), 0);
            assert_true(p.ops.n <= before || p.ops.n <= o.ops_max);
            assert_lossless(&p);
        }
    }
    prog_free(&p);
}

static void test_a_state_gives_one_mutant(void **state)
{
    struct prog a = PROG_INIT;
    struct prog b = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "repeated");
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct gen_options o = options_draw(&rng);
        struct prng copy;

        assert_int_equal(gen_prog(&a, &rng, &o), 0);
        assert_int_equal(prog_copy(&b, &a), 0);
        copy = rng;
        assert_int_equal(mutate_prog(&a, &rng, &o), 0);
        assert_int_equal(mutate_prog(&b, &copy, &o), 0);
        assert_true(prog_equal(&a, &b));
    }
    prog_free(&a);
    prog_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_programs_survive_both_forms),
        cmocka_unit_test(test_mutants_survive_both_forms),
        cmocka_unit_test(test_noise_can_be_mutated),
        cmocka_unit_test(test_a_state_gives_one_mutant),
    };

    return cmocka_run_group_tests_name("prop-gen", tests, NULL, NULL);
}
