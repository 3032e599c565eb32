/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timelines of records made by hand: which rows and columns there are, and what they point at. */
#include "timeline_bed.h"

#include <string.h>

#define MAP "mmap(0x10000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"

/* The columns as text: a letter per page from AT on, '~' a gap. */
static void assert_columns(const struct bed *b, const char *want)
{
    char text[300] = "";
    const struct timeline *t = &b->timeline;

    assert_true(t->columns.n < sizeof(text));
    for (size_t i = 0; i < t->columns.n; i++) {
        text[i] = t->columns.v[i].gap ? '~' : 'p';
        if (i > 0) {
            assert_int_equal(t->columns.v[i].r.start, t->columns.v[i - 1].r.last + 1);
        }
    }
    assert_string_equal(text, want);
}

static void test_symbols(void **state)
{
    static const struct {
        unsigned look;
        const char *symbol, *words;
    } cases[] = {
        {LOOK_FREE, ".", "free"},
        {LOOK_MIXED, "?", "several things"},
        {LOOK_MAPPED, "-", "--- private anonymous"},
        {LOOK_MAPPED | LOOK_R, "r", "r-- private anonymous"},
        {LOOK_MAPPED | LOOK_R | LOOK_W, "rw", "rw- private anonymous"},
        {LOOK_MAPPED | LOOK_R | LOOK_W | LOOK_WATCHED, "rt", "rt- private anonymous"},
        {LOOK_MAPPED | LOOK_X, "x", "--x private anonymous"},
        {LOOK_MAPPED | LOOK_GUARD, "#", "guard"},
        {LOOK_MAPPED | LOOK_R | LOOK_SHARED | LOOK_FILE, "rs", "r-- shared file"},
        {LOOK_MAPPED | LOOK_R | LOOK_W | LOOK_X | LOOK_SHARED | LOOK_SNAPSHOT, "rwxs*",
         "rwx shared anonymous, a snapshot"},
        {LOOK_MAPPED | LOOK_SPECIAL, "-", "--- private special"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char symbol[LOOK_TEXT_MAX];
        struct buf words = BUF_INIT;

        look_symbol(cases[i].look, symbol);
        look_words(cases[i].look, &words);
        assert_string_equal(symbol, cases[i].symbol);
        assert_string_equal(buf_text(&words), cases[i].words);
        buf_free(&words);
    }
}

static void test_changes_between_looks(void **state)
{
    struct bed b;
    struct region_vec before;
    struct region_vec after;
    struct look_change c;

    (void)state;
    bed_open(&b, MAP MAP, 1);
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrww..r");
    bed_ok(&b, 0, 1, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrrr.rr");
    before = record_regions(&b.record[0], 0);
    after = record_regions(&b.record[0], 1);
    assert_true(look_next_change(&before, &after, (struct range){0, UINT64_MAX}, &c));
    assert_int_equal(c.where.start, 0x12000); /* two regions, one change */
    assert_int_equal(c.where.last, 0x13fff);
    assert_int_equal(c.before, LOOK_MAPPED | LOOK_R | LOOK_W);
    assert_int_equal(c.after, LOOK_MAPPED | LOOK_R);
    assert_true(look_next_change(&before, &after, (struct range){0x14000, UINT64_MAX}, &c));
    assert_int_equal(c.where.start, 0x15000);
    assert_int_equal(c.where.last, 0x15fff);
    assert_int_equal(c.before, LOOK_FREE);
    assert_false(look_next_change(&before, &after, (struct range){0x16000, UINT64_MAX}, &c));
    assert_true(look_next_change(&before, &after, (struct range){0x13800, 0x138ff}, &c));
    assert_int_equal(c.where.last, 0x138ff);
    assert_int_equal(look_at(&before, (struct range){0x10000, 0x11fff}), LOOK_MAPPED | LOOK_R);
    assert_int_equal(look_at(&before, (struct range){0x11000, 0x12fff}), LOOK_MIXED);
    assert_int_equal(look_at(&before, (struct range){0x14000, 0x15fff}), LOOK_FREE);
    bed_close(&b);
}

static void test_columns_of_guest_pages_in_their_host_page(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "munmap(0x10000, 0x1000)\n", 1);
    bed_layer(&b, 0, 16384, 16384);
    bed_ok(&b, 0, 0, 0);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, ".rr");
    bed_view(&b, 0, LANE_HOST, 0x10000, 16384, "r");
    bed_build(&b);
    assert_columns(&b, "pppp");
    assert_int_equal(b.timeline.columns.v[0].r.start, 0x10000);
    assert_int_equal(timeline_span(&b.timeline, 0, BED_PAGE), 1);
    assert_int_equal(timeline_span(&b.timeline, 0, 16384), 4);
    assert_int_equal(timeline_span(&b.timeline, 1, 16384), 3);
    assert_true(timeline_starts_page(&b.timeline, 0, 0));
    assert_false(timeline_starts_page(&b.timeline, 0, 1));
    bed_close(&b);
}

static void test_columns_of_real_pages_in_a_guest_page(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "munmap(0x10000, 0x1000)\n", 1);
    b.record[0].place.page = 16384;
    bed_layer(&b, 0, 16384, 4096);
    bed_ok(&b, 0, 0, 0);
    bed_view(&b, 0, LANE_PAGES, 0x10000, 16384, "r");
    bed_view(&b, 0, LANE_HOST, 0x10000, 4096, "rr..");
    bed_build(&b);
    assert_columns(&b, "pppp");
    assert_int_equal(timeline_lane_page(&b.timeline.targets.v[0], LANE_PAGES), 16384);
    assert_int_equal(timeline_lane_page(&b.timeline.targets.v[0], LANE_HOST), 4096);
    bed_close(&b);
}

static void test_a_stretch_in_which_nothing_happens_is_a_gap(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "munmap(0x10000, 0x1000)\n", 1);
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrrr.....wwwwwwwww");
    bed_ok(&b, 0, 1, 0);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, ".rrr.....wwwwwwwww");
    bed_build(&b);
    assert_columns(&b, "pppp~p~p"); /* the ends of what is mapped alike */
    assert_int_equal(b.timeline.columns.v[4].r.start, 0x14000);
    assert_int_equal(b.timeline.columns.v[4].r.last, 0x18fff);
    bed_close(&b);
}

/* The pages of a large map are alike but for its ends; few pages are no gap. */
static void test_large_maps_shrink_and_short_gaps_are_filled(void **state)
{
    struct bed b;
    struct record_step *s;
    struct region_vec v = REGION_VEC_INIT;

    (void)state;
    bed_open(&b, "munmap(0x3000, 0x1000)\nmunmap(0x8000, 0x1000)\n", 1);
    bed_ok(&b, 0, 0, 0);
    s = bed_ok(&b, 0, 1, 0);
    assert_int_equal(region_vec_push(&v, (struct region){.r = {0x100000, 0x8fffffff}, .prot = 1}),
                     0);
    assert_int_equal(record_put_regions(&b.record[0], s, &v), 0);
    bed_build(&b);
    assert_columns(&b, "pppppp~p~p"); /* 0x3000 to 0x8000, both ends of the map */
    region_vec_free(&v);
    bed_close(&b);
}

static void test_the_top_of_the_address_space(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "munmap(0xfffffffffffff000, 0x1000)\nmunmap(0xfffffffffffff000, 0x2000)\n", 1);
    bed_ok(&b, 0, 0, 0);
    bed_view(&b, 0, LANE_PAGES, UINT64_C(0xfffffffffffff000), BED_PAGE, "r");
    bed_ok(&b, 0, 1, 0); /* wraps: names nothing */
    bed_view(&b, 0, LANE_PAGES, 0, BED_PAGE, "r");
    bed_build(&b);
    assert_columns(&b, "p~p");
    assert_int_equal(b.timeline.columns.v[2].r.last, UINT64_MAX);
    assert_int_equal(timeline_named(&b.timeline, 0, 0).n, 1);
    assert_int_equal(timeline_named(&b.timeline, 1, 0).n, 0);
    assert_true(b.timeline.rows.v[1].changed);
    bed_close(&b);
}

static void test_no_more_columns_than_allowed_around_the_bad_page(void **state)
{
    struct bed b;
    char pages[401];

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        pages[i] = i % 2 ? 'r' : 'w';
    }
    pages[400] = '\0';
    bed_open(&b, MAP, 1);
    b.limits.columns = 20;
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, pages);
    bed_bad_at(&b, 0, 0x10000 + 200 * BED_PAGE, 0x10000 + 201 * BED_PAGE);
    bed_build(&b);
    assert_columns(&b, "pppppppppppppppppppp");
    assert_true(b.timeline.cut_left && b.timeline.cut_right);
    assert_true(b.timeline.columns.v[0].r.start < b.timeline.bad.start);
    assert_true(b.timeline.columns.v[19].r.last > b.timeline.bad.last);
    assert_int_equal(b.timeline.bad.last - b.timeline.bad.start, BED_PAGE - 1);

    b.subject.where = (struct range){0x10000, 0x10000};
    bed_build(&b);
    assert_true(!b.timeline.cut_left && b.timeline.cut_right);
    b.limits.columns = 400;
    bed_build(&b);
    assert_true(!b.timeline.cut_left && !b.timeline.cut_right);
    assert_int_equal(b.timeline.columns.n, 400);
    bed_close(&b);
}

/* What a host holds that no step changed is not of interest. */
static void test_placeholders_of_a_host_take_no_columns(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "munmap(0x10000, 0x1000)\n", 1);
    bed_layer(&b, 0, BED_PAGE, BED_PAGE);
    for (size_t i = 0; i < 2; i++) {
        bed_ok(&b, 0, i, i ? 0 : 0x10000);
        bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, i ? ".rrr" : "rrrr");
        bed_view(&b, 0, LANE_HOST, 0, BED_PAGE,
                 i ? "w---------------.rrr" : "w---------------rrrr");
    }
    bed_build(&b);
    assert_columns(&b, "pppp");
    bed_close(&b);
}

/* But what it lost or got where nobody asked it to is. */
static void test_changes_of_a_host_take_columns(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "load(0x10000, 1)\n", 1);
    bed_layer(&b, 0, BED_PAGE, BED_PAGE);
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_HOST, 0x1000, BED_PAGE, "w");
    bed_ok(&b, 0, 1, 0);
    bed_view(&b, 0, LANE_HOST, 0x1000, BED_PAGE, "wr");
    bed_build(&b);
    assert_columns(&b, "p~pppp");
    assert_int_equal(b.timeline.columns.v[0].r.start, 0x2000);
    assert_false(b.timeline.rows.v[0].changed); /* nobody knows what it had before */
    assert_true(b.timeline.rows.v[1].changed);
    bed_close(&b);
}

static void test_targets_share_rows(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "fork()\nmunmap(0x10000, 0x1000)\nwait()\n", 2);
    bed_ok(&b, 0, 0, 0x10000);
    bed_ok(&b, 0, 1, 0);
    bed_state(&b, 0, RECORD_BORN, 1);
    bed_ok(&b, 0, 2, 0)->step.process = 1;
    bed_state(&b, 0, RECORD_DONE, 1);
    bed_ok(&b, 0, 3, 0);
    bed_ok(&b, 1, 0, 0x10000); /* keeps no account of processes, and ends sooner */
    bed_ok(&b, 1, 1, 0);
    bed_ok(&b, 1, 2, 0)->step.process = 1;
    bed_build(&b);
    assert_int_equal(b.timeline.rows.n, 6);
    assert_int_equal(b.timeline.rows.v[2].what, RECORD_BORN);
    assert_null(timeline_step(&b.timeline, 2, 1, NULL));
    assert_non_null(timeline_step(&b.timeline, 3, 1, NULL));
    assert_int_equal(timeline_step(&b.timeline, 3, 1, NULL)->step.op, 2);
    assert_null(timeline_step(&b.timeline, 5, 1, NULL));
    assert_int_equal(b.timeline.rows.v[3].depth, 1);
    assert_int_equal(b.timeline.rows.v[5].depth, 0);
    bed_close(&b);
}

static void test_a_process_goes_on_from_its_own_pages(void **state)
{
    struct bed b;
    struct region_vec v;

    (void)state;
    bed_open(&b, MAP "fork()\nmunmap(0x10000, 0x1000)\nwait()\nmunmap(0x11000, 0x1000)\n", 1);
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrrr");
    bed_ok(&b, 0, 1, 0);
    bed_state(&b, 0, RECORD_BORN, 1);
    bed_ok(&b, 0, 2, 0)->step.process = 1;
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, ".rrr");
    bed_state(&b, 0, RECORD_DONE, 1);
    bed_ok(&b, 0, 3, 0);
    bed_ok(&b, 0, 4, 0);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "r.rr");
    bed_bad_at(&b, 4, 0x10000, 0x10fff);
    bed_build(&b);
    assert_true(timeline_view_before(&b.timeline, 3, 0, LANE_PAGES, &v));
    assert_int_equal(v.n, 4); /* the parent's */
    assert_true(timeline_view_before(&b.timeline, 6, 0, LANE_PAGES, &v));
    assert_int_equal(v.v[0].r.start, 0x10000); /* and not what the child did to it */
    assert_true(b.timeline.rows.v[0].touched);
    assert_false(b.timeline.rows.v[3].touched); /* another process */
    assert_false(b.timeline.rows.v[6].touched); /* another page */
    assert_true(b.timeline.rows.v[6].bad && b.timeline.rows.v[6].drawn);
    bed_close(&b);
}

static void test_what_an_op_names(void **state)
{
    struct bed b;
    struct timeline_named n;

    (void)state;
    bed_open(&b,
             "mremap(0x10000, 0x1000, 0x2000, MREMAP_MAYMOVE)\n"
             "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\nexec(0x20000)\n"
             "munmap(0x10000, 0)\n",
             2);
    bed_ok(&b, 0, 0, 0x30000);
    bed_op(&b, 0, 1, (struct outcome){.kind = OUTCOME_FAIL, .err = 12});
    bed_ok(&b, 0, 2, 0);
    bed_op(&b, 0, 3, (struct outcome){.kind = OUTCOME_SKIPPED});
    b.record[1].place.window = 0x200000;
    bed_op(&b, 1, 0, (struct outcome){.kind = OUTCOME_FAIL, .err = 12})->step.args.arg[0] =
        0x210000;
    bed_build(&b);
    n = timeline_named(&b.timeline, 0, 0);
    assert_int_equal(n.n, 2);
    assert_int_equal(n.v[1].start, 0x30000);
    assert_int_equal(n.v[1].last, 0x31fff);
    n = timeline_named(&b.timeline, 0, 1);
    assert_int_equal(n.n, 1);
    assert_int_equal(n.v[0].start, 0x10000);
    assert_int_equal(timeline_named(&b.timeline, 1, 0).n, 0);
    assert_int_equal(timeline_named(&b.timeline, 2, 0).n, 1);
    assert_int_equal(timeline_named(&b.timeline, 3, 0).n, 0);
    bed_close(&b);
}

/* Without a bad page the bad op's is pointed at; without either nothing is. */
static void test_where_a_finding_points_without_a_page(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "fork()\n", 1);
    bed_op(&b, 0, 0, (struct outcome){.kind = OUTCOME_FAIL, .err = 12});
    bed_ok(&b, 0, 1, 0);
    bed_bad(&b, 0);
    bed_build(&b);
    assert_true(b.timeline.has_bad && b.timeline.bad_is_named);
    assert_int_equal(b.timeline.bad.start, 0x10000);
    bed_bad(&b, 1);
    bed_build(&b);
    assert_false(b.timeline.has_bad);
    bed_bad(&b, 2); /* behind the last */
    bed_build(&b);
    assert_true(b.timeline.rows.v[1].bad);
    b.subject.finding = false;
    bed_build(&b);
    assert_false(b.timeline.has_bad || b.timeline.rows.v[1].bad);
    bed_close(&b);
}

static void test_too_many_rows_leave_out_the_farthest(void **state)
{
    struct bed b;
    enum { N = 40 };
    struct buf text = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        buf_str(&text, "munmap(0x10000, 0x1000)\n");
    }
    bed_open(&b, buf_text(&text), 1);
    b.limits.cells = 10 * 4 + 10;
    for (size_t i = 0; i < N; i++) {
        bed_ok(&b, 0, i, 0);
        bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, i % 2 ? "rrrr" : "wwww");
    }
    bed_bad_at(&b, 30, 0x12000, 0x12fff);
    bed_build(&b);
    assert_int_equal(b.timeline.left_out, N - 10);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(b.timeline.rows.v[i].drawn, i > 20 && i <= 30);
    }
    buf_free(&text);
    bed_close(&b);
}

static void test_a_row_without_change_is_not_drawn(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP "load(0x10000, 1)\n", 1);
    bed_ok(&b, 0, 0, 0x10000);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrrr");
    bed_ok(&b, 0, 1, 0);
    bed_view(&b, 0, LANE_PAGES, 0x10000, BED_PAGE, "rrrr");
    bed_build(&b);
    assert_true(b.timeline.rows.v[0].drawn);
    assert_false(b.timeline.rows.v[1].drawn);
    bed_bad_at(&b, 0, 0x10000, 0x10000);
    bed_build(&b);
    assert_true(b.timeline.rows.v[1].drawn && b.timeline.rows.v[1].touched);
    bed_close(&b);
}

static void test_records_without_steps(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP, 2);
    bed_bad_at(&b, 0, 0x10000, 0x10fff);
    bed_build(&b);
    assert_int_equal(b.timeline.rows.n, 0);
    assert_int_equal(b.timeline.columns.n, 0);
    assert_false(b.timeline.has_bad);
    bed_ok(&b, 1, 0, 0x10000); /* one of them */
    bed_build(&b);
    assert_int_equal(b.timeline.rows.n, 1);
    assert_null(timeline_step(&b.timeline, 0, 0, NULL));
    assert_true(b.timeline.has_bad);
    bed_close(&b);
}

/* What a system has from the start is no change, and not of interest. */
static void test_what_was_there_before(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, MAP, 1);
    b.record[0].place.window = 0x10000000;
    b.record[0].place.taken = (struct range){0x18000000, 0x18000fff};
    bed_ok(&b, 0, 0, 0x10010000);
    bed_view(&b, 0, LANE_PAGES, 0x18000000, BED_PAGE, "-");
    bed_build(&b);
    assert_false(b.timeline.rows.v[0].changed);
    assert_columns(&b, "pppp");
    assert_int_equal(b.timeline.columns.v[0].r.start, 0x10000);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_changes_between_looks),
        cmocka_unit_test(test_columns_of_guest_pages_in_their_host_page),
        cmocka_unit_test(test_columns_of_real_pages_in_a_guest_page),
        cmocka_unit_test(test_a_stretch_in_which_nothing_happens_is_a_gap),
        cmocka_unit_test(test_large_maps_shrink_and_short_gaps_are_filled),
        cmocka_unit_test(test_the_top_of_the_address_space),
        cmocka_unit_test(test_no_more_columns_than_allowed_around_the_bad_page),
        cmocka_unit_test(test_placeholders_of_a_host_take_no_columns),
        cmocka_unit_test(test_changes_of_a_host_take_columns),
        cmocka_unit_test(test_targets_share_rows),
        cmocka_unit_test(test_a_process_goes_on_from_its_own_pages),
        cmocka_unit_test(test_what_an_op_names),
        cmocka_unit_test(test_where_a_finding_points_without_a_page),
        cmocka_unit_test(test_too_many_rows_leave_out_the_farthest),
        cmocka_unit_test(test_a_row_without_change_is_not_drawn),
        cmocka_unit_test(test_records_without_steps),
        cmocka_unit_test(test_what_was_there_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
