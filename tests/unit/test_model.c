/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/model: each way of judging an outcome, allowed and not allowed; that nothing happens if it is
 * not; processes; and the text of what is allowed.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_bed.h"

static struct model_outcome ok(uint64_t value)
{
    return (struct model_outcome){.kind = MODEL_OK, .value = value};
}

static struct model_outcome mixed(uint64_t first)
{
    return (struct model_outcome){.kind = MODEL_OK, .mixed = true, .value = first};
}

static struct model_outcome fails(int err)
{
    return (struct model_outcome){.kind = MODEL_FAIL, .err = err};
}

static struct model_outcome signals(int signal)
{
    return (struct model_outcome){.kind = MODEL_SIGNAL, .signal = signal};
}

static struct model_outcome signals_at(int signal, uint64_t at)
{
    return (struct model_outcome){.kind = MODEL_SIGNAL, .signal = signal, .has_at = true, .at = at};
}

static struct model_verdict judge(struct model_bed *b, size_t at, struct model_outcome seen)
{
    struct model_verdict v;

    assert_true(bed_step(b, at, &seen, &v));
    return v;
}

static void allow(struct model_bed *b, size_t at, struct model_outcome seen)
{
    struct model_verdict v = judge(b, at, seen);

    assert_true(v.allowed);
    assert_false(v.undefined);
}

/* Not allowed, and nothing has happened. */
static void refuse(struct model_bed *b, size_t at, struct model_outcome seen)
{
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;

    bed_state(b, &before);
    assert_false(judge(b, at, seen).allowed);
    bed_state(b, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));
    buf_free(&before);
    buf_free(&after);
}

/* What the model does of its own accord. */
static struct model_outcome take(struct model_bed *b, size_t at)
{
    struct model_verdict v;

    assert_true(bed_step(b, at, NULL, &v));
    assert_true(v.allowed);
    return v.took;
}

static void force(struct model_bed *b, size_t at, struct model_outcome seen)
{
    const struct op *op = &b->prog.ops.v[at];
    struct op_args args;

    assert_true(bed_args(b, at, &args));
    assert_int_equal(model_force(b->m, op, &args, &seen), 0);
    op_results_put(&b->results, op, seen.kind == MODEL_OK, seen.value);
}

/* The model allows anything at all there: it knows that it does not know. */
static void unknown(struct model_bed *b, size_t at)
{
    struct model_verdict v = judge(b, at, ok(0xd1));

    assert_true(v.allowed);
    assert_true(v.undefined);
    assert_true(judge(b, at, ok(0xd2)).allowed);
}

/* No text says so, but an op may. */
static void no_bytes(struct model_bed *b, size_t at)
{
    b->prog.ops.v[at].arg[1].num = 0;
}

#define RW "PROT_READ|PROT_WRITE"
#define ANON "MAP_PRIVATE|MAP_ANONYMOUS"
#define FIXED_ANON "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"
#define MAP_AT(at, len) "mmap(" at ", " len ", " RW ", " FIXED_ANON ", -1, 0)\n"

static void test_placement(void **state)
{
    static const char text[] =
        MAP_AT("@0x100000", "0x10000") "r0 = mmap(NULL, 0x10000, " RW ", " ANON ", -1, 0)\n"
                                       "store(r0, 0x10000, 7)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        allow(b, 0, ok(0x100000));
        refuse(b, 1, ok(0x100000));
        refuse(b, 1, ok(0xf1000));
        refuse(b, 1, ok(0x200800));
        refuse(b, 1, ok(0));
        refuse(b, 1, ok(b->setup.last - 0xefff));
        refuse(b, 1, fails(ABI_ENOMEM));
        allow(b, 1, ok(0x250000));
        allow(b, 2, ok(0));
        refuse(b, 1, ok(0x250000));
    }
}

static void test_may_refuse(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX, "mmap(NULL, 0x10000, " RW ", " ANON ", -1, 0)\n");
    b->setup.may_refuse = true;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    refuse(b, 0, fails(ABI_EINVAL));
    allow(b, 0, fails(ABI_ENOMEM));
}

static void test_answers(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x10000") "mmap(@0x100000, 0, " RW ", " FIXED_ANON ", -1, 0)\n"
                                            "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, 99, 0)\n"
                                            "munmap(@0x100001, 0x1000)\n"
                                            "munmap(@0x101000, 0x1000)\n");
    refuse(b, 0, ok(0x110000)); /* fixed is fixed */
    refuse(b, 0, fails(ABI_ENOMEM));
    refuse(b, 0, signals(SIGSEGV)); /* no call does */
    allow(b, 0, ok(0x100000));
    refuse(b, 1, ok(0x100000));
    refuse(b, 1, fails(ABI_ENOMEM));
    refuse(b, 1, fails(0)); /* no errno written */
    allow(b, 1, fails(ABI_EINVAL));
    allow(b, 2, fails(ABI_EBADF));
    refuse(b, 3, ok(0));
    allow(b, 3, fails(ABI_EINVAL));
    refuse(b, 4, fails(ABI_EINVAL));
    refuse(b, 4, fails(0));
    allow(b, 4, ok(0));
}

static void test_every_call(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x10000") "mprotect(@0x100000, 0x1000, PROT_READ)\n"
                                            "mprotect(@0x200000, 0x1000, PROT_READ)\n"
                                            "msync(@0x100000, 0x1000, MS_SYNC)\n"
                                            "msync(@0x200000, 0x1000, MS_SYNC)\n"
                                            "madvise(@0x100000, 0x1000, MADV_WILLNEED)\n"
                                            "madvise(@0x200000, 0x1000, MADV_WILLNEED)\n"
                                            "mremap(@0x100000, 0x10000, 0x20000, 0)\n"
                                            "mremap(@0x200000, 0x10000, 0x20000, 0)\n");
    allow(b, 0, ok(0x100000));
    for (size_t i = 1; i < 7; i += 2) {
        refuse(b, i, fails(ABI_ENOMEM));
        allow(b, i, ok(0));
        refuse(b, i + 1, ok(0));
        allow(b, i + 1, fails(ABI_ENOMEM));
    }
    refuse(b, 8, fails(ABI_EINVAL));
    allow(b, 8, fails(ABI_EFAULT));
}

static void test_store(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x2000") "store(@0x101000, 0x1800, 0x41)\n"
                                           "store(@0x100000, 0x10, 0x42)\n"
                                           "load(@0x101fff, 1)\n"
                                           "load(@0x100000, 0x10)\n"
                                           "store(@0x100000, 1, 1)\n"
                                           "store(@0x300000, 1, 1)\n");
    no_bytes(b, 5);
    no_bytes(b, 6);
    allow(b, 0, ok(0x100000));
    refuse(b, 1, ok(0));
    refuse(b, 1, signals(SIGBUS));
    refuse(b, 1, signals_at(SIGSEGV, 0x102001));
    refuse(b, 1, signals_at(SIGSEGV, 0x101000));
    refuse(b, 1, fails(ABI_EFAULT));
    allow(b, 1, signals_at(SIGSEGV, 0x102000));
    allow(b, 3, ok(0x41)); /* the bytes before */
    refuse(b, 2, signals(SIGSEGV));
    allow(b, 4, ok(0));
    allow(b, 2, ok(0));
    allow(b, 4, ok(0x42));
    allow(b, 5, ok(0));
    allow(b, 6, ok(0));
}

static void test_load(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x10000") "store(@0x100800, 0x1000, 0x41)\n"
                                            "load(@0x100000, 0x10000)\n"
                                            "load(@0x100900, 0x800)\n"
                                            "load(@0x102000, 0xe000)\n"
                                            "load(@0x10f000, 0x2000)\n"
                                            "load(@0x110000, 1)\n");
    no_bytes(b, 6);
    allow(b, 0, ok(0x100000));
    allow(b, 1, ok(0));
    refuse(b, 2, ok(0));
    refuse(b, 2, mixed(0x41));
    allow(b, 2, mixed(0));
    refuse(b, 3, ok(0));
    refuse(b, 3, mixed(0x41));
    refuse(b, 3, signals(SIGSEGV));
    allow(b, 3, ok(0x41));
    refuse(b, 4, ok(1));
    allow(b, 4, ok(0));
    refuse(b, 5, ok(0));
    allow(b, 5, signals_at(SIGSEGV, 0x110000));
    allow(b, 6, ok(0));
}

static void test_files(void **state)
{
    static const char text[] = "file f0 size=0x1200\n"
                               "mmap(@0x100000, 0x4000, " RW ", MAP_SHARED|MAP_FIXED, f0, 0)\n"
                               "mmap(@0x200000, 0x4000, " RW ", MAP_PRIVATE|MAP_FIXED, f0, 0)\n"
                               "load(@0x100200, 0x200)\n"
                               "load(@0x101200, 0xe00)\n"
                               "store(@0x102000, 1, 1)\n"
                               "store(@0x100200, 1, 0x77)\n"
                               "load(@0x200200, 1)\n"
                               "store(@0x200201, 1, 0x78)\n"
                               "load(@0x100201, 1)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        allow(b, 0, ok(0x100000));
        allow(b, 1, ok(0x200000));
        allow(b, 2, ok(2));
        allow(b, 3, ok(0));
        refuse(b, 4, signals(SIGSEGV));
        allow(b, 4, signals_at(SIGBUS, 0x102000));
        allow(b, 5, ok(0));
        refuse(b, 6, ok(2));
        allow(b, 6, ok(0x77));
        allow(b, 7, ok(0));
        refuse(b, 8, ok(0x78));
        allow(b, 8, ok(2));
    }
}

static void test_exec(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             "mmap(@0x100000, 0x1000, PROT_EXEC, " FIXED_ANON
             ", -1, 0)\n" MAP_AT("@0x101000", "0x1000") "exec(@0x100ffc)\n"
                                                        "exec(@0x101000)\n"
                                                        "exec(@0x102000)\n");
    allow(b, 0, ok(0x100000));
    allow(b, 1, ok(0x101000));
    refuse(b, 2, signals(SIGSEGV));
    allow(b, 2, ok(0));
    refuse(b, 3, ok(0));
    allow(b, 3, signals(SIGSEGV));
    refuse(b, 4, ok(0));
    allow(b, 4, signals(SIGSEGV));
}

static void test_leaves_the_space(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             "config bits=32 reserved=0x1000000\n" MAP_AT("@0xfff000",
                                                          "0x1000") "store(@0xfff800, 0x1000, 1)\n"
                                                                    "load(@0xfff800, 0x800)\n"
                                                                    "load(0xffffffffffffffff, 2)\n"
                                                                    "exec(0x1000000)\n");
    allow(b, 0, ok(0xfff000));
    refuse(b, 1, ok(0));
    allow(b, 1, signals(SIGSEGV));
    allow(b, 2, ok(0)); /* and nothing has moved */
    allow(b, 3, signals(SIGSEGV));
    allow(b, 4, signals(SIGSEGV));
}

static void test_lazy(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x2000") "store(@0x100000, 0x2000, 0x41)\n"
                                           "madvise(@0x100000, 0x1000, MADV_FREE)\n"
                                           "load(@0x100000, 0x1000)\n"
                                           "load(@0x100800, 0x1000)\n"
                                           "store(@0x100000, 1, 0x42)\n");
    allow(b, 0, ok(0x100000));
    allow(b, 1, ok(0));
    allow(b, 2, ok(0));
    allow(b, 3, ok(0x41));
    allow(b, 3, ok(0));
    allow(b, 3, mixed(0x41)); /* some bytes gone, some not yet */
    refuse(b, 3, ok(0x42));
    refuse(b, 3, mixed(0x42));
    allow(b, 4, ok(0x41));
    allow(b, 4, mixed(0));
    refuse(b, 4, ok(0)); /* the second page is what it was */
}

static void test_undefined(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x3000") "store(@0x100000, 0x3000, 0x41)\n"
                                           "store(@0x101000, 0x1000, 0x42)\n"
                                           "load(@0x101000, 0x1000)\n"
                                           "load(@0x100800, 0x1000)\n"
                                           "load(@0x102000, 0x1000)\n");
    allow(b, 0, ok(0x100000));
    allow(b, 1, ok(0));
    force(b, 2, signals(SIGSEGV));
    unknown(b, 3);
    assert_true(judge(b, 3, mixed(0)).allowed);
    assert_false(judge(b, 4, ok(0x99)).allowed); /* its first bytes are known */
    assert_true(judge(b, 4, mixed(0x41)).undefined);
    assert_true(judge(b, 4, ok(0x41)).allowed);
    refuse(b, 5, ok(0x42));
    allow(b, 5, ok(0x41));
    allow(b, 2, ok(0));
    allow(b, 3, ok(0x42));
    refuse(b, 3, ok(0x43));
}

static void test_fork(void **state)
{
    static const char text[] =
        MAP_AT("@0x100000", "0x1000") "mmap(@0x200000, 0x1000, " RW
                                      ", MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                                      "fork()\n"
                                      "store(@0x100000, 1, 0x31)\n"
                                      "store(@0x200000, 1, 0x32)\n"
                                      "munmap(@0x100000, 0x1000)\n"
                                      "wait()\n"
                                      "load(@0x100000, 1)\n"
                                      "load(@0x200000, 1)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;
        struct vm_proc *parent;
        struct op_args args;

        bed_text(b, (enum abi_system)s, text);
        allow(b, 0, ok(0x100000));
        allow(b, 1, ok(0x200000));
        parent = model_proc(b->m);
        assert_false(bed_args(b, 2, &args));
        assert_ptr_not_equal(model_proc(b->m), parent);
        for (size_t i = 3; i < 6; i++) {
            allow(b, i, ok(0));
        }
        assert_false(bed_args(b, 6, &args));
        assert_ptr_equal(model_proc(b->m), parent);
        refuse(b, 7, ok(0x31));
        allow(b, 7, ok(0));
        refuse(b, 8, ok(0));
        allow(b, 8, ok(0x32));
    }
}

/* A read in the room of a stack is allowed, and makes it grow. */
static void test_read_grows_a_stack(void **state)
{
    static const struct range page = {0x1c0000, 0x1c0fff};
    struct model_bed *b = *state;

    bed_text(b, ABI_FREEBSD,
             "mmap(@0x100000, 0x100000, " RW
             ", MAP_STACK|MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
             "load(@0x1c0000, 0x800)\n");
    allow(b, 0, ok(0x100000));
    refuse(b, 1, ok(1));
    allow(b, 1, ok(0));
    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), page, &b->regions), 0);
    assert_int_equal(b->regions.n, 1);
    assert_int_equal(b->regions.v[0].prot, REGION_R | REGION_W);
}

static void test_machine(void **state)
{
    struct model_bed *b = *state;
    const struct vm_params *p;

    bed_text(b, ABI_LINUX, "munmap(@0x100000, 0x1000)\n");
    p = vm_params_of(model_vm(b->m));
    assert_false(p->merge);
    assert_int_equal(p->areas_max, 0);
    assert_int_equal(p->bytes_max, 0);
    assert_int_equal(p->place, b->setup.last);
    assert_int_equal(p->frames_max, 256 << 20);
    b->setup.known = (struct range){0x10000, 0x8ffff};
    b->setup.frames_max = 1 << 20;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    assert_int_equal(p->place, 0x8ffff);
    assert_int_equal(p->frames_max, 1 << 20);
    b->setup.system = ABI_FREEBSD;
    b->setup.known = (struct range){0, b->setup.last};
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    assert_int_equal(p->place, b->setup.min_addr);
    b->setup.last = 0xffffff;
    b->setup.min_addr = 0;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    assert_int_equal(p->place, b->setup.page);
    b->setup.last = UINT32_MAX;
    b->setup.bits = 32;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    assert_int_equal(p->place, b->setup.page);
}

static void test_no_memory(void **state)
{
    struct model_bed *b = *state;
    struct model_outcome seen = ok(0);
    struct model_verdict v;
    struct op_args args;

    bed_text(b, ABI_LINUX, MAP_AT("@0x100000", "0x100000") "store(@0x100000, 0x100000, 1)\n");
    b->setup.frames_max = 0x10000;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    allow(b, 0, ok(0x100000));
    assert_true(bed_args(b, 1, &args));
    assert_int_equal(model_step(b->m, &b->prog.ops.v[1], &args, &seen, &v), -ENOMEM);
    b->setup.frames_max = 0;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    allow(b, 0, ok(0x100000));
    allow(b, 1, ok(0));
}

static void allowed_text(struct model_bed *b, size_t at, const char *text)
{
    struct model_verdict v = judge(b, at, fails(ABI_EIO));
    struct buf out = BUF_INIT;

    assert_false(v.allowed);
    model_print_allowed(&v, (enum op_kind)b->prog.ops.v[at].kind, &out);
    assert_string_equal(buf_text(&out), text);
    buf_free(&out);
}

static void test_print(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x2000") "mmap(NULL, 0x1000, " RW ", " ANON ", -1, 0)\n"
                                           "munmap(@0x100000, 0)\n"
                                           "munmap(@0x200000, 0x1000)\n"
                                           "store(@0x100000, 1, 9)\n"
                                           "load(@0x100000, 1)\n"
                                           "load(@0x100000, 2)\n"
                                           "load(@0x101000, 0x2000)\n");
    allowed_text(b, 0, "= @0x100000");
    allow(b, 0, ok(0x100000));
    allowed_text(b, 1, "= ok at any free place");
    allowed_text(b, 2, "= -1 EINVAL");
    allowed_text(b, 3, "= 0");
    allowed_text(b, 4, "= ok");
    allow(b, 4, ok(0));
    allowed_text(b, 5, "= 0x9");
    allowed_text(b, 6, "= ok, bytes not all equal, first 0x9");
    allowed_text(b, 7, "= SIGSEGV at @0x102000");
    b->setup.may_refuse = true;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    allowed_text(b, 0, "= @0x100000, or -1 ENOMEM");
}

static void test_reports_identities(void **state)
{
    static const uint64_t identity[] = {0x1234};
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             "file f0 size=0x1000\n"
             "mmap(@0x100000, 0x1000, " RW ", MAP_SHARED|MAP_FIXED, f0, 0)\n");
    b->setup.identity = identity;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    assert_int_equal(take(b, 0).value, 0x100000);
    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), (struct range){0, b->setup.last}, &b->regions),
                     0);
    assert_int_equal(b->regions.n, 1);
    assert_int_equal(b->regions.v[0].object, 0x1234);
}

static int setup(void **state)
{
    static struct model_bed b;

    bed_open(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bed_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_placement),
        cmocka_unit_test(test_may_refuse),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_every_call),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_exec),
        cmocka_unit_test(test_leaves_the_space),
        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_read_grows_a_stack),
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_reports_identities),
    };

    return cmocka_run_group_tests_name("model", tests, setup, teardown);
}
