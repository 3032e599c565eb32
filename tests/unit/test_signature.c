/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a smaller program still shows the same finding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "diff/signature.h"

#define FOUND "host-agrees-gt/munmap/mapped_to_free/h_gt_g/linux"

static void test_the_same_is_kept(void **state)
{
    (void)state;
    assert_true(signature_is_kept(FOUND, FOUND, false, false));
    assert_false(
        signature_is_kept(FOUND, "no-leak/munmap/mapped_to_free/h_gt_g/linux", true, false));
    assert_false(
        signature_is_kept(FOUND, "host-agrees-gt/mmap/mapped_to_free/h_gt_g/linux", true, false));
    assert_false(
        signature_is_kept(FOUND, "host-agrees-gt/munmap/mapped_to_free/h_gt_g/bsd", true, false));
    assert_false(signature_is_kept(FOUND, "host-agrees-gt/munmap", true, false));
    assert_false(signature_is_kept("a/b", "a/b/c", false, false));
}

static void test_page_sizes_may_change_where_they_are_changed(void **state)
{
    static const char elsewhere[] = "host-agrees-gt/munmap/mapped_to_free/h_eq_g/linux";

    (void)state;
    assert_false(signature_is_kept(FOUND, elsewhere, false, false));
    assert_true(signature_is_kept(FOUND, elsewhere, true, false));
}

static void test_what_was_there_before_may_go(void **state)
{
    static const char placed[] = "success-effect/mmap/mapped_to_mapped/h_eq_g/bsd";
    static const char fresh[] = "success-effect/mmap/free_to_mapped/h_eq_g/bsd";

    (void)state;
    assert_true(signature_is_kept(placed, fresh, false, false));
    assert_true(signature_is_kept(fresh, placed, false, false));
    assert_true(
        signature_is_kept(placed, "success-effect/mmap/free_to_guard/h_eq_g/bsd", false, false));
    assert_false(
        signature_is_kept(placed, "success-effect/mmap/mapped_to_free/h_eq_g/bsd", false, false));
}

static void test_what_the_step_left_alone_may_be_anything(void **state)
{
    static const char beside[] = "host-agrees-gt/mprotect/mapped_to_mapped/h_gt_g/bsd";

    (void)state;
    assert_true(
        signature_is_kept(beside, "host-agrees-gt/mprotect/free_to_free/h_gt_g/bsd", false, false));
    assert_false(signature_is_kept(beside, "host-agrees-gt/mprotect/mapped_to_free/h_gt_g/bsd",
                                   false, false));
}

static bool outcome_kept(const char *was, const char *now)
{
    char a[64], b[64];

    snprintf(a, sizeof(a), "model-outcome/mmap/%s/h_eq_g/bsd", was);
    snprintf(b, sizeof(b), "model-outcome/mmap/%s/h_eq_g/bsd", now);
    return signature_is_kept(a, b, false, false);
}

static void test_of_what_it_was_and_had_to_be_one_stays(void **state)
{
    (void)state;
    assert_true(outcome_kept("EACCES_not_EINVAL", "ok_not_EINVAL"));
    assert_true(outcome_kept("EINVAL", "EINVAL_not_EFAULT"));
    assert_true(outcome_kept("EINVAL_not_EFAULT", "EINVAL"));
    assert_false(outcome_kept("ok_not_EOVERFLOW", "ok_not_EACCES"));
    assert_false(outcome_kept("EINVAL", "ENOMEM"));
    assert_false(outcome_kept("EINVAL_not_EFAULT", "ok_not_ENOMEM"));
    assert_false(outcome_kept("EINVAL_not_EFAULT", "EFAULT"));
    assert_false(outcome_kept("ok_by_EINVAL", "ok_by_ENOMEM"));
    assert_false(outcome_kept("ok_by_EINVAL", "free_to_EINVAL"));
}

static void test_the_op_may_change_where_it_is_changed(void **state)
{
    static const char part[] = "host-agrees-gt/mremap/mapped_to_free/h_gt_g/linux";

    (void)state;
    assert_false(signature_is_kept(part, FOUND, true, false));
    assert_true(signature_is_kept(part, FOUND, false, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_is_kept),
        cmocka_unit_test(test_page_sizes_may_change_where_they_are_changed),
        cmocka_unit_test(test_what_was_there_before_may_go),
        cmocka_unit_test(test_what_the_step_left_alone_may_be_anything),
        cmocka_unit_test(test_of_what_it_was_and_had_to_be_one_stays),
        cmocka_unit_test(test_the_op_may_change_where_it_is_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
