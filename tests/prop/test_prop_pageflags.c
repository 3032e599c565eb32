/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-flag table against an array with one entry per page, in worlds large enough for a tree
 * of several levels: at the bottom, in the middle and at the very top of the 64-bit space. Every
 * change runs with exactly the nodes that its reservation promises, so an optimistic promise ends
 * in the table's own assertion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/prng.h"
#include "pageflags/internal.h"
#include "pageflags/runpool.h"

#define FULL_CHECK_EVERY 64

struct world {
    const char *name;
    uint64_t page;
    uint64_t base;
    size_t pages;
    unsigned changes;
    unsigned long_ranges; /* in a thousand */
    unsigned depth;       /* that the tree must reach on the way */
};

struct naive {
    const struct world *w;
    struct pageflags *pf;
    struct page_info *v; /* flags 0: free; offset is the page's own */
    struct prng rng;
};

static uint64_t address(const struct naive *n, size_t page)
{
    return n->w->base + page * n->w->page;
}

static struct range pages(const struct naive *n, size_t first, size_t last)
{
    return (struct range){address(n, first), address(n, last) + (n->w->page - 1)};
}

static struct page_info info_for(const struct naive *n, uint64_t dice, size_t first)
{
    static const struct page_info kinds[] = {
        {.flags = PAGE_VALID},
        {.flags = PAGE_VALID | PAGE_READ},
        {.flags = PAGE_VALID | PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG},
        {.flags = PAGE_VALID | PAGE_READ, .kind = REGION_FILE, .object = 1},
        {.flags = PAGE_VALID | PAGE_READ, .kind = REGION_FILE, .object = 2, .shared = true},
        {.flags = PAGE_VALID | PAGE_READ, .kind = REGION_FILE, .object = 2, .copied = true},
    };
    struct page_info info = kinds[dice % ARRAY_LEN(kinds)];

    if (info.object) {
        /* Mostly where the neighbours' offsets would continue, so that merging happens. */
        info.offset = (first + (dice >> 8 & 7 ? 0 : 5)) * n->w->page;
    }
    return info;
}

static void choose_range(struct naive *n, size_t *first, size_t *last)
{
    size_t max = prng_chance(&n->rng, n->w->long_ranges, 1000) ? n->w->pages : 4;

    *first = prng_below(&n->rng, n->w->pages);
    *last = *first + prng_below(&n->rng, u64_min(max, n->w->pages - *first));
}

static void change(struct naive *n)
{
    uint64_t dice = prng_u64(&n->rng);
    size_t first;
    size_t last;

    choose_range(n, &first, &last);
    if (dice % 8 < 4) {
        struct page_info info = info_for(n, dice >> 8, first);

        pageflags_set(n->pf, pages(n, first, last), &info);
        for (size_t i = first; i <= last; i++) {
            n->v[i] = info;
            n->v[i].offset += info.object ? (i - first) * n->w->page : 0;
        }
    } else if (dice % 8 < 6) {
        pageflags_unset(n->pf, pages(n, first, last));
        memset(&n->v[first], 0, (last - first + 1) * sizeof(n->v[0]));
    } else {
        uint8_t clear = dice >> 8 & (PAGE_READ | PAGE_EXEC);
        uint8_t set = dice >> 16 & (PAGE_READ | PAGE_EXEC);

        pageflags_update(n->pf, pages(n, first, last), clear, set);
        for (size_t i = first; i <= last; i++) {
            if (n->v[i].flags) {
                n->v[i].flags = (uint8_t)((n->v[i].flags & ~clear) | set);
            }
        }
    }
}

/* Make a change with no node more than pageflags_reserve(pf, 1) has to leave. */
static void change_on_ration(struct naive *n)
{
    struct run_tree *t = &n->pf->tree;
    union run_node *parked = NULL;
    size_t ration;

    assert_int_equal(pageflags_reserve(n->pf, 1), 0);
    ration = run_pool_nodes_for(t, 4);
    while (t->n_free > ration) {
        union run_node *node = run_pool_get(t, 0);

        t->level_nodes[0]--;
        node->next_free = parked;
        parked = node;
    }
    change(n);
    while (parked) {
        union run_node *node = parked;

        parked = node->next_free;
        t->level_nodes[0]++;
        run_pool_put(t, node, 0);
    }
}

static bool continues(const struct naive *n, size_t i)
{
    const struct page_info *a = &n->v[i - 1];
    const struct page_info *b = &n->v[i];

    return a->flags == b->flags && a->kind == b->kind && a->shared == b->shared &&
           a->copied == b->copied && a->object == b->object &&
           b->offset - a->offset == (b->object ? n->w->page : 0);
}

/* Run by run: the array says where each must begin and stop, merged as far as possible. */
static void compare_all(const struct naive *n)
{
    const char *wrong = pageflags_check(n->pf);
    struct page_run run = {{0, 0}, {0}};
    uint64_t from = 0;
    size_t runs = 0;

    if (wrong) {
        fail_msg("%s", wrong);
    }
    for (size_t i = 0; i < n->w->pages; i++) {
        if (!n->v[i].flags) {
            continue;
        }
        if (i == 0 || !n->v[i - 1].flags || !continues(n, i)) {
            assert_true(pageflags_next(n->pf, from, &run));
            assert_int_equal(run.r.start, address(n, i));
            assert_int_equal(run.info.flags, n->v[i].flags);
            assert_int_equal(run.info.kind, n->v[i].kind);
            assert_int_equal(run.info.shared, n->v[i].shared);
            assert_int_equal(run.info.copied, n->v[i].copied);
            assert_int_equal(run.info.object, n->v[i].object);
            assert_int_equal(run.info.offset, n->v[i].offset);
            from = run.r.last + 1;
            runs++;
        }
        assert_true(range_has(run.r, address(n, i)));
    }
    assert_int_equal(pageflags_count(n->pf), runs);
}

static void compare_questions(struct naive *n)
{
    bool any = false;
    bool all = true;
    size_t first;
    size_t last;

    choose_range(n, &first, &last);
    assert_int_equal(pageflags_get(n->pf, address(n, first) + 5), n->v[first].flags);
    for (size_t i = first; i <= last; i++) {
        any = any || n->v[i].flags;
        all = all && n->v[i].flags;
    }
    assert_int_equal(pageflags_any(n->pf, pages(n, first, last)), any);
    assert_int_equal(pageflags_all(n->pf, pages(n, first, last)), all);
}

/* Whole UNIT blocks from the page AT on, COUNT pages: free and inside [FIRST, LAST]? */
static bool naive_fits(const struct naive *n, size_t at, size_t count, size_t first, size_t last)
{
    if (at < first || last - at < count - 1) {
        return false;
    }
    for (size_t i = at; i < at + count; i++) {
        if (n->v[i].flags) {
            return false;
        }
    }
    return true;
}

static size_t naive_find(const struct naive *n, struct range in, size_t count, size_t align,
                         bool from_top)
{
    for (size_t k = in.start; k <= in.last; k++) {
        size_t at = from_top ? in.last - (k - in.start) : k;

        if (address(n, at) % (align * n->w->page) == 0 &&
            naive_fits(n, at, count, in.start, in.last)) {
            return at;
        }
    }
    return SIZE_MAX;
}

static void compare_find(struct naive *n)
{
    size_t unit = (size_t)1 << prng_below(&n->rng, 3);
    size_t align = (size_t)1 << prng_below(&n->rng, 5);
    size_t count = unit * prng_between(&n->rng, 1, prng_chance(&n->rng, 1, 3) ? 16 : 2);
    bool from_top = prng_chance(&n->rng, 1, 2);
    size_t first;
    size_t last;
    size_t want;
    uint64_t got = 0;
    bool found;

    choose_range(n, &first, &last);
    if (prng_chance(&n->rng, 1, 2)) {
        last = n->w->pages - 1;
    }
    if (prng_chance(&n->rng, 1, 3)) {
        first = 0;
    }
    want = naive_find(n, (struct range){first, last}, count, align > unit ? align : unit, from_top);
    found = pageflags_find_free(n->pf, pages(n, first, last), count * n->w->page, unit * n->w->page,
                                align * n->w->page, from_top, &got);
    assert_int_equal(found, want != SIZE_MAX);
    if (found) {
        assert_int_equal(got, address(n, want));
    }
}

static uint64_t choose_seed(const char *what)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

    print_message("# %s: TWINMAP_TEST_SEED=%llu\n", what, (unsigned long long)seed);
    return seed;
}

static void check_world(const struct world *w)
{
    struct naive n = {.w = w, .pf = pageflags_new(w->page)};
    unsigned depth = 0;

    n.v = calloc(w->pages, sizeof(*n.v));
    assert_non_null(n.pf);
    assert_non_null(n.v);
    prng_seed(&n.rng, choose_seed(w->name));
    for (unsigned i = 0; i < w->changes; i++) {
        change_on_ration(&n);
        compare_questions(&n);
        compare_find(&n);
        if (i % FULL_CHECK_EVERY == 0) {
            compare_all(&n);
        }
        depth = n.pf->tree.depth > depth ? n.pf->tree.depth : depth;
    }
    compare_all(&n);
    assert_true(depth >= w->depth);
    pageflags_free(n.pf);
    free(n.v);
}

static void test_few_pages_at_the_top(void **state)
{
    (void)state;
    check_world(
        &(struct world){"few pages at the top", 4096, -(uint64_t)(64 * 4096), 64, 20000, 100, 0});
}

static void test_many_runs_at_the_bottom(void **state)
{
    (void)state;
    check_world(&(struct world){"many runs at the bottom", 4096, 0, 12000, 15000, 2, 2});
}

static void test_many_runs_at_the_top(void **state)
{
    (void)state;
    check_world(&(struct world){"many runs at the top", 16384, -(uint64_t)12000 * 16384, 12000,
                                15000, 1, 2});
}

static void test_growing_and_shrinking(void **state)
{
    (void)state;
    check_world(
        &(struct world){"growing and shrinking", 65536, UINT64_C(1) << 40, 6000, 15000, 20, 1});
}

/* Everything in and everything out again, in random order: the deepest tree, then none. */
static void test_fill_and_drain(void **state)
{
    const size_t runs = 50000;
    struct pageflags *pf = pageflags_new(4096);
    struct page_info info = {.flags = PAGE_VALID};
    uint32_t *order = calloc(runs, sizeof(*order));
    struct prng rng;

    (void)state;
    assert_non_null(order);
    prng_seed(&rng, choose_seed("fill and drain"));
    for (size_t i = 0; i < runs; i++) {
        size_t j = prng_below(&rng, i + 1);

        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    for (unsigned drain = 0; drain < 2; drain++) {
        for (size_t i = 0; i < runs; i++) {
            struct range r = {order[i] * UINT64_C(8192), order[i] * UINT64_C(8192) + 4095};

            assert_int_equal(pageflags_reserve(pf, 1), 0);
            if (drain) {
                pageflags_unset(pf, r);
            } else {
                pageflags_set(pf, r, &info);
            }
            if (i % 5000 == 0) {
                assert_null(pageflags_check(pf));
            }
        }
        assert_null(pageflags_check(pf));
        assert_int_equal(pageflags_count(pf), drain ? 0 : runs);
    }
    pageflags_free(pf);
    free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_pages_at_the_top), cmocka_unit_test(test_many_runs_at_the_bottom),
        cmocka_unit_test(test_many_runs_at_the_top), cmocka_unit_test(test_growing_and_shrinking),
        cmocka_unit_test(test_fill_and_drain),
    };

    return cmocka_run_group_tests_name("pageflags property", tests, NULL, NULL);
}
