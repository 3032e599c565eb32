/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/region: normal form, first difference, the printed forms letter by letter. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "region/call.h"
#include "region/region.h"

static struct region reg(uint64_t start, uint64_t last, unsigned prot)
{
    return (struct region){.r = {start, last}, .prot = (uint8_t)prot};
}

static void fill(struct region_vec *v, const struct region *r, size_t n)
{
    *v = REGION_VEC_INIT;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(region_vec_push(v, r[i]), 0);
    }
}

static void test_find_and_lower_bound(void **state)
{
    struct region_vec v;

    (void)state;
    fill(&v, (struct region[]){reg(0x1000, 0x1fff, 1), reg(UINT64_MAX - 0xfff, UINT64_MAX, 3)}, 2);
    assert_null(region_find(&v, 0xfff));
    assert_ptr_equal(region_find(&v, 0x1000), &v.v[0]);
    assert_ptr_equal(region_find(&v, 0x1fff), &v.v[0]);
    assert_null(region_find(&v, 0x2000));
    assert_ptr_equal(region_find(&v, UINT64_MAX), &v.v[1]);
    assert_int_equal(region_lower_bound(&v, 0), 0);
    assert_int_equal(region_lower_bound(&v, 0x2000), 1);
    v.n = 1;
    assert_int_equal(region_lower_bound(&v, 0x2000), 1);
    region_vec_free(&v);
    assert_null(region_find(&v, 0));
}

static void test_copy_is_deep(void **state)
{
    struct region_vec v;
    struct region_vec w = REGION_VEC_INIT;

    (void)state;
    fill(&v, (struct region[]){reg(0, 0xfff, 1)}, 1);
    assert_int_equal(region_vec_copy(&w, &v), 0);
    v.v[0].prot = 7;
    assert_int_equal(w.n, 1);
    assert_int_equal(w.v[0].prot, 1);
    region_vec_clear(&v);
    assert_int_equal(region_vec_copy(&w, &v), 0);
    assert_int_equal(w.n, 0);
    region_vec_free(&v);
    region_vec_free(&w);
}

/* | r | r | . | r | rw |  joins only the first two; unsorted input is sorted. */
static void test_normalise_joins_equal_neighbours(void **state)
{
    struct region_vec v;

    (void)state;
    fill(&v,
         (struct region[]){reg(0x4000, 0x4fff, 3), reg(0x1000, 0x1fff, 1), reg(0, 0xfff, 1),
                           reg(0x3000, 0x3fff, 1)},
         4);
    region_normalise(&v, REGION_MASK_ALL);
    assert_int_equal(v.n, 3);
    assert_int_equal(v.v[0].r.start, 0);
    assert_int_equal(v.v[0].r.last, 0x1fff);
    assert_int_equal(v.v[1].r.start, 0x3000);
    assert_int_equal(v.v[2].prot, 3);
    region_vec_free(&v);
}

static void test_normalise_top_does_not_join_bottom(void **state)
{
    struct region_vec v;

    (void)state;
    fill(&v, (struct region[]){reg(0, 0xfff, 1), reg(UINT64_MAX - 0xfff, UINT64_MAX, 1)}, 2);
    region_normalise(&v, REGION_MASK_ALL);
    assert_int_equal(v.n, 2);
    region_vec_free(&v);
}

/* Each field keeps two neighbours apart under its own mask bit and under no other. */
static void test_normalise_each_mask_bit(void **state)
{
    static const struct {
        unsigned mask;
        struct region other;
    } rows[] = {
        {REGION_MASK_PROT, {.prot = REGION_R}},
        {REGION_MASK_FLAGS, {.flags = PAGE_VALID}},
        {REGION_MASK_KIND, {.kind = REGION_GUARD}},
        {REGION_MASK_SHARED, {.shared = true}},
        {REGION_MASK_SHARED, {.snapshot = true}},
        {REGION_MASK_OBJECT, {.named = true}},
        {REGION_MASK_OBJECT, {.object = 7, .offset = 0x1000}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r = rows[i].other;
        struct region_vec v;

        r.r = (struct range){0x1000, 0x1fff};
        fill(&v, (struct region[]){reg(0, 0xfff, 0), r}, 2);
        region_normalise(&v, rows[i].mask);
        assert_int_equal(v.n, 2);
        region_normalise(&v, REGION_MASK_ALL & ~rows[i].mask);
        assert_int_equal(v.n, 1);
        assert_int_equal(v.v[0].r.last, 0x1fff);
        region_vec_free(&v);
    }
}

static void test_normalise_offsets_must_continue(void **state)
{
    struct region a = {.r = {0, 0x1fff}, .object = 9, .offset = 0x5000};
    struct region b = {.r = {0x2000, 0x2fff}, .object = 9, .offset = 0x7000};
    struct region_vec v;

    (void)state;
    fill(&v, (struct region[]){a, b}, 2);
    region_normalise(&v, REGION_MASK_ALL);
    assert_int_equal(v.n, 1);
    region_vec_free(&v);
    b.offset = 0x6000;
    fill(&v, (struct region[]){a, b}, 2);
    region_normalise(&v, REGION_MASK_ALL);
    assert_int_equal(v.n, 2);
    /* Without an object an offset means nothing. */
    v.v[0].object = v.v[1].object = 0;
    region_normalise(&v, REGION_MASK_ALL);
    assert_int_equal(v.n, 1);
    region_vec_free(&v);
}

static void test_diff_finds_the_first_disagreement(void **state)
{
    struct region_vec a;
    struct region_vec b;
    struct region_difference d;
    const struct range all = {0, UINT64_MAX};

    (void)state;
    fill(&a, (struct region[]){reg(0x1000, 0x4fff, 1), reg(0x8000, 0x8fff, 3)}, 2);
    fill(&b, (struct region[]){reg(0x1000, 0x1fff, 1), reg(0x2000, 0x3fff, 1)}, 2);
    assert_true(region_diff(&a, &b, all, REGION_MASK_ALL, &d));
    assert_int_equal(d.where.start, 0x4000);
    assert_int_equal(d.where.last, 0x4fff);
    assert_ptr_equal(d.a, &a.v[0]);
    assert_null(d.b);
    /* Split differently, but equal where we look. */
    assert_false(region_diff(&a, &b, (struct range){0, 0x3fff}, REGION_MASK_ALL, &d));
    assert_true(region_diff(&b, &a, (struct range){0x8800, UINT64_MAX}, REGION_MASK_ALL, &d));
    assert_int_equal(d.where.start, 0x8800);
    assert_int_equal(d.where.last, 0x8fff);
    assert_null(d.a);
    region_vec_free(&a);
    region_vec_free(&b);
}

static void test_diff_compares_by_mask(void **state)
{
    struct region x = {.r = {0, 0xfff}, .prot = 1, .flags = 9, .object = 3, .offset = 0x1000};
    struct region y = {.r = {0, 0xfff}, .prot = 3, .flags = 8, .kind = REGION_FILE, .shared = true};
    struct region_vec a;
    struct region_vec b;
    struct region_difference d;

    (void)state;
    fill(&a, &x, 1);
    fill(&b, &y, 1);
    for (unsigned mask = 1; mask <= REGION_MASK_ALL; mask++) {
        assert_true(region_diff(&a, &b, x.r, mask, &d));
    }
    assert_false(region_diff(&a, &b, x.r, 0, &d));
    assert_false(region_diff(&a, &a, (struct range){0, UINT64_MAX}, REGION_MASK_ALL, &d));
    /* The same object at another offset is another page. */
    b.v[0] = x;
    b.v[0].offset = 0x2000;
    assert_true(region_diff(&a, &b, x.r, REGION_MASK_ALL, &d));
    assert_false(region_diff(&a, &b, x.r, REGION_MASK_ALL & ~REGION_MASK_OBJECT, &d));
    region_vec_free(&a);
    region_vec_free(&b);
}

static void test_print(void **state)
{
    static const struct {
        struct region r;
        const char *text;
    } rows[] = {
        {{.r = {0x10000, 0x13fff}, .prot = 3}, "0x10000-0x13fff rw-p anon"},
        {{.r = {0, 0xfff},
          .prot = 5,
          .kind = REGION_FILE,
          .shared = true,
          .object = 0x5,
          .offset = 0x1000},
         "0x0-0xfff r-xs file object 0x5+0x1000"},
        {{.r = {0, 0xfff}, .prot = 1, .flags = PAGE_READ | PAGE_VALID | PAGE_WRITE_ORG},
         "0x0-0xfff r-- VALID|WRITE_ORG"},
        {{.r = {0, 0xfff},
          .flags = PAGE_VALID | 0x40,
          .kind = REGION_FILE,
          .shared = true,
          .snapshot = true},
         "0x0-0xfff --- VALID|0x40 file shared snapshot"},
        {{.r = {0, 0xfff}, .kind = REGION_GUARD}, "0x0-0xfff ---p guard"},
    };
    struct buf out = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_clear(&out);
        region_print(&rows[i].r, &out);
        assert_string_equal(buf_text(&out), rows[i].text);
    }
    buf_clear(&out);
    region_vec_print(&(struct region_vec){.v = (struct region[]){rows[0].r, rows[4].r}, .n = 2},
                     &out);
    assert_string_equal(buf_text(&out), "  0x10000-0x13fff rw-p anon\n  0x0-0xfff ---p guard\n");
    buf_free(&out);
}

static void check_ruler(struct region_vec *flags, struct region_vec *host, struct range within,
                        uint64_t unit, const struct range *mark, const char *want)
{
    struct region_row rows[] = {{"flags", flags}, {"host", host}};
    struct buf out = BUF_INIT;

    region_ruler(rows, host ? 2 : 1, within, unit, mark, &out);
    if (strcmp(buf_text(&out), want) != 0) {
        printf("# drawn:\n%s# expected:\n%s", buf_text(&out), want);
    }
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void test_ruler_small(void **state)
{
    struct region_vec f;
    struct region_vec h;
    struct region tb = reg(0x15000, 0x15fff, 5);

    (void)state;
    tb.flags = PAGE_VALID | PAGE_WRITE_ORG | PAGE_READ | PAGE_EXEC;
    fill(&f, (struct region[]){reg(0x10000, 0x11fff, 3), reg(0x13000, 0x13fff, 0), tb}, 3);
    fill(&h, (struct region[]){reg(0x10000, 0x14fff, 3), reg(0x15000, 0x157ff, 1)}, 2);
    check_ruler(&f, &h, (struct range){0x10000, 0x15fff}, 0x1000, &(struct range){0x12000, 0x13fff},
                "       0x10000 0x12000 0x14000\n"
                "flags  |rw |rw | . | - | . |rtx|\n"
                "host   |rw |rw |rw |rw |rw | ? |\n"
                "                ^^^^^^^\n");
    check_ruler(&f, NULL, (struct range){0x11800, 0x12000}, 0x1000, NULL,
                "       0x11000\n"
                "flags  |rw | . |\n");
    region_vec_free(&f);
    region_vec_free(&h);
}

static void test_ruler_shortens_equal_stretches(void **state)
{
    struct region_vec f;

    (void)state;
    fill(&f, (struct region[]){reg(0x100000, 0x1fffff, 1), reg(UINT64_MAX - 0xfff, UINT64_MAX, 7)},
         2);
    check_ruler(&f, NULL, (struct range){0, UINT64_MAX}, 0x1000,
                &(struct range){0x180000, 0x180fff},
                "       0x0     0xff000         0x180000    0x1ff000    0xffffffffffffe000\n"
                "flags  | . | ~ | . |r  | ~ |r  |r  |r  | ~ |r  | . | ~ | . |rwx|\n"
                "                                ^^^\n");
    region_vec_free(&f);
}

static void test_ruler_cuts_to_the_neighbourhood_of_the_mark(void **state)
{
    struct region_vec f = REGION_VEC_INIT;

    (void)state;
    for (uint64_t i = 0; i < 64; i++) {
        assert_int_equal(region_vec_push(&f, reg(i * 0x2000, i * 0x2000 + 0xfff, 1)), 0);
    }
    check_ruler(&f, NULL, (struct range){0, 0x7ffff}, 0x1000, &(struct range){0x40000, 0x40fff},
                "       0x38000         0x3c000         0x40000         0x44000         0x48000"
                "         0x4c000\n"
                "flags  <r  | . |r  | . |r  | . |r  | . |r  | . |r  | . |r  | . |r  | . |r  | . |r "
                " | . |r  "
                "| . |r  | . >\n"
                "                                        ^^^\n");
    region_vec_free(&f);
}

static void test_ruler_change_inside_the_first_unit(void **state)
{
    struct region_vec f;

    (void)state;
    fill(&f, (struct region[]){reg(0x800, 0xfff, 1)}, 1);
    check_ruler(&f, NULL, (struct range){0, 0x1fff}, 0x1000, NULL,
                "       0x0\n"
                "flags  | ? | . |\n");
    region_vec_free(&f);
}

static void check_call(struct trace_call c, const char *want)
{
    struct buf out = BUF_INIT;

    call_print(&c, 0x7000000, &out);
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void test_call_print(void **state)
{
    const uint64_t at = 0x7010000;

    (void)state;
    check_call((struct trace_call){.kind = CALL_MAP,
                                   .addr = at,
                                   .len = 0x4000,
                                   .prot = 3,
                                   .addr2 = UINT64_MAX,
                                   .flags = HOST_MAP_PRIVATE | HOST_MAP_FIXED | HOST_MAP_ANON,
                                   .result = at},
               "map(0x10000, 0x4000, rw-, PRIVATE|FIXED|ANON, -1, 0) = 0x10000");
    check_call((struct trace_call){.kind = CALL_MAP,
                                   .len = 0x1000,
                                   .addr2 = 5,
                                   .len2 = 0x2000,
                                   .flags = HOST_MAP_SHARED,
                                   .err = ENOMEM,
                                   .injected = true},
               "map(NULL, 0x1000, ---, SHARED, 5, 0x2000) = -1 ENOMEM (injected)");
    check_call(
        (struct trace_call){
            .kind = CALL_UNMAP, .addr = at, .len = 0x1000, .refused = true, .err = EINVAL},
        "unmap(0x10000, 0x1000) = -1 EINVAL (refused: outside the window)");
    check_call((struct trace_call){.kind = CALL_PROTECT, .addr = at, .len = 0x1000, .prot = 5},
               "protect(0x10000, 0x1000, r-x) = 0");
    check_call((struct trace_call){.kind = CALL_REMAP,
                                   .addr = at,
                                   .len = 0x1000,
                                   .len2 = 0x2000,
                                   .addr2 = at + 0x10000,
                                   .flags = HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED,
                                   .result = at + 0x10000},
               "remap(0x10000, 0x1000, 0x2000, MAYMOVE|FIXED, 0x20000) = 0x20000");
    check_call(
        (struct trace_call){
            .kind = CALL_REMAP, .addr = at, .len = 0x2000, .len2 = 0x1000, .result = at},
        "remap(0x10000, 0x2000, 0x1000, 0) = 0x10000");
    check_call(
        (struct trace_call){
            .kind = CALL_SYNC, .addr = at, .len = 1, .flags = HOST_SYNC_SYNC | 0x40},
        "sync(0x10000, 0x1, SYNC|0x40) = 0");
    check_call(
        (struct trace_call){
            .kind = CALL_ADVISE, .addr = at, .len = 1, .flags = HOST_ADVISE_DONTNEED},
        "advise(0x10000, 0x1, DONTNEED) = 0");
    check_call((struct trace_call){.kind = CALL_FSTAT, .addr2 = 5}, "fstat(5) = 0");
    check_call((struct trace_call){.kind = CALL_PREAD, .addr2 = 5, .len = 0x10, .len2 = 0x1000},
               "pread(5, 0x10, 0x1000) = 0");
    check_call((struct trace_call){.kind = CALL_WRITE, .addr = at, .len = 0x10},
               "write(0x10000, 0x10) = 0");
    check_call((struct trace_call){.kind = CALL_KIND_COUNT, .addr = at, .len = 0x10},
               "unknown(0x10000, 0x10) = 0");
}

static void test_call_flag_names_follow_the_host_contract(void **state)
{
    (void)state;
    check_call(
        (struct trace_call){.kind = CALL_MAP,
                            .addr = 0x7000000,
                            .len = 1,
                            .result = 0x7000000,
                            .flags = HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_NOREPLACE |
                                     HOST_MAP_NORESERVE | HOST_MAP_LOCKED | HOST_MAP_POPULATE |
                                     HOST_MAP_NOCORE},
        "map(0x0, 0x1, ---, SHARED|FIXED|NOREPLACE|NORESERVE|LOCKED|POPULATE|NOCORE, 0, 0) = 0x0");
    check_call((struct trace_call){.kind = CALL_REMAP,
                                   .addr = 0x7000000,
                                   .len = 1,
                                   .len2 = 1,
                                   .result = 0x7000000,
                                   .flags = HOST_REMAP_DONTUNMAP},
               "remap(0x0, 0x1, 0x1, DONTUNMAP) = 0x0");
    check_call((struct trace_call){.kind = CALL_SYNC,
                                   .addr = 0x7000000,
                                   .len = 1,
                                   .flags = HOST_SYNC_ASYNC | HOST_SYNC_INVALIDATE},
               "sync(0x0, 0x1, ASYNC|INVALIDATE) = 0");
    assert_string_equal(call_kind_names[CALL_MAP], "map");
    assert_string_equal(call_kind_names[CALL_WRITE], "write");
    assert_int_equal(HOST_R | HOST_W << 8 | HOST_X << 16,
                     REGION_R | REGION_W << 8 | REGION_X << 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_and_lower_bound),
        cmocka_unit_test(test_copy_is_deep),
        cmocka_unit_test(test_normalise_joins_equal_neighbours),
        cmocka_unit_test(test_normalise_top_does_not_join_bottom),
        cmocka_unit_test(test_normalise_each_mask_bit),
        cmocka_unit_test(test_normalise_offsets_must_continue),
        cmocka_unit_test(test_diff_finds_the_first_disagreement),
        cmocka_unit_test(test_diff_compares_by_mask),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_ruler_small),
        cmocka_unit_test(test_ruler_shortens_equal_stretches),
        cmocka_unit_test(test_ruler_cuts_to_the_neighbourhood_of_the_mark),
        cmocka_unit_test(test_ruler_change_inside_the_first_unit),
        cmocka_unit_test(test_call_print),
        cmocka_unit_test(test_call_flag_names_follow_the_host_contract),
    };

    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
