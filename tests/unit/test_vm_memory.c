/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/vm's memory: loads and stores, faults, what is known of bytes, fork, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "vm_stub.h"

static void assert_fault(struct vm_bed *b, uint64_t at, bool write, struct vm_fault want)
{
    struct vm_fault f = {0};
    uint8_t byte = 0;

    assert_false(vm_accessible(b->p, at, write, &f));
    assert_int_equal(f.signal, want.signal);
    assert_int_equal(f.code, want.code);
    f = (struct vm_fault){0};
    assert_int_equal(write ? vm_store(b->p, at, &byte, 1, &f) : vm_load(b->p, at, &byte, 1, &f),
                     -EFAULT);
    assert_int_equal(f.signal, want.signal);
    assert_int_equal(f.code, want.code);
    assert_int_equal(f.addr, want.addr);
}

static void test_faults(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 100, .readable = true, .writable = true};
    struct vm_area_attr file = vm_bed_file(b, vm_file_open(b->vm, &spec), 0, false);
    struct vm_area_attr a = vm_bed_anon();
    uint64_t at = vm_bed_at(b, 0) + 5;

    assert_fault(b, at, false, (struct vm_fault){SIGSEGV, 1, at});
    a.prot = ABI_PROT_READ;
    vm_bed_map(b, b->p, 0, 1, &a);
    assert_fault(b, at, true, (struct vm_fault){SIGSEGV, 2, at});
    assert_true(vm_accessible(b->p, at, false, NULL));
    a.prot = 0;
    a.kind = VM_AREA_GUARD;
    vm_bed_map(b, b->p, 1, 1, &a);
    at = vm_bed_at(b, 1);
    assert_fault(b, at, false, (struct vm_fault){SIGSEGV, 1, at});
    assert_int_equal(vm_peek(b->p, at, &file, 1), -EFAULT);
    vm_bed_map(b, b->p, 2, 2, &file);
    at = vm_bed_at(b, 3) + 9;
    assert_fault(b, at, false, (struct vm_fault){SIGBUS, 2, at});
    assert_fault(b, at, true, (struct vm_fault){SIGBUS, 2, at});
    assert_int_equal(vm_peek(b->p, at, &file, 1), -EFAULT);
}

static void test_bytes_before_a_fault_are_moved(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    uint8_t buf[64];
    struct vm_fault f;
    uint64_t at = vm_bed_at(b, 2) - 16;

    vm_bed_map(b, b->p, 0, 2, &anon);
    memset(buf, 7, sizeof(buf));
    assert_int_equal(vm_store(b->p, at, buf, 32, &f), -EFAULT);
    assert_int_equal(f.addr, vm_bed_at(b, 2));
    memset(buf, 9, sizeof(buf));
    assert_int_equal(vm_load(b->p, at, buf, 32, &f), -EFAULT);
    assert_int_equal(buf[15], 7);
    assert_int_equal(buf[16], 9);
    at = vm_bed_at(b, 1) - 16;
    assert_int_equal(vm_store(b->p, at, NULL, 32, NULL), 0);
    memset(buf, 5, sizeof(buf));
    assert_int_equal(vm_store(b->p, at, buf, 32, NULL), 0);
    memset(buf, 0, sizeof(buf));
    assert_int_equal(vm_load(b->p, at, buf, 32, NULL), 0);
    assert_int_equal(buf[31], 5);
    assert_int_equal(vm_bed_load(b->p, at + 32), 0);
}

static void test_peek_and_poke_need_no_right(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    uint8_t byte = 0x42;

    a.prot = 0;
    vm_bed_map(b, b->p, 0, 1, &a);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 0)), -EFAULT);
    assert_int_equal(vm_poke(b->p, vm_bed_at(b, 0), &byte, 1), 0);
    byte = 0;
    assert_int_equal(vm_peek(b->p, vm_bed_at(b, 0), &byte, 1), 0);
    assert_int_equal(byte, 0x42);
    assert_int_equal(vm_peek(b->p, vm_bed_at(b, 1), &byte, 1), -EFAULT);
}

static void test_growth_is_asked_for(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    uint8_t byte;

    a.flags = VM_AREA_GROWSDOWN;
    vm_bed_map(b, b->p, 10, 2, &a);
    assert_true(vm_accessible(b->p, vm_bed_at(b, 8), true, NULL));
    assert_int_equal(vm_areas(b->p), 1);
    assert_int_equal(vm_peek(b->p, vm_bed_at(b, 8), &byte, 1), -EFAULT);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 8), 1), 0);
    assert_true(vm_area_all(b->p, vm_bed_pages(b, 8, 4)));
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 2), 1), -EFAULT);
    vm_bed_sound(b);
}

static void test_fork_copies_on_write(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_proc *child;
    uint64_t frames;

    vm_bed_map(b, b->p, 0, 4, &anon);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 0), 1), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 2), 0);
    frames = vm_frame_bytes(b->vm);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_frame_bytes(b->vm), frames);
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 0), 3), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 4), 0);
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 2), 5), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 0)), 1);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 1)), 2);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 2)), 0);
    vm_bed_sound(b);
    assert_null(vm_check(child));
    vm_exit(child);
    assert_int_equal(vm_frame_bytes(b->vm), 2 * b->page);
    vm_bed_sound(b);
}

static void test_fork_inherits_as_told(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    struct vm_proc *child;

    for (unsigned i = 0; i < 4; i++) {
        a.inherit = (uint8_t)i;
        vm_bed_map(b, b->p, 2 * i, 2, &a);
        assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 2 * i), (uint8_t)(10 + i)), 0);
    }
    a.inherit = VM_INHERIT_NONE;
    a.kind = VM_AREA_GUARD;
    vm_bed_map(b, b->p, 20, 1, &a);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 0)), 10);
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 0), 99), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 0)), 99); /* SHARE: one memory now */
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 98), 0);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 1)), 98);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 2)), 11);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 4)), -EFAULT);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 6)), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 6)), 13);
    assert_non_null(vm_area_find(child, vm_bed_at(b, 20)));
    vm_bed_sound(b);
    vm_exit(child);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 0)), 99);
    vm_bed_sound(b);
}

static void test_fork_shares_a_private_file_map(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 16, .readable = true, .writable = true};
    struct vm_area_attr a;
    struct vm_proc *child;
    uint8_t byte = 5;
    int fd;

    vm_bed_begin(b, ABI_FREEBSD, 4096, false);
    fd = vm_file_open(b->vm, &spec);
    a = vm_bed_file(b, fd, 2, false);
    a.inherit = VM_INHERIT_SHARE;
    vm_bed_map(b, b->p, 0, 4, &a);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_file_write(b->vm, fd, &byte, 1, 3 * b->page), 1);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 1)), 5); /* still shows the file */
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 1), 6), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 1)), 6);
    assert_int_equal(vm_file_read(b->vm, fd, &byte, 1, 3 * b->page), 1);
    assert_int_equal(byte, 5);
    assert_int_equal(vm_file_truncate(b->vm, fd, 0), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 1)), 6);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 2)), -EFAULT);
    vm_bed_sound(b);
    vm_exit(child);
    vm_bed_sound(b);
}

static void test_fork_tears_what_it_makes_shared(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    struct vm_proc *child;

    a.inherit = VM_INHERIT_SHARE;
    vm_bed_map(b, b->p, 0, 4, &a);
    assert_int_equal(vm_reserve(b->vm, 4, 0), 0);
    vm_area_split(b->p, vm_bed_at(b, 2));
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_NONE);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_HARD);
    b->p = child;
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_HARD);
}

static void test_fork_copies_a_shared_map_if_told(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    struct vm_proc *child;

    vm_bed_begin(b, ABI_FREEBSD, 4096, false);
    a.object = vm_object_anon(b->vm);
    a.shared = true;
    vm_bed_map(b, b->p, 0, 1, &a);
    vm_object_put(a.object);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 0), 1), 0);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 0), 2), 0);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 0)), 1);
    vm_bed_sound(b);
    assert_null(vm_check(child));
}

static enum vm_bytes view(struct vm_bed *b, uint64_t at, const uint8_t **ret)
{
    size_t len;
    enum vm_bytes kind = vm_view(b->p, at, ret, &len);

    if (kind != VM_BYTES_NONE) {
        assert_int_equal(len, b->page - at % b->page);
    }
    return kind;
}

static void test_what_is_known_of_bytes(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    static uint8_t whole[4096];
    const uint8_t *x;
    const uint8_t *y;

    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_NONE);
    vm_bed_map(b, b->p, 0, 4, &anon);
    assert_int_equal(view(b, vm_bed_at(b, 0) + 7, &x), VM_BYTES_KNOWN);
    assert_int_equal(view(b, vm_bed_at(b, 1) + 7, &y), VM_BYTES_KNOWN);
    assert_ptr_equal(x, y);
    assert_int_equal(*x, 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, i), 1), 0);
    }
    vm_pages_lazy(b->p, vm_bed_pages(b, 0, 4));
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_LAZY);
    assert_int_equal(*x, 1);
    assert_int_equal(view(b, vm_bed_at(b, 2), &x), VM_BYTES_KNOWN);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 0), 1), 0);
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_UNDEFINED);
    assert_int_equal(vm_store(b->p, vm_bed_at(b, 0), whole, 4096, NULL), 0);
    assert_int_equal(vm_store(b->p, vm_bed_at(b, 1), whole, 4096, NULL), 0);
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_KNOWN);
    assert_int_equal(view(b, vm_bed_at(b, 1), &x), VM_BYTES_KNOWN);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 1), 0);
    vm_pages_drop(b->p, vm_bed_pages(b, 1, 1));
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 1)), 0);
}

static void test_forked_pages_are_not_freed(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_proc *child;
    const uint8_t *x;

    vm_bed_map(b, b->p, 0, 1, &anon);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 0), 1), 0);
    assert_int_equal(vm_fork(b->p, &child), 0);
    vm_pages_lazy(b->p, vm_bed_pages(b, 0, 1));
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_KNOWN);
    vm_exit(child);
    vm_pages_lazy(b->p, vm_bed_pages(b, 0, 1));
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_LAZY);
}

static void test_undefined_bytes(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    static uint8_t whole[4096];
    struct vm_proc *child;
    const uint8_t *x;
    uint64_t frames;

    vm_bed_map(b, b->p, 0, 4, &a);
    a.object = vm_object_anon(b->vm);
    a.shared = true;
    a.inherit = VM_INHERIT_SHARE;
    vm_bed_map(b, b->p, 6, 2, &a);
    vm_object_put(a.object);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 1), 0);
    frames = vm_frame_bytes(b->vm);
    assert_int_equal(vm_undefine(b->p, vm_bed_pages(b, 1, 6)), 0);
    assert_true(vm_frame_bytes(b->vm) < frames);
    assert_int_equal(view(b, vm_bed_at(b, 0), &x), VM_BYTES_KNOWN);
    assert_int_equal(view(b, vm_bed_at(b, 1), &x), VM_BYTES_UNDEFINED);
    assert_int_equal(view(b, vm_bed_at(b, 6), &x), VM_BYTES_UNDEFINED);
    assert_int_equal(view(b, vm_bed_at(b, 7), &x), VM_BYTES_KNOWN);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 1), 0);
    assert_int_equal(view(b, vm_bed_at(b, 1), &x), VM_BYTES_UNDEFINED);
    assert_int_equal(vm_store(b->p, vm_bed_at(b, 2), whole, 4096, NULL), 0);
    assert_int_equal(view(b, vm_bed_at(b, 2), &x), VM_BYTES_KNOWN);
    assert_int_equal(vm_store(b->p, vm_bed_at(b, 6), whole, 4096, NULL), 0);
    assert_int_equal(view(b, vm_bed_at(b, 6), &x), VM_BYTES_KNOWN);
    vm_bed_sound(b);
    a = vm_bed_anon();
    vm_bed_map(b, b->p, 100, UINT64_C(1) << 24, &a);
    assert_int_equal(vm_undefine(b->p, (struct range){0, UINT64_MAX}), -ENOMEM);
    vm_bed_sound(b);
}

static void test_written_pages_are_listed(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a = vm_bed_anon();
    struct range all = {0, UINT64_MAX};
    uint64_t at = 0;

    assert_false(vm_next_written(b->p, all, &at));
    vm_bed_map(b, b->p, 0, 4, &a);
    a.object = vm_object_anon(b->vm);
    a.shared = true;
    vm_bed_map(b, b->p, 8, 4, &a);
    a.shared = false;
    vm_bed_map(b, b->p, 16, 4, &a);
    vm_object_put(a.object);
    assert_false(vm_next_written(b->p, all, &at));
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 2) + 9, 1), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 11), 1), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 17), 1), 0);
    for (unsigned i = 0; i < 4; i++) {
        static const unsigned pages[] = {2, 11, 17, 19};

        assert_true(vm_next_written(b->p, all, &at));
        assert_int_equal(at, vm_bed_at(b, pages[i]));
        at++;
        at += b->page - 1;
    }
    assert_false(vm_next_written(b->p, all, &at));
    at = 0;
    assert_false(vm_next_written(b->p, vm_bed_pages(b, 3, 8), &at));
}

static void test_frames_are_limited(void **state)
{
    struct vm_bed *b = *state;
    struct vm_params params = vm_params_default(ABI_LINUX, 16384);
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_proc *child;

    params.frames_max = 3 * 16384;
    b->p = vm_begin(b->vm, &params);
    b->page = 16384;
    vm_bed_map(b, b->p, 0, 8, &anon);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, i), 1), 0);
    }
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 3), 1), -ENOMEM);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 3)), 0);
    assert_int_equal(vm_fork(b->p, &child), 0);
    assert_int_equal(vm_bed_store(child, vm_bed_at(b, 0), 2), -ENOMEM);
    assert_int_equal(vm_bed_load(child, vm_bed_at(b, 0)), 1);
    vm_bed_sound(b);
    vm_pages_drop(b->p, vm_bed_pages(b, 0, 2));
    vm_pages_drop(child, vm_bed_pages(b, 0, 2));
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 3), 1), 0);
    vm_bed_sound(b);
}

static void test_nothing_costs_nothing(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    uint64_t before;
    uint8_t byte = 1;

    assert_int_equal(vm_bed_load(b->p, 0), -EFAULT);
    vm_bed_map(b, b->p, 0, 1, &anon);
    before = vm_memory_bytes(b->vm);
    vm_area_insert(b->p, (struct range){0x100000000, 0x100000000 + (UINT64_C(1) << 40) - 1}, &anon);
    assert_int_equal(vm_bed_load(b->p, 0x8000000000), 0);
    assert_int_equal(vm_fork(b->p, &b->p), 0);
    vm_area_remove(b->p, (struct range){0x100000000, UINT64_MAX});
    assert_int_equal(vm_memory_bytes(b->vm), before);
    assert_int_equal(vm_frame_bytes(b->vm), 0);
    assert_int_equal(vm_poke(b->p, vm_bed_at(b, 0), &byte, 1), 0);
    assert_int_equal(vm_frame_bytes(b->vm), b->page);
}

static void test_memory_is_kept_from_machine_to_machine(void **state)
{
    static const uint64_t pages[] = {4096, 65536, 16384};
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    uint64_t bytes = 0;

    for (unsigned round = 0; round < 9; round++) {
        vm_bed_begin(b, round % 2 ? ABI_LINUX : ABI_FREEBSD, pages[round % 3], false);
        assert_int_equal(vm_frame_bytes(b->vm), 0);
        for (unsigned i = 0; i < 40; i++) {
            vm_bed_map(b, b->p, 3 * i, 2, &anon);
            assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 3 * i)), 0);
            assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 3 * i) + 1, 0xff), 0);
            assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 3 * i)), 0);
        }
        vm_bed_sound(b);
        if (round == 3) {
            bytes = vm_memory_bytes(b->vm);
        }
    }
    assert_int_equal(vm_memory_bytes(b->vm), bytes);
}

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, vm_bed_setup, vm_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(test_faults),
        BED_TEST(test_bytes_before_a_fault_are_moved),
        BED_TEST(test_peek_and_poke_need_no_right),
        BED_TEST(test_growth_is_asked_for),
        BED_TEST(test_fork_copies_on_write),
        BED_TEST(test_fork_inherits_as_told),
        BED_TEST(test_fork_shares_a_private_file_map),
        BED_TEST(test_fork_tears_what_it_makes_shared),
        BED_TEST(test_fork_copies_a_shared_map_if_told),
        BED_TEST(test_what_is_known_of_bytes),
        BED_TEST(test_forked_pages_are_not_freed),
        BED_TEST(test_undefined_bytes),
        BED_TEST(test_written_pages_are_listed),
        BED_TEST(test_frames_are_limited),
        BED_TEST(test_nothing_costs_nothing),
        BED_TEST(test_memory_is_kept_from_machine_to_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
