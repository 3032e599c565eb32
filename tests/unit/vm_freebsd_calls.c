/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FreeBSD's other calls beyond the table of situations: sets of answers, registers, rights. */
#include "vm_freebsd_bed.h"

/*
 * A range that ends at 2^64: the kernel's sum is 0, a wrap. It names no byte twice, so that a layer
 * may take it as it is.
 */
static void test_range_to_the_top(void **state)
{
    struct fbsd_bed *b = *state;
    const struct vm_answer ok = {0};
    const struct vm_answer einval = {.err = ABI_EINVAL};
    const struct vm_answer enomem = {.err = ABI_ENOMEM};

    bed_usual(b, P);
    assert_int_equal(bed_protect(b, TOP_PAGE, P, R), ABI_EINVAL);
    assert_true(b->reply.may_succeed);
    vm_mprotect(b->p, TOP_PAGE, P, R, &ok, &b->reply);
    assert_true(b->reply.allowed);
    vm_mprotect(b->p, TOP_PAGE, P, R, &enomem, &b->reply);
    assert_false(b->reply.allowed);
    vm_mprotect(b->p, TOP_PAGE, 2 * P, R, &ok, &b->reply);
    assert_false(b->reply.allowed);
    vm_msync(b->p, TOP_PAGE, P, 0, &enomem, &b->reply);
    assert_true(b->reply.allowed);
    vm_msync(b->p, TOP_PAGE, P, 0, &einval, &b->reply);
    assert_true(b->reply.allowed);
    vm_msync(b->p, TOP_PAGE, P, 0, &ok, &b->reply);
    assert_false(b->reply.allowed);
    vm_minherit(b->p, TOP_PAGE, P, VM_INHERIT_NONE, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, ABI_EINVAL);
}

static void narrow(struct fbsd_bed *b)
{
    bed_usual(b, P);
    b->params.bits = 32;
    b->params.last = UINT32_MAX;
    b->params.place = 0x40000000;
    b->params.text = 0;
    bed_begin(b);
}

static void test_32_bits(void **state)
{
    struct fbsd_bed *b = *state;
    const uint64_t top = 0xfffff000;

    narrow(b);
    assert_int_equal(bed_map(b, top, P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    assert_int_equal(bed_protect(b, top, P, R), 0); /* the space ends where the register does */
    assert_int_equal(bed_store(b, top, 1), 2);
    assert_int_equal(bed_protect(b, top, 2 * P, R), ABI_EINVAL);
    assert_int_equal(bed_unmap(b, top, UINT32_MAX), ABI_EINVAL);
    assert_int_equal(bed_protect(b, top, UINT32_MAX, RW), 0); /* rounds to nothing */
    assert_int_equal(bed_store(b, top, 1), 2);
    assert_int_equal(bed_map(b, 0, UINT32_MAX, RW, F_ANON, NO_SEEN), ABI_ENOMEM);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MMAP_LEN_WRAP);
    assert_int_equal(bed_map(b, top, 2 * P, RW, F_ANON | F_FIX, NO_SEEN), ABI_EINVAL);
    assert_int_equal(bed_map(b, 0, P, RW, F_ANON | 32u << FREEBSD_MAP_ALIGNED_SHIFT, NO_SEEN),
                     ABI_EINVAL);
    assert_int_equal(bed_map(b, 0, P, RW, F_ANON | 31u << FREEBSD_MAP_ALIGNED_SHIFT, NO_SEEN), 0);
    assert_took(b, 0x80000000);
    assert_int_equal(bed_unmap(b, top, P), 0);
}

static void test_unaligned_length_overflows(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, A, P, RW, F_ANON | F_FIX, NO_SEEN);
    assert_int_equal(bed_unmap(b, A + 16, UINT64_MAX), ABI_EINVAL);
    assert_int_equal(bed_protect(b, A + 16, UINT64_MAX, R), ABI_EINVAL);
    assert_int_equal(bed_store(b, A, 1), 0);
    assert_int_equal(bed_unmap(b, 0, UINT64_MAX), ABI_EINVAL); /* page 0 is outside even so */
}

static void test_clipped_range(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, P, P, RW, F_ANON | F_FIX, NO_SEEN);
    assert_int_equal(bed_protect(b, 0, 2 * P, R), 0);
    assert_int_equal(bed_store(b, P, 1), 2);
    assert_int_equal(bed_protect(b, 0, P, R), 0);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MPROTECT_NOTHING);
}

static void test_maximum_is_remembered(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, A, 2 * P, R | MAX(RW), F_ANON | F_FIX, NO_SEEN);
    assert_int_equal(bed_protect(b, A, P, RW), 0);
    assert_int_equal(bed_protect(b, A, P, R | X), ABI_EACCES);
    assert_int_equal(bed_protect(b, A, P, R | MAX(R | X)), ABI_EACCES); /* never more than it is */
    assert_int_equal(bed_protect(b, A, P, NONE | MAX(R)), 0);
    assert_int_equal(bed_protect(b, A, P, RW), ABI_EACCES);
    assert_int_equal(bed_protect(b, A + P, P, RW), 0);
    assert_int_equal(bed_protect(b, A, P, R), 0);
}

static void test_advice(void **state)
{
    struct fbsd_bed *b = *state;
    const uint8_t *bytes;
    size_t len;

    bed_usual(b, P);
    bed_map(b, A, 2 * P, RW, F_ANON | F_FIX, NO_SEEN);
    bed_store(b, A, 1);
    bed_store(b, A + P, 1);
    vm_madvise(b->p, A, 0, FREEBSD_MADV_FREE, NULL, &b->reply);
    assert_int_equal(vm_view(b->p, A, &bytes, &len), VM_BYTES_KNOWN);
    vm_madvise(b->p, A + 16, 0, FREEBSD_MADV_FREE, NULL, &b->reply); /* rounded to a page */
    assert_int_equal(vm_view(b->p, A, &bytes, &len), VM_BYTES_LAZY);
    assert_int_equal(vm_view(b->p, A + P, &bytes, &len), VM_BYTES_KNOWN);
    for (uint32_t advice = FREEBSD_MADV_NORMAL; advice <= FREEBSD_MADV_CORE; advice++) {
        vm_madvise(b->p, A + P, P, advice, NULL, &b->reply);
        assert_int_equal(b->reply.took.err, 0);
        assert_null(vm_check(b->p));
    }
    vm_madvise(b->p, A, P, 10, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, ABI_EPERM);
    b->params.privileged = true;
    bed_begin(b);
    vm_madvise(b->p, 0, 0, 10, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
    vm_madvise(b->p, LAST_FREEBSD + 1, 0, 0, NULL, &b->reply); /* the end itself is inside */
    assert_int_equal(b->reply.took.err, 0);
    vm_madvise(b->p, LAST_FREEBSD + 2, 0, 0, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, ABI_EINVAL);
}

static unsigned flags_after(struct fbsd_bed *b, uint32_t advice)
{
    vm_madvise(b->p, A, P, advice, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
    return vm_area_find(b->p, A)->a.flags & ~(unsigned)VM_AREA_TOUCHED;
}

static void test_remembered_advice(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, A, 2 * P, RW, F_ANON | F_FIX, NO_SEEN);
    assert_int_equal(flags_after(b, FREEBSD_MADV_RANDOM), VM_AREA_RANDOM);
    assert_int_equal(flags_after(b, FREEBSD_MADV_SEQUENTIAL), VM_AREA_SEQUENTIAL);
    assert_int_equal(flags_after(b, FREEBSD_MADV_NORMAL), 0);
    assert_int_equal(flags_after(b, FREEBSD_MADV_NOSYNC), VM_AREA_NOSYNC);
    assert_int_equal(flags_after(b, FREEBSD_MADV_NOCORE), VM_AREA_NOSYNC | VM_AREA_NOCORE);
    assert_int_equal(flags_after(b, FREEBSD_MADV_AUTOSYNC), VM_AREA_NOCORE);
    assert_int_equal(flags_after(b, FREEBSD_MADV_WILLNEED), VM_AREA_NOCORE);
    assert_int_equal(flags_after(b, FREEBSD_MADV_CORE), 0);
    assert_int_equal(vm_area_find(b->p, A + P)->a.flags, 0);
    bed_map(b, A, P, NONE, FREEBSD_MAP_GUARD | F_FIX, NO_SEEN);
    assert_int_equal(flags_after(b, FREEBSD_MADV_RANDOM), 0);
    bed_map(b, A, P, RW, F_ANON | F_FIX | FREEBSD_MAP_NOCORE | FREEBSD_MAP_NOSYNC, NO_SEEN);
    assert_int_equal(vm_area_find(b->p, A)->a.flags, VM_AREA_NOCORE | VM_AREA_NOSYNC);
}

/* Entries side by side are no hole. */
static void test_whole_range(void **state)
{
    struct fbsd_bed *b = *state;
    uint8_t vec[3] = {9, 9, 9};

    bed_usual(b, P);
    bed_map(b, A, P, RW, F_ANON | F_FIX, NO_SEEN);
    bed_map(b, A + P, P, R, F_ANON | F_FIX, NO_SEEN);
    vm_msync(b->p, A, 2 * P, 0, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
    vm_mincore(b->p, A, 2 * P, vec, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
    assert_int_equal(vec[1], 0);
    assert_int_equal(vec[2], 9);
    vec[0] = 9;
    vm_mincore(b->p, A, 0, vec, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
    assert_int_equal(vec[0], 9);
    vm_mincore(b->p, A, 0, NULL, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, 0);
}

static void test_shared_is_not_freed(void **state)
{
    struct fbsd_bed *b = *state;
    struct vm_proc *child;
    const uint8_t *bytes;
    size_t len;

    bed_usual(b, P);
    bed_map(b, A, P, RW, FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_SHARED | F_FIX, NO_SEEN);
    bed_map(b, A + P, P, RW, F_ANON | F_FIX, NO_SEEN);
    bed_store(b, A, 1);
    bed_store(b, A + P, 1);
    assert_int_equal(vm_fork(b->p, &child), 0);
    vm_madvise(b->p, A, 2 * P, FREEBSD_MADV_FREE, NULL, &b->reply);
    assert_int_equal(vm_view(b->p, A, &bytes, &len), VM_BYTES_KNOWN);
    assert_int_equal(vm_view(b->p, A + P, &bytes, &len), VM_BYTES_KNOWN);
    vm_exit(child);
}

static void test_mincore_and_minherit(void **state)
{
    struct fbsd_bed *b = *state;
    struct vm_proc *child;
    struct vm_fault fault;
    uint8_t vec[2];

    bed_usual(b, P);
    vm_mincore(b->p, TOP_PAGE, 2 * P, vec, NULL, &b->reply);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MINCORE_RANGE);
    vm_mincore(b->p, LAST_FREEBSD, 2, vec, NULL, &b->reply);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MINCORE_RANGE);
    bed_map(b, A, P, NONE, FREEBSD_MAP_GUARD | F_FIX, NO_SEEN);
    for (int value = VM_INHERIT_SHARE; value <= VM_INHERIT_ZERO; value++) {
        vm_minherit(b->p, A, P, value, NULL, &b->reply);
        assert_int_equal(b->reply.took.err, 0);
    }
    assert_int_equal(vm_area_find(b->p, A)->a.inherit, VM_INHERIT_COPY);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_false(vm_accessible(child, A, false, &fault));
    assert_int_equal(fault.code, 2);
    vm_exit(child);
    vm_minherit(b->p, TOP_PAGE, 2 * P, VM_INHERIT_NONE, NULL, &b->reply);
    assert_int_equal(b->reply.took.err, ABI_EINVAL);
}

static void test_limit_counts_no_guards(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    b->params.bytes_max = 2 * P;
    bed_begin(b);
    assert_int_equal(bed_map(b, 0, 16 * P, NONE, FREEBSD_MAP_GUARD, NO_SEEN), 0);
    assert_int_equal(bed_map(b, A, 2 * P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    assert_int_equal(bed_map(b, A, P, RW, F_ANON | F_FIX, NO_SEEN), ABI_ENOMEM);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MMAP_LIMIT);
}

/* What happened is followed without the checks. */
static void test_forced(void **state)
{
    struct fbsd_bed *b = *state;
    struct vm_mmap_args a = {A, 2 * P, RW, F_STACK | F_FIX, -1, 0};
    struct region_vec list = REGION_VEC_INIT;

    bed_usual(b, P);
    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    assert_int_equal(bed_store(b, A, 1), 0); /* plain memory */
    assert_int_equal(bed_protect(b, A, P, RW | X), 0);
    a = (struct vm_mmap_args){A + 2 * P, P, RW, FREEBSD_MAP_SHARED | F_FIX, bed_file(b, P), P};
    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    a = (struct vm_mmap_args){A + 3 * P, P, NONE, FREEBSD_MAP_GUARD | F_FIX, -1, 0};
    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    assert_int_equal(bed_map(b, A + 4 * P, P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    assert_int_equal(vm_regions(b->p, (struct range){A, A + 5 * P - 1}, &list), 0);
    region_normalise(&list, REGION_MASK_KIND | REGION_MASK_OBJECT);
    assert_int_equal(list.n, 4);
    assert_int_equal(list.v[1].kind, REGION_FILE);
    assert_int_equal(list.v[1].offset, P);
    assert_int_equal(list.v[2].kind, REGION_GUARD);
    assert_null(vm_check(b->p));
    region_vec_free(&list);
}

const struct CMUnitTest fbsd_call_tests[] = {
    cmocka_unit_test(test_range_to_the_top),           cmocka_unit_test(test_32_bits),
    cmocka_unit_test(test_unaligned_length_overflows), cmocka_unit_test(test_clipped_range),
    cmocka_unit_test(test_maximum_is_remembered),      cmocka_unit_test(test_advice),
    cmocka_unit_test(test_remembered_advice),          cmocka_unit_test(test_whole_range),
    cmocka_unit_test(test_shared_is_not_freed),        cmocka_unit_test(test_mincore_and_minherit),
    cmocka_unit_test(test_limit_counts_no_guards),     cmocka_unit_test(test_forced),
};
const size_t fbsd_call_n = ARRAY_LEN(fbsd_call_tests);
