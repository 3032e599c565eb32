/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/inv/compare: every difference between page flags and a kernel's mappings is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "inv/compare.h"

enum { RW = PAGE_VALID | PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG };

static const struct region kernel = {
    .r = {0x10000, 0x13fff}, .prot = REGION_R | REGION_W, .kind = REGION_FILE, .object = 5};
static const struct region book = {.r = {0x10000, 0x13fff},
                                   .prot = REGION_R | REGION_W,
                                   .flags = RW,
                                   .kind = REGION_FILE,
                                   .object = 5};
static const struct range all = {0, 0xfffff};

/* NULL, or what differs between K and B (either may be NULL). */
static const char *differs(const struct region *k, const struct region *b, struct range *where)
{
    struct region one = k ? *k : kernel;
    struct region other = b ? *b : book;
    const struct region_vec kv = {.v = &one, .n = k != NULL};
    const struct region_vec bv = {.v = &other, .n = b != NULL};
    struct inv_mapping d;

    if (!inv_mapping_differs(&kv, &bv, all, 0, &d)) {
        return NULL;
    }
    if (where) {
        *where = d.where;
    }
    return d.what;
}

static void test_each_difference(void **state)
{
    struct region b = book;
    struct range where;

    (void)state;
    assert_null(differs(&kernel, &book, NULL));
    assert_null(differs(NULL, NULL, NULL));
    assert_string_equal(differs(&kernel, NULL, NULL), "is missing");
    assert_string_equal(differs(NULL, &book, NULL), "must not be there");
    b.flags = PAGE_VALID | PAGE_READ;
    assert_string_equal(differs(&kernel, &b, NULL), "has other rights");
    b = book;
    b.shared = true;
    assert_string_equal(differs(&kernel, &b, NULL), "must be private");
    b = book;
    b.kind = REGION_ANON;
    assert_string_equal(differs(&kernel, &b, NULL), "must be of a file");
    b = book;
    b.object = 6;
    assert_string_equal(differs(&kernel, &b, NULL), "is of another file");
    b = book;
    b.offset = 0x1000;
    assert_string_equal(differs(&kernel, &b, NULL), "lies at another offset of its file");
    b = book;
    b.kind = REGION_GUARD;
    assert_string_equal(differs(&kernel, &b, NULL), "must not be a guard");
    b = book;
    b.r.last = 0x12fff;
    assert_string_equal(differs(&kernel, &b, &where), "is missing");
    assert_int_equal(where.start, 0x13000);
    assert_int_equal(where.last, 0x13fff);
}

static void test_what_is_no_difference(void **state)
{
    struct region b = book;

    (void)state;
    b.flags &= (uint8_t)~PAGE_WRITE; /* TB-protected */
    assert_null(differs(&kernel, &b, NULL));
    b = book;
    b.snapshot = b.shared = true; /* a copy may be private and anonymous */
    b.kind = REGION_ANON;
    assert_null(differs(&kernel, &b, NULL));
}

static void test_the_search_goes_on(void **state)
{
    struct region k[] = {kernel, kernel};
    struct region b[] = {book, book};
    const struct region_vec kv = {.v = k, .n = 2};
    const struct region_vec bv = {.v = b, .n = 2};
    struct inv_mapping d;

    (void)state;
    k[1].r = b[1].r = (struct range){0x20000, 0x20fff};
    b[0].object = b[1].object = 9;
    assert_true(inv_mapping_differs(&kv, &bv, all, 0, &d));
    assert_int_equal(d.where.start, 0x10000);
    assert_true(inv_mapping_differs(&kv, &bv, all, d.where.last + 1, &d));
    assert_int_equal(d.where.start, 0x20000);
    assert_false(inv_mapping_differs(&kv, &bv, all, d.where.last + 1, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_difference),
        cmocka_unit_test(test_what_is_no_difference),
        cmocka_unit_test(test_the_search_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
