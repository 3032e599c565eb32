/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mutator: validity, bounds, each kind of change, renaming in a splice, nothing but the given
 * randomness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "op/gen.h"
#include "op/text.h"

#define OPS_MAX 40

static struct gen_options options(enum abi_system system)
{
    return (struct gen_options){
        .system = system, .ops_max = OPS_MAX, .host_fail = true, .fork = true};
}

static void parse(struct prog *p, const char *text)
{
    struct err e;

    if (prog_parse(p, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void assert_valid(const struct prog *p, uint64_t seed)
{
    struct err e;

    if (prog_check(p, &e) < 0) {
        fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
    }
}

static const char small[] =
    "file f0 size=10000\n"
    "r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok\n"
    "store(r0+0x10, 32, 0xab) = ok\n"
    "r1 = mmap(r0+0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = r0+0x1000\n"
    "munmap(r1, 0x1000) = 0\n"
    "load(r0+0x10, 32) = 0xab\n";

static void test_chains_stay_valid_and_bounded(void **state)
{
    (void)state;
    for (unsigned system = 0; system < ABI_SYSTEM_COUNT; system++) {
        struct gen_options o = options((enum abi_system)system);
        struct prog p = PROG_INIT;
        struct prog from = PROG_INIT;
        struct prng rng;

        for (uint64_t seed = 0; seed < 300; seed++) {
            prng_seed(&rng, seed);
            assert_int_equal(gen_prog(&p, &rng, &o), 0);
            assert_int_equal(gen_prog(&from, &rng, &o), 0);
            for (unsigned n = 0; n < 30; n++) {
                assert_int_equal(
                    n % 5 == 4 ? mutate_splice(&p, &from, &rng, &o) : mutate_prog(&p, &rng, &o), 0);
                assert_valid(&p, seed);
                assert_in_range(p.ops.n, 1, OPS_MAX);
                assert_in_range(p.files.n, 0, 8);
            }
            for (size_t i = 0; system == ABI_FREEBSD && i < p.ops.n; i++) {
                assert_int_not_equal(p.ops.v[i].kind, OP_mremap);
            }
        }
        prog_free(&p);
        prog_free(&from);
    }
}

static void test_randomness_is_only_the_given_one(void **state)
{
    struct gen_options o = options(ABI_LINUX);
    struct prog a = PROG_INIT;
    struct prog b = PROG_INIT;
    struct prng ra;
    struct prng rb;

    (void)state;
    prng_seed(&ra, 5);
    prng_seed(&rb, 5);
    parse(&a, small);
    parse(&b, small);
    for (unsigned n = 0; n < 500; n++) {
        assert_int_equal(mutate_prog(&a, &ra, &o), 0);
        assert_int_equal(mutate_prog(&b, &rb, &o), 0);
        assert_true(prog_equal(&a, &b));
    }
    prog_free(&a);
    prog_free(&b);
}

/* What differs between a program and its mutant, over many seeds. */
struct changes {
    unsigned any, longer, shorter, config, file_size, file_count, order, fork, arg;
};

static void count_changes(struct changes *c, const struct prog *before, const struct prog *after)
{
    c->any += !prog_equal(before, after);
    c->longer += after->ops.n > before->ops.n;
    c->shorter += after->ops.n < before->ops.n;
    c->config +=
        memcmp(before->config.value, after->config.value, sizeof(before->config.value)) != 0;
    c->file_count += after->files.n > before->files.n;
    c->file_size += after->files.v[0].size != before->files.v[0].size;
    c->order += after->ops.n == before->ops.n && after->ops.v[0].kind != before->ops.v[0].kind;
    for (size_t i = 0; i < after->ops.n; i++) {
        c->fork += after->ops.v[i].kind == OP_fork;
    }
    c->arg += after->ops.n == before->ops.n && after->ops.v[0].kind == OP_mmap &&
              after->ops.v[0].arg[1].num != before->ops.v[0].arg[1].num;
}

static void test_each_kind_of_change_happens(void **state)
{
    struct gen_options o = options(ABI_LINUX);
    struct changes c = {0};
    struct prog before = PROG_INIT;
    struct prog after = PROG_INIT;
    struct prng rng;

    (void)state;
    parse(&before, small);
    prog_drop_expectations(&before);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        prng_seed(&rng, seed);
        assert_int_equal(prog_copy(&after, &before), 0);
        assert_int_equal(mutate_prog(&after, &rng, &o), 0);
        count_changes(&c, &before, &after);
    }
    assert_in_range(c.any, 900, 1000);
    assert_in_range(c.longer, 100, 900);
    assert_in_range(c.shorter, 50, 900);
    assert_in_range(c.config, 50, 900);
    assert_in_range(c.file_count, 5, 900);
    assert_in_range(c.file_size, 30, 900);
    assert_in_range(c.order, 30, 900);
    assert_in_range(c.fork, 5, 900);
    assert_in_range(c.arg, 10, 900);
    prog_free(&before);
    prog_free(&after);
}

static void test_given_config_and_forbidden_ops_are_respected(void **state)
{
    struct prog_config config = PROG_CONFIG_DEFAULT;
    struct gen_options o = {.system = ABI_LINUX, .ops_max = OPS_MAX, .config = &config};
    struct prog p = PROG_INIT;
    struct prng rng;

    (void)state;
    prng_seed(&rng, 3);
    parse(&p, small);
    for (unsigned n = 0; n < 1000; n++) {
        assert_int_equal(mutate_prog(&p, &rng, &o), 0);
        assert_int_equal(p.config.given, config.given);
        assert_memory_equal(p.config.value, config.value, sizeof(config.value));
        for (size_t i = 0; i < p.ops.n; i++) {
            assert_int_not_equal(p.ops.v[i].kind, OP_fork);
            assert_int_not_equal(p.ops.v[i].kind, OP_host_fail);
        }
    }
    prog_free(&p);
}

static void test_expectations_go(void **state)
{
    struct gen_options o = options(ABI_LINUX);
    struct prog p = PROG_INIT;
    struct prog from = PROG_INIT;
    struct prng rng;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        prng_seed(&rng, seed);
        parse(&p, small);
        parse(&from, small);
        assert_int_equal(seed % 2 ? mutate_prog(&p, &rng, &o) : mutate_splice(&p, &from, &rng, &o),
                         0);
        for (size_t i = 0; i < p.ops.n; i++) {
            assert_int_equal(p.ops.v[i].expect.kind, EXPECT_NONE);
        }
    }
    prog_free(&p);
    prog_free(&from);
}

static void test_a_long_program_does_not_grow(void **state)
{
    struct gen_options big = options(ABI_LINUX);
    struct gen_options o = options(ABI_LINUX);
    struct prog p = PROG_INIT;
    struct prog from = PROG_INIT;
    struct prng rng;
    size_t n;

    (void)state;
    prng_seed(&rng, 9);
    parse(&from, small);
    while (p.ops.n < 60) {
        big.ops_max = 200;
        assert_int_equal(mutate_splice(&p, &from, &rng, &big), 0);
    }
    n = p.ops.n;
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(i % 3 ? mutate_prog(&p, &rng, &o) : mutate_splice(&p, &from, &rng, &o), 0);
        assert_in_range(p.ops.n, 1, n);
        n = p.ops.n;
        if (n <= OPS_MAX) {
            n = OPS_MAX;
        }
    }
    prog_free(&p);
    prog_free(&from);
}

/* r0 and r1 of the part become r2 and r3 here; its file comes along or is one that is there. */
static void test_splice_renames(void **state)
{
    struct gen_options o = options(ABI_LINUX);
    struct prog p = PROG_INIT;
    struct prog from = PROG_INIT;
    struct prng rng;
    unsigned with_file = 0;
    unsigned inner = 0;

    (void)state;
    parse(&from, small);
    for (uint64_t seed = 0; seed < 200; seed++) {
        prng_seed(&rng, seed);
        parse(&p, small);
        assert_int_equal(mutate_splice(&p, &from, &rng, &o), 0);
        assert_valid(&p, seed);
        assert_in_range(p.ops.n, 6, 10);
        with_file += p.files.n == 2;
        for (size_t i = 0; i < p.ops.n; i++) {
            const struct op *op = &p.ops.v[i];

            assert_true(op->result == OP_NO_RESULT || op->result < 4);
            inner += op->arg[0].base == VALUE_RESULT && op->arg[0].ref >= 2;
        }
    }
    assert_in_range(with_file, 20, 180);
    assert_in_range(inner, 50, 10000);
    prog_free(&p);
    prog_free(&from);
}

static void test_splice_with_empty_programs(void **state)
{
    struct gen_options o = options(ABI_LINUX);
    struct prog p = PROG_INIT;
    struct prog from = PROG_INIT;
    struct prng rng;

    (void)state;
    prng_seed(&rng, 1);
    assert_int_equal(mutate_splice(&p, &from, &rng, &o), 0);
    assert_int_equal(p.ops.n, 0);
    parse(&from, small);
    assert_int_equal(mutate_splice(&p, &from, &rng, &o), 0);
    assert_valid(&p, 1);
    assert_in_range(p.ops.n, 1, 5);
    /* A program with itself. */
    assert_int_equal(mutate_splice(&p, &p, &rng, &o), 0);
    assert_valid(&p, 1);
    prog_clear(&p);
    assert_int_equal(mutate_prog(&p, &rng, &o), 0);
    assert_in_range(p.ops.n, 1, 8);
    prog_free(&p);
    prog_free(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_stay_valid_and_bounded),
        cmocka_unit_test(test_randomness_is_only_the_given_one),
        cmocka_unit_test(test_each_kind_of_change_happens),
        cmocka_unit_test(test_given_config_and_forbidden_ops_are_respected),
        cmocka_unit_test(test_expectations_go),
        cmocka_unit_test(test_a_long_program_does_not_grow),
        cmocka_unit_test(test_splice_renames),
        cmocka_unit_test(test_splice_with_empty_programs),
    };

    return cmocka_run_group_tests_name("op-mutate", tests, NULL, NULL);
}
