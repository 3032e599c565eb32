/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "op/small.h"

static struct prog_config config(uint64_t guest_page, uint64_t host_page)
{
    struct prog_config c = PROG_CONFIG_DEFAULT;

    assert_int_equal(config_set(&c, CONFIG_GUEST_PAGE, guest_page, NULL), 0);
    assert_int_equal(config_set(&c, CONFIG_HOST_PAGE, host_page, NULL), 0);
    return c;
}

static void open_world(struct small_world *w, enum abi_system system, uint64_t guest_page,
                       uint64_t host_page)
{
    struct prog_config c = config(guest_page, host_page);

    assert_int_equal(small_world_init(w, system, &c), 0);
}

static void test_every_program_of_one_step_is_valid_and_different(void **state)
{
    struct small_world w;
    struct prog p = PROG_INIT;
    struct prog before = PROG_INIT;
    struct err e;

    (void)state;
    open_world(&w, ABI_LINUX, 4096, 16384);
    assert_int_equal(small_world_count(&w, 1), w.calls.n);
    for (uint64_t i = 0; i < w.calls.n; i++) {
        assert_int_equal(small_world_prog(&w, 1, i, &p), 0);
        if (prog_check(&p, &e) < 0) {
            fail_msg("program %u: %s", (unsigned)i, e.text);
        }
        assert_false(prog_equal(&p, &before));
        assert_int_equal(prog_copy(&before, &p), 0);
    }
    prog_free(&p);
    prog_free(&before);
    small_world_free(&w);
}

static void test_an_index_names_each_combination_once(void **state)
{
    struct small_world w;
    struct prog p = PROG_INIT;
    uint64_t n;

    (void)state;
    open_world(&w, ABI_FREEBSD, 8192, 16384);
    n = w.calls.n;
    assert_int_equal(small_world_count(&w, 2), n * n);
    assert_int_equal(small_world_count(&w, 0), 1);
    assert_int_equal(small_world_prog(&w, 2, (n - 1) * n + 1, &p), 0);
    assert_int_equal(p.ops.v[0].kind, w.calls.v[1].kind);
    assert_int_equal(p.ops.v[p.ops.n - 1].kind, w.calls.v[n - 1].kind);
    prog_free(&p);
    small_world_free(&w);
}

static void test_writable_maps_are_marked_and_no_two_steps_alike(void **state)
{
    struct small_world w;
    struct prog p = PROG_INIT;

    (void)state;
    open_world(&w, ABI_LINUX, 4096, 4096);
    assert_int_equal(small_world_prog(&w, 3, 0, &p), 0);
    assert_int_equal(p.ops.n, 6);
    for (size_t i = 1; i < 6; i += 2) {
        assert_int_equal(p.ops.v[i].kind, OP_store);
        assert_int_equal(p.ops.v[i].arg[2].num, 0xa0 + i / 2);
    }
    prog_free(&p);
    small_world_free(&w);
}

static void test_pages_straddle_host_pages(void **state)
{
    struct small_world w;

    (void)state;
    open_world(&w, ABI_LINUX, 4096, 16384);
    assert_int_equal(w.base % 16384, 8192);
    small_world_free(&w);
    open_world(&w, ABI_LINUX, 16384, 4096);
    assert_int_equal(w.base % 16384, 0);
    small_world_free(&w);
}

static void test_freebsd_has_no_mremap(void **state)
{
    struct small_world w;

    (void)state;
    open_world(&w, ABI_FREEBSD, 4096, 4096);
    for (size_t i = 0; i < w.calls.n; i++) {
        assert_int_not_equal(w.calls.v[i].kind, OP_mremap);
    }
    small_world_free(&w);
}

static void test_what_cannot_be_counted_says_so(void **state)
{
    struct small_world w;

    (void)state;
    open_world(&w, ABI_LINUX, 4096, 4096);
    assert_true(small_world_count(&w, 40) == UINT64_MAX);
    small_world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_program_of_one_step_is_valid_and_different),
        cmocka_unit_test(test_an_index_names_each_combination_once),
        cmocka_unit_test(test_writable_maps_are_marked_and_no_two_steps_alike),
        cmocka_unit_test(test_pages_straddle_host_pages),
        cmocka_unit_test(test_freebsd_has_no_mremap),
        cmocka_unit_test(test_what_cannot_be_counted_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
