/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff/triage: which crash files are one finding, which of them stands for it, and its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"
#include "triage.h"

static void add(struct crash_list *l, const char *name, enum crash_state state,
                const char *signature, size_t ops, uint64_t size)
{
    struct crash c = {.name = strdup(name), .state = state, .size = size, .ops = ops, .twin = l->n};

    buf_str(&c.signature, signature);
    assert_int_equal(vec_reserve(l, l->n + 1), 0);
    l->v[l->n++] = c;
}

static void test_groups_by_signature(void **state)
{
    struct crash_list l = {0};
    struct crash_groups g = {0};

    (void)state;
    add(&l, "a", CRASH_FINDING, "view/munmap/free/h_gt_g/linux", 9, 100);
    add(&l, "b", CRASH_HOLDS, "", 1, 1);
    add(&l, "c", CRASH_FINDING, "cost/mmap/ok/h_eq_g/bsd", 5, 50);
    add(&l, "d", CRASH_FINDING, "view/munmap/free/h_gt_g/linux", 4, 900);
    add(&l, "e", CRASH_FINDING, "view/munmap/free/h_gt_g/bsd", 4, 900);
    add(&l, "f", CRASH_FINDING, "view/munmap/free/h_gt_g/linux", 9, 100);
    assert_int_equal(crash_group(&l, &g), 0);
    assert_int_equal(g.n, 3);
    assert_string_equal(g.v[0].signature, "cost/mmap/ok/h_eq_g/bsd");
    assert_int_equal(g.v[0].n_files, 1);
    assert_string_equal(g.v[1].signature, "view/munmap/free/h_gt_g/bsd");
    assert_string_equal(g.v[2].signature, "view/munmap/free/h_gt_g/linux");
    assert_int_equal(g.v[2].n_files, 3);
    assert_string_equal(l.v[g.v[2].best].name, "d");
    crash_groups_free(&g);
    crash_list_free(&l);
}

/* Fewest ops, then fewest bytes, then by name, in whatever order they come. */
static void test_the_smallest_stands_for_a_group(void **state)
{
    static const struct {
        const char *name;
        size_t ops;
        uint64_t size;
    } rows[] = {{"a", 3, 900}, {"b", 3, 901}, {"c", 3, 901}, {"d", 4, 10}, {"e", 400, 1}};

    (void)state;
    for (size_t first = 0; first < ARRAY_LEN(rows); first++) {
        struct crash_list l = {0};
        struct crash_groups g = {0};

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            size_t at = (first + i) % ARRAY_LEN(rows);

            add(&l, rows[at].name, CRASH_FINDING, "x", rows[at].ops, rows[at].size);
        }
        assert_int_equal(crash_group(&l, &g), 0);
        assert_int_equal(g.n, 1);
        assert_string_equal(l.v[g.v[0].best].name, "a");
        crash_groups_free(&g);
        crash_list_free(&l);
    }
}

static void check_slug(const char *signature, const char *want)
{
    struct buf b = BUF_INIT;

    signature_slug(signature, &b);
    assert_string_equal(buf_text(&b), want);
    buf_free(&b);
}

static void test_slugs_are_names_and_stay_apart(void **state)
{
    char text[400];
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;

    (void)state;
    check_slug("host-agrees-gt/munmap/mapped_to_free/h_gt_g/linux",
               "host-agrees-gt.munmap.mapped_to_free.h_gt_g.linux");
    check_slug("a b/c", "a-b.c-539138d5");
    check_slug("a\nb/c", "a-b.c-f4ceb9a7");
    check_slug("..", "---5ec1f7e7");
    check_slug("/x", "-x-b3d1db31");
    check_slug("", "-e3b0c442");

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    signature_slug(text, &a);
    text[sizeof(text) - 2] = 'y';
    signature_slug(text, &b);
    assert_true(a.len < 120 && b.len < 120);
    assert_string_not_equal(buf_text(&a), buf_text(&b));
    buf_free(&a);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_by_signature),
        cmocka_unit_test(test_the_smallest_stands_for_a_group),
        cmocka_unit_test(test_slugs_are_names_and_stay_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
