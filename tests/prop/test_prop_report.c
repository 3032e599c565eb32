/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages and pictures of generated programs, on layers of every page-size relation and beside a
 * model, with a finding made up anywhere: each element is closed, what is bad has its id, no
 * picture is wider than its terminal. TEST_SEED and TEST_PROGRAMS choose where it begins and how
 * long it goes on.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exec/recorder.h"
#include "op/gen.h"
#include "report/html.h"
#include "report/text.h"

enum { PROGRAMS = 200, OPS_MAX = 24, TARGETS = 2, WIDTH = 80 };

static const char *const pairs[][TARGETS] = {
    {"linux,host=sim-linux,guest_page=4096,host_page=16384", "model-linux"},
    {"linux,host=sim-linux,guest_page=16384,host_page=4096", "model-freebsd"},
    {"bsd,host=sim-freebsd,guest_page=4096,host_page=65536", "linux,host=sim-linux"},
};

struct world {
    struct recorder *recorder[TARGETS];
    struct record record[TARGETS];
    struct prog prog;
    struct timeline timeline;
    struct buf page, text;
    size_t n_drawn;
};

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void open_world(struct world *w, const char *const *targets)
{
    const struct run_options options = RUN_OPTIONS_DEFAULT;
    struct err e = {""};

    *w = (struct world){.prog = PROG_INIT};
    for (size_t i = 0; i < TARGETS; i++) {
        struct target_spec spec;

        if (target_parse(&spec, targets[i], &e) < 0 ||
            recorder_open(&w->recorder[i], &spec, &e) < 0) {
            fail_msg("%s", e.text);
        }
        recorder_judge_by(w->recorder[i], &options, true);
    }
}

static void close_world(struct world *w)
{
    for (size_t i = 0; i < TARGETS; i++) {
        recorder_close(w->recorder[i]);
        record_free(&w->record[i]);
    }
    prog_free(&w->prog);
    timeline_free(&w->timeline);
    buf_free(&w->page);
    buf_free(&w->text);
}

static size_t count(const struct buf *text, const char *what)
{
    size_t n = 0;

    for (const char *at = buf_text(text); (at = strstr(at, what)); at++) {
        n++;
    }
    return n;
}

static void check_page(struct world *w, bool finding, uint64_t seed)
{
    static const char *const elements[] = {"table", "tbody", "tr",   "td", "th", "ol", "ul",
                                           "li",    "dl",    "span", "a",  "p",  "pre"};
    struct report r = {
        .timeline = &w->timeline,
        .verdict = finding ? REPORT_FINDING : REPORT_PASSED,
        .path = "x",
        .signature = "x",
        .reason = "x",
        .command = "x",
    };

    buf_clear(&w->page);
    report_html(&r, &w->page);
    assert_false(buf_failed(&w->page));
    for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
        struct buf open = BUF_INIT;
        struct buf with = BUF_INIT;
        struct buf close = BUF_INIT;

        buf_fmt(&open, "<%s>", elements[i]);
        buf_fmt(&with, "<%s ", elements[i]);
        buf_fmt(&close, "</%s>", elements[i]);
        if (count(&w->page, buf_text(&open)) + count(&w->page, buf_text(&with)) !=
            count(&w->page, buf_text(&close))) {
            fail_msg("seed %" PRIu64 ": %s is not closed", seed, elements[i]);
        }
        buf_free(&open);
        buf_free(&with);
        buf_free(&close);
    }
    if (count(&w->page, "id=\"bad\"") != finding) {
        fail_msg("seed %" PRIu64 ": what is bad has %zu ids", seed, count(&w->page, "id=\"bad\""));
    }
}

static void check_text(struct world *w, uint64_t seed)
{
    buf_clear(&w->text);
    timeline_text(&w->timeline, WIDTH, &w->text);
    assert_false(buf_failed(&w->text));
    for (const char *at = buf_text(&w->text); *at;) {
        size_t len = strcspn(at, "\n");

        if (strncmp(at, "      ", 6) == 0 && len > WIDTH) {
            fail_msg("seed %" PRIu64 ": a picture is too wide: %.*s", seed, (int)len, at);
        }
        w->n_drawn += strncmp(at, "      page", 10) == 0;
        at += len + (at[len] == '\n');
    }
}

static void check(struct world *w, uint64_t seed)
{
    const struct gen_options options = {
        .system = ABI_LINUX, .ops_max = OPS_MAX, .host_fail = true, .fork = true};
    const struct timeline_limits limits = {.columns = 64, .cells = 4000};
    struct timeline_subject s = {.prog = &w->prog, .records = w->record, .n_records = TARGETS};
    struct prng rng;
    struct err e = {""};

    prng_seed(&rng, seed);
    assert_int_equal(gen_prog(&w->prog, &rng, &options), 0);
    for (size_t i = 0; i < TARGETS; i++) {
        if (recorder_record(w->recorder[i], &w->prog, &w->record[i], &e) < 0) {
            fail_msg("seed %" PRIu64 ": %s", seed, e.text);
        }
    }
    s.finding = prng_below(&rng, 4) > 0;
    s.bad_op = prng_below(&rng, w->prog.ops.n + 1);
    s.has_where = prng_below(&rng, 2) > 0;
    s.where.start = prng_below(&rng, UINT64_C(0x200000));
    s.where.last = s.where.start + prng_below(&rng, 0x10000);
    assert_int_equal(timeline_build(&w->timeline, &s, &limits), 0);
    check_page(w, s.finding, seed);
    check_text(w, seed);
}

static void test_pages_of_generated_programs(void **state)
{
    uint64_t seed = env_number("TEST_SEED", 1);
    uint64_t programs = env_number("TEST_PROGRAMS", PROGRAMS);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct world w;

        open_world(&w, pairs[i]);
        for (uint64_t k = 0; k < programs; k++) {
            check(&w, seed + k);
        }
        assert_true(w.n_drawn > programs);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_of_generated_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
