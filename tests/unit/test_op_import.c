/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Import of strace logs: whole logs against the programs in tests/data/import (TEST_REWRITE=1
 * writes them anew), single situations against the ops they become, unreadable logs against the
 * place they are refused at.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "op/import.h"
#include "op/text.h"

struct imported {
    struct import_space *spaces;
    size_t n;
};

static void import_text(struct imported *im, const char *text)
{
    struct err e = {""};

    if (import_strace("dir/test.log", text, strlen(text), &im->spaces, &im->n, &e) < 0) {
        fail_msg("%s", e.text);
    }
    for (size_t i = 0; i < im->n; i++) {
        if (prog_check(&im->spaces[i].prog, &e) < 0) {
            fail_msg("%s", e.text);
        }
    }
}

static void data_path(struct buf *path, const char *name)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");

    buf_clear(path);
    buf_fmt(path, "%s/tests/data/import/%s", root ? root : ".", name);
}

static void assert_golden(const struct import_space *s, const char *name)
{
    struct buf path = BUF_INIT;
    struct buf got = BUF_INIT;
    struct buf want = BUF_INIT;
    struct prog back = PROG_INIT;
    struct err e = {""};

    data_path(&path, name);
    import_print(s, &got);
    if (getenv("TEST_REWRITE")) {
        assert_int_equal(buf_write_file(&got, path.data, &e), 0);
    } else if (buf_read_file(&want, path.data, &e) < 0) {
        fail_msg("%s", e.text);
    } else {
        assert_string_equal(buf_text(&got), buf_text(&want));
    }
    if (prog_parse(&back, name, got.data, got.len, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_true(prog_equal(&back, &s->prog));
    prog_free(&back);
    buf_free(&path);
    buf_free(&got);
    buf_free(&want);
}

/* LOG gives exactly the programs NAMES. */
static void check_log(const char *log, const char *const *names, size_t n)
{
    struct imported im;
    struct buf path = BUF_INIT;
    struct buf text = BUF_INIT;
    struct err e = {""};

    data_path(&path, log);
    if (buf_read_file(&text, path.data, &e) < 0 ||
        import_strace(path.data, text.data, text.len, &im.spaces, &im.n, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(im.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_golden(&im.spaces[i], names[i]);
    }
    import_free(im.spaces, im.n);
    buf_free(&path);
    buf_free(&text);
}

static void test_a_process(void **state)
{
    static const char *const names[] = {"process.tm"};

    (void)state;
    check_log("process.strace", names, 1);
}

static void test_threads_and_a_second_program(void **state)
{
    static const char *const names[] = {"threads.tm", "threads.2.tm"};

    (void)state;
    check_log("threads.strace", names, 2);
}

/* The ops of space I of LOG, one per line, are OPS; its notes contain NOTE. */
static void check_space(const char *log, size_t i, const char *ops, const char *note)
{
    struct imported im;
    struct buf got = BUF_INIT;

    import_text(&im, log);
    assert_in_range(i, 0, im.n - 1);
    for (size_t k = 0; k < im.spaces[i].prog.ops.n; k++) {
        const struct op *op = &im.spaces[i].prog.ops.v[k];

        op_print(op, &got);
        expect_print(&op->expect, (enum op_kind)op->kind, &got);
        buf_str(&got, "\n");
    }
    assert_string_equal(buf_text(&got), ops);
    if (!strstr(buf_text(&im.spaces[i].notes), note)) {
        fail_msg("'%s' is not in\n%s", note, buf_text(&im.spaces[i].notes));
    }
    buf_free(&got);
    import_free(im.spaces, im.n);
}

#define RW "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"
#define RW_FIXED "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"

static void test_forms_of_lines(void **state)
{
    (void)state;
    check_space("strace: Process 7 attached\n"
                "[pid     7] 12:30:01.5 mmap(NULL, 0x1000, " RW " = 0x10000\n"
                "[pid     7] <... futex resumed>) = 0\n"
                "\n"
                "7     1700000000.123456 munmap(0x10000, 4096)        = 0\r\n"
                "7     mmap(NULL, 4096, " RW " = ?\n"
                "7     --- SIGSEGV {si_signo=SIGSEGV} ---\n",
                0,
                "r0 = mmap(NULL, 0x1000, " RW " = ok\n"
                "munmap(r0, 0x1000) = ok\n",
                "process 7");
    /* Without a pid; the last line has no newline. */
    check_space("mmap(NULL, 4096, " RW " = 0x10000\n"
                "mprotect(0x10000, 4096, PROT_NONE) = 0",
                0,
                "r0 = mmap(NULL, 0x1000, " RW " = ok\n"
                "mprotect(r0, 0x1000, PROT_NONE) = ok\n",
                "test.log, process 0");
}

static void test_ranges_over_several_maps(void **state)
{
    (void)state;
    check_space("mmap(NULL, 8192, " RW " = 0x20000\n"
                "mmap(NULL, 8192, " RW " = 0x22000\n"
                "mprotect(0x21000, 8192, PROT_READ) = 0\n"
                "mmap(0x21000, 8192, " RW_FIXED " = 0x21000\n"
                "munmap(0x1f000, 20480) = 0\n",
                0,
                "r0 = mmap(NULL, 0x2000, " RW " = ok\n"
                "r1 = mmap(NULL, 0x2000, " RW " = ok\n"
                "mprotect(r0+0x1000, 0x1000, PROT_READ) = ok\n"
                "mprotect(r1, 0x1000, PROT_READ) = ok\n"
                "mmap(r0+0x1000, 0x1000, " RW_FIXED " = ok\n"
                "mmap(r1, 0x1000, " RW_FIXED " = ok\n"
                "munmap(r0, 0x2000) = ok\n"
                "munmap(r1, 0x2000) = ok\n",
                "");
}

static void test_newest_map_of_an_address_counts(void **state)
{
    (void)state;
    check_space("mmap(NULL, 16384, " RW " = 0x20000\n"
                "munmap(0x21000, 4096) = 0\n"
                "mmap(NULL, 4096, " RW " = 0x21000\n"
                "madvise(0x20000, 12288, MADV_DONTNEED) = 0\n"
                "munmap(0x21000, 4096) = 0\n"
                "mmap(0x21000, 4096, " RW " = 0x21000\n"
                "msync(0x21000, 4096, MS_SYNC|MS_INVALIDATE) = 0\n",
                0,
                "r0 = mmap(NULL, 0x4000, " RW " = ok\n"
                "munmap(r0+0x1000, 0x1000) = ok\n"
                "r1 = mmap(NULL, 0x1000, " RW " = ok\n"
                "madvise(r0, 0x1000, MADV_DONTNEED) = ok\n"
                "madvise(r1, 0x1000, MADV_DONTNEED) = ok\n"
                "madvise(r0+0x2000, 0x1000, MADV_DONTNEED) = ok\n"
                "munmap(r1, 0x1000) = ok\n"
                "r2 = mmap(r1, 0x1000, " RW " = ok\n"
                "msync(r2, 0x1000, MS_INVALIDATE|MS_SYNC) = ok\n",
                "");
}

static void test_heap_shrinks_and_grows(void **state)
{
    (void)state;
    check_space(
        "brk(NULL) = 0x1000800\n"
        "brk(0x1003000) = 0x1003000\n"
        "brk(0x1002000) = 0x1002000\n"
        "brk(0x9999999999) = 0x1002000\n",
        0,
        "r0 = mmap(NULL, 0x2000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok\n"
        "mmap(r0, 0x2000, " RW_FIXED " = ok\n"
        "munmap(r0+0x1000, 0x1000) = ok\n",
        "r0 keeps the place of the heap, 0x1001000 to 0x1002fff");
    /* What will be heap again must not be given away meanwhile. */
    check_space(
        "brk(NULL) = 0x1001000\n"
        "brk(0x1003000) = 0x1003000\n"
        "brk(0x1001000) = 0x1001000\n"
        "brk(0x1004000) = 0x1004000\n",
        0,
        "r0 = mmap(NULL, 0x3000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok\n"
        "mmap(r0, 0x2000, " RW_FIXED " = ok\n"
        "mmap(r0, 0x2000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok\n"
        "mmap(r0, 0x3000, " RW_FIXED " = ok\n",
        "");
}

static void test_memory_nobody_mapped(void **state)
{
    /* Two places far apart, one of them in two pieces. */
    check_space("mprotect(0x1000000, 4096, PROT_READ) = 0\n"
                "mprotect(0x1004000, 4096, PROT_READ) = 0\n"
                "munmap(0x9000000, 8192) = 0\n"
                "mprotect(0x5000, 4096, PROT_READ) = -1 ENOMEM (Cannot allocate memory)\n",
                0,
                "r0 = mmap(NULL, 0x25000, PROT_READ|PROT_WRITE, "
                "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok\n"
                "r1 = mmap(NULL, 0x22000, PROT_READ|PROT_WRITE, "
                "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok\n"
                "mprotect(r0+0x10000, 0x1000, PROT_READ) = ok\n"
                "mprotect(r0+0x14000, 0x1000, PROT_READ) = ok\n"
                "munmap(r1+0x10000, 0x2000) = ok\n",
                "line 4: left out");
    (void)state;
}

static void test_mremap_forms(void **state)
{
    (void)state;
    check_space(
        "mmap(NULL, 16384, " RW " = 0x20000\n"
        "mmap(NULL, 16384, " RW " = 0x40000\n"
        "mremap(0x20000, 4096, 8192, 0) = -1 ENOMEM (Cannot allocate memory)\n"
        "mremap(0x20000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x41000) = 0x41000\n"
        "munmap(0x41000, 4096) = 0\n"
        "mremap(0x21000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x900000) = 0x900000\n"
        "mremap(0x22000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = 0x800000\n"
        "munmap(0x22000, 4096) = 0\n",
        0,
        "r0 = mmap(NULL, 0x4000, " RW " = ok\n"
        "r1 = mmap(NULL, 0x4000, " RW " = ok\n"
        "mremap(r0, 0x1000, 0x2000, 0) = -1 ENOMEM\n"
        "r2 = mremap(r0, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, r1+0x1000) = ok\n"
        "munmap(r2, 0x1000) = ok\n"
        "r3 = mremap(r0+0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE) = ok\n"
        "r4 = mremap(r0+0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = ok\n"
        "munmap(r0+0x2000, 0x1000) = ok\n",
        "line 6: moved anywhere");
    check_space("mmap(NULL, 4096, " RW " = 0x20000\n"
                "mmap(NULL, 4096, " RW " = 0x21000\n"
                "mremap(0x20000, 8192, 16384, MREMAP_MAYMOVE) = 0x50000\n"
                "munmap(0x50000, 16384) = 0\n",
                0,
                "r0 = mmap(NULL, 0x1000, " RW " = ok\n"
                "r1 = mmap(NULL, 0x1000, " RW " = ok\n"
                "r2 = mmap(NULL, 0x4000, " RW " = ok\n"
                "munmap(r2, 0x4000) = ok\n",
                "line 3: new memory");
}

static void test_expected_errors(void **state)
{
    (void)state;
    check_space(
        "mmap(NULL, 8192, " RW " = 0x20000\n"
        "mprotect(0x20001, 4096, PROT_READ) = -1 EINVAL (Invalid argument)\n"
        "munmap(0x21001, 4096) = -1 EINVAL (Invalid argument)\n"
        "madvise(0x20000, 4096, MADV_WIPEONFORK) = -1 EREMCHG (Remote address changed)\n"
        "mmap(0x20000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0)"
        " = -1 EEXIST (File exists)\n"
        "mmap(NULL, 0, " RW " = -1 EINVAL (Invalid argument)\n",
        0,
        "r0 = mmap(NULL, 0x2000, " RW " = ok\n"
        "mprotect(r0+1, 0x1000, PROT_READ) = -1 EINVAL\n"
        "munmap(r0+0x1001, 0x1000) = -1 EINVAL\n"
        "madvise(r0, 0x1000, MADV_WIPEONFORK) = -1\n"
        "mmap(r0, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 "
        "EEXIST\n"
        "mmap(NULL, 0, " RW " = -1 EINVAL\n",
        "");
}

static void test_flags_without_a_name_and_costly_ones(void **state)
{
    (void)state;
    check_space(
        "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|0x8000000 /* MAP_??? */, -1, 0) = "
        "0x20000\n"
        "mmap(NULL, 8388608, PROT_READ, MAP_FILE|MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = "
        "0x800000\n"
        "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x30000\n"
        "madvise(0x20000, 4096, MADV_COLLAPSE) = 0\n",
        0,
        "r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|0x8000000, -1, 0) = ok\n"
        "r1 = mmap(NULL, 0x800000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok\n"
        "r2 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = ok\n",
        "line 2: without MAP_LOCKED");
}

/* The files of the only space, "size open" each, are FILES. */
static void check_files(const char *log, const char *files)
{
    static const char *const modes[PROG_OPEN_COUNT] = {"rw", "ro", "wo"};
    struct imported im;
    struct buf got = BUF_INIT;

    import_text(&im, log);
    assert_int_equal(im.n, 1);
    for (size_t i = 0; i < im.spaces[0].prog.files.n; i++) {
        const struct prog_file *f = &im.spaces[0].prog.files.v[i];

        buf_fmt(&got, "%llu %s\n", (unsigned long long)f->size, modes[f->open]);
    }
    assert_string_equal(buf_text(&got), files);
    buf_free(&got);
    import_free(im.spaces, im.n);
}

#define MAP_FD(fd, len) "mmap(NULL, " len ", PROT_READ, MAP_SHARED, " fd ", 0) = 0x100000\n"

static void test_sizes_and_modes_of_files(void **state)
{
    (void)state;
    check_files(
        "openat(AT_FDCWD, \"a\", O_RDWR|O_CREAT, 0600) = 3</tmp/a>\n"
        "fstat(3</tmp/a>, {st_mode=S_IFREG|0600, st_size=77, ...}) = 0\n" MAP_FD(
            "3</tmp/a>",
            "4096") "close(3) = 0\n"
                    "openat(AT_FDCWD, \"b\", O_RDONLY) = 3\n"
                    "statx(3, \"\", AT_STATX_SYNC_AS_STAT|AT_EMPTY_PATH, STATX_ALL, "
                    "{stx_mask=STATX_ALL, "
                    "stx_mode=S_IFREG|0644, stx_size=9000, ...}) = 0\n" MAP_FD(
                        "3", "4096") "memfd_create(\"m\", MFD_CLOEXEC) = 5\n"
                                     "ftruncate(5, 12345) = 0\n" MAP_FD(
                                         "5", "4096") "openat(AT_FDCWD, \"unknown\", O_WRONLY) = "
                                                      "6\n" MAP_FD("6", "5000") MAP_FD(
                                                          "7",
                                                          "4096") "stat(\"by-path\", "
                                                                  "{st_mode=S_IFREG|0644, "
                                                                  "st_size=31, ...}) = 0\n"
                                                                  "openat(AT_FDCWD, \"by-path\", "
                                                                  "O_RDONLY) = 8\n" MAP_FD("8",
                                                                                           "4096"),
        "77 rw\n9000 ro\n12345 rw\n8192 wo\n4096 rw\n31 ro\n");
}

static void test_descriptors_are_reused_and_duplicated(void **state)
{
    (void)state;
    /*
     * One path opened twice alike is one file; a duplicate is the same file; 3 then means another.
     */
    check_files(
        "openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n"
        "newfstatat(3, \"\", {st_mode=S_IFREG|0644, st_size=11, ...}, AT_EMPTY_PATH) = 0\n" MAP_FD(
            "3", "4096") "dup2(3, 9) = 9\n"
                         "fcntl(3, F_DUPFD_CLOEXEC, 10) = 10\n"
                         "close(3) = 0\n"
                         "openat(AT_FDCWD, \"/b\", O_RDONLY) = 3\n"
                         "newfstatat(3, \"\", {st_mode=S_IFREG|0644, st_size=22, ...}, "
                         "AT_EMPTY_PATH) = 0\n" MAP_FD("9", "4096") MAP_FD("10", "4096") MAP_FD(
                             "3",
                             "4096") "close(3) = 0\n"
                                     "openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n" MAP_FD(
                                         "3",
                                         "4096") "openat(AT_FDCWD, \"/a\", O_RDWR) = 4\n"
                                                 "newfstatat(4, \"\", {st_mode=S_IFREG|0644, "
                                                 "st_size=11, ...}, AT_EMPTY_PATH) = 0\n" MAP_FD(
                                                     "4", "4096"),
        "11 ro\n22 ro\n11 rw\n");
}

static void test_devices_are_no_files(void **state)
{
    (void)state;
    check_space("openat(AT_FDCWD, \"/dev/zero\", O_RDWR) = 3\n"
                "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x30000\n"
                "openat(AT_FDCWD, \"/usr\", O_RDONLY|O_DIRECTORY) = 4\n"
                "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 4, 0) = -1 ENODEV (No such device)\n"
                "munmap(0x30000, 4096) = 0\n",
                0,
                "r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok\n"
                "munmap(r0, 0x1000) = ok\n",
                "line 2: anonymous memory");
}

/* How many address spaces LOG has. */
static void check_count(const char *log, size_t n)
{
    struct imported im;

    import_text(&im, log);
    assert_int_equal(im.n, n);
    import_free(im.spaces, im.n);
}

#define MAP "mmap(NULL, 4096, " RW " = 0x30000\n"

static void test_who_shares_an_address_space(void **state)
{
    (void)state;
    /*
     * Seen to be made with and without the memory of its parent; the child's lines may come first.
     */
    check_count("1 " MAP "1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, ...}, 88) = 2\n2 " MAP,
                1);
    check_count("1 " MAP "1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2\n2 " MAP,
                2);
    check_count("1 " MAP "1 vfork( <unfinished ...>\n2 " MAP "1 <... vfork resumed>) = 2\n", 1);
    check_count("1 " MAP "1 fork( <unfinished ...>\n2 " MAP "1 <... fork resumed>) = 2\n", 2);
    /* Unseen: a program begins with a question for its break. */
    check_count("1 " MAP "2 " MAP, 1);
    check_count("1 " MAP "2 close(3) = 0\n2 brk(NULL) = 0x5000\n2 " MAP, 2);
    /* execve, seen or unseen: a break that nobody set. */
    check_count(
        "1 brk(NULL) = 0x5000\n1 " MAP "1 execve(\"/bin/true\", [\"true\"], 0x1) = 0\n1 " MAP, 2);
    check_count("1 brk(NULL) = 0x5000\n1 " MAP "1 brk(NULL) = 0x5000\n1 " MAP, 1);
    check_count("1 brk(NULL) = 0x5000\n1 " MAP "1 brk(NULL) = 0x7000\n1 " MAP, 2);
}

static void test_descriptors_of_a_child(void **state)
{
    (void)state;
    /* The child closes its own 3, not its parent's. */
    check_files("1 openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n"
                "1 fstat(3, {st_mode=S_IFREG|0644, st_size=11, ...}) = 0\n"
                "2 close(3) = 0\n"
                "1 " MAP_FD("3", "4096"),
                "11 ro\n");
}

static void check_refused(const char *log, const char *message)
{
    struct import_space *spaces = NULL;
    struct err e = {""};
    size_t n = 0;

    assert_int_equal(import_strace("x.log", log, strlen(log), &spaces, &n, &e), -EINVAL);
    assert_string_equal(e.text, message);
    assert_null(spaces);
}

static void test_unreadable_logs_are_refused_with_a_place(void **state)
{
    (void)state;
    check_refused(
        "", "x.log:1:1: no memory call in this log, expected strace -f -e trace=%memory,%desc");
    check_refused("hello\n", "x.log:1:1: read 'hello', expected a call, name(...) = result");
    check_refused("1 " MAP "1 <... mmap\n",
                  "x.log:2:3: read '<... mmap', expected '<... NAME resumed>'");
    check_refused("munmap(0x10000, 81x92) = 0\n", "x.log:1:17: read '81x92', expected a number");
    check_refused("munmap(0x10000) = 0\n", "x.log:1:15: read '', expected another argument");
    check_refused("munmap(0x10000, [{\n",
                  "x.log:1:19: read '', expected ')' at the end of the arguments");
    check_refused("munmap(0x10000, 4096)\n",
                  "x.log:1:22: read '', expected '=' and the result of the call");
    check_refused("munmap(0x10000, 4096) = x\n",
                  "x.log:1:25: read 'x', expected the result of the call");
    check_refused("\n12 mprotect(0x10000, 4096, PROT_READ|PROT_NOW) = 0\n",
                  "x.log:2:38: read 'PROT_NOW', expected a protection");
    check_refused("mmap(NULL, 4096, PROT_READ, MAP_NOW, -1, 0) = 0x1000\n",
                  "x.log:1:29: read 'MAP_NOW', expected a map flag");
    check_refused(
        "1 munmap(0x10000, <unfinished ...>\n2 close(3) = 0\n1 <... munmap resumed>4x96) = 0\n",
        "x.log:3:23: read '4x96', expected a number");
    check_refused("mmap(NULL, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000\n",
                  "x.log:1:12: read '0', expected a length that can succeed");
}

static void test_a_log_too_long_is_refused_with_a_place(void **state)
{
    struct import_space *spaces = NULL;
    struct buf log = BUF_INIT;
    struct err e = {""};
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < PROG_OPS_MAX + 1; i++) {
        buf_fmt(&log, "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x%x000\n",
                i + 1);
    }
    assert_int_equal(import_strace("x.log", log.data, log.len, &spaces, &n, &e), -E2BIG);
    assert_string_equal(e.text, "x.log:4097:1: more than 4096 ops in one address space");
    buf_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_process),
        cmocka_unit_test(test_threads_and_a_second_program),
        cmocka_unit_test(test_forms_of_lines),
        cmocka_unit_test(test_ranges_over_several_maps),
        cmocka_unit_test(test_newest_map_of_an_address_counts),
        cmocka_unit_test(test_heap_shrinks_and_grows),
        cmocka_unit_test(test_memory_nobody_mapped),
        cmocka_unit_test(test_mremap_forms),
        cmocka_unit_test(test_expected_errors),
        cmocka_unit_test(test_flags_without_a_name_and_costly_ones),
        cmocka_unit_test(test_sizes_and_modes_of_files),
        cmocka_unit_test(test_descriptors_are_reused_and_duplicated),
        cmocka_unit_test(test_devices_are_no_files),
        cmocka_unit_test(test_who_shares_an_address_space),
        cmocka_unit_test(test_descriptors_of_a_child),
        cmocka_unit_test(test_unreadable_logs_are_refused_with_a_place),
        cmocka_unit_test(test_a_log_too_long_is_refused_with_a_place),
    };

    return cmocka_run_group_tests_name("op-import", tests, NULL, NULL);
}
