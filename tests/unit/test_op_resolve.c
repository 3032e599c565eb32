/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/op/resolve: every kind of value and argument, what cannot be said, and the results' book. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "op/resolve.h"

static const struct op_resolver linux64 = {
    .system = ABI_LINUX, .bits = 64, .window = 0x100000000, .n_files = 2, .mremap = true};
static const struct op_resolver freebsd32 = {.system = ABI_FREEBSD, .bits = 32, .n_files = 2};

static struct op_results *results(void)
{
    static struct op_results r;

    op_results_clear(&r);
    return &r;
}

static struct value num(uint64_t v)
{
    return (struct value){.base = VALUE_NUM, .num = v};
}

static struct value of(enum value_base base, uint16_t ref, uint64_t v)
{
    return (struct value){.base = base, .ref = ref, .num = v};
}

static struct op mmap_op(struct value addr, uint64_t flags, struct value fd)
{
    return (struct op){.kind = OP_mmap,
                       .result = OP_NO_RESULT,
                       .arg = {addr, num(0x1000), num(3), num(flags), fd, num(0x2000)}};
}

static void test_bases(void **state)
{
    struct op_results *r = results();
    struct op put = {.result = 7};
    struct value v = num(0x1234);
    uint64_t got = 0;

    (void)state;
    assert_true(op_resolve_value(&linux64, &v, r, &got));
    assert_int_equal(got, 0x1234);
    v = of(VALUE_WINDOW, 0, 0x1000);
    assert_true(op_resolve_value(&linux64, &v, r, &got));
    assert_int_equal(got, 0x100001000);
    v = of(VALUE_RESULT, 7, 0x10);
    assert_false(op_resolve_value(&linux64, &v, r, &got));
    op_results_put(r, &put, true, 0x5000);
    assert_true(op_resolve_value(&linux64, &v, r, &got));
    assert_int_equal(got, 0x5010);
    v = of(VALUE_FILE, 0, 0);
    assert_false(op_resolve_value(&linux64, &v, r, &got));
    v = of(VALUE_RESULT, PROG_RESULTS_MAX, 0);
    assert_false(op_resolve_value(&linux64, &v, r, &got));
}

static void test_results(void **state)
{
    struct op_results *r = results();
    struct op op = {.result = 3};
    struct op nameless = {.result = OP_NO_RESULT};

    (void)state;
    op_results_put(r, &nameless, true, 1);
    assert_int_equal(r->used, 0);
    op_results_put(r, &op, true, 1);
    assert_int_equal(r->used, 4);
    assert_true(r->set[3]);
    op_results_put(r, &op, false, 0); /* the same name, used again by a call that failed */
    assert_false(r->set[3]);
    op_results_put(r, &op, true, 2);
    op_results_clear(r);
    assert_int_equal(r->used, 0);
    assert_false(r->set[3]);
}

static void test_registers(void **state)
{
    struct op_results *r = results();
    struct op op = {.kind = OP_munmap, .arg = {num(0x100001000), num(UINT64_MAX)}};
    struct op_args a;

    (void)state;
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.arg[0], 0x100001000);
    assert_true(a.arg[1] == UINT64_MAX);
    assert_int_equal(a.file, -1);
    assert_true(op_resolve(&freebsd32, &op, r, &a));
    assert_int_equal(a.arg[0], 0x1000);
    assert_int_equal(a.arg[1], UINT32_MAX);
}

static void test_descriptors(void **state)
{
    struct op_results *r = results();
    struct op op = mmap_op(num(0), ABI_MAP_PRIVATE, of(VALUE_FILE, 1, 0));
    struct op_args a;

    (void)state;
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.file, 1);
    assert_int_equal(a.arg[4], 1);
    assert_int_equal(a.arg[5], 0x2000);
    op.arg[4] = of(VALUE_FILE, 2, 0);
    assert_false(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.file, -1);
    op.arg[4] = num((uint64_t)-7);
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_true(a.arg[4] == UINT64_MAX);
    assert_int_equal(a.file, -1);
    op.arg[4] = num(5);
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.arg[4], OP_FD_CLOSED + 5);
}

static void test_flags(void **state)
{
    struct op_results *r = results();
    struct op op = mmap_op(num(0), ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, num(UINT64_MAX));
    struct op_args a;

    (void)state;
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.arg[3], LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS);
    assert_true(op_resolve(&freebsd32, &op, r, &a));
    assert_int_equal(a.arg[3], FREEBSD_MAP_PRIVATE | FREEBSD_MAP_ANONYMOUS);
    op.arg[3] = num(ABI_MAP_PRIVATE | ABI_MAP_GUARD);
    assert_false(op_resolve(&linux64, &op, r, &a));
    op.arg[3] = num(ABI_MAP_PRIVATE);
    op.arg[2] = num(UINT64_C(1) << 32); /* no prot of 32 bits */
    assert_false(op_resolve(&linux64, &op, r, &a));
    assert_true(op_resolve(&freebsd32, &op, r, &a));
}

static void test_sync_and_advice(void **state)
{
    struct op_results *r = results();
    struct op sync = {.kind = OP_msync, .arg = {num(0), num(1), num(ABI_MS_SYNC)}};
    struct op advice = {.kind = OP_madvise, .arg = {num(0), num(1), num(ABI_MADV_FREE)}};
    struct op_args a;

    (void)state;
    assert_true(op_resolve(&linux64, &sync, r, &a));
    assert_int_equal(a.arg[2], 4);
    assert_true(op_resolve(&freebsd32, &sync, r, &a));
    assert_int_equal(a.arg[2], 0);
    assert_true(op_resolve(&linux64, &advice, r, &a));
    assert_int_equal(a.arg[2], LINUX_MADV_FREE);
    assert_true(op_resolve(&freebsd32, &advice, r, &a));
    assert_int_equal(a.arg[2], FREEBSD_MADV_FREE);
}

static void test_mremap_needs_the_call(void **state)
{
    struct op_results *r = results();
    struct op op = {.kind = OP_mremap,
                    .arg = {num(0x1000), num(0x1000), num(0x2000), num(ABI_MREMAP_MAYMOVE)}};
    struct op_args a;

    (void)state;
    assert_true(op_resolve(&linux64, &op, r, &a));
    assert_int_equal(a.arg[3], ABI_MREMAP_MAYMOVE);
    assert_false(op_resolve(&freebsd32, &op, r, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_sync_and_advice),
        cmocka_unit_test(test_mremap_needs_the_call),
    };

    return cmocka_run_group_tests_name("op_resolve", tests, NULL, NULL);
}
