/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/op, bytes: fixed encodings, totality at the edges, and how a file is loaded. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/int.h"
#include "op/codec.h"
#include "op/text.h"

static struct prog read_prog(const char *text)
{
    struct prog p = PROG_INIT;
    struct err e = {""};

    if (prog_parse(&p, "t", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    return p;
}

static void assert_round_trip(const char *text)
{
    struct prog p = read_prog(text);
    struct prog back = PROG_INIT;
    struct buf bytes = BUF_INIT;

    prog_encode(&p, &bytes);
    assert_int_equal(prog_decode(&back, (const uint8_t *)bytes.data, bytes.len), 0);
    assert_true(prog_equal(&p, &back));
    prog_free(&p);
    prog_free(&back);
    buf_free(&bytes);
}

/*
 * Bytes of old programs must mean the same for ever: the whole encoding of one of each kind of
 * record.
 */
static void test_fixed_encoding(void **state)
{
    static const char text[] =
        "config guest_page=8192 reserved=0x20000\nrequires linux\n"
        "requires bits=64\nfile f0 size=10000 open=O_RDONLY\n"
        "r0 = mmap(@0x10000, 0x4000, PROT_READ, MAP_SHARED, f0, 0x1001) = ok\n"
        "mmap(NULL, 300, PROT_READ, 0x1, -1, 0) = -1 ENOMEM\n"
        "munmap(r0-1, 0)\n"
        "madvise(r0, 1, MADV_DONTNEED)\nmadvise(r0, 1, 4)\n"
        "load(r0+2, 16) = 0xab\nhost_fail(2, EIO)\n";
    static const uint8_t want[] = {
        0xb7, 0x81,                /* magic, version, sealed */
        0x1b, 0x7a, 0x2c, 0x82,    /* the seal */
        0xe0, 0,    1,             /* guest_page, the second value */
        0xe0, 3,    0x11, 0x20,    /* reserved, 0x20 pages */
        0xe1, 0,    0xe1, 7,    1, /* linux; bits, the second value */
        0xe3, 2,    0x10, 0x27,    /* a read-only file */
        0x20, 1,    0x51, 0x10, 0x11, 4,  1,    1,    1,    2,    1,    0x10, /* mmap = ok */
        0x80, 0,    0,    2,    0x2c, 1,  1,    0x80, 0x80, 0x80, 0x80, 0x10,
        2,    0,    12,                                                    /* mmap = -1 ENOMEM */
        0x01, 0xa0, 0,    0,                                               /* munmap */
        0x05, 0x80, 0,    1,    1,    9,  0x05, 0x80, 0,    1,    1,    8, /* madvise twice */
        0x47, 0x81, 0,    2,    1,    16, 0xab,                            /* load */
        0x0a, 1,    2,    5,                                               /* host_fail */
    };
    struct prog p = read_prog(text);
    struct buf bytes = BUF_INIT;

    (void)state;
    prog_encode(&p, &bytes);
    assert_int_equal(bytes.len, sizeof(want));
    assert_memory_equal(bytes.data, want, sizeof(want));
    prog_free(&p);
    buf_free(&bytes);
    assert_round_trip(text);
}

/* Expectations count only while the seal holds; the ops do in any case. */
static void test_broken_seal_drops_expectations(void **state)
{
    struct prog p = read_prog("munmap(0, 1) = -1 EINVAL\nmunmap(0, 2) = 0\n");
    struct buf bytes = BUF_INIT;

    (void)state;
    prog_encode(&p, &bytes);
    assert_int_equal(prog_decode(&p, (const uint8_t *)bytes.data, bytes.len), 0);
    assert_int_equal(p.ops.v[0].expect.kind, EXPECT_ERRNO);
    bytes.data[2] ^= 1;
    assert_int_equal(prog_decode(&p, (const uint8_t *)bytes.data, bytes.len), 0);
    assert_int_equal(p.ops.n, 2);
    assert_int_equal(p.ops.v[0].expect.kind, EXPECT_NONE);
    assert_int_equal(p.ops.v[1].expect.kind, EXPECT_NONE);
    prog_free(&p);
    buf_free(&bytes);
}

static void test_round_trips(void **state)
{
    (void)state;
    assert_round_trip("");
    assert_round_trip("config guest_page=65536 host_page=16384 bits=32 reserved=0x100000000 "
                      "guest_base=0\nrequires h_lt_g\nrequires host_page=8192\n"
                      "requires no_reserved\nfile f0 size=8589934592 open=O_WRONLY\n"
                      "file f1 size=0\n");
    assert_round_trip("mmap(0xfffffffffffff000, 0xffffffffffffffff, 0xffffffff, "
                      "MAP_SHARED_VALIDATE|MAP_ALIGNED(255)|0xffffffff, -2147483648, "
                      "0x8000000000000000) = 0xffffffffffffffff");
    assert_round_trip(
        "r4095 = mmap(0,1,0,0,2147483647,4096) = @0x8000000000000000\n"
        "r0 = mremap(r4095+1,1,1,MREMAP_DONTUNMAP|0x80000000,r4095) = r4095-0x1000\n"
        "mremap(r0,1,1,MREMAP_FIXED,0) = -1\nmremap(r0,1,1,8)\n"
        "msync(r0, 1, MS_SYNC|0x80000000) = 0\nmadvise(0,0,65535)\n"
        "madvise(0,0,MADV_CORE)\nstore(r0,1048576,255) = SIGSEGV\nload(0,1) = SIGBUS\n"
        "load(0,1) = ok\nfork()\nfork()\nwait()\nexec(@1) = ok\n"
        "host_fail(1000000,EOPNOTSUPP)\n");
}

/* What is missing at the end of the data reads as zeros. */
static void test_truncated_and_headless(void **state)
{
    static const uint8_t bytes[] = {0xb7, 1, 0x07, 0x51, 0x10, 1, 0x20};
    struct prog p = PROG_INIT;
    struct prog want = read_prog("load(@0x10000, 32)");

    (void)state;
    assert_int_equal(prog_decode(&p, bytes, sizeof(bytes)), 0);
    assert_true(prog_equal(&p, &want));
    assert_int_equal(prog_decode(&p, bytes + 2, sizeof(bytes) - 2), 0);
    assert_true(prog_equal(&p, &want));
    prog_free(&want);
    want = read_prog("load(@0x10000, 1)");
    assert_int_equal(prog_decode(&p, bytes, 5), 0);
    assert_true(prog_equal(&p, &want));
    for (size_t len = 0; len <= 2; len++) {
        assert_int_equal(prog_decode(&p, bytes, len), 0);
        assert_true(prog_equal(&p, &PROG_INIT));
    }
    assert_int_equal(prog_decode(&p, NULL, 0), 0);
    prog_free(&p);
    prog_free(&want);
}

/* Records of the head may come late and too often. */
static void test_counts_are_bounded(void **state)
{
    enum { N = 1 << 16 };
    uint8_t *bytes = malloc(N);
    struct prog p = PROG_INIT;
    struct err e;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 0xe2, N);
    assert_int_equal(prog_decode(&p, bytes, N), 0);
    assert_int_equal(p.files.n, PROG_FILES_MAX);
    memset(bytes, 0x08, N);
    assert_int_equal(prog_decode(&p, bytes, N), 0);
    assert_int_equal(p.ops.n, PROG_FORKS_MAX);
    memset(bytes, 0xe1, N);
    assert_int_equal(prog_decode(&p, bytes, N), 0);
    assert_int_equal(p.requires.n, PROG_REQUIRES_MAX);
    memset(bytes, 0x0b, N);
    assert_int_equal(prog_decode(&p, bytes, N), 0);
    assert_int_equal(p.ops.n, PROG_OPS_MAX);
    assert_int_equal(prog_check(&p, &e), 0);
    prog_free(&p);
    free(bytes);
}

/* The longest program there is fits the bound on binary programs. */
static void test_largest_program_fits(void **state)
{
    struct prog p = read_prog("r4095 = mmap(0,1,0,0,-1,0)\n"
                              "mmap(r4095-0x7123456789abcdef,0x7123456789abcdef,0xffffffff,"
                              "MAP_ALIGNED(255)|0xffffffff,2147483647,0x7123456789abcdef) = "
                              "r4095+0x7123456789abcdef");
    struct buf bytes = BUF_INIT;

    (void)state;
    while (p.ops.n < PROG_OPS_MAX) {
        assert_int_equal(prog_insert(&p, p.ops.n, &p.ops.v[1]), 0);
    }
    prog_encode(&p, &bytes);
    assert_true(bytes.len + PROG_FILES_MAX * 16 < PROG_BYTES_MAX);
    prog_free(&p);
    buf_free(&bytes);
}

static void test_guess_format(void **state)
{
    static const struct {
        const char *name;
        const char *data;
        size_t len;
        enum prog_format format;
    } rows[] = {
        {"x.tm", "\xb7\x01", 2, PROG_FORMAT_TEXT},
        {".tm", "\xb7\x01", 2, PROG_FORMAT_BINARY},
        {"crash-1", "fork()\n# \xc3\xa4\r\n\twait()", 20, PROG_FORMAT_TEXT},
        {"crash-1", "\xb7\x01", 2, PROG_FORMAT_BINARY},
        {"crash-1", "fork()\0", 7, PROG_FORMAT_BINARY},
        {"crash-1", "\xed", 1, PROG_FORMAT_BINARY},
        {NULL, "fork()", 6, PROG_FORMAT_TEXT},
        {"-", "\x01", 1, PROG_FORMAT_BINARY},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(
            prog_guess_format(rows[i].name, (const uint8_t *)rows[i].data, rows[i].len),
            rows[i].format);
    }
}

/* Load DATA as DIR/NAME; the message without the directory. */
static const char *load(struct prog *p, const char *dir, const char *name, const char *data,
                        size_t len, enum prog_format format)
{
    static struct err e;
    struct buf path = BUF_INIT;
    struct buf b = BUF_INIT;
    int r;

    buf_fmt(&path, "%s/%s", dir, name);
    buf_add(&b, data, len);
    assert_int_equal(buf_write_file(&b, buf_text(&path), &e), 0);
    r = prog_load(p, buf_text(&path), format, &e);
    assert_int_equal(unlink(buf_text(&path)), 0);
    buf_free(&path);
    buf_free(&b);
    if (r == 0) {
        return NULL;
    }
    assert_int_equal(strncmp(e.text, dir, strlen(dir)), 0);
    return e.text + strlen(dir) + 1;
}

static void test_load(void **state)
{
    char dir[] = "/tmp/twinmap-test-XXXXXX";
    struct prog p = PROG_INIT;
    struct err e;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_null(load(&p, dir, "a.tm", "fork()", 6, PROG_FORMAT_AUTO));
    assert_int_equal(p.ops.n, 1);
    assert_null(load(&p, dir, "a", "\xb7\x01\x08", 3, PROG_FORMAT_AUTO));
    assert_int_equal(p.ops.v[0].kind, OP_fork);
    assert_null(load(&p, dir, "a.tm", "\xff\xfe\x08\x09\x81\x33\x10", 7, PROG_FORMAT_BINARY));
    assert_true(p.ops.n > 0);
    assert_string_equal(load(&p, dir, "a.tm", "", 0, PROG_FORMAT_AUTO),
                        "a.tm: empty file, expected a program");
    assert_string_equal(load(&p, dir, "a", "", 0, PROG_FORMAT_BINARY),
                        "a: empty file, expected a program");
    assert_string_equal(load(&p, dir, "a.tm", "config bits=32\n", 15, PROG_FORMAT_AUTO),
                        "a.tm: no ops, expected at least one");
    assert_null(load(&p, dir, "a", "\xb7\x01", 2, PROG_FORMAT_AUTO));
    assert_int_equal(p.ops.n, 0);
    assert_string_equal(load(&p, dir, "a.tm", "\xb7\x01", 2, PROG_FORMAT_AUTO),
                        "a.tm:1:1: read '\\xb7', expected text");
    assert_int_equal(prog_load(&p, dir, PROG_FORMAT_AUTO, &e), -EISDIR);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(prog_load(&p, dir, PROG_FORMAT_AUTO, &e), -ENOENT);
    assert_non_null(strstr(e.text, dir));
    prog_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_encoding),
        cmocka_unit_test(test_broken_seal_drops_expectations),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_truncated_and_headless),
        cmocka_unit_test(test_counts_are_bounded),
        cmocka_unit_test(test_largest_program_fits),
        cmocka_unit_test(test_guess_format),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
