/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff/pool: the same results whoever made them, and what a worker that dies costs. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool.h"

enum {
    N = 100,
    KILLED = 7, /* items over which a worker has an accident */
    LEAVES = 40,
    SLEEPS = 99,
    FAILS = 12,
    FAILS_TOO = 50,
};

struct accidents {
    bool killed, leaves, sleeps, fails;
};

static void put_square(struct pool *p, uint64_t item)
{
    struct buf text = BUF_INIT;

    buf_fmt(&text, "%" PRIu64, item * item);
    pool_put(p, item, &text);
    buf_free(&text);
}

static int work(struct pool *p, void *arg, struct err *e)
{
    const struct accidents *a = arg;
    uint64_t item;

    while (pool_next(p, &item)) {
        if (a->killed && item == KILLED) {
            (void)raise(SIGKILL);
        } else if (a->leaves && item == LEAVES) {
            exit(5);
        } else if (a->sleeps && item == SLEEPS) {
            (void)sleep(100);
        } else if (a->fails && (item == FAILS || item == FAILS_TOO)) {
            return err_set(e, -EIO, "item %" PRIu64, item);
        }
        put_square(p, item);
    }
    return 0;
}

static void check_squares(const struct pool_results *r, const struct accidents *a)
{
    char want[32];

    assert_int_equal(r->n, N);
    for (uint64_t i = 0; i < N; i++) {
        const struct pool_result *x = &r->v[i];

        assert_int_equal(x->item, i);
        assert_false(x->left);
        snprintf(want, sizeof(want), "%" PRIu64, i * i);
        if (a->killed && i == KILLED) {
            assert_true(x->died && strstr(buf_text(&x->text), "Killed"));
        } else if (a->leaves && i == LEAVES) {
            assert_true(x->died);
            assert_string_equal(buf_text(&x->text), "a worker left with status 5");
        } else if (a->sleeps && i == SLEEPS) {
            assert_true(x->died);
            assert_string_equal(buf_text(&x->text), "no answer in 1 seconds");
        } else {
            assert_false(x->died);
            assert_string_equal(buf_text(&x->text), want);
        }
    }
}

static void test_results_come_in_order(void **state)
{
    static const struct {
        unsigned jobs;
        uint64_t chunk;
        bool apart;
    } rows[] = {{1, 0, false}, {1, 0, true}, {2, 0, false}, {3, 7, false}, {200, 0, true}};
    struct accidents none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pool_work w = {.n = N,
                              .jobs = rows[i].jobs,
                              .chunk = rows[i].chunk,
                              .apart = rows[i].apart,
                              .run = work,
                              .arg = &none};
        struct pool_results r = {0};
        struct err e;

        assert_int_equal(pool_run(&w, &r, &e), 0);
        check_squares(&r, &none);
        pool_results_free(&r);
    }
}

static void test_nothing_to_do(void **state)
{
    struct accidents none = {0};
    struct pool_work w = {.jobs = 3, .run = work, .arg = &none};
    struct pool_results r = {0};
    struct err e;

    (void)state;
    assert_int_equal(pool_run(&w, &r, &e), 0);
    assert_int_equal(r.n, 0);
}

static void test_a_death_costs_one_item(void **state)
{
    struct accidents all = {.killed = true, .leaves = true, .sleeps = true};

    (void)state;
    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        struct pool_work w = {
            .n = N, .jobs = jobs, .apart = true, .seconds = 1, .run = work, .arg = &all};
        struct pool_results r = {0};
        struct err e;

        assert_int_equal(pool_run(&w, &r, &e), 0);
        check_squares(&r, &all);
        pool_results_free(&r);
    }
}

static void test_a_death_is_an_error_without_apart(void **state)
{
    struct accidents a = {.killed = true};
    struct pool_work w = {.n = N, .jobs = 2, .run = work, .arg = &a};
    struct pool_results r = {0};
    struct err e = {""};

    (void)state;
    assert_int_equal(pool_run(&w, &r, &e), -ECHILD);
    assert_string_equal(e.text, "a worker was ended by Killed");
    pool_results_free(&r);
}

/* Both workers fail, or one does before the other comes so far: the first item is what is said. */
static void test_the_error_is_the_lowest_items(void **state)
{
    struct accidents a = {.fails = true};

    (void)state;
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        struct pool_work w = {.n = N, .jobs = jobs, .chunk = 40, .run = work, .arg = &a};
        struct pool_results r = {0};
        struct err e = {""};
        int rc = pool_run(&w, &r, &e);

        assert_int_equal(rc, -EIO);
        if (jobs == 1) {
            assert_string_equal(e.text, "item 12");
        } else {
            assert_true(strcmp(e.text, "item 12") == 0 || strcmp(e.text, "item 50") == 0);
        }
        pool_results_free(&r);
    }
}

static void test_fields_of_a_text(void **state)
{
    struct buf text = BUF_INIT;
    size_t at = 0;

    (void)state;
    pool_field(&text, "one");
    pool_field(&text, "");
    pool_field(&text, "two\nlines");
    assert_string_equal(pool_next_field(&text, &at), "one");
    assert_string_equal(pool_next_field(&text, &at), "");
    assert_string_equal(pool_next_field(&text, &at), "two\nlines");
    assert_string_equal(pool_next_field(&text, &at), "");
    assert_string_equal(pool_next_field(&text, &at), "");
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_come_in_order),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_a_death_costs_one_item),
        cmocka_unit_test(test_a_death_is_an_error_without_apart),
        cmocka_unit_test(test_the_error_is_the_lowest_items),
        cmocka_unit_test(test_fields_of_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
