/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/host: program files have their pattern, their mode and their size, in every program anew. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files.h"

static unsigned pattern_calls;

static unsigned char byte_of(unsigned index, uint64_t offset)
{
    return (unsigned char)(1 + (offset / 512 + 37 * (uint64_t)index) % 251);
}

static void pattern(unsigned index, uint64_t offset, void *buf, size_t len)
{
    pattern_calls++;
    for (size_t i = 0; i < len; i++) {
        ((unsigned char *)buf)[i] = byte_of(index, offset + i);
    }
}

static struct host_files *new_pool(void)
{
    struct host_files *f = NULL;
    struct err e;

    assert_int_equal(host_files_new(&f, pattern, &e), 0);
    return f;
}

static void begin(struct host_files *f, const struct host_file_spec *specs, size_t n, int *fds)
{
    struct err e = {""};

    assert_int_equal(host_files_begin(f, specs, n, fds, &e), 0);
}

static void assert_byte(int fd, unsigned index, uint64_t offset)
{
    unsigned char byte = 0;

    assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
    assert_int_equal(byte, byte_of(index, offset));
}

static void assert_whole(int fd, unsigned index, uint64_t size)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, size);
    for (uint64_t at = 0; at < size; at += 100) {
        assert_byte(fd, index, at);
    }
    if (size) {
        assert_byte(fd, index, size - 1);
    }
}

static void test_files_have_pattern_size_and_mode(void **state)
{
    static const struct host_file_spec specs[] = {
        {10000, HOST_FILE_RDWR},  {0, HOST_FILE_RDWR},        {1, HOST_FILE_RDONLY},
        {4096, HOST_FILE_WRONLY}, {200000, HOST_FILE_RDONLY},
    };
    static const int modes[] = {O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, O_RDONLY};
    struct host_files *f = new_pool();
    int fds[5];
    struct stat st;

    (void)state;
    begin(f, specs, 5, fds);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(fds[i] >= 256);
        assert_int_equal(fcntl(fds[i], F_GETFL) & O_ACCMODE, modes[i]);
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        if (modes[i] != O_WRONLY) {
            assert_whole(fds[i], i, specs[i].size);
        }
    }
    assert_int_equal(fstat(fds[3], &st), 0);
    assert_int_equal(st.st_size, 4096);
    assert_int_equal(write(fds[2], "x", 1), -1);
    assert_null(host_files_free(f));
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
}

static void test_the_pool_is_used_again(void **state)
{
    static const struct host_file_spec specs[] = {{10000, HOST_FILE_RDWR},
                                                  {10000, HOST_FILE_RDONLY}};
    static const struct host_file_spec other[] = {{10001, HOST_FILE_RDWR}};
    struct host_files *f = new_pool();
    int first[2];
    int again[2];
    int fd;

    (void)state;
    begin(f, specs, 2, first);
    pattern_calls = 0;
    for (int i = 0; i < 100; i++) {
        begin(f, specs, 2, again);
        assert_memory_equal(first, again, sizeof(first));
        begin(f, NULL, 0, NULL);
    }
    assert_int_equal(pattern_calls, 0);
    begin(f, other, 1, &fd);
    assert_int_not_equal(fd, first[0]);
    assert_int_not_equal(fd, first[1]);
    assert_whole(fd, 0, 10001);
    (void)host_files_free(f);
}

/* Stores through a shared map, one of them behind EOF in the last page. */
static void test_what_a_program_changed_is_put_right(void **state)
{
    static const struct host_file_spec specs[] = {{100, HOST_FILE_RDWR}, {70000, HOST_FILE_RDWR}};
    struct host_files *f = new_pool();
    int fds[2];

    (void)state;
    for (int round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 2; i++) {
            uint64_t page = i ? 69632 : 0;
            unsigned char *p;

            begin(f, specs, 2, fds);
            assert_whole(fds[0], 0, 100);
            assert_whole(fds[1], 1, 70000);
            p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], (off_t)page);
            assert_true(p != MAP_FAILED);
            assert_int_equal(p[4095], 0);
            memset(p, 0xff, 4096);
            host_files_mark_dirty(f, i);
            munmap(p, 4096);
        }
    }
    host_files_mark_dirty(f, 2); /* no such file */
    (void)host_files_free(f);
}

static void test_marks_belong_to_their_program(void **state)
{
    static const struct host_file_spec specs[] = {{5000, HOST_FILE_RDWR}};
    static const struct host_file_spec others[] = {{6000, HOST_FILE_RDWR}};
    struct host_files *f = new_pool();
    int fd;

    (void)state;
    begin(f, specs, 1, &fd);
    assert_int_equal(pwrite(fd, "zzzz", 4, 4000), 4);
    host_files_mark_dirty(f, 0);
    begin(f, others, 1, &fd);
    assert_whole(fd, 0, 6000);
    begin(f, specs, 1, &fd);
    assert_whole(fd, 0, 5000);
    (void)host_files_free(f);
}

static void assert_extent(int fd, unsigned index, uint64_t size, size_t n)
{
    static const uint64_t near[] = {0, 1, 511, 512, 4095, 4096, 65535, 65536};
    struct host_file_extent x = host_files_extent(size, n);
    uint64_t edges[] = {0, x.head, size - x.tail, size};

    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        for (size_t j = 0; j < ARRAY_LEN(near); j++) {
            uint64_t at[2] = {edges[i] + near[j], edges[i] - near[j] - 1};

            for (int side = 0; side < 2; side++) {
                unsigned char byte = 0;

                if (at[side] >= size) {
                    assert_false(host_files_patterned(size, n, at[side]));
                } else if (host_files_patterned(size, n, at[side])) {
                    assert_byte(fd, index, at[side]);
                } else {
                    assert_int_equal(pread(fd, &byte, 1, (off_t)at[side]), 1);
                    assert_int_equal(byte, 0);
                }
            }
        }
    }
}

static void test_big_files_are_sparse(void **state)
{
    static const struct host_file_spec specs[] = {{1ull << 33, HOST_FILE_RDWR},
                                                  {(64ull << 20) + 1, HOST_FILE_RDONLY}};
    struct host_files *f = new_pool();
    struct stat st;
    int fds[2];

    (void)state;
    assert_int_equal(host_files_extent(8ull << 20, 1).head, 8ull << 20);
    assert_int_equal(host_files_extent((8ull << 20) + 1, 4).head, 2ull << 20);
    assert_int_equal(host_files_extent(1ull << 33, 1).tail, 128ull << 10);
    begin(f, specs, 2, fds);
    for (unsigned i = 0; i < 2; i++) {
        assert_extent(fds[i], i, specs[i].size, 2);
        assert_int_equal(fstat(fds[i], &st), 0);
        assert_int_equal(st.st_size, specs[i].size);
        assert_true((uint64_t)st.st_blocks * 512 <= 20ull << 20);
    }
    /* a store into the hole, and its undoing */
    assert_int_equal(pwrite(fds[0], "zzzz", 4, 1ll << 32), 4);
    host_files_mark_dirty(f, 0);
    begin(f, specs, 2, fds);
    assert_extent(fds[0], 0, specs[0].size, 2);
    assert_int_equal(fstat(fds[0], &st), 0);
    assert_true((uint64_t)st.st_blocks * 512 <= 20ull << 20);
    {
        unsigned char bytes[4];

        assert_int_equal(pread(fds[0], bytes, 4, 1ll << 32), 4);
        assert_memory_equal(bytes, "\0\0\0\0", 4);
    }
    (void)host_files_free(f);
}

/* As many and as big as a program may have: the pattern is rationed. */
static void test_many_big_files_stay_in_budget(void **state)
{
    enum { N = 64 };
    struct host_file_spec specs[N];
    struct host_files *f = new_pool();
    uint64_t bytes = 0;
    int fds[N];

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        specs[i] = (struct host_file_spec){(1ull << 33) - i, HOST_FILE_RDWR};
    }
    begin(f, specs, N, fds);
    for (unsigned i = 0; i < N; i++) {
        struct stat st;

        assert_int_equal(fstat(fds[i], &st), 0);
        bytes += (uint64_t)st.st_blocks * 512;
    }
    assert_true(bytes <= HOST_FILES_BUDGET);
    assert_extent(fds[N - 1], N - 1, specs[N - 1].size, N);
    (void)host_files_free(f);
}

/* Ever new sizes: the pool lets the oldest go. */
static void test_the_pool_does_not_grow_for_ever(void **state)
{
    struct host_files *f = new_pool();
    int fd;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        const struct host_file_spec spec = {1 + i, HOST_FILE_RDWR};

        begin(f, &spec, 1, &fd);
        assert_true(fd < 256 + 100);
    }
    assert_whole(fd, 0, 2000);
    (void)host_files_free(f);
}

static void test_no_descriptors_left_is_an_error(void **state)
{
    struct host_files *f = new_pool();
    const struct host_file_spec spec = {10, HOST_FILE_RDONLY};
    struct rlimit old;
    struct rlimit tight;
    struct err e = {""};
    int fd;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    tight = old;
    tight.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    assert_true(host_files_begin(f, &spec, 1, &fd, &e) < 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(strstr(e.text, "cannot make the program's files"));
    begin(f, &spec, 1, &fd);
    assert_whole(fd, 0, 10);
    (void)host_files_free(f);
    assert_null(host_files_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_have_pattern_size_and_mode),
        cmocka_unit_test(test_the_pool_is_used_again),
        cmocka_unit_test(test_what_a_program_changed_is_put_right),
        cmocka_unit_test(test_marks_belong_to_their_program),
        cmocka_unit_test(test_big_files_are_sparse),
        cmocka_unit_test(test_many_big_files_stay_in_budget),
        cmocka_unit_test(test_the_pool_does_not_grow_for_ever),
        cmocka_unit_test(test_no_descriptors_left_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
