/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pageflags: a copied table is the same table, and another one from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "pageflags/pageflags.h"

#define PAGE 0x1000u

enum { R = PAGE_VALID | PAGE_READ, RW = R | PAGE_WRITE | PAGE_WRITE_ORG };

static struct range pages(uint64_t first, uint64_t last)
{
    return (struct range){first * PAGE, last * PAGE + (PAGE - 1)};
}

static void set(struct pageflags *pf, uint64_t first, uint64_t last, uint8_t flags)
{
    struct page_info info = {.flags = flags};

    assert_int_equal(pageflags_reserve(pf, 1), 0);
    pageflags_set(pf, pages(first, last), &info);
    assert_null(pageflags_check(pf));
}

static void assert_same(const struct pageflags *a, const struct pageflags *b)
{
    struct region_vec x = REGION_VEC_INIT, y = REGION_VEC_INIT;

    assert_int_equal(pageflags_dump(a, &x), 0);
    assert_int_equal(pageflags_dump(b, &y), 0);
    assert_int_equal(x.n, y.n);
    assert_true(x.n == 0 || memcmp(x.v, y.v, x.n * sizeof(x.v[0])) == 0);
    region_vec_free(&x);
    region_vec_free(&y);
}

/* Trees of no, one, two and three levels, over copies that were smaller and larger before. */
static void test_copies(void **state)
{
    static const unsigned sizes[] = {0, 5, 31, 500, 20000, 40, 3000, 0, 1};
    struct pageflags *to = pageflags_new(0x4000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct pageflags *from = pageflags_new(PAGE);
        uint64_t at;

        for (unsigned k = 0; k < sizes[i]; k++) {
            struct page_info info = {.flags = R, .kind = REGION_FILE, .object = 1 + k % 3};

            assert_int_equal(pageflags_reserve(from, 1), 0);
            pageflags_set(from, pages(2 * k, 2 * k), &info);
        }
        pageflags_get(from, 0);
        assert_int_equal(pageflags_copy(to, from), 0);
        assert_null(pageflags_check(to));
        assert_int_equal(pageflags_count(to), sizes[i]);
        assert_int_equal(pageflags_lookups(to), pageflags_lookups(from));
        assert_same(from, to);
        /* searches and changes work on it, and reach one of the two alone */
        assert_true(pageflags_find_free(to, pages(0, 1 << 20), PAGE, PAGE, PAGE, false, &at));
        assert_int_equal(at, sizes[i] ? PAGE : 0);
        set(to, 1, 2 * sizes[i] + 1, RW);
        assert_int_equal(pageflags_get(from, PAGE), 0);
        assert_null(pageflags_check(from));
        assert_int_equal(pageflags_count(from), sizes[i]);
        pageflags_free(from);
        assert_null(pageflags_check(to));
    }
    pageflags_free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
    };

    return cmocka_run_group_tests_name("pageflags copies", tests, NULL, NULL);
}
