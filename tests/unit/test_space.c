/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/space: relations, the range check at the edges, and each rule of space_check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "space/space.h"

static const struct space good = {
    .bits = 32,
    .guest_page = 0x1000,
    .host_page = 0x4000,
    .real_page = 0x1000,
    .guest_base = 0x7f0000000000,
    .reserved_va = 0x8000000,
    .window_last = 0x7ffffff,
    .min_addr = 0x10000,
};

static void test_relation(void **state)
{
    static const struct {
        uint64_t guest, host, real;
        const char *name;
    } rows[] = {
        {0x1000, 0x1000, 0x1000, "h_eq_g"}, {0x2000, 0x2000, 0x1000, "h_lt_g"},
        {0x1000, 0x4000, 0x4000, "h_gt_g"}, {0x1000, 0x4000, 0x1000, "h_gt_g"},
        {0x2000, 0x4000, 0x1000, "h_gt_g"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct space s = {
            .guest_page = rows[i].guest, .host_page = rows[i].host, .real_page = rows[i].real};

        assert_string_equal(space_relation_name(space_relation(&s)), rows[i].name);
    }
}

static void test_guest_range_valid_at_the_edges(void **state)
{
    struct space s = good;
    struct range r = {0, 0};

    (void)state;
    assert_true(guest_range_valid(&s, 0x7fff000, 0x1000, &r));
    assert_int_equal(r.last, s.window_last);
    assert_false(guest_range_valid(&s, 0x7fff000, 0x1001, &r));
    assert_false(guest_range_valid(&s, 0x8000000, 1, NULL));
    assert_false(guest_range_valid(&s, 0, 0, NULL));
    assert_false(guest_range_valid(&s, 0x1000, UINT64_MAX, NULL));
    assert_int_equal(r.start, 0x7fff000);
    s.window_last = UINT64_MAX;
    assert_true(guest_range_valid(&s, UINT64_MAX, 1, &r));
    assert_false(guest_range_valid(&s, UINT64_MAX, 2, &r));
}

static void test_h2g_is_the_inverse(void **state)
{
    (void)state;
    assert_true(h2g_valid(&good, g2h(&good, 0)));
    assert_true(h2g_valid(&good, g2h(&good, good.window_last)));
    assert_false(h2g_valid(&good, good.guest_base - 1));
    assert_false(h2g_valid(&good, g2h(&good, good.window_last) + 1));
    assert_int_equal(h2g(&good, g2h(&good, 0x1234)), 0x1234);
}

static void test_check_accepts(void **state)
{
    struct space s = good;

    (void)state;
    assert_null(space_check(&s));
    s.reserved_va = 0;
    s.window_last = UINT32_MAX;
    assert_null(space_check(&s));
    s.bits = 64;
    s.guest_base = 0;
    s.window_last = UINT64_MAX;
    assert_null(space_check(&s));
}

static void check_refused(struct space s, const char *why)
{
    const char *got = space_check(&s);

    assert_non_null(got);
    assert_string_equal(got, why);
}

#define REFUSED(field, value, why) \
    do { \
        struct space s_ = good; \
        s_.field = (value); \
        check_refused(s_, why); \
    } while (0)

static void test_check_refuses(void **state)
{
    (void)state;
    REFUSED(bits, 48, "guest address width is neither 32 nor 64 bits");
    REFUSED(guest_page, 0, "guest page is not a power of two");
    REFUSED(host_page, 0x3000, "host page is not a power of two");
    REFUSED(real_page, 0x1800, "real host page is not a power of two");
    REFUSED(guest_page, 0x10000, "host page is below the guest page");
    REFUSED(real_page, 0x10000, "host page is below the real host page");
    REFUSED(window_last, 0x100000000, "window is larger than the guest's address space");
    REFUSED(window_last, 0xfff, "window is not two or more whole host pages");
    REFUSED(window_last, 0x7fffffe, "window is not two or more whole host pages");
    REFUSED(reserved_va, 0x8001000, "reserved_va is not a multiple of the host page");
    REFUSED(reserved_va, 0x4000000, "reserved_va is not the window's size");
    REFUSED(guest_base, 0x7f0000001000, "guest_base is not a multiple of the host page");
    REFUSED(guest_base, UINT64_MAX - 0x3fff, "window passes the top of the host's address space");
    REFUSED(min_addr, 0x8000000, "lowest mappable address is above the window");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relation),
        cmocka_unit_test(test_guest_range_valid_at_the_edges),
        cmocka_unit_test(test_h2g_is_the_inverse),
        cmocka_unit_test(test_check_accepts),
        cmocka_unit_test(test_check_refuses),
    };

    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
