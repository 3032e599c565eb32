/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/base: rounding at the top of the address space, ranges, the writer, the generator's
 * determinism.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/prng.h"
#include "base/range.h"
#include "base/sha256.h"
#include "base/vec.h"

static void test_align_up_refuses_wrap(void **state)
{
    uint64_t v = 7;

    (void)state;
    assert_true(u64_align_up(0x1001, 0x1000, &v));
    assert_int_equal(v, 0x2000);
    assert_false(u64_align_up(UINT64_MAX - 1, 0x1000, &v));
    assert_int_equal(v, 0x2000);
    assert_int_equal(u64_align_up_wrap(UINT64_MAX - 1, 0x1000), 0);
}

static void test_range_reaches_the_top(void **state)
{
    struct range r;

    (void)state;
    assert_true(range_from_len(UINT64_MAX - 0xfff, 0x1000, &r));
    assert_int_equal(r.last, UINT64_MAX);
    assert_false(range_from_len(UINT64_MAX - 0xfff, 0x1001, &r));
    assert_false(range_from_len(0x1000, 0, &r));
    assert_int_equal(range_len((struct range){0, UINT64_MAX}), 0);
}

static void test_range_cut_and_widen(void **state)
{
    struct range a = {0x1000, 0x4fff};
    struct range b = {0x3000, 0x8fff};
    struct range c = range_cut(a, b);

    (void)state;
    assert_true(range_overlaps(a, b));
    assert_int_equal(c.start, 0x3000);
    assert_int_equal(c.last, 0x4fff);
    c = range_widen((struct range){UINT64_MAX - 0xfff, UINT64_MAX}, 0x4000);
    assert_int_equal(c.start, UINT64_MAX - 0x3fff);
    assert_int_equal(c.last, UINT64_MAX);
}

static void test_buf_formats_and_grows(void **state)
{
    struct buf b = BUF_INIT;

    (void)state;
    assert_string_equal(buf_text(&b), "");
    for (int i = 0; i < 100; i++) {
        buf_fmt(&b, "%d,", i);
    }
    assert_int_equal(b.len, 290);
    assert_memory_equal(b.data, "0,1,2,", 6);
    buf_clear(&b);
    buf_le(&b, 0x1234, 3);
    assert_memory_equal(b.data, "\x34\x12\x00", 3);
    assert_false(buf_failed(&b));
    buf_free(&b);
}

static void test_buf_write_is_all_or_nothing(void **state)
{
    struct buf b = BUF_INIT;
    struct buf back = BUF_INIT;
    struct err e;
    char dir[] = "/tmp/twinmap-test-XXXXXX";
    struct buf path = BUF_INIT;

    (void)state;
    assert_non_null(mkdtemp(dir));
    buf_fmt(&path, "%s/file", dir);
    buf_str(&b, "hello");
    assert_int_equal(buf_write_file(&b, path.data, &e), 0);
    assert_int_equal(buf_read_file(&back, path.data, &e), 0);
    assert_string_equal(back.data, "hello");
    unlink(path.data);
    buf_str(&path, "/not/there");
    assert_int_equal(buf_write_file(&b, path.data, &e), -ENOENT);
    assert_non_null(strstr(e.text, "cannot write"));
    assert_int_equal(rmdir(dir), 0);
    buf_free(&b);
    buf_free(&back);
    buf_free(&path);
}

static void test_names_are_one_word_and_one_line(void **state)
{
    static const struct {
        const char *name, *word, *shown;
    } rows[] = {
        {"crash-1", "crash-1", "crash-1"},
        {"", "''", ""},
        {"a b", "'a b'", "a b"},
        {"it's", "'it'\\''s'", "it's"},
        {"\xff", "'\xff'", "\\xff"},
        {"a\nb", "$'a\\012b'", "a\\nb"},
        {"\x1b[31m'\\", "$'\\033[31m\\047\\134'", "\\x1b[31m'\\\\"},
        {"\x7f", "$'\\177'", "\\x7f"},
    };
    struct buf b = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_clear(&b);
        buf_word(&b, rows[i].name);
        assert_string_equal(buf_text(&b), rows[i].word);
        buf_clear(&b);
        buf_shown(&b, rows[i].name);
        assert_string_equal(buf_text(&b), rows[i].shown);
    }
    buf_free(&b);
}

/* FIPS 180-4's own examples, and the lengths at which padding takes another block. */
static void test_sha256_of_known_texts(void **state)
{
    static const struct {
        const char *text;
        size_t times;
        const char *sum;
    } rows[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
        {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
    };
    char sum[SHA256_TEXT_MAX];
    struct buf b = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_clear(&b);
        for (size_t n = 0; n < rows[i].times; n++) {
            buf_str(&b, rows[i].text);
        }
        sha256_text(buf_text(&b), b.len, sum);
        assert_string_equal(sum, rows[i].sum);
    }
    buf_free(&b);
}

static void test_prng_is_deterministic_and_bounded(void **state)
{
    struct prng a;
    struct prng b;

    (void)state;
    prng_seed(&a, 1);
    prng_seed(&b, 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t v = prng_between(&a, 10, 20);

        assert_in_range(v, 10, 20);
        assert_int_equal(v, prng_between(&b, 10, 20));
    }
    prng_seed(&b, 2);
    assert_int_not_equal(prng_u64(&a), prng_u64(&b));
}

static void test_vec_reserve_refuses_overflow(void **state)
{
    struct {
        uint64_t *v;
        size_t n, cap;
    } vec = {0};

    (void)state;
    assert_int_equal(vec_reserve(&vec, 100), 0);
    assert_true(vec.cap >= 100);
    assert_int_equal(vec_reserve(&vec, SIZE_MAX / 4), -ENOMEM);
    assert_true(vec.cap >= 100);
    free(vec.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_align_up_refuses_wrap),
        cmocka_unit_test(test_range_reaches_the_top),
        cmocka_unit_test(test_range_cut_and_widen),
        cmocka_unit_test(test_buf_formats_and_grows),
        cmocka_unit_test(test_buf_write_is_all_or_nothing),
        cmocka_unit_test(test_names_are_one_word_and_one_line),
        cmocka_unit_test(test_sha256_of_known_texts),
        cmocka_unit_test(test_prng_is_deterministic_and_bounded),
        cmocka_unit_test(test_vec_reserve_refuses_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
