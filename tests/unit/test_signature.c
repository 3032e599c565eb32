/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a smaller program still shows the same finding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "diff/signature.h"

#define FOUND "host-agrees-gt/munmap/mapped_to_free/h_gt_g/linux"

static void test_the_same_is_kept(void **state)
{
    (void)state;
    assert_true(signature_is_kept(FOUND, FOUND, false));
    assert_false(signature_is_kept(FOUND, "no-leak/munmap/mapped_to_free/h_gt_g/linux", true));
    assert_false(signature_is_kept(FOUND, "host-agrees-gt/mmap/mapped_to_free/h_gt_g/linux", true));
    assert_false(signature_is_kept(FOUND, "host-agrees-gt/munmap/mapped_to_free/h_gt_g/bsd", true));
    assert_false(signature_is_kept(FOUND, "host-agrees-gt/munmap", true));
    assert_false(signature_is_kept("a/b", "a/b/c", false));
}

static void test_page_sizes_may_change_where_they_are_changed(void **state)
{
    static const char elsewhere[] = "host-agrees-gt/munmap/mapped_to_free/h_eq_g/linux";

    (void)state;
    assert_false(signature_is_kept(FOUND, elsewhere, false));
    assert_true(signature_is_kept(FOUND, elsewhere, true));
}

static void test_what_was_there_before_may_go(void **state)
{
    static const char placed[] = "success-effect/mmap/mapped_to_mapped/h_eq_g/bsd";
    static const char fresh[] = "success-effect/mmap/free_to_mapped/h_eq_g/bsd";

    (void)state;
    assert_true(signature_is_kept(placed, fresh, false));
    assert_false(signature_is_kept(fresh, placed, false));
    assert_false(signature_is_kept(placed, "success-effect/mmap/free_to_free/h_eq_g/bsd", false));
    assert_false(signature_is_kept("x/mmap/ok_by_EINVAL/h_eq_g/bsd",
                                   "x/mmap/free_to_EINVAL/h_eq_g/bsd", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_is_kept),
        cmocka_unit_test(test_page_sizes_may_change_where_they_are_changed),
        cmocka_unit_test(test_what_was_there_before_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
