/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/pageflags: splitting, merging, searching, each drawn as a row of pages; the table's own
 * check sees damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "pageflags/internal.h"
#include "pageflags/pageflags.h"

#define PAGE 0x1000u

enum { R = PAGE_VALID | PAGE_READ, RW = R | PAGE_WRITE | PAGE_WRITE_ORG, NONE = PAGE_VALID };

/* Pages FIRST to LAST of the world that a picture shows. */
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

static void set_file(struct pageflags *pf, uint64_t first, uint64_t last, uint64_t object,
                     uint64_t offset)
{
    struct page_info info = {.flags = R, .kind = REGION_FILE, .object = object, .offset = offset};

    assert_int_equal(pageflags_reserve(pf, 1), 0);
    pageflags_set(pf, pages(first, last), &info);
    assert_null(pageflags_check(pf));
}

static void unset(struct pageflags *pf, uint64_t first, uint64_t last)
{
    assert_int_equal(pageflags_reserve(pf, 1), 0);
    pageflags_unset(pf, pages(first, last));
    assert_null(pageflags_check(pf));
}

static void update(struct pageflags *pf, uint64_t first, uint64_t last, uint8_t clear,
                   uint8_t set_flags)
{
    assert_int_equal(pageflags_reserve(pf, 1), 0);
    pageflags_update(pf, pages(first, last), clear, set_flags);
    assert_null(pageflags_check(pf));
}

/*
 * The first pages as letters ('.' free, '-' no rights, 'r', 'w', 't' TB-protected) with a bar at
 * each run's start.
 */
static void draw(const struct pageflags *pf, unsigned n, char *text)
{
    for (unsigned i = 0; i < n; i++) {
        struct page_run run;

        if (!pageflags_lookup(pf, (uint64_t)i * PAGE, &run)) {
            *text++ = '.';
            continue;
        }
        if (run.r.start == (uint64_t)i * PAGE) {
            *text++ = '|';
        }
        if (run.info.flags & PAGE_WRITE) {
            *text++ = 'w';
        } else if (run.info.flags & PAGE_WRITE_ORG) {
            *text++ = 't';
        } else {
            *text++ = run.info.flags & PAGE_READ ? 'r' : '-';
        }
    }
    *text = '\0';
}

static void expect(const struct pageflags *pf, const char *want)
{
    char text[64];

    draw(pf, 10, text);
    assert_string_equal(text, want);
}

static void test_set_splits_and_merges(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);

    (void)state;
    expect(pf, "..........");
    set(pf, 1, 8, R);
    expect(pf, ".|rrrrrrrr.");
    set(pf, 3, 4, RW); /* inside one run: three */
    expect(pf, ".|rr|ww|rrrr.");
    set(pf, 3, 4, R); /* and one again */
    expect(pf, ".|rrrrrrrr.");
    set(pf, 0, 0, R); /* at the left edge */
    set(pf, 9, 9, R); /* at the right edge */
    expect(pf, "|rrrrrrrrrr");
    assert_int_equal(pageflags_count(pf), 1);
    set(pf, 0, 9, RW); /* exactly the same range */
    expect(pf, "|wwwwwwwwww");
    set(pf, 0, 4, NONE);
    set(pf, 2, 7, R); /* over a border */
    expect(pf, "|--|rrrrrr|ww");
    assert_null(pageflags_free(pf));
}

static void test_unset(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);

    (void)state;
    set(pf, 1, 8, R);
    unset(pf, 3, 4);
    expect(pf, ".|rr..|rrrr.");
    unset(pf, 0, 1);
    unset(pf, 8, 9);
    expect(pf, "..|r..|rrr..");
    unset(pf, 3, 4); /* nothing there */
    expect(pf, "..|r..|rrr..");
    unset(pf, 0, 9);
    assert_int_equal(pageflags_count(pf), 0);
    unset(pf, 0, 9);
    pageflags_free(pf);
}

static void test_update_keeps_holes(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);

    (void)state;
    set(pf, 0, 2, RW);
    set(pf, 4, 5, R);
    set(pf, 6, 8, RW);
    update(pf, 1, 7, PAGE_WRITE, 0);
    expect(pf, "|w|tt.|rr|tt|w.");
    update(pf, 0, 9, PAGE_BITS | PAGE_WRITE_ORG, PAGE_READ);
    expect(pf, "|rrr.|rrrrr.");
    assert_int_equal(pageflags_count(pf), 2);
    update(pf, 9, 9, 0, PAGE_READ); /* a hole alone */
    expect(pf, "|rrr.|rrrrr.");
    /* VALID cannot be cleared: a page leaves by unset only. */
    update(pf, 0, 0, 0xff, 0);
    assert_int_equal(pageflags_get(pf, 0), PAGE_VALID);
    pageflags_free(pf);
}

static void test_objects_merge_when_offsets_continue(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_run run;

    (void)state;
    set_file(pf, 0, 1, 7, 0x5000);
    set_file(pf, 2, 3, 7, 0x7000);
    assert_int_equal(pageflags_count(pf), 1);
    set_file(pf, 4, 4, 7, 0x8000); /* not continuous */
    set_file(pf, 5, 5, 8, 0x9000); /* another object */
    assert_int_equal(pageflags_count(pf), 3);
    unset(pf, 1, 1);
    assert_true(pageflags_lookup(pf, 2 * PAGE, &run));
    assert_int_equal(run.r.start, 2 * PAGE);
    assert_int_equal(run.info.offset, 0x7000);
    update(pf, 3, 3, PAGE_READ, 0);
    assert_true(pageflags_lookup(pf, 3 * PAGE, &run));
    assert_int_equal(run.info.offset, 0x8000);
    pageflags_free(pf);
}

/* Each field alone keeps two neighbours apart. */
static void test_every_field_separates(void **state)
{
    static const struct page_info others[] = {
        {.flags = NONE},
        {.flags = R, .kind = REGION_GUARD},
        {.flags = R, .shared = true},
        {.flags = R, .snapshot = true},
        {.flags = R, .copied = true},
        {.flags = R, .object = 1, .offset = PAGE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct pageflags *pf = pageflags_new(PAGE);

        set(pf, 0, 0, R);
        assert_int_equal(pageflags_reserve(pf, 1), 0);
        pageflags_set(pf, pages(1, 1), &others[i]);
        assert_int_equal(pageflags_count(pf), 2);
        assert_null(pageflags_check(pf));
        pageflags_free(pf);
    }
}

static void test_top_of_the_address_space(void **state)
{
    const uint64_t top = UINT64_MAX / PAGE;
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_run run;
    uint64_t at;

    (void)state;
    set(pf, top - 3, top, R);
    set(pf, 0, 0, R);
    assert_int_equal(pageflags_count(pf), 2);
    assert_int_equal(pageflags_get(pf, UINT64_MAX), R);
    assert_true(pageflags_next(pf, UINT64_MAX, &run));
    assert_int_equal(run.r.last, UINT64_MAX);
    assert_true(pageflags_all(pf, pages(top - 3, top)));
    assert_false(pageflags_all(pf, pages(top - 4, top)));
    assert_int_equal(page_check_range(pf, UINT64_MAX, 1, PAGE_READ), 0);
    assert_int_equal(page_check_range(pf, UINT64_MAX, 2, PAGE_READ), -1);
    update(pf, top, top, PAGE_READ, 0);
    set(pf, top, top, R);
    unset(pf, top, top);
    assert_true(
        pageflags_find_free(pf, (struct range){0, UINT64_MAX}, PAGE, PAGE, PAGE, true, &at));
    assert_int_equal(at, top * PAGE);
    set(pf, 0, top, RW);
    assert_int_equal(pageflags_count(pf), 1);
    assert_false(
        pageflags_find_free(pf, (struct range){0, UINT64_MAX}, PAGE, PAGE, PAGE, true, &at));
    assert_false(
        pageflags_find_free(pf, (struct range){0, UINT64_MAX}, PAGE, PAGE, PAGE, false, &at));
    unset(pf, 0, top);
    assert_int_equal(pageflags_count(pf), 0);
    pageflags_free(pf);
}

static void test_next_prev_any_all(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_run run;

    (void)state;
    assert_false(pageflags_next(pf, 0, &run));
    assert_false(pageflags_prev(pf, UINT64_MAX, &run));
    set(pf, 2, 3, R);
    set(pf, 4, 4, RW);
    set(pf, 7, 7, R);
    assert_true(pageflags_next(pf, 0, &run));
    assert_int_equal(run.r.start, 2 * PAGE);
    assert_true(pageflags_next(pf, 3 * PAGE + 5, &run));
    assert_int_equal(run.r.start, 2 * PAGE);
    assert_true(pageflags_next(pf, 5 * PAGE, &run));
    assert_int_equal(run.r.start, 7 * PAGE);
    assert_false(pageflags_next(pf, 8 * PAGE, &run));
    assert_false(pageflags_prev(pf, 2 * PAGE - 1, &run));
    assert_true(pageflags_prev(pf, 6 * PAGE, &run));
    assert_int_equal(run.r.start, 4 * PAGE);
    assert_true(pageflags_any(pf, pages(0, 2)));
    assert_false(pageflags_any(pf, pages(5, 6)));
    assert_true(pageflags_all(pf, pages(2, 4)));
    assert_false(pageflags_all(pf, pages(2, 7)));
    pageflags_free(pf);
}

static void test_page_check_range(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);

    (void)state;
    set(pf, 1, 1, RW);
    set(pf, 2, 2, R | PAGE_WRITE_ORG); /* TB-protected */
    set(pf, 3, 3, R);
    assert_int_equal(page_check_range(pf, PAGE, 2 * PAGE, PAGE_READ | PAGE_WRITE), 0);
    assert_int_equal(page_check_range(pf, PAGE, 2 * PAGE + 1, PAGE_READ | PAGE_WRITE), -1);
    assert_int_equal(page_check_range(pf, PAGE, 3 * PAGE, PAGE_READ), 0);
    assert_int_equal(page_check_range(pf, PAGE, 3 * PAGE, 0), 0);
    assert_int_equal(page_check_range(pf, PAGE, 3 * PAGE + 1, 0), -1);
    assert_int_equal(page_check_range(pf, PAGE - 1, 2, 0), -1);
    assert_int_equal(page_check_range(pf, PAGE, 1, PAGE_EXEC), -1);
    assert_int_equal(page_check_range(pf, 0, 0, PAGE_EXEC), 0);
    pageflags_free(pf);
}

/* pages   0 1 2 3 4 5 6 7 8 9
 *         . . r . . . r . . .      what each wish gets in [0, 9] */
static void test_find_free(void **state)
{
    static const struct {
        uint64_t first, last, len, align;
        bool from_top;
        int want;
    } rows[] = {
        {0, 9, 1, 1, true, 9},  {0, 9, 1, 1, false, 0}, {0, 9, 3, 1, true, 7},
        {0, 9, 3, 1, false, 3}, {0, 9, 4, 1, true, -1}, {0, 9, 4, 1, false, -1},
        {0, 9, 2, 4, true, 8},  {0, 9, 2, 4, false, 0}, {1, 9, 2, 4, false, 4},
        {0, 8, 3, 1, true, 3},  {1, 9, 2, 1, false, 3}, {0, 9, 3, 2, true, -1},
        {2, 2, 1, 1, true, -1}, {0, 1, 2, 1, true, 0},  {0, 1, 3, 1, true, -1},
        {3, 5, 3, 1, false, 3}, {0, 9, 0, 1, true, -1}, {5, 6, 1, 1, true, 5},
    };
    struct pageflags *pf = pageflags_new(PAGE);

    (void)state;
    set(pf, 2, 2, R);
    set(pf, 6, 6, R);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t at = 12345;
        bool found = pageflags_find_free(pf, pages(rows[i].first, rows[i].last), rows[i].len * PAGE,
                                         PAGE, rows[i].align * PAGE, rows[i].from_top, &at);

        assert_int_equal(found, rows[i].want >= 0);
        assert_int_equal(at, found ? (uint64_t)rows[i].want * PAGE : 12345);
    }
    pageflags_free(pf);
}

static void test_find_free_in_host_pages(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    uint64_t at;

    (void)state;
    set(pf, 5, 5, R); /* one busy guest page spoils the host page 4..7 */
    assert_true(pageflags_find_free(pf, pages(0, 11), 4 * PAGE, 4 * PAGE, PAGE, false, &at));
    assert_int_equal(at, 0);
    assert_true(pageflags_find_free(pf, pages(1, 11), 4 * PAGE, 4 * PAGE, PAGE, false, &at));
    assert_int_equal(at, 8 * PAGE);
    assert_false(pageflags_find_free(pf, pages(1, 11), 8 * PAGE, 4 * PAGE, PAGE, true, &at));
    pageflags_free(pf);
}

static void test_a_terabyte_is_one_run(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    uint64_t before;

    (void)state;
    set(pf, 0, (UINT64_C(1) << 40) / PAGE, NONE);
    assert_int_equal(pageflags_count(pf), 1);
    before = pageflags_lookups(pf);
    assert_int_equal(page_check_range(pf, 0, UINT64_C(1) << 40, 0), 0);
    assert_int_equal(pageflags_lookups(pf), before + 1);
    pageflags_free(pf);
}

static void test_lookups_count_runs_visited(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_run run;
    uint64_t before;

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        set(pf, i, i, i & 1 ? R : RW);
    }
    before = pageflags_lookups(pf);
    pageflags_get(pf, 0);
    pageflags_lookup(pf, 0, &run);
    pageflags_next(pf, 0, &run);
    pageflags_prev(pf, 0, &run);
    assert_int_equal(pageflags_lookups(pf), before + 4);
    assert_true(pageflags_all(pf, pages(0, 9)));
    assert_int_equal(pageflags_lookups(pf), before + 14);
    pageflags_free(pf);
}

static void test_reset_keeps_the_memory_and_takes_a_page_size(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_info info = {.flags = R};

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        set(pf, 2 * i, 2 * i, R);
    }
    pageflags_reset(pf, 0x4000);
    assert_int_equal(pageflags_count(pf), 0);
    assert_int_equal(pageflags_get(pf, 0), 0);
    assert_int_equal(pageflags_reserve(pf, 1), 0);
    pageflags_set(pf, (struct range){0x4000, 0x7fff}, &info);
    assert_null(pageflags_check(pf));
    pageflags_free(pf);
}

static void test_one_reservation_serves_many_changes(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct page_info info = {.flags = RW};

    (void)state;
    set(pf, 0, 9999, R);
    assert_int_equal(pageflags_reserve(pf, 3000), 0);
    for (unsigned i = 0; i < 3000; i++) {
        pageflags_set(pf, pages(3 * i + 1, 3 * i + 1), &info);
    }
    assert_int_equal(pageflags_count(pf), 6001);
    assert_null(pageflags_check(pf));
    assert_int_not_equal(pageflags_reserve(pf, SIZE_MAX / 2), 0);
    pageflags_free(pf);
}

static void test_dump(void **state)
{
    struct pageflags *pf = pageflags_new(PAGE);
    struct region_vec v = REGION_VEC_INIT;
    uint64_t before;

    (void)state;
    set(pf, 0, 1, RW);
    set_file(pf, 2, 2, 5, 0x3000);
    before = pageflags_lookups(pf);
    assert_int_equal(pageflags_dump(pf, &v), 0);
    assert_int_equal(pageflags_lookups(pf), before);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.v[0].flags, RW);
    assert_int_equal(v.v[0].prot, REGION_R | REGION_W);
    assert_int_equal(v.v[1].kind, REGION_FILE);
    assert_int_equal(v.v[1].object, 5);
    assert_int_equal(v.v[1].offset, 0x3000);
    assert_int_equal(v.v[1].r.last, 3 * PAGE - 1);
    region_vec_free(&v);
    pageflags_free(pf);
}

/* What the callers are trusted with is what the check must see. */
static void test_check_sees_damage(void **state)
{
    static const struct {
        struct page_info info;
        const char *why;
    } rows[] = {
        {{.flags = PAGE_VALID | PAGE_WRITE}, "a run has WRITE without WRITE_ORG"},
        {{.flags = PAGE_VALID | 0x80}, "a run has an unknown flag"},
        {{.flags = PAGE_VALID, .kind = REGION_SPECIAL}, "a run has a kind that no guest page has"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pageflags *pf = pageflags_new(PAGE);

        assert_int_equal(pageflags_reserve(pf, 1), 0);
        pageflags_set(pf, pages(0, 0), &rows[i].info);
        assert_string_equal(pageflags_check(pf), rows[i].why);
        pageflags_free(pf);
    }
}

/* A table damaged behind its back: five runs in one leaf, or enough for several. */
struct damage {
    unsigned runs;
    const char *why;
    void (*hurt)(struct pageflags *pf, struct run_pos p);
};

static void hurt_order(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->last[p.i] = p.leaf->last[p.i + 1];
}

static void hurt_last(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->last[p.i] = p.leaf->start[p.i] - 1;
}

static void hurt_alignment(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->last[p.i]--;
}

static void hurt_valid(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->info[p.i].flags = 0;
}

static void hurt_offset(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->info[p.i].offset = PAGE;
}

static void hurt_merging(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->last[p.i] = p.leaf->start[p.i + 1] - 1;
}

static void hurt_count(struct pageflags *pf, struct run_pos p)
{
    (void)p;
    pf->tree.count++;
}

static void hurt_nodes(struct pageflags *pf, struct run_pos p)
{
    (void)p;
    pf->tree.level_nodes[0]++;
}

static void hurt_chain(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->next->prev = NULL;
}

static void hurt_tail(struct pageflags *pf, struct run_pos p)
{
    struct run_pos top = run_tree_floor(&pf->tree, UINT64_MAX);

    top.leaf->next = p.leaf;
}

static void hurt_gap(struct pageflags *pf, struct run_pos p)
{
    (void)p;
    pf->tree.root->inner.gap[1]++;
}

static void hurt_leaf_size(struct pageflags *pf, struct run_pos p)
{
    (void)pf;
    p.leaf->n = 0;
}

static void hurt_inner_size(struct pageflags *pf, struct run_pos p)
{
    (void)p;
    pf->tree.root->inner.n = 0;
}

static void test_check_sees_damage_to_the_tree(void **state)
{
    static const struct damage rows[] = {
        {5, "two runs overlap or are out of order", hurt_order},
        {5, "a run stops before it starts", hurt_last},
        {5, "a run is not made of whole guest pages", hurt_alignment},
        {5, "a run is not VALID", hurt_valid},
        {5, "a run has an offset in no object", hurt_offset},
        {5, "two equal neighbours are not merged", hurt_merging},
        {200, "the number of runs is wrong", hurt_count},
        {200, "the number of nodes is wrong", hurt_nodes},
        {200, "the chain of leaves is broken", hurt_chain},
        {200, "the chain of leaves goes on behind the last leaf", hurt_tail},
        {200, "an inner node is wrong about a child", hurt_gap},
        {200, "a leaf has too many or no runs", hurt_leaf_size},
        {200, "an inner node has too many or no children", hurt_inner_size},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pageflags *pf = pageflags_new(PAGE);

        for (unsigned k = 0; k < rows[i].runs; k++) {
            set(pf, 2 * k, 2 * k, R);
        }
        rows[i].hurt(pf, run_tree_floor(&pf->tree, 4 * PAGE));
        assert_non_null(pageflags_check(pf));
        assert_string_equal(pageflags_check(pf), rows[i].why);
        pageflags_free(pf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_splits_and_merges),
        cmocka_unit_test(test_unset),
        cmocka_unit_test(test_update_keeps_holes),
        cmocka_unit_test(test_objects_merge_when_offsets_continue),
        cmocka_unit_test(test_every_field_separates),
        cmocka_unit_test(test_top_of_the_address_space),
        cmocka_unit_test(test_next_prev_any_all),
        cmocka_unit_test(test_page_check_range),
        cmocka_unit_test(test_find_free),
        cmocka_unit_test(test_find_free_in_host_pages),
        cmocka_unit_test(test_a_terabyte_is_one_run),
        cmocka_unit_test(test_lookups_count_runs_visited),
        cmocka_unit_test(test_reset_keeps_the_memory_and_takes_a_page_size),
        cmocka_unit_test(test_one_reservation_serves_many_changes),
        cmocka_unit_test(test_dump),
        cmocka_unit_test(test_check_sees_damage),
        cmocka_unit_test(test_check_sees_damage_to_the_tree),
    };

    return cmocka_run_group_tests_name("pageflags", tests, NULL, NULL);
}
