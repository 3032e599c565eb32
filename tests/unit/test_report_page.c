/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timelines as HTML and as text, against the files in tests/data/timeline; TEST_REWRITE=1 writes
 * them anew. tests/cli/test_report parses pages, tests/cli/test_browser opens them.
 */
#include "timeline_bed.h"

#include <string.h>

#include "inv/limit.h"
#include "report/html.h"
#include "report/text.h"

#define PROGRAM \
    "config guest_page=4096 host_page=16384\nrequires h_gt_g\nfile f0 size=10000\n" \
    "mmap(0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n" \
    "mmap(0x50000, 0x2000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x1000)\n" \
    "mprotect(0x41000, 0x1000, PROT_READ)\nload(0x50000, 1)\nstore(0x41000, 1, 0x5a) = ok\n" \
    "munmap(0x40000, 0x4000)\n"

/* A layer under a big host page that lets a store through, as one target or beside a model. */
static void make(struct bed *b, size_t n_targets)
{
    static const struct {
        uint64_t value;
        const char *guest, *host, *model;
    } steps[] = {
        {0x40000, "wwww", "w", "wwww"},
        {0x50000, "wwww............**", "w...r", "wwww............ss"},
        {0, "wrww............**", "w...r", "wrww............ss"},
        {0x42, "wrww............**", "w...r", "wrww............ss"},
        {0, "wrww............**", "w...r", "wrww............ss"},
    };

    bed_open(b, PROGRAM, n_targets);
    bed_layer(b, 0, 16384, 16384);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        for (size_t k = 0; k < n_targets; k++) {
            struct record_step *s = bed_ok(b, k, i, steps[i].value);

            if (k > 0 && i == 4) {
                s->step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = 11};
                s->has_at = true;
                s->at = 0x41000;
            }
            if (k == 0 && i == 1) {
                s->step.excused = limit_bit(LIMIT_ID_SHARED_RO_SNAPSHOT);
            }
            bed_view(b, k, LANE_PAGES, 0x40000, BED_PAGE, k ? steps[i].model : steps[i].guest);
        }
        bed_view(b, 0, LANE_HOST, 0x40000, 16384, steps[i].host);
        bed_view(b, 0, LANE_MODEL, 0x40000, BED_PAGE, steps[i].model);
    }
    bed_bad_at(b, 4, 0x41000, 0x41000);
    bed_build(b);
}

static struct report report(const struct bed *b)
{
    return (struct report){
        .timeline = &b->timeline,
        .verdict = REPORT_FINDING,
        .path = "corpus/x.tm",
        .signature = "model-outcome/store/r--_to_r--/h_gt_g/linux",
        .reason = "store: succeeded at 0x41000, where the guest's kernel raises SIGSEGV",
        .command = "twinmap run --on one corpus/x.tm",
    };
}

static size_t count(const struct buf *text, const char *what)
{
    size_t n = 0;

    for (const char *at = buf_text(text); (at = strstr(at, what)); at++) {
        n++;
    }
    return n;
}

static void test_page_of_a_finding(void **state)
{
    struct bed b;
    struct report r;

    (void)state;
    make(&b, 1);
    r = report(&b);
    report_html(&r, &b.text);
    bed_golden(&b, "finding.html");
    bed_close(&b);
}

static void test_picture_of_a_finding(void **state)
{
    struct bed b;

    (void)state;
    make(&b, 1);
    timeline_text(&b.timeline, 100, &b.text);
    bed_golden(&b, "finding.txt");
    bed_close(&b);
}

static void test_picture_of_two_targets(void **state)
{
    struct bed b;

    (void)state;
    make(&b, 2);
    timeline_text(&b.timeline, 100, &b.text);
    bed_golden(&b, "targets.txt");
    bed_close(&b);
}

/* A window follows the steps, and what lies beside it is said to be there. */
static void test_picture_in_a_narrow_terminal(void **state)
{
    struct bed b;

    (void)state;
    make(&b, 1);
    timeline_text(&b.timeline, 50, &b.text);
    bed_golden(&b, "narrow.txt");
    for (const char *at = buf_text(&b.text); *at; at += strcspn(at, "\n") + 1) {
        assert_true(strcspn(at, "\n") <= 50 || at[2] != ' '); /* the ops themselves are longer */
    }
    bed_close(&b);
}

/* Everything that comes from outside is text, wherever it stands. */
static void test_hostile_names(void **state)
{
    static const char evil[] = "'\"><script>alert(1)</script>&amp;\x1b[31m\xff\xe2\x80\xae%s.tm";
    struct bed b;
    struct report r;

    (void)state;
    make(&b, 2);
    memcpy(b.record[0].maker, evil, sizeof(evil));
    memcpy(b.record[1].maker, evil, sizeof(evil));
    r = report(&b);
    r.path = r.signature = r.reason = r.command = evil;
    report_html(&r, &b.text);
    assert_int_equal(count(&b.text, "<script"), 0);
    assert_int_equal(count(&b.text, "\x1b"), 0);
    assert_int_equal(count(&b.text, "\xff"), 0);
    assert_int_equal(count(&b.text, "\xe2\x80\xae"), 0);
    assert_true(count(&b.text, "&#39;&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"
                               "\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd%s.tm") > 10);
    bed_close(&b);
}

/* The id is there once, wherever a finding is. */
static void test_what_is_bad_has_one_id(void **state)
{
    static const size_t bad_ops[] = {4, 3, 5, 6}; /* the last two were not run */
    struct bed b;
    struct report r;

    (void)state;
    make(&b, 2);
    for (size_t i = 0; i < ARRAY_LEN(bad_ops); i++) {
        for (int where = 0; where < 2; where++) {
            bed_bad(&b, bad_ops[i]);
            b.subject.has_where = where;
            bed_build(&b);
            r = report(&b);
            buf_clear(&b.text);
            report_html(&r, &b.text);
            assert_int_equal(count(&b.text, "id=\"bad\""), 1);
        }
    }
    b.subject.finding = false;
    bed_build(&b);
    r.verdict = REPORT_PASSED;
    buf_clear(&b.text);
    report_html(&r, &b.text);
    assert_int_equal(count(&b.text, "id=\"bad\""), 0);
    bed_close(&b);
}

static void test_page_without_steps(void **state)
{
    struct bed b;
    struct report r;

    (void)state;
    bed_open(&b, PROGRAM, 1);
    buf_str(&b.record[0].reason, "requires freebsd");
    bed_bad_at(&b, 6, 0x41000, 0x41000);
    bed_build(&b);
    r = report(&b);
    report_html(&r, &b.text);
    assert_int_equal(count(&b.text, "<p class=\"reason\" id=\"bad\">"), 1);
    assert_int_equal(count(&b.text, "requires freebsd"), 1);
    assert_int_equal(count(&b.text, "Ops of the program that were not run: 6"), 1);
    buf_clear(&b.text);
    timeline_text(&b.timeline, 100, &b.text);
    assert_string_equal(buf_text(&b.text), "# one: requires freebsd\n");
    bed_close(&b);
}

static void test_what_is_left_out_is_said(void **state)
{
    struct bed b;
    struct report r;

    (void)state;
    make(&b, 1);
    b.limits.columns = 4;
    b.timeline.left_out = 0;
    bed_build(&b);
    b.timeline.left_out = 7;
    r = report(&b);
    report_html(&r, &b.text);
    assert_int_equal(count(&b.text, "Only 4 columns"), 1);
    assert_int_equal(count(&b.text, "as there are too many: 7"), 1);
    buf_clear(&b.text);
    timeline_text(&b.timeline, 100, &b.text);
    assert_int_equal(count(&b.text, "as there are too many: 7"), 1);
    assert_true(count(&b.text, ">\n") > 0);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_of_a_finding),
        cmocka_unit_test(test_picture_of_a_finding),
        cmocka_unit_test(test_picture_of_two_targets),
        cmocka_unit_test(test_picture_in_a_narrow_terminal),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_what_is_bad_has_one_id),
        cmocka_unit_test(test_page_without_steps),
        cmocka_unit_test(test_what_is_left_out_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
