/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MAP_STACK of FreeBSD: layout at every page size, growth, its rights and its ends. */
#include "vm_freebsd_bed.h"

#define LEN (256 << 10) /* of a stack: grows at first by half */
#define STEP (128 << 10)

static void test_every_page_size(void **state)
{
    struct fbsd_bed *b = *state;

    for (uint64_t page = P; page <= 16 * P; page *= 4) {
        bed_usual(b, page);
        assert_int_equal(bed_map(b, A, LEN, RW, F_STACK | F_FIX, NO_SEEN), 0);
        assert_int_equal(vm_areas(b->p), 2);
        assert_non_null(vm_area_find(b->p, A + STEP));
        assert_int_equal(vm_area_find(b->p, A + STEP)->r.start, A + STEP);
        assert_int_equal(bed_store(b, A, 1), 2);
        assert_int_equal(bed_store(b, A + STEP - 1, 1), 0);
        assert_int_equal(vm_area_find(b->p, A + STEP - 1)->r.start, A + page);
        assert_int_equal(bed_load(b, A + page), 0);
        assert_int_equal(bed_load(b, A), -2);
    }
}

static void test_grows_in_steps(void **state)
{
    struct fbsd_bed *b = *state;
    struct vm_fault fault;

    bed_usual(b, P);
    assert_int_equal(bed_map(b, A, 4 * STEP, RW, F_STACK | F_FIX, NO_SEEN), 0);
    assert_true(vm_accessible(b->p, A + 3 * STEP - 1, true, &fault)); /* looking changes nothing */
    assert_int_equal(vm_areas(b->p), 2);
    assert_int_equal(bed_store(b, A + 2 * STEP - 1, 7), 0); /* two steps at once */
    assert_int_equal(vm_area_find(b->p, A + 2 * STEP - 1)->r.start, A + STEP);
    assert_int_equal(vm_areas(b->p), 3); /* grown parts do not merge */
    assert_int_equal(bed_load(b, A + 2 * STEP - 1), 7);
    assert_false(vm_accessible(b->p, A, false, &fault));
    assert_int_equal(fault.code, 2);
}

/* Since 14 the gap remembers rights, and mprotect changes what it remembers. */
static void test_rights_of_growth(void **state)
{
    struct fbsd_bed *b = *state;
    const unsigned releases[] = {0, 14, 13};

    for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
        bool gap = releases[i] != 13;

        bed_usual(b, P);
        b->params.release = releases[i];
        bed_begin(b);
        bed_map(b, A, LEN, RW | MAX(RW), F_STACK | F_FIX, NO_SEEN);
        assert_int_equal(bed_protect(b, A + STEP, P, R), 0);
        assert_int_equal(bed_store(b, A + STEP - 1, 1), gap ? 0 : 2);
        bed_map(b, A, LEN, RW | MAX(RW), F_STACK | F_FIX, NO_SEEN);
        assert_int_equal(bed_protect(b, A, P, RW | X), gap ? ABI_EACCES : 0);
        assert_int_equal(bed_protect(b, A, STEP, R | MAX(R)), 0);
        assert_int_equal(bed_store(b, A + STEP - 1, 1), gap ? 2 : 0);
        assert_int_equal(bed_protect(b, A + P, STEP - P, RW), gap ? ABI_EACCES : 0);
    }
}

static void test_growth_ends(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, A, LEN, RW, F_STACK | F_FIX, NO_SEEN);
    assert_int_equal(bed_unmap(b, A + STEP, P), 0); /* the gap has lost its stack */
    assert_int_equal(bed_load(b, A + STEP - 1), -2);
    bed_map(b, A, LEN, RW, F_STACK | F_FIX, NO_SEEN);
    bed_map(b, A + STEP, P, RW, F_ANON | F_FIX, NO_SEEN); /* what stands there is no stack */
    assert_int_equal(bed_load(b, A + STEP - 1), -2);
    b->params.bytes_max = LEN + STEP;
    bed_begin(b);
    bed_map(b, A, LEN, RW, F_STACK | F_FIX, NO_SEEN);
    bed_map(b, H, LEN, RW, F_ANON, NO_SEEN);
    assert_int_equal(b->reply.took.err, 0);
    assert_int_equal(bed_store(b, A + STEP - 1, 1), 2); /* RLIMIT_AS */
    assert_int_equal(bed_unmap(b, H, LEN), 0);
    assert_int_equal(bed_store(b, A + STEP - 1, 1), 0);
    b->params.bytes_max = LEN; /* to the last byte */
    bed_begin(b);
    bed_map(b, A, LEN, RW, F_STACK | F_FIX, NO_SEEN);
    assert_int_equal(bed_map(b, H, P, RW, F_ANON, NO_SEEN), 0);
    assert_int_equal(bed_store(b, A + STEP - 1, 1), 0);
}

/* Without a guard, and when the range is no larger than the first part: no gap. */
static void test_no_gap(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    b->params.stack_guard = 0;
    bed_begin(b);
    assert_int_equal(bed_map(b, A, STEP, RW, F_STACK | F_FIX, NO_SEEN), 0);
    assert_int_equal(vm_areas(b->p), 1);
    assert_int_equal(bed_store(b, A, 1), 0);
    assert_int_equal(bed_map(b, A, P, RW, F_STACK | F_FIX, NO_SEEN), 0);
}

/* A late failure has lost the range, but only if it was seen. */
static void test_late_failure(void **state)
{
    struct fbsd_bed *b = *state;
    const struct vm_answer success = {.value = A};
    const struct vm_answer failure = {.err = ABI_EINVAL};

    bed_usual(b, P);
    bed_map(b, A, P, RW, F_ANON | F_FIX, NO_SEEN);
    bed_map(b, A, P, RW, F_STACK | F_FIX, &success);
    assert_false(b->reply.allowed);
    assert_int_equal(vm_areas(b->p), 1);
    bed_map(b, A, P, RW, F_STACK | F_FIX | FREEBSD_MAP_EXCL, NO_SEEN);
    assert_int_equal(b->reply.took.err, ABI_ENOMEM);
    assert_int_equal(vm_areas(b->p), 1);
    bed_map(b, A, P, RW, F_STACK | F_FIX, &failure);
    assert_true(b->reply.allowed);
    assert_int_equal(vm_areas(b->p), 0);
    assert_int_equal(bed_map(b, 0, P, RW, F_STACK, NO_SEEN), ABI_EINVAL);
    assert_int_equal(bed_map(b, 0, 2 * P, RW, F_STACK, NO_SEEN), 0);
}

const struct CMUnitTest fbsd_stack_tests[] = {
    cmocka_unit_test(test_every_page_size),  cmocka_unit_test(test_grows_in_steps),
    cmocka_unit_test(test_rights_of_growth), cmocka_unit_test(test_growth_ends),
    cmocka_unit_test(test_no_gap),           cmocka_unit_test(test_late_failure),
};
const size_t fbsd_stack_n = ARRAY_LEN(fbsd_stack_tests);
