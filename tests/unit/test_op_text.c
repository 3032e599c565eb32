/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/op, text: what is read, what is printed for it, and each way to be refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "op/text.h"

static void assert_reads(const char *text, const char *printed)
{
    struct prog p = PROG_INIT;
    struct buf out = BUF_INIT;
    struct err e = {""};

    if (prog_parse(&p, "t", text, strlen(text), &e) < 0) {
        fail_msg("%s: %s", text, e.text);
    }
    prog_print(&p, &out);
    assert_string_equal(buf_text(&out), printed);
    prog_free(&p);
    buf_free(&out);
}

static void assert_refused(const char *text, const char *message)
{
    struct prog p = PROG_INIT;
    struct err e = {""};

    assert_int_equal(prog_parse(&p, "t", text, strlen(text), &e), -EINVAL);
    assert_string_equal(e.text, message);
    assert_true(prog_equal(&p, &PROG_INIT));
    prog_free(&p);
}

static const char every_feature[] =
    "twinmap 1\n"
    "config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000 guest_base=0\n"
    "requires linux\n"
    "requires host_page=16384\n"
    "file f0 size=10000\n"
    "file f1 size=0 open=O_RDONLY\n"
    "file f2 size=1 open=O_WRONLY\n"
    "r0 = mmap(@0x10000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
    " = @0x10000\n"
    "store(r0+0x10, 32, 0xab) = ok\n"
    "munmap(r0+0x1000, 0x1000) = 0\n"
    "mprotect(r0, 0x2000, PROT_READ) = -1 ENOMEM\n"
    "r1 = mmap(NULL, 0x2000, PROT_READ, MAP_SHARED, f0, 0x1000) = ok\n"
    "mmap(0x7fff0000, 0xffffffffffffffff, PROT_NONE, MAP_SHARED_VALIDATE|0x10, 7, 0) = -1\n"
    "load(r0+0x10, 32) = 0xab\n"
    "load(r0-0x4000, 1) = SIGSEGV\n"
    "load(r1+9, 1) = SIGBUS\n"
    "r2 = mremap(r1, 0x2000, 0x3000, MREMAP_MAYMOVE) = r1+0x1000\n"
    "mremap(r2, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x40000) = NULL\n"
    "msync(r2, 0x1000, MS_SYNC)\n"
    "madvise(r0, 0x1000, MADV_DONTNEED)\n"
    "madvise(r0, 1, 99)\n"
    "exec(r0) = ok\n"
    "fork()\n"
    "store(r0, 1, 0x11) = 0\n"
    "wait()\n"
    "host_fail(2, ENOMEM)\n";

static void test_canonical_text_is_itself(void **state)
{
    (void)state;
    assert_reads(every_feature, every_feature);
}

static void test_comments_and_line_ends(void **state)
{
    (void)state;
    assert_reads("# partial munmap under a big host page\n"
                 "config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000\n"
                 "\n"
                 "fork()   # a comment, \xc3\xa4 too\r\n"
                 "wait()\n"
                 "host_fail(2, ENOMEM)            # the 2nd host call of the next op fails",
                 "twinmap 1\n"
                 "config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000\n"
                 "fork()\nwait()\nhost_fail(2, ENOMEM)\n");
}

/* Spellings that are read but not printed so. */
static void test_other_spellings(void **state)
{
    static const struct {
        const char *read;
        const char *printed;
    } rows[] = {
        {"munmap( 0 ,4096 )=0", "munmap(NULL, 0x1000) = 0\n"},
        {"munmap(-4096, 4096)", "munmap(0xfffffffffffff000, 0x1000)\n"},
        {"munmap(@0, 0X10)", "munmap(@0, 0x10)\n"},
        {"munmap(@16, 18446744073709551615)", "munmap(@0x10, 0xffffffffffffffff)\n"},
        {"mmap(0,1,0x3,MAP_ANON|0|0x40|MAP_PRIVATE,-1,-1)",
         "mmap(NULL, 1, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|0x40, -1, "
         "0xffffffffffffffff)\n"},
        {"mmap(NULL, 1, PROT_MAX(PROT_READ)|PROT_READ, MAP_ALIGNED(12) | MAP_GUARD, 2147483647, 0)",
         "mmap(NULL, 1, PROT_READ|PROT_MAX(PROT_READ), MAP_GUARD|MAP_ALIGNED(12), 2147483647, "
         "0)\n"},
        {"mremap(0, 0, 0, MREMAP_DONTUNMAP)", "mremap(NULL, 0, 0, MREMAP_DONTUNMAP, NULL)\n"},
        {"msync(0, 0, MS_ASYNC|8)", "msync(NULL, 0, MS_ASYNC|0x8)\n"},
        {"munmap(0, 1) = -1 ENOTSUP", "munmap(NULL, 1) = -1 EOPNOTSUPP\n"},
        {"load(0, 1) = 171", "load(NULL, 1) = 0xab\n"},
        {"mmap(0,1,0,0,-1,0) = 0xffffffffffffffff",
         "mmap(NULL, 1, PROT_NONE, 0, -1, 0) = 0xffffffffffffffff\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf printed = BUF_INIT;

        buf_fmt(&printed, "twinmap 1\n%s", rows[i].printed);
        assert_reads(rows[i].read, buf_text(&printed));
        buf_free(&printed);
    }
}

static void test_several_config_lines(void **state)
{
    (void)state;
    assert_reads("config reserved=4294967296\nconfig bits=64 host_page=65536\n",
                 "twinmap 1\nconfig host_page=65536 bits=64 reserved=0x100000000\n");
    assert_reads("", "twinmap 1\n");
    assert_reads("config reserved=0", "twinmap 1\nconfig reserved=0\n");
}

/* A number of result by itself: result relative values wrap at 2^64 both ways. */
static void test_result_offsets_wrap(void **state)
{
    (void)state;
    assert_reads("r4095 = mmap(0,1,0,0,-1,0)\nmunmap(r4095-1, 1)\n"
                 "munmap(r4095+0xffffffffffffffff, 1)\nmunmap(r4095 - 0x8000000000000000, 1)",
                 "twinmap 1\nr4095 = mmap(NULL, 1, PROT_NONE, 0, -1, 0)\n"
                 "munmap(r4095-1, 1)\nmunmap(r4095-1, 1)\nmunmap(r4095-0x8000000000000000, 1)\n");
}

static void test_refuses_ops(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"mmmap()", "t:1:1: read 'mmmap', expected mmap, munmap, mprotect, mremap, msync, madvise, "
                    "store, load, fork, wait, host_fail, exec, config, requires or file"},
        {"\n  munmap(r9, 1)", "t:2:10: read 'r9', expected a result that is set before"},
        {"r1 = mmap(r1,1,0,0,-1,0)", "t:1:11: read 'r1', expected a result that is set before"},
        {"r0 = mmap(0,1,0,0,-1,0)\nr0 = mmap(0,1,0,0,-1,0)",
         "t:2:1: read 'r0', expected a result that is not set yet"},
        {"r4096 = mmap(0,1,0,0,-1,0)", "t:1:1: read 'r4096', expected a result from r0 to r4095"},
        {"r99999999999999999999999 = mmap(0,1,0,0,-1,0)",
         "t:1:1: read 'r99999999999999999999999', expected a result from r0 to r4095"},
        {"r0 = munmap(0, 1)",
         "t:1:6: read 'munmap', expected mmap or mremap, whose result is an address"},
        {"munmap(0x10000000000000000, 1)",
         "t:1:8: read '0x10000000000000000', expected a number below 2^64"},
        {"munmap(0, 99999999999999999999)",
         "t:1:11: read '99999999999999999999', expected a number below 2^64"},
        {"munmap(0, -9223372036854775809)",
         "t:1:11: read '-9223372036854775809', expected a number not below -2^63"},
        {"munmap(0, 010)", "t:1:11: read '010', expected a length in bytes"},
        {"munmap(0, 0x)", "t:1:11: read '0x', expected a length in bytes"},
        {"munmap(0, 1f)", "t:1:11: read '1f', expected a length in bytes"},
        {"munmap(f0, 1)", "t:1:8: read 'f0', expected an address (NULL, @N, rN, rN+N or a number)"},
        {"munmap(@, 1)", "t:1:9: read ',', expected a number"},
        {"munmap(0 1)", "t:1:10: read '1', expected ','"},
        {"munmap(0)", "t:1:9: read ')', expected ','"},
        {"munmap(0, 1, 2)", "t:1:12: read ',', expected ')'"},
        {"munmap(0, 1", "t:1:12: read the end of the file, expected ')'"},
        {"munmap(0, 1\n)", "t:1:12: read the end of the line, expected ')'"},
        {"munmap", "t:1:7: read the end of the file, expected '('"},
        {"munmap(0, 1) now", "t:1:14: read 'now', expected the end of the line"},
        {"fork() = 0", "t:1:8: read '=', expected the end of the line"},
        {"store(0, 1, 256)", "t:1:13: read '256', expected a byte from 0 to 255"},
        {"store(0, 1048577, 1)", "t:1:10: read '1048577', expected a length from 1 to 1048576"},
        {"load(0, 0)", "t:1:9: read '0', expected a length from 1 to 1048576"},
        {"host_fail(0, ENOMEM)", "t:1:11: read '0', expected a count from 1 to 1000000"},
        {"host_fail(1, EWHAT)", "t:1:14: read 'EWHAT', expected the name of an errno"},
        {"host_fail(1, 12)", "t:1:14: read '12', expected the name of an errno"},
        {"wait()", "t:1:1: read 'wait', expected a fork() before it that has no wait() yet"},
        {"fork()\nwait()\nwait()",
         "t:3:1: read 'wait', expected a fork() before it that has no wait() yet"},
        {"fork()\nfork()\nfork()\nfork()\nfork()", "t:5:1: read 'fork', expected at most 4 forks"},
        {"= 0", "t:1:1: read '=', expected mmap, munmap, mprotect, mremap, msync, madvise, store, "
                "load, fork, wait, host_fail, exec, config, requires or file"},
        {"munmap(0, 1)\nconfig bits=32",
         "t:2:1: read 'config', expected an op, as the head is over with the first op"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(rows[i].text, rows[i].message);
    }
}

static void test_refuses_flags_and_descriptors(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"mprotect(0, 1, PROT_REED)",
         "t:1:16: read 'PROT_REED', expected a protection (PROT_READ|... or 0)"},
        {"mprotect(0, 1, PROT_READ|)",
         "t:1:26: read ')', expected a protection (PROT_READ|... or 0)"},
        {"mprotect(0, 1, PROT_READ||PROT_EXEC)",
         "t:1:26: read '|', expected a protection (PROT_READ|... or 0)"},
        {"mprotect(0, 1, 0x100000000)", "t:1:16: read '0x100000000', expected flags of 32 bits"},
        {"mprotect(0, 1, PROT_MAX(PROT_SEM))",
         "t:1:16: read 'PROT_MAX(PROT_SEM)', expected a protection (PROT_READ|... or 0)"},
        {"mmap(0, 1, 0, MAP_COPY, -1, 0)",
         "t:1:15: read 'MAP_COPY', expected a map flag (MAP_PRIVATE|... or 0)"},
        {"mmap(0, 1, 0, MAP_ALIGNED(999), -1, 0)",
         "t:1:15: read 'MAP_ALIGNED(999)', expected a map flag (MAP_PRIVATE|... or 0)"},
        {"mmap(0, 1, 0, MAP_ALIGNED(9",
         "t:1:15: read 'MAP_ALIGNED', expected a map flag (MAP_PRIVATE|... or 0)"},
        {"mmap(0, 1, 0, 0, f0, 0)",
         "t:1:18: read 'f0', expected a file that is declared (file fN size=S)"},
        {"file f0 size=1\nmmap(0, 1, 0, 0, f1, 0)",
         "t:2:18: read 'f1', expected a file that is declared (file fN size=S)"},
        {"mmap(0, 1, 0, 0, 2147483648, 0)",
         "t:1:18: read '2147483648', expected a descriptor number of 32 bits"},
        {"mmap(0, 1, 0, 0, -2147483649, 0)",
         "t:1:18: read '-2147483649', expected a descriptor number of 32 bits"},
        {"mmap(0, 1, 0, 0, r0, 0)",
         "t:1:18: read 'r0', expected a file (fN) or a descriptor number"},
        {"mremap(0, 1, 1, MREMAP_STAY)",
         "t:1:17: read 'MREMAP_STAY', expected an mremap flag (MREMAP_MAYMOVE|... or 0)"},
        {"mremap(0, 1, 1, MREMAP_MAYMOVE, 0)",
         "t:1:31: read ',', expected ')', as there is neither MREMAP_FIXED nor MREMAP_DONTUNMAP"},
        {"mremap(0, 1, 1, MREMAP_FIXED)", "t:1:29: read ')', expected ','"},
        {"msync(0, 1, MS_NEVER)",
         "t:1:13: read 'MS_NEVER', expected an msync flag (MS_SYNC|... or a number)"},
        {"madvise(0, 1, MADV_SOLDIER)", "t:1:15: read 'MADV_SOLDIER', expected an advice "
                                        "(MADV_DONTNEED, ... or a number below 65536)"},
        {"madvise(0, 1, 65536)",
         "t:1:15: read '65536', expected an advice (MADV_DONTNEED, ... or a "
         "number below 65536)"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(rows[i].text, rows[i].message);
    }
}

static void test_refuses_expectations(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"munmap(0, 1) = 1", "t:1:16: read '1', expected ok, 0, -1 or -1 ERRNO"},
        {"munmap(0, 1) = SIGSEGV", "t:1:16: read 'SIGSEGV', expected ok, 0, -1 or -1 ERRNO"},
        {"munmap(0, 1) =", "t:1:15: read the end of the file, expected ok, 0, -1 or -1 ERRNO"},
        {"munmap(0, 1) = -2", "t:1:16: read '-2', expected ok, 0, -1 or -1 ERRNO"},
        {"munmap(0, 1) = -1 12", "t:1:19: read '12', expected the name of an errno"},
        {"munmap(0, 1) = -1 ENOMEM (no)", "t:1:26: read '(', expected the end of the line"},
        {"mmap(0,1,0,0,-1,0) = SIGBUS",
         "t:1:22: read 'SIGBUS', expected ok, an address, -1 or -1 ERRNO"},
        {"r0 = mmap(0,1,0,0,-1,0) = r0", "t:1:27: read 'r0', expected a result that is set before"},
        {"load(0, 1) = 256", "t:1:14: read '256', expected a byte, ok, SIGSEGV or SIGBUS"},
        {"load(0, 1) = -1", "t:1:14: read '-1', expected a byte, ok, SIGSEGV or SIGBUS"},
        {"store(0, 1, 1) = -1 EFAULT", "t:1:18: read '-1', expected ok, SIGSEGV or SIGBUS"},
        {"exec(0) = SIGILL", "t:1:11: read 'SIGILL', expected ok, SIGSEGV or SIGBUS"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(rows[i].text, rows[i].message);
    }
}

static void test_refuses_heads(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"twinmap 2", "t:1:9: read '2', expected 1, the one version that this twinmap reads"},
        {"twinmap", "t:1:8: read the end of the file, expected the version 1"},
        {"config bits=32\ntwinmap 1",
         "t:2:1: read 'twinmap', expected the version in the first line only"},
        {"config colour=1",
         "t:1:8: read 'colour', expected guest_page, host_page, bits, reserved or guest_base"},
        {"config",
         "t:1:7: read the end of the file, expected guest_page, host_page, bits, reserved "
         "or guest_base"},
        {"config bits=48", "t:1:13: read '48', expected 32 or 64"},
        {"config bits=many", "t:1:13: read 'many', expected 32 or 64"},
        {"config bits 32", "t:1:13: read '32', expected '='"},
        {"config guest_page=2048", "t:1:19: read '2048', expected 4096, 8192, 16384 or 65536"},
        {"config host_page=8192", "t:1:18: read '8192', expected 4096, 16384 or 65536"},
        {"config guest_base=2", "t:1:19: read '2', expected 0 or 1"},
        {"config bits=32\nconfig bits=32", "t:2:8: read 'bits', expected each key once"},
        {"config reserved=4096", "t:1:17: read '4096', expected 0 or whole host pages from 64 KiB "
                                 "to the window's size"},
        {"config reserved=0x11000\nconfig host_page=16384\nfork()",
         "t:1:17: read '0x11000', expected 0 or whole host pages from 64 KiB to the window's size"},
        {"config reserved=0x100010000 bits=32", "t:1:17: read '0x100010000', expected 0 or whole "
                                                "host pages from 64 KiB to the window's size"},
        {"requires plan9",
         "t:1:10: read 'plan9', expected linux, freebsd, guest_page=, host_page=, "
         "bits=, h_eq_g, h_lt_g, h_gt_g, reserved or no_reserved"},
        {"requires linux freebsd", "t:1:16: read 'freebsd', expected the end of the line"},
        {"requires bits", "t:1:14: read the end of the file, expected '='"},
        {"requires bits=16", "t:1:15: read '16', expected 32 or 64"},
        {"file f1 size=1", "t:1:6: read 'f1', expected f0"},
        {"file f0", "t:1:8: read the end of the file, expected size="},
        {"file f0 size=x", "t:1:14: read 'x', expected a size in bytes"},
        {"file f0 size=8589934593",
         "t:1:14: read '8589934593', expected a size of at most 8589934592"},
        {"file f0 size=1 mode=7", "t:1:16: read 'mode', expected open= or the end of the line"},
        {"file f0 size=1 open=O_TRUNC",
         "t:1:21: read 'O_TRUNC', expected O_RDONLY, O_WRONLY or O_RDWR"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(rows[i].text, rows[i].message);
    }
}

static void test_refuses_what_is_no_text(void **state)
{
    struct prog p = PROG_INIT;
    struct err e;

    (void)state;
    assert_int_equal(prog_parse(&p, "t", "fork()\n\0", 8, &e), -EINVAL);
    assert_string_equal(e.text, "t:2:1: read '\\x00', expected text");
    assert_refused("# \xff", "t:1:3: read '\\xff', expected text");
    assert_refused("# \xc3", "t:1:3: read '\\xc3', expected text");
    assert_refused("\x7f", "t:1:1: read '\\x7f', expected text");
    assert_refused("\xc3\xa4",
                   "t:1:1: read '\\xc3', expected mmap, munmap, mprotect, mremap, msync, "
                   "madvise, store, load, fork, wait, host_fail, exec, config, requires "
                   "or file");
    prog_free(&p);
}

/* One line per repetition of WHAT; read as it is with MAX of them, refused with one more. */
static void assert_bound(const char *what, unsigned max, const char *message)
{
    struct buf text = BUF_INIT;
    struct prog p = PROG_INIT;
    struct err e = {""};

    for (unsigned i = 0; i < max; i++) {
        buf_fmt(&text, what, i);
    }
    assert_int_equal(prog_parse(&p, "t", buf_text(&text), text.len, &e), 0);
    buf_fmt(&text, what, max);
    assert_int_equal(prog_parse(&p, "t", buf_text(&text), text.len, &e), -EINVAL);
    assert_string_equal(e.text, message);
    prog_free(&p);
    buf_free(&text);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void test_refuses_too_many(void **state)
{
    (void)state;
    assert_bound("munmap(@%u, 1)\n", 4096, "t:4097:1: read 'munmap', expected at most 4096 ops");
    assert_bound("file f%u size=1\n", 256, "t:257:6: read 'f256', expected at most 256 files");
    assert_bound("requires linux # %u\n", 16,
                 "t:17:10: read 'linux', expected at most 16 requirements");
}
#pragma GCC diagnostic pop

/* The message is one line, however long the word and the name are. */
static void test_message_is_short(void **state)
{
    struct prog p = PROG_INIT;
    struct err e;
    char text[2000];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(prog_parse(&p, "t", text, sizeof(text), &e), -EINVAL);
    assert_non_null(strstr(e.text, "read 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...', expected"));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(prog_parse(&p, text, "x", 1, &e), -EINVAL);
    assert_true(strlen(e.text) < 450);
    prog_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_text_is_itself),
        cmocka_unit_test(test_comments_and_line_ends),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_several_config_lines),
        cmocka_unit_test(test_result_offsets_wrap),
        cmocka_unit_test(test_refuses_ops),
        cmocka_unit_test(test_refuses_flags_and_descriptors),
        cmocka_unit_test(test_refuses_expectations),
        cmocka_unit_test(test_refuses_heads),
        cmocka_unit_test(test_refuses_what_is_no_text),
        cmocka_unit_test(test_refuses_too_many),
        cmocka_unit_test(test_message_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
