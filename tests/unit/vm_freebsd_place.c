/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which places FreeBSD may give: the default, the one owed, legal ones, what others may hold. */
#include "vm_freebsd_bed.h"

#define FBSD_2GIB ((uint64_t)1 << 31)

static const struct vm_answer *at(uint64_t value)
{
    static _Thread_local struct vm_answer answer;

    answer = (struct vm_answer){.value = value};
    return &answer;
}

static const struct vm_answer *refused(int err)
{
    static _Thread_local struct vm_answer answer;

    answer = (struct vm_answer){.err = err};
    return &answer;
}

static void test_free_hint_is_owed(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    assert_int_equal(bed_map(b, H, P, RW, F_ANON, at(H + P)), 0);
    assert_false(b->reply.allowed);
    assert_false(b->reply.any_place);
    assert_int_equal(vm_areas(b->p), 0);
    bed_map(b, H, P, RW, F_ANON, refused(ABI_ENOMEM));
    assert_false(b->reply.allowed);
    assert_int_equal(bed_map(b, H, P, RW, F_ANON, at(H)), 0);
    assert_true(b->reply.allowed);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_PLACE_HINT);
    assert_int_equal(vm_areas(b->p), 1);
}

/* Used hints and unaligned ones: any free place will do, no other. */
static void test_other_places(void **state)
{
    struct fbsd_bed *b = *state;
    const uint64_t bad[] = {0, H, H + 16, 3 * H + 1, LAST_FREEBSD + 1, LAST_FREEBSD - (P - 1)};

    bed_usual(b, P);
    assert_int_equal(bed_map(b, H, P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bed_map(b, H, 2 * P, RW, F_ANON, at(bad[i]));
        assert_false(b->reply.allowed);
        assert_true(b->reply.any_place);
        assert_int_equal(b->reply.took.value, H + P);
    }
    assert_int_equal(vm_areas(b->p), 1);
    bed_map(b, H, 2 * P, RW, F_ANON, at(A));
    assert_true(b->reply.allowed);
    assert_took(b, A);
    bed_map(b, H + P + 16, P, RW, F_ANON, at(H + P));
    assert_true(b->reply.allowed);
    assert_took(b, H + P);
    assert_true(vm_place_legal(b->p, H - P, P));
    assert_false(vm_place_legal(b->p, H - P, 2 * P));
    assert_true(vm_place_legal(b->p, A + 2 * P + 8, P)); /* a file's offset left a remainder */
    assert_false(vm_place_legal(b->p, H - P, 0));
    assert_false(vm_place_legal(b->p, H - P, UINT64_MAX));
}

static void test_no_room(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    b->params.place = 16 * P;
    b->params.text = 0;
    b->params.last = 32 * P - 1;
    bed_begin(b);
    assert_int_equal(bed_map(b, 16 * P, 16 * P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    assert_int_equal(bed_map(b, 0, P, RW, F_ANON, NO_SEEN), ABI_ENOMEM);
    assert_int_equal(bed_map(b, 0, P, RW, F_ANON, at(8 * P)), 0); /* below the default address */
    assert_true(b->reply.allowed);
    bed_map(b, 0, P, RW, F_ANON, at(8 * P));
    assert_false(b->reply.allowed);
    assert_int_equal(bed_map(b, P, P, RW, F_ANON, NO_SEEN), 0);
    assert_took(b, P);
    assert_int_equal(bed_unmap(b, 20 * P, P), 0);
    assert_int_equal(bed_map(b, 30 * P, P, RW, F_ANON, NO_SEEN), 0); /* again from the default */
    assert_took(b, 20 * P);
    assert_int_equal(bed_map(b, 0, 24 * P, RW, F_ANON, NO_SEEN), ABI_ENOMEM);
}

/* The result less the remainder is aligned. */
static void test_alignment(void **state)
{
    struct fbsd_bed *b = *state;
    const uint32_t mib = 20u << FREEBSD_MAP_ALIGNED_SHIFT;
    const uint32_t super = 1u << FREEBSD_MAP_ALIGNED_SHIFT;
    int fd;

    bed_usual(b, P);
    fd = bed_file(b, 4 * P);
    assert_int_equal(bed_map_file(b, 0, P, FREEBSD_MAP_PRIVATE | mib, fd, 16, at(H + 16)), 0);
    assert_true(b->reply.allowed);
    bed_map_file(b, 0, P, FREEBSD_MAP_PRIVATE | mib, fd, 16, at(H + P + 16));
    assert_false(b->reply.allowed);
    bed_map_file(b, 0, P, FREEBSD_MAP_PRIVATE | mib, fd, 16, at(2 * H));
    assert_false(b->reply.allowed);
    /* A hint that is not so aligned is a lower bound. */
    assert_int_equal(bed_map(b, 2 * H + P, P, RW, F_ANON | mib, NO_SEEN), 0);
    assert_took(b, 2 * H + (1 << 20));
    assert_int_equal(bed_map(b, PLACE_FREEBSD, P, RW, F_ANON, NO_SEEN), 0);
    assert_int_equal(bed_map(b, 0, 4 << 20, RW, F_ANON | super, NO_SEEN), 0);
    assert_took(b, PLACE_FREEBSD + (2 << 20));
    assert_int_equal(bed_map(b, 0, 2 << 20, RW, F_ANON | super, NO_SEEN), 0);
    assert_took(b, PLACE_FREEBSD + (6 << 20));
    assert_int_equal(bed_map(b, 0, P, RW, F_ANON | super, NO_SEEN), 0);
    assert_took(b, PLACE_FREEBSD + P);
}

static void test_below_2gib(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, 0, P, RW, F_ANON | FREEBSD_MAP_32BIT, at(H));
    assert_false(b->reply.allowed);
    assert_int_equal(bed_map(b, A, P, RW, F_ANON | FREEBSD_MAP_32BIT, NO_SEEN), 0);
    assert_took(b, A);
    assert_int_equal(bed_map(b, FBSD_2GIB - P, P, RW, F_ANON | FREEBSD_MAP_32BIT, NO_SEEN), 0);
    assert_took(b, FBSD_2GIB - P);
    assert_int_equal(bed_map(b, FBSD_2GIB - P, 2 * P, RW, F_ANON | FREEBSD_MAP_32BIT, NO_SEEN), 0);
    assert_took(b, P);
    assert_int_equal(bed_map(b, FBSD_2GIB - P, P, RW, F_ANON | F_FIX | FREEBSD_MAP_32BIT, NO_SEEN),
                     0);
    assert_int_equal(
        bed_map(b, FBSD_2GIB - P, 2 * P, RW, F_ANON | F_FIX | FREEBSD_MAP_32BIT, NO_SEEN),
        ABI_EINVAL);
    assert_int_equal(bed_map(b, A, 1ull << 32, RW, F_ANON | FREEBSD_MAP_32BIT, NO_SEEN),
                     ABI_ENOMEM);
}

/* The window of the heap begins at params.text and ends before params.place. */
static void test_heap_window(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, b->params.text - P, P, RW, F_ANON, NO_SEEN);
    assert_took(b, b->params.text - P);
    bed_map(b, b->params.text, P, RW, F_ANON, NO_SEEN);
    assert_took(b, PLACE_FREEBSD);
    bed_map(b, PLACE_FREEBSD - 1, P, RW, F_ANON, NO_SEEN);
    assert_took(b, PLACE_FREEBSD + P);
    bed_map(b, PLACE_FREEBSD + 4 * P, P, RW, F_ANON, NO_SEEN);
    assert_took(b, PLACE_FREEBSD + 4 * P);
    bed_map(b, PLACE_FREEBSD + 3 * P, P, RW, F_ANON | F_FIX | FREEBSD_MAP_EXCL, NO_SEEN);
    assert_took(b, PLACE_FREEBSD + 3 * P); /* neighbours do not count */
}

/* Outside params.known somebody else may hold memory. */
static void test_foreign_memory(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    b->params.known = (struct range){PLACE_FREEBSD, PLACE_FREEBSD + 16 * P - 1};
    bed_begin(b);
    bed_map(b, H, P, RW, F_ANON, at(2 * H)); /* the hint may be taken by others */
    assert_true(b->reply.allowed);
    bed_map(b, H, P, RW, F_ANON | F_FIX | FREEBSD_MAP_EXCL, refused(ABI_ENOMEM));
    assert_true(b->reply.allowed);
    assert_true(b->reply.may_succeed);
    assert_int_equal(bed_map(b, PLACE_FREEBSD, P, RW, F_ANON | F_FIX, NO_SEEN), 0);
    bed_map(b, PLACE_FREEBSD + P, P, RW, F_ANON | F_FIX | FREEBSD_MAP_EXCL, refused(ABI_ENOMEM));
    assert_false(b->reply.allowed);
    assert_int_equal(bed_map(b, 0, 32 * P, RW, F_ANON, NO_SEEN), ABI_ENOMEM);
    assert_int_equal(bed_map(b, 0, 32 * P, RW, F_ANON, at(3 * H)), 0);
    assert_true(b->reply.allowed);
    vm_msync(b->p, 4 * H, P, 0, at(0), &b->reply);
    assert_true(b->reply.allowed);
    vm_msync(b->p, 4 * H, P, 0, refused(ABI_ENOMEM), &b->reply);
    assert_true(b->reply.allowed);
    vm_msync(b->p, PLACE_FREEBSD, 2 * P, 0, at(0), &b->reply);
    assert_false(b->reply.allowed);
    bed_map(b, PLACE_FREEBSD - 2 * P, P, RW, F_ANON | F_FIX, NO_SEEN);
    vm_msync(b->p, PLACE_FREEBSD - 2 * P, 3 * P, 0, at(0), &b->reply);
    assert_true(b->reply.allowed); /* the hole ends where what is known begins */
    bed_map(b, PLACE_FREEBSD + 15 * P, P, RW, F_ANON, at(H));
    assert_false(b->reply.allowed); /* the last page that is known */
    bed_map(b, PLACE_FREEBSD + 15 * P, 2 * P, RW, F_ANON, at(H));
    assert_true(b->reply.allowed);
}

static void test_refusals_of_limits(void **state)
{
    struct fbsd_bed *b = *state;

    bed_usual(b, P);
    bed_map(b, H, P, RW, F_ANON, refused(ABI_ENOMEM));
    assert_false(b->reply.allowed);
    b->params.may_refuse = true;
    bed_begin(b);
    bed_map(b, H, P, RW, F_ANON, refused(ABI_ENOMEM));
    assert_true(b->reply.allowed);
    assert_int_equal(b->reply.rule, VM_RULE_FREEBSD_MMAP_REFUSED);
    assert_int_equal(vm_areas(b->p), 0);
    assert_int_equal(bed_map(b, H, P, RW, F_ANON, NO_SEEN), 0);
}

const struct CMUnitTest fbsd_place_tests[] = {
    cmocka_unit_test(test_free_hint_is_owed), cmocka_unit_test(test_other_places),
    cmocka_unit_test(test_no_room),           cmocka_unit_test(test_alignment),
    cmocka_unit_test(test_heap_window),       cmocka_unit_test(test_below_2gib),
    cmocka_unit_test(test_foreign_memory),    cmocka_unit_test(test_refusals_of_limits),
};
const size_t fbsd_place_n = ARRAY_LEN(fbsd_place_tests);
