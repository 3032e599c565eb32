/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/vm's files: what read, write and truncate show to mappings, and the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vm_stub.h"

struct filled {
    struct vm_bed *b;
    int fd;
    unsigned fills;
};

/* The byte of a fresh file at OFFSET; never 0. */
static uint8_t fresh(uint64_t offset)
{
    return (uint8_t)(offset % 251 + 1);
}

static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    struct filled *f = arg;

    assert_int_equal(index, 4);
    f->fills++;
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = fresh(offset + i);
    }
}

/* Two pages and 100 bytes. */
static void open_filled(struct filled *f, struct vm_bed *b)
{
    struct vm_file_spec spec = {
        .size = 2 * b->page + 100,
        .readable = true,
        .writable = true,
        .fill = fill,
        .arg = f,
        .index = 4,
    };

    *f = (struct filled){.b = b};
    f->fd = vm_file_open(b->vm, &spec);
    assert_true(f->fd >= 3);
}

static void map_file(struct filled *f, uint64_t first, uint64_t n, bool shared)
{
    struct vm_area_attr a = vm_bed_file(f->b, f->fd, 0, shared);

    vm_bed_map(f->b, f->b->p, first, n, &a);
}

static int load(struct filled *f, uint64_t page, uint64_t at)
{
    return vm_bed_load(f->b->p, vm_bed_at(f->b, page) + at);
}

static void store(struct filled *f, uint64_t page, uint64_t at, uint8_t value)
{
    assert_int_equal(vm_bed_store(f->b->p, vm_bed_at(f->b, page) + at, value), 0);
}

static int read_byte(struct filled *f, uint64_t offset)
{
    uint8_t byte = 0;
    int64_t n = vm_file_read(f->b->vm, f->fd, &byte, 1, offset);

    return n == 1 ? byte : -1;
}

static void write_byte(struct filled *f, uint64_t offset, uint8_t value)
{
    assert_int_equal(vm_file_write(f->b->vm, f->fd, &value, 1, offset), 1);
}

static void test_fresh_bytes_come_once(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 4, false);
    map_file(&f, 4, 4, true);
    assert_int_equal(f.fills, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(load(&f, 1, 7), fresh(f.b->page + 7));
        assert_int_equal(load(&f, 5, 7), fresh(f.b->page + 7));
        assert_int_equal(read_byte(&f, f.b->page + 7), fresh(f.b->page + 7));
    }
    assert_int_equal(f.fills, 1);
    assert_int_equal(load(&f, 2, 99), fresh(2 * f.b->page + 99));
    assert_int_equal(load(&f, 2, 100), 0);
    assert_int_equal(load(&f, 3, 0), -EFAULT);
    assert_int_equal(read_byte(&f, 2 * f.b->page + 100), -1);
    vm_bed_sound(f.b);
}

static void test_private_maps_follow_until_stored_to(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 3, false);
    map_file(&f, 4, 3, true);
    write_byte(&f, 10, 200);
    assert_int_equal(load(&f, 0, 10), 200);
    store(&f, 4, 11, 201);
    assert_int_equal(load(&f, 0, 11), 201);
    assert_int_equal(read_byte(&f, 11), 201);
    assert_false(vm_private_copy(f.b->p, vm_bed_at(f.b, 0)));
    store(&f, 0, 12, 202);
    assert_true(vm_private_copy(f.b->p, vm_bed_at(f.b, 0) + 1));
    assert_int_equal(read_byte(&f, 12), fresh(12));
    assert_int_equal(load(&f, 4, 12), fresh(12));
    write_byte(&f, 10, 203);
    assert_int_equal(load(&f, 0, 10), 200);
    assert_int_equal(load(&f, 4, 10), 203);
    vm_pages_drop(f.b->p, vm_bed_pages(f.b, 0, 1));
    assert_int_equal(load(&f, 0, 10), 203);
    assert_int_equal(load(&f, 0, 12), fresh(12));
    vm_bed_sound(f.b);
}

static void test_writes_cross_pages_and_extend(void **state)
{
    static uint8_t buf[10000];
    struct filled f;
    uint64_t size;

    open_filled(&f, *state);
    map_file(&f, 0, 6, true);
    memset(buf, 9, sizeof(buf));
    assert_int_equal(vm_file_write(f.b->vm, f.fd, buf, sizeof(buf), f.b->page - 1), sizeof(buf));
    assert_non_null(vm_file_stat(f.b->vm, f.fd, &size, NULL));
    assert_int_equal(size, f.b->page - 1 + sizeof(buf));
    assert_int_equal(load(&f, 0, f.b->page - 2), fresh(f.b->page - 2));
    assert_int_equal(load(&f, 3, 0), 9);
    memset(buf, 0, sizeof(buf));
    assert_int_equal(vm_file_read(f.b->vm, f.fd, buf, sizeof(buf), f.b->page), sizeof(buf) - 1);
    assert_int_equal(buf[sizeof(buf) - 2], 9);
    assert_int_equal(buf[sizeof(buf) - 1], 0);
    write_byte(&f, 5 * f.b->page, 1);
    assert_int_equal(load(&f, 4, 77), 0);
    assert_int_equal(load(&f, 5, 0), 1);
    vm_bed_sound(f.b);
}

static void test_tail_is_shared_but_not_kept(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 4, true);
    map_file(&f, 4, 4, true);
    store(&f, 2, 300, 55);
    assert_int_equal(load(&f, 6, 300), 55);
    assert_int_equal(vm_file_truncate(f.b->vm, f.fd, 3 * f.b->page + 1), 0);
    assert_int_equal(load(&f, 6, 300), 0);
    assert_int_equal(load(&f, 2, 99), fresh(2 * f.b->page + 99));
    assert_int_equal(load(&f, 3, 0), 0);
    vm_bed_sound(f.b);
}

static void test_write_behind_the_end_shows_no_tail(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 4, true);
    store(&f, 2, 300, 55);
    write_byte(&f, 2 * f.b->page + 400, 1);
    assert_int_equal(load(&f, 2, 300), 0);
    assert_int_equal(load(&f, 2, 400), 1);
}

static void test_shrink_zeroes_the_new_tail(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 4, true);
    assert_int_equal(load(&f, 1, 50), fresh(f.b->page + 50));
    assert_int_equal(vm_file_truncate(f.b->vm, f.fd, 20), 0);
    assert_int_equal(load(&f, 0, 20), 0);
    assert_int_equal(load(&f, 0, 19), fresh(19));
    assert_int_equal(load(&f, 1, 0), -EFAULT);
    assert_int_equal(vm_file_truncate(f.b->vm, f.fd, 3 * f.b->page), 0);
    assert_int_equal(load(&f, 0, 20), 0); /* fresh bytes that were cut off do not come back */
    assert_int_equal(load(&f, 1, 50), 0);
    assert_int_equal(load(&f, 2, 50), 0);
    assert_int_equal(f.fills, 2);
    vm_bed_sound(f.b);
}

static void truncate_and_look(struct filled *f, bool keeps)
{
    uint64_t copies = vm_rule_hits(f->b->vm)[VM_RULE_MEM_TRUNCATE_KEEPS];
    struct vm_proc *child;

    map_file(f, 0, 3, false);
    store(f, 0, 0, 70);
    store(f, 1, 0, 71);
    assert_int_equal(vm_fork(f->b->p, &child), 0);
    assert_int_equal(vm_file_truncate(f->b->vm, f->fd, 10), 0);
    assert_int_equal(load(f, 0, 0), 70); /* the page still has bytes of the file */
    assert_int_equal(load(f, 0, 11), fresh(11));
    assert_int_equal(load(f, 1, 0), keeps ? 71 : -EFAULT);
    assert_int_equal(vm_bed_load(child, vm_bed_at(f->b, 1)), keeps ? 71 : -EFAULT);
    assert_int_equal(load(f, 2, 0), -EFAULT);
    assert_int_equal(vm_file_truncate(f->b->vm, f->fd, 3 * f->b->page), 0);
    assert_int_equal(load(f, 1, 0), keeps ? 71 : 0);
    assert_int_equal(vm_rule_hits(f->b->vm)[VM_RULE_MEM_TRUNCATE_KEEPS] > copies, keeps);
    vm_bed_sound(f->b);
}

static void test_linux_truncation_takes_copies(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    truncate_and_look(&f, false);
}

static void test_freebsd_truncation_leaves_copies(void **state)
{
    struct vm_bed *b = *state;
    struct filled f;

    vm_bed_begin(b, ABI_FREEBSD, 4096, false);
    open_filled(&f, b);
    truncate_and_look(&f, true);
}

static void test_truncation_heeds_offsets(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr a;
    struct filled f;

    open_filled(&f, b);
    a = vm_bed_file(b, f.fd, 1, false);
    vm_bed_map(b, b->p, 0, 2, &a);
    store(&f, 0, 0, 1);
    store(&f, 1, 0, 2);
    assert_int_equal(vm_file_truncate(b->vm, f.fd, 2 * b->page), 0);
    assert_int_equal(load(&f, 0, 0), 1);
    assert_int_equal(load(&f, 1, 0), -EFAULT);
    assert_int_equal(vm_file_truncate(b->vm, f.fd, 1), 0);
    assert_int_equal(load(&f, 0, 0), -EFAULT);
    vm_bed_sound(f.b);
}

static void test_punched_pages_are_zero(void **state)
{
    struct filled f;

    open_filled(&f, *state);
    map_file(&f, 0, 3, true);
    map_file(&f, 4, 3, false);
    store(&f, 0, 0, 1);
    store(&f, 4, 0, 2);
    assert_int_equal(vm_reserve(f.b->vm, 0, 8), 0);
    vm_pages_punch(f.b->p, vm_bed_pages(f.b, 0, 2));
    assert_int_equal(load(&f, 0, 0), 0);
    assert_int_equal(load(&f, 1, 9), 0); /* not read in before, and not afterwards */
    assert_int_equal(read_byte(&f, f.b->page + 9), 0);
    assert_int_equal(load(&f, 2, 9), fresh(2 * f.b->page + 9));
    assert_int_equal(load(&f, 4, 0), 2); /* a private copy stays */
    store(&f, 1, 9, 3);
    assert_int_equal(read_byte(&f, f.b->page + 9), 3);
    assert_int_equal(read_byte(&f, f.b->page + 10), 0);
    vm_bed_sound(f.b);
}

static void test_shared_memory_is_one_across_fork(void **state)
{
    struct filled f;
    struct vm_proc *child;

    open_filled(&f, *state);
    map_file(&f, 0, 3, true);
    assert_int_equal(vm_fork(f.b->p, &child), 0);
    assert_int_equal(vm_bed_store(child, vm_bed_at(f.b, 1), 5), 0);
    assert_int_equal(load(&f, 1, 0), 5);
    vm_exit(child);
    assert_int_equal(read_byte(&f, f.b->page), 5);
    vm_bed_sound(f.b);
}

static void test_written_pages_of_files(void **state)
{
    struct range all = {0, UINT64_MAX};
    struct filled f;
    uint64_t at = 0;

    open_filled(&f, *state);
    map_file(&f, 0, 3, true);
    assert_int_equal(load(&f, 0, 0), fresh(0));
    assert_false(vm_next_written(f.b->p, all, &at)); /* read in is not written */
    store(&f, 1, 0, 1);
    map_file(&f, 4, 3, false);
    store(&f, 4, 0, 1);
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned pages[] = {1, 4, 5};

        assert_true(vm_next_written(f.b->p, all, &at));
        assert_int_equal(at, vm_bed_at(f.b, pages[i]));
        at += f.b->page;
    }
    assert_false(vm_next_written(f.b->p, all, &at));
}

static int open_kind(struct vm_bed *b, enum vm_file_kind kind, bool readable, bool writable)
{
    struct vm_file_spec spec = {
        .kind = (uint8_t)kind, .readable = readable, .writable = writable, .size = 10};

    return vm_file_open(b->vm, &spec);
}

static void test_what_descriptors_refuse(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec append = {
        .size = 10, .readable = true, .writable = true, .append_only = true};
    int ro = open_kind(b, VM_FILE_REGULAR, true, false);
    int wo = open_kind(b, VM_FILE_REGULAR, false, true);
    int dir = open_kind(b, VM_FILE_DIRECTORY, true, false);
    int pipe = open_kind(b, VM_FILE_PIPE_READ, true, false);
    int zero = open_kind(b, VM_FILE_DEV_ZERO, true, true);
    int ap = vm_file_open(b->vm, &append);
    uint8_t byte = 7;

    assert_int_equal(vm_file_read(b->vm, 99, &byte, 1, 0), -ABI_EBADF);
    assert_int_equal(vm_file_write(b->vm, -1, &byte, 1, 0), -ABI_EBADF);
    assert_int_equal(vm_file_truncate(b->vm, 2, 0), -ABI_EBADF);
    assert_int_equal(vm_file_reopen(b->vm, 99, true, true), -ABI_EBADF);
    assert_int_equal(vm_file_write(b->vm, ro, &byte, 1, 0), -ABI_EBADF);
    assert_int_equal(vm_file_truncate(b->vm, ro, 0), -ABI_EINVAL);
    assert_int_equal(vm_file_read(b->vm, wo, &byte, 1, 0), -ABI_EBADF);
    assert_int_equal(vm_file_write(b->vm, wo, &byte, 1, UINT64_MAX), -ABI_EINVAL);
    assert_int_equal(vm_file_write(b->vm, wo, &byte, 1, INT64_MAX), -ABI_EFBIG);
    assert_int_equal(vm_file_read(b->vm, dir, &byte, 1, 0), -ABI_EINVAL);
    assert_int_equal(vm_file_truncate(b->vm, dir, 0), -ABI_EINVAL);
    assert_int_equal(vm_file_read(b->vm, pipe, &byte, 1, 0), -ABI_EINVAL);
    assert_int_equal(vm_file_truncate(b->vm, zero, 0), -ABI_EINVAL);
    assert_int_equal(vm_file_read(b->vm, zero, &byte, 1, 1 << 20), 1);
    assert_int_equal(byte, 0);
    assert_int_equal(vm_file_write(b->vm, zero, &byte, 1, 0), 1);
    assert_int_equal(vm_file_write(b->vm, ap, &byte, 1, 0), -ABI_EPERM);
    assert_int_equal(vm_file_write(b->vm, ap, &byte, 1, 10), 1);
    assert_int_equal(vm_file_truncate(b->vm, ap, 0), -ABI_EPERM);
}

static void test_descriptors_of_one_file(void **state)
{
    struct filled f;
    const struct vm_file_spec *spec;
    uint64_t size;
    uint64_t x;
    uint64_t y;
    uint8_t byte;
    int again;

    open_filled(&f, *state);
    again = vm_file_reopen(f.b->vm, f.fd, true, false);
    assert_int_equal(again, f.fd + 1);
    write_byte(&f, 3, 99);
    assert_int_equal(vm_file_read(f.b->vm, again, &byte, 1, 3), 1);
    assert_int_equal(byte, 99);
    assert_non_null(vm_file_stat(f.b->vm, f.fd, &size, &x));
    spec = vm_file_stat(f.b->vm, again, NULL, &y);
    assert_int_equal(x, y);
    assert_true(x != 0);
    assert_false(spec->writable);
    assert_int_equal(size, 2 * f.b->page + 100);
    assert_null(vm_file_stat(f.b->vm, 99, NULL, NULL));
    assert_true(vm_file_of(f.b->vm, again)->opener != vm_file_of(f.b->vm, f.fd)->opener);
    vm_bed_sound(f.b);
}

static void test_device_has_memory_of_its_own(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.kind = VM_FILE_DEV_OTHER, .readable = true, .writable = true};
    struct filled f = {.b = b, .fd = vm_file_open(b->vm, &spec)};

    map_file(&f, 0, 2, true);
    assert_int_equal(load(&f, 1, 0), 0);
    store(&f, 1, 0, 4);
    assert_int_equal(read_byte(&f, b->page), 4);
    assert_int_equal(vm_object_size(vm_file_of(b->vm, f.fd)->object), UINT64_MAX);
}

static void test_files_without_memory(void **state)
{
    struct vm_bed *b = *state;
    struct vm_params params = vm_params_default(ABI_LINUX, 4096);
    static uint8_t buf[3 * 4096];
    struct filled f;
    uint64_t size;

    params.frames_max = 4096;
    b->p = vm_begin(b->vm, &params);
    open_filled(&f, b);
    assert_int_equal(vm_file_write(b->vm, f.fd, buf, sizeof(buf), 4096 * 5), 4096);
    vm_file_stat(b->vm, f.fd, &size, NULL);
    assert_int_equal(size, 6 * 4096);
    assert_int_equal(vm_file_write(b->vm, f.fd, buf, 1, 4096 * 9), -ENOMEM);
    vm_file_stat(b->vm, f.fd, &size, NULL);
    assert_int_equal(size, 6 * 4096);
    assert_int_equal(vm_file_read(b->vm, f.fd, buf, sizeof(buf), 0), -ENOMEM);
    map_file(&f, 0, 3, false);
    assert_int_equal(load(&f, 0, 0), -ENOMEM);
    vm_bed_sound(f.b);
}

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, vm_bed_setup, vm_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(test_fresh_bytes_come_once),
        BED_TEST(test_private_maps_follow_until_stored_to),
        BED_TEST(test_writes_cross_pages_and_extend),
        BED_TEST(test_tail_is_shared_but_not_kept),
        BED_TEST(test_write_behind_the_end_shows_no_tail),
        BED_TEST(test_shrink_zeroes_the_new_tail),
        BED_TEST(test_linux_truncation_takes_copies),
        BED_TEST(test_freebsd_truncation_leaves_copies),
        BED_TEST(test_truncation_heeds_offsets),
        BED_TEST(test_punched_pages_are_zero),
        BED_TEST(test_shared_memory_is_one_across_fork),
        BED_TEST(test_written_pages_of_files),
        BED_TEST(test_what_descriptors_refuse),
        BED_TEST(test_descriptors_of_one_file),
        BED_TEST(test_device_has_memory_of_its_own),
        BED_TEST(test_files_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
