/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of one target as those of another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "rename.h"

/* Where the first has byte B of the second; -1: nowhere. */
static int64_t first(const struct rename *r, uint64_t b)
{
    uint64_t a;
    bool known;

    assert_int_equal(rename_piece(r, (struct range){b, b}, &a, &known), 1);
    return known ? (int64_t)a : -1;
}

static void test_what_nobody_placed_is_where_it_is(void **state)
{
    struct rename r = RENAME_INIT;
    uint64_t a;
    bool known;

    (void)state;
    assert_int_equal(rename_piece(&r, (struct range){5, 104}, &a, &known), 100);
    assert_int_equal(a, 5);
    assert_true(known);
    rename_free(&r);
}

static void test_what_both_placed_is_found(void **state)
{
    struct rename r = RENAME_INIT;
    uint64_t a;
    bool known;

    (void)state;
    assert_int_equal(rename_put(&r, 0x100, 0x500, 0x10), 0);
    assert_int_equal(first(&r, 0x500), 0x100);
    assert_int_equal(first(&r, 0x50f), 0x10f);
    assert_int_equal(first(&r, 0x510), 0x510);
    assert_int_equal(first(&r, 0x100), -1); /* the first has something else there */
    assert_int_equal(first(&r, 0x110), 0x110);
    /* a piece ends where the pair begins, and where the first's place is taken */
    assert_int_equal(rename_piece(&r, (struct range){0x4f0, 0x520}, &a, &known), 0x10);
    assert_int_equal(rename_piece(&r, (struct range){0xf0, 0x120}, &a, &known), 0x10);
    rename_free(&r);
}

static void test_what_is_placed_later_wins(void **state)
{
    struct rename r = RENAME_INIT;

    (void)state;
    assert_int_equal(rename_put(&r, 0x100, 0x500, 0x30), 0);
    assert_int_equal(rename_put(&r, 0x110, 0x910, 0x10), 0);
    assert_int_equal(first(&r, 0x500), 0x100);
    assert_int_equal(first(&r, 0x510), 0x510); /* its place was taken, nobody is there */
    assert_int_equal(first(&r, 0x910), 0x110);
    assert_int_equal(first(&r, 0x52f), 0x12f);
    assert_int_equal(rename_put(&r, 0x500, 0x500, 0x10), 0); /* the same place on both sides */
    assert_int_equal(first(&r, 0x500), 0x500);
    assert_int_equal(first(&r, 0x520), 0x120);
    rename_free(&r);
}

/* A second opinion: a byte at a time. */
enum { WORLD = 64 };

static void test_against_a_table(void **state)
{
    const uint64_t seed = 20;
    struct prng rng;

    (void)state;
    prng_seed(&rng, seed);
    for (int round = 0; round < 2000; round++) {
        struct rename r = RENAME_INIT;
        int pair_of_b[WORLD], pair_of_a[WORLD];

        for (int i = 0; i < WORLD; i++) {
            pair_of_a[i] = pair_of_b[i] = -1;
        }
        for (int n = 0; n < 8; n++) {
            uint64_t len = prng_between(&rng, 1, 12);
            uint64_t a = prng_below(&rng, WORLD - len);
            uint64_t b = prng_below(&rng, WORLD - len);

            assert_int_equal(rename_put(&r, a, b, len), 0);
            for (uint64_t k = 0; k < len; k++) {
                if (pair_of_a[a + k] >= 0) {
                    pair_of_b[pair_of_a[a + k]] = -1;
                }
                if (pair_of_b[b + k] >= 0) {
                    pair_of_a[pair_of_b[b + k]] = -1;
                }
                pair_of_a[a + k] = (int)(b + k);
                pair_of_b[b + k] = (int)(a + k);
            }
        }
        for (int b = 0; b < WORLD; b++) {
            bool taken = pair_of_a[b] >= 0 && pair_of_a[b] != b;
            int want = pair_of_b[b] >= 0 ? pair_of_b[b] : taken ? -1 : b;

            if (first(&r, (uint64_t)b) != want) {
                fail_msg("seed %d, round %d: byte %d is %d, must be %d", (int)seed, round, b,
                         (int)first(&r, (uint64_t)b), want);
            }
        }
        rename_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_nobody_placed_is_where_it_is),
        cmocka_unit_test(test_what_both_placed_is_found),
        cmocka_unit_test(test_what_is_placed_later_wins),
        cmocka_unit_test(test_against_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
