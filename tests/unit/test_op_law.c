/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "op/law.h"
#include "op/text.h"

#define PAGE 4096

static const struct range nowhere = {0x900000, 0x900fff};

/* The second program of LAW on op AT of TEXT as text; "" if the law says nothing. */
static void apply(enum law law, const char *text, size_t at, struct buf *out, size_t *extra)
{
    struct law_pair pair = LAW_PAIR_INIT;
    struct prog p = PROG_INIT;
    struct err e;
    int rc;

    if (prog_parse(&p, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    buf_clear(out);
    rc = law_apply(law, &p, at, PAGE, nowhere, &pair);
    assert_true(rc >= 0);
    if (rc > 0) {
        assert_int_equal(prog_check(&pair.b, NULL), 0);
        assert_int_equal(pair.b.ops.n, pair.a.ops.n + pair.extra);
        prog_print(&pair.b, out);
    }
    *extra = pair.extra;
    law_pair_free(&pair);
    prog_free(&p);
}

static const char map_text[] =
    "r0 = mmap(@0x10000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok\n"
    "mprotect(r0, 0x1000, PROT_NONE)\n"
    "munmap(r0, 0x3000)\n";

static void expect(enum law law, const char *text, size_t at, size_t extra, const char *part)
{
    struct buf got = BUF_INIT;
    size_t n;

    apply(law, text, at, &got, &n);
    assert_int_equal(n, extra);
    if (!strstr(buf_text(&got), part)) {
        fail_msg("'%s' is not in:\n%s", part, buf_text(&got));
    }
    buf_free(&got);
}

static void test_each_law_rewrites_its_op(void **state)
{
    (void)state;
    expect(LAW_SPLIT_MAP, map_text, 0, 1,
           "mmap(@0x11000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)");
    expect(LAW_UNMAP_TWICE, map_text, 2, 1, "munmap(r0, 0x3000)\nmunmap(r0, 0x3000)\n");
    expect(LAW_PROTECT_AGAIN, map_text, 1, 1,
           "mprotect(r0, 0x1000, PROT_NONE)\nmprotect(r0, 0x1000, PROT_NONE)\n");
    expect(LAW_REMAP_SAME, map_text, 0, 1, "mremap(r0, 0x3000, 0x3000, 0)\n");
    expect(LAW_SYNC, map_text, 0, 1, "msync(r0, 0x3000, MS_ASYNC)\n");
    expect(LAW_MAP_UNMAP, map_text, 1, 2, "munmap(@0x900000, 0x1000)\nmunmap(r0, 0x3000)\n");
}

static void test_a_file_map_is_split_at_its_offset(void **state)
{
    (void)state;
    expect(LAW_SPLIT_MAP,
           "file f0 size=20000\n"
           "mmap(@0x10000, 0x2000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x1000)\n",
           0, 1, "mmap(@0x11000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x2000)");
}

static void test_a_split_ends_the_program(void **state)
{
    struct law_pair pair = LAW_PAIR_INIT;
    struct prog p = PROG_INIT;

    (void)state;
    assert_int_equal(prog_parse(&p, "test", map_text, strlen(map_text), NULL), 0);
    assert_int_equal(law_apply(LAW_SPLIT_MAP, &p, 0, PAGE, nowhere, &pair), 1);
    assert_int_equal(pair.a.ops.n, 1);
    assert_int_equal(pair.a.ops.v[0].expect.kind, EXPECT_NONE);
    law_pair_free(&pair);
    prog_free(&p);
}

static void test_laws_say_nothing_of_other_ops(void **state)
{
    struct buf got = BUF_INIT;
    size_t n;

    (void)state;
    apply(LAW_UNMAP_TWICE, map_text, 0, &got, &n);
    assert_int_equal(got.len, 0);
    apply(LAW_SPLIT_MAP, map_text, 2, &got, &n);
    assert_int_equal(got.len, 0);
    apply(LAW_SPLIT_MAP,
          "mmap(@0x10000, 0x2000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n", 0, &got,
          &n);
    assert_int_equal(got.len, 0); /* two shared objects are not one */
    buf_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_law_rewrites_its_op),
        cmocka_unit_test(test_a_file_map_is_split_at_its_offset),
        cmocka_unit_test(test_a_split_ends_the_program),
        cmocka_unit_test(test_laws_say_nothing_of_other_ops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
