/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the host contract that accesses and descriptors show; run from test_host_contract.c.
 */
#include "host_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

void check_anonymous_memory_is_zero_and_keeps_bytes(void)
{
    unsigned char in[300];
    unsigned char out[300];

    map_pages(0, 2, RW);
    memset(in, 0xff, sizeof(in));
    assert_int_equal(host_read(t.h, page_at(1) - 150, in, 300, NULL), 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(in[i], 0);
        out[i] = (unsigned char)(i * 7);
    }
    /* odd address and length, across a page edge */
    assert_int_equal(host_write(t.h, page_at(1) - 149, out, 299, NULL), 0);
    assert_int_equal(host_read(t.h, page_at(1) - 149, in, 299, NULL), 0);
    assert_memory_equal(in, out, 299);
    assert_int_equal(host_write(t.h, page_at(1) - 140, NULL, 280, NULL), 0);
    assert_int_equal(host_read(t.h, page_at(1) - 149, in, 299, NULL), 0);
    assert_memory_equal(in, out, 9);
    assert_int_equal(in[9], 0);
    assert_int_equal(in[288], 0);
    assert_memory_equal(in + 289, out + 289, 10);
}

void check_protect_rules_access_but_not_peek(void)
{
    unsigned char byte = 0x5a;
    struct host_fault fault = {0};

    map_pages(0, 1, RW);
    assert_int_equal(host_write(t.h, page_at(0) + 100, &byte, 1, NULL), 0);
    assert_int_equal(host_protect(t.h, page_at(0), t.page, HOST_R), 0);
    assert_int_equal(host_write(t.h, page_at(0) + 100, &byte, 1, &fault), -EFAULT);
    assert_int_equal(fault.signal, SIGSEGV);
    assert_int_equal(fault.addr, page_at(0) + 100);
    assert_int_equal(host_protect(t.h, page_at(0), t.page, 0), 0);
    byte = 0;
    assert_int_equal(host_read(t.h, page_at(0) + 100, &byte, 1, &fault), -EFAULT);
    assert_int_equal(host_peek(t.h, page_at(0) + 100, &byte, 1), 0);
    assert_int_equal(byte, 0x5a);
}

/*
 * |rw|--|: bytes up to the edge arrive, the first byte behind it is named, whatever the alignment.
 */
void check_a_fault_in_the_middle_is_exact(void)
{
    unsigned char in[64];
    unsigned char out[64];
    struct host_fault fault;

    map_pages(0, 1, RW);
    for (unsigned before = 1; before < 40; before++) {
        memset(in, 0, sizeof(in));
        memset(out, (int)(0x80 + before), sizeof(out));
        fault = (struct host_fault){0};
        assert_int_equal(host_write(t.h, page_at(1) - before, out, 64, &fault), -EFAULT);
        assert_int_equal(fault.signal, SIGSEGV);
        assert_int_equal(fault.addr, page_at(1));
        fault = (struct host_fault){0};
        assert_int_equal(host_read(t.h, page_at(1) - before, in, 64, &fault), -EFAULT);
        assert_int_equal(fault.addr, page_at(1));
        assert_memory_equal(in, out, before);
        assert_int_equal(in[before], 0);
        assert_int_equal(host_write(t.h, page_at(1) - before, NULL, 64, &fault), -EFAULT);
        assert_int_equal(host_read(t.h, page_at(1) - before, in, before, NULL), 0);
        assert_int_equal(in[0], 0);
        assert_int_equal(in[before - 1], 0);
    }
}

void check_a_page_past_eof_is_a_bus_error(void)
{
    int fd = t.w->file(100);
    const struct host_map_req req = {page_at(0), 2 * t.page, RW, HOST_MAP_PRIVATE | HOST_MAP_FIXED,
                                     fd,         0};
    struct host_fault fault = {0};
    unsigned char in[128];
    uint64_t at;

    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(host_read(t.h, page_at(0), in, 128, NULL), 0);
    assert_int_equal(in[99], 100);
    assert_int_equal(in[100], 0);
    assert_int_equal(host_read(t.h, page_at(1) - 3, in, 8, &fault), -EFAULT);
    assert_int_equal(fault.signal, SIGBUS);
    assert_int_equal(fault.addr, page_at(1));
    assert_int_equal(host_peek(t.h, page_at(1), in, 1), -EFAULT);
    t.w->close_fd(fd);
}

void check_fstat(void)
{
    int fd = t.w->file(777);
    int other = t.w->file(777);
    int again = t.w->again(fd, true);
    int ro = t.w->again(fd, false);
    int device = t.w->write_only_device();
    int from = t.w->pipe_to_read();
    struct host_stat a = {0};
    struct host_stat b = {0};

    assert_int_equal(host_fstat(t.h, fd, &a), 0);
    assert_int_equal(a.size, 777);
    assert_true(a.regular && a.readable && a.writable);
    assert_int_not_equal(a.object, 0);
    assert_int_equal(host_fstat(t.h, again, &b), 0);
    assert_int_equal(a.object, b.object);
    assert_true(b.readable && b.writable);
    assert_int_equal(host_fstat(t.h, ro, &b), 0);
    assert_int_equal(a.object, b.object);
    assert_true(b.readable && !b.writable);
    assert_int_equal(host_fstat(t.h, other, &b), 0);
    assert_int_not_equal(a.object, b.object);
    assert_int_equal(host_fstat(t.h, device, &b), 0);
    assert_false(b.regular || b.readable);
    assert_true(b.writable);
    assert_int_equal(b.size, 0);
    assert_int_equal(host_fstat(t.h, from, &b), 0);
    assert_false(b.regular || b.writable);
    t.w->close_fd(from);
    t.w->close_fd(device);
    t.w->close_fd(ro);
    t.w->close_fd(again);
    t.w->close_fd(other);
    t.w->close_fd(fd);
    b.size = 42;
    assert_int_equal(host_fstat(t.h, NO_FILE, &b), -EBADF);
    assert_int_equal(b.size, 42);
}

void check_pread_is_short_only_at_eof(void)
{
    int fd = t.w->file(777);
    unsigned char in[1000];

    assert_int_equal(host_pread(t.h, fd, in, 1000, 0), 777);
    assert_int_equal(in[776], (unsigned char)777);
    assert_int_equal(host_pread(t.h, fd, in, 1000, 700), 77);
    assert_int_equal(host_pread(t.h, fd, in, 1000, 777), 0);
    assert_int_equal(host_pread(t.h, fd, in, 1000, 1ull << 40), 0);
    t.w->close_fd(fd);
    assert_int_equal(host_pread(t.h, NO_FILE, in, 1000, 0), -EBADF);
    assert_int_equal(host_pread(t.h, -1, in, 1000, 0), -EBADF);
}

void check_peek_crosses_rights_and_stops_at_holes(void)
{
    unsigned char in[64] = {0};
    unsigned char out[64];

    memset(out, 0x77, sizeof(out));
    map_pages(0, 2, RW);
    assert_int_equal(host_write(t.h, page_at(1) - 32, out, 64, NULL), 0);
    assert_int_equal(host_protect(t.h, page_at(1), t.page, 0), 0);
    assert_int_equal(host_peek(t.h, page_at(1) - 32, in, 64), 0);
    assert_memory_equal(in, out, 64);
    assert_int_equal(host_peek(t.h, page_at(2) - 32, in, 64), -EFAULT);
    /* the rights are as they were */
    assert_int_equal(host_read(t.h, page_at(1), in, 1, NULL), -EFAULT);
}
