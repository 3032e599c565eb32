/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/text.h"

void bed_open(struct bed *b, const char *text, size_t n_targets)
{
    static const char *const names[BED_TARGETS_MAX] = {"one", "two", "three"};
    struct err e = {""};

    *b = (struct bed){.prog = PROG_INIT, .limits = {.columns = 256, .cells = 40000}};
    if (prog_parse(&b->prog, "bed", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    for (size_t i = 0; i < n_targets; i++) {
        struct record *r = &b->record[i];

        snprintf(r->maker, sizeof(r->maker), "%s", names[i]);
        r->config = b->prog.config;
        r->place = (struct record_place){.bits = 64, .page = BED_PAGE, .last = UINT64_MAX};
    }
    b->subject =
        (struct timeline_subject){.prog = &b->prog, .records = b->record, .n_records = n_targets};
}

void bed_close(struct bed *b)
{
    timeline_free(&b->timeline);
    for (size_t i = 0; i < BED_TARGETS_MAX; i++) {
        record_free(&b->record[i]);
    }
    prog_free(&b->prog);
    buf_free(&b->text);
}

void bed_layer(struct bed *b, size_t target, uint64_t host_page, uint64_t real_page)
{
    b->record[target].place.host_page = host_page;
    b->record[target].place.real_page = real_page;
}

struct record_step *bed_state(struct bed *b, size_t target, enum record_what what, unsigned process)
{
    struct record_step *s = record_add(&b->record[target], what);

    assert_non_null(s);
    s->step.process = process;
    return s;
}

struct record_step *bed_op(struct bed *b, size_t target, size_t op, struct outcome o)
{
    struct record_step *s = bed_state(b, target, RECORD_OP, 0);
    const struct op *from = &b->prog.ops.v[op];

    s->step.op = op;
    s->step.outcome = o;
    for (unsigned i = 0; i < OP_ARGS_MAX; i++) {
        s->step.args.arg[i] = from->arg[i].num;
    }
    return s;
}

struct record_step *bed_ok(struct bed *b, size_t target, size_t op, uint64_t value)
{
    return bed_op(b, target, op, (struct outcome){.kind = OUTCOME_OK, .value = value});
}

static bool region_for(char c, struct region *g)
{
    static const char chars[] = "rwxt-#s*";
    static const struct region looks[] = {
        {.prot = REGION_R},
        {.prot = REGION_R | REGION_W},
        {.prot = REGION_R | REGION_X},
        {.prot = REGION_R | REGION_W, .flags = PAGE_VALID | PAGE_READ | PAGE_WRITE_ORG},
        {.prot = 0},
        {.prot = 0, .kind = REGION_GUARD},
        {.prot = REGION_R, .kind = REGION_FILE, .shared = true},
        {.prot = REGION_R, .kind = REGION_FILE, .shared = true, .snapshot = true},
    };
    const char *at = strchr(chars, c);

    if (c == '.') {
        return false;
    }
    assert_non_null(at);
    *g = looks[at - chars];
    return true;
}

void bed_view(struct bed *b, size_t target, enum timeline_lane lane, uint64_t at, uint64_t unit,
              const char *pages)
{
    struct record *r = &b->record[target];
    struct record_step *s = &r->steps.v[r->steps.n - 1];
    struct region_vec v = REGION_VEC_INIT;
    int rc;

    for (size_t i = 0; pages[i]; i++) {
        struct region g;

        if (region_for(pages[i], &g)) {
            g.r = (struct range){at + i * unit, at + i * unit + (unit - 1)};
            assert_int_equal(region_vec_push(&v, g), 0);
        }
    }
    rc = lane == LANE_PAGES  ? record_put_regions(r, s, &v)
         : lane == LANE_HOST ? record_put_host(r, s, &v)
                             : record_put_model(r, s, &v);
    assert_int_equal(rc, 0);
    region_vec_free(&v);
}

void bed_bad(struct bed *b, size_t op)
{
    b->subject.finding = true;
    b->subject.bad_op = op;
}

void bed_bad_at(struct bed *b, size_t op, uint64_t start, uint64_t last)
{
    bed_bad(b, op);
    b->subject.has_where = true;
    b->subject.where = (struct range){start, last};
}

void bed_build(struct bed *b)
{
    assert_int_equal(timeline_build(&b->timeline, &b->subject, &b->limits), 0);
}

void bed_golden(struct bed *b, const char *name)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");
    struct buf path = BUF_INIT;
    struct buf want = BUF_INIT;
    struct err e = {""};

    assert_non_null(root);
    assert_false(buf_failed(&b->text));
    buf_fmt(&path, "%s/tests/data/timeline/%s", root, name);
    if (getenv("TEST_REWRITE")) {
        assert_int_equal(buf_write_file(&b->text, buf_text(&path), &e), 0);
    } else {
        if (buf_read_file(&want, buf_text(&path), &e) < 0) {
            fail_msg("%s", e.text);
        }
        assert_string_equal(buf_text(&b->text), buf_text(&want));
    }
    buf_free(&path);
    buf_free(&want);
}
