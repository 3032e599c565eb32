/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of a timeline: the steps of several records in one order, and what each of them did. */
#include "timeline_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

enum { ROWS_DRAWN_MIN = 8 }; /* however many cells they have */

void timeline_free(struct timeline *t)
{
    free(t->targets.v);
    free(t->rows.v);
    free(t->steps.v);
    free(t->columns.v);
    *t = TIMELINE_INIT;
}

bool timeline_relative(const struct timeline_target *t, struct range *r)
{
    uint64_t window = t->record->place.window;

    if (r->start < window) {
        return false;
    }
    *r = (struct range){r->start - window, r->last - window};
    return true;
}

struct range timeline_absolute(const struct timeline *t, size_t target, struct range r)
{
    uint64_t window = t->targets.v[target].record->place.window;

    return (struct range){r.start + window, r.last + window};
}

const char *timeline_lane_name(const struct timeline_target *t, enum timeline_lane lane)
{
    switch (lane) {
    case LANE_PAGES:
        return t->has[LANE_HOST] || t->has[LANE_MODEL] ? "page flags" : "pages";
    case LANE_HOST:
        return "host map";
    default:
        return "model";
    }
}

uint64_t timeline_lane_page(const struct timeline_target *t, enum timeline_lane lane)
{
    return lane == LANE_HOST ? t->real_page : t->page;
}

const struct record_step *timeline_step(const struct timeline *t, size_t row, size_t target,
                                        size_t *at)
{
    size_t i = t->steps.v[row * t->targets.n + target];

    if (i == TIMELINE_NO_STEP) {
        return NULL;
    }
    if (at) {
        *at = i;
    }
    return &t->targets.v[target].record->steps.v[i];
}

bool timeline_view(const struct timeline *t, size_t row, size_t target, enum timeline_lane lane,
                   struct region_vec *ret)
{
    const struct record *r = t->targets.v[target].record;
    size_t at;
    const struct record_step *s = timeline_step(t, row, target, &at);

    if (!s) {
        return false;
    }
    switch (lane) {
    case LANE_PAGES:
        *ret = record_regions(r, at);
        return s->has_regions;
    case LANE_HOST:
        *ret = record_host(r, at);
        return s->has_host;
    default:
        *ret = record_model(r, at);
        return s->has_model;
    }
}

bool timeline_view_before(const struct timeline *t, size_t row, size_t target,
                          enum timeline_lane lane, struct region_vec *ret)
{
    struct timeline_target *of = &t->targets.v[target];
    unsigned process = t->rows.v[row].process;
    bool born = t->rows.v[row].what == RECORD_BORN;

    while (row-- > 0) {
        const struct timeline_row *r = &t->rows.v[row];

        if (born) { /* whoever is before a birth is the parent */
            process = r->process;
        }
        born = r->process == process && r->what == RECORD_BORN;
        if (r->process == process && timeline_view(t, row, target, lane, ret)) {
            return true;
        }
    }
    *ret = lane == LANE_PAGES ? (struct region_vec){&of->taken, of->n_taken, of->n_taken}
                              : REGION_VEC_INIT;
    return lane != LANE_HOST;
}

/* Where a record stands while all are merged; its next step in the order of all. */
struct cursor {
    size_t at;
    size_t op;  /* 0 before the first op of the program, I + 1 from op I on */
    size_t nth; /* of the steps that are no ops behind it */
    size_t n;   /* steps of the record */
    const struct record_step *v;
};

static bool is_op(const struct cursor *c)
{
    return c->v[c->at].what == RECORD_OP;
}

static size_t next_op(const struct cursor *c)
{
    return is_op(c) ? c->v[c->at].step.op + 1 : c->op;
}

static size_t next_nth(const struct cursor *c)
{
    return is_op(c) ? 0 : c->nth + 1;
}

static bool comes_before(const struct cursor *a, const struct cursor *b)
{
    size_t op = next_op(a);

    return op != next_op(b) ? op < next_op(b) : next_nth(a) < next_nth(b);
}

static bool is_same_step(const struct cursor *a, const struct cursor *b)
{
    return next_op(a) == next_op(b) && next_nth(a) == next_nth(b) &&
           a->v[a->at].what == b->v[b->at].what;
}

static const struct cursor *first_cursor(const struct cursor *c, size_t n)
{
    const struct cursor *first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (c[i].at < c[i].n && (!first || comes_before(&c[i], first))) {
            first = &c[i];
        }
    }
    return first;
}

/* One row of all that stand at the step LEADER stands at; they move on. */
static int add_row(struct timeline *t, struct cursor *c, const struct cursor leader)
{
    const struct record_step *s = &leader.v[leader.at];
    size_t n = t->targets.n;

    if (vec_reserve(&t->rows, t->rows.n + 1) < 0 || vec_reserve(&t->steps, t->steps.n + n) < 0) {
        return -ENOMEM;
    }
    t->rows.v[t->rows.n++] =
        (struct timeline_row){.what = s->what, .op = s->step.op, .process = s->step.process};
    for (size_t i = 0; i < n; i++) {
        bool here = c[i].at < c[i].n && is_same_step(&c[i], &leader);

        t->steps.v[t->steps.n++] = here ? c[i].at : TIMELINE_NO_STEP;
        if (here) {
            struct cursor next = {c[i].at + 1, next_op(&c[i]), next_nth(&c[i]), c[i].n, c[i].v};

            c[i] = next;
        }
    }
    return 0;
}

static int merge_steps(struct timeline *t)
{
    struct cursor *c = calloc(t->targets.n + 1, sizeof(*c));
    const struct cursor *first;
    int rc = c ? 0 : -ENOMEM;

    for (size_t i = 0; rc == 0 && i < t->targets.n; i++) {
        c[i].v = t->targets.v[i].record->steps.v;
        c[i].n = t->targets.v[i].record->steps.n;
    }
    while (rc == 0 && (first = first_cursor(c, t->targets.n))) {
        rc = add_row(t, c, *first);
    }
    free(c);
    return rc;
}

static int add_targets(struct timeline *t)
{
    const struct timeline_subject *s = &t->subject;

    if (vec_reserve(&t->targets, s->n_records) < 0) {
        return -ENOMEM;
    }
    t->unit = 0;
    for (size_t i = 0; i < s->n_records; i++) {
        const struct record *r = &s->records[i];
        const struct record_place *p = &r->place;
        struct timeline_target *to = &t->targets.v[t->targets.n++];
        uint64_t page = p->page ? p->page : r->config.value[CONFIG_GUEST_PAGE];

        *to = (struct timeline_target){
            .record = r,
            .page = page,
            .host_page = p->host_page ? p->host_page : page,
            .real_page = p->real_page ? p->real_page : page,
            .taken.r = p->taken,
            .n_taken = p->taken.last != 0,
        };
        for (size_t k = 0; k < r->steps.n; k++) {
            to->has[LANE_PAGES] |= r->steps.v[k].has_regions;
            to->has[LANE_HOST] |= r->steps.v[k].has_host;
            to->has[LANE_MODEL] |= r->steps.v[k].has_model;
        }
        if (r->steps.n > 0) {
            uint64_t least = u64_min(to->page, to->real_page);

            t->unit = t->unit ? u64_min(t->unit, least) : least;
            t->block = u64_max(t->block, u64_max(to->page, to->host_page));
        }
    }
    return 0;
}

uint64_t timeline_excused(const struct timeline *t, size_t row)
{
    uint64_t all = 0;

    for (size_t i = 0; i < t->targets.n; i++) {
        const struct record_step *s = timeline_step(t, row, i, NULL);

        all |= s && s->what == RECORD_OP ? s->step.excused : 0;
    }
    return all;
}

static void name(struct timeline_named *n, const struct timeline_target *t, uint64_t start,
                 uint64_t len)
{
    struct range r;

    if (range_from_len(start, u64_max(len, 1), &r) && r.last <= t->record->place.last &&
        timeline_relative(t, &r)) {
        n->v[n->n++] = r;
    }
}

struct timeline_named timeline_named(const struct timeline *t, size_t row, size_t target)
{
    const struct timeline_target *of = &t->targets.v[target];
    const struct record_step *s = timeline_step(t, row, target, NULL);
    const struct outcome *o = s ? &s->step.outcome : NULL;
    const uint64_t *a = s ? s->step.args.arg : NULL;
    struct timeline_named n = {0};
    bool ok;

    if (!s || s->what != RECORD_OP || o->kind == OUTCOME_SKIPPED || o->kind == OUTCOME_NOT_RUN) {
        return n;
    }
    ok = o->kind == OUTCOME_OK;
    switch ((enum op_kind)t->subject.prog->ops.v[s->step.op].kind) {
    case OP_mmap:
        if (ok || a[0] != 0) {
            name(&n, of, ok ? o->value : a[0], a[1]);
        }
        break;
    case OP_mremap:
        name(&n, of, a[0], a[1]);
        if (ok) {
            name(&n, of, o->value, a[2]);
        }
        break;
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
    case OP_store:
    case OP_load:
        name(&n, of, a[0], a[1]);
        break;
    case OP_exec:
        name(&n, of, a[0], 1);
        break;
    default:
        break;
    }
    return n;
}

/* Whether a view changed in ROW within WITHIN. */
static bool lane_changed(const struct timeline *t, size_t row, size_t target,
                         enum timeline_lane lane, struct range within)
{
    struct region_vec before;
    struct region_vec after;
    struct look_change change;

    return timeline_view(t, row, target, lane, &after) &&
           timeline_view_before(t, row, target, lane, &before) &&
           look_next_change(&before, &after, within, &change);
}

static bool row_changed(const struct timeline *t, size_t row, const struct range *within)
{
    for (size_t i = 0; i < t->targets.n; i++) {
        struct range r = within ? timeline_absolute(t, i, *within) : (struct range){0, UINT64_MAX};

        for (int lane = 0; lane < LANE_COUNT; lane++) {
            if (lane_changed(t, row, i, (enum timeline_lane)lane, r)) {
                return true;
            }
        }
    }
    return false;
}

static void describe_rows(struct timeline *t)
{
    const struct timeline_subject *s = &t->subject;
    unsigned depth = 0;

    for (size_t i = 0; i < t->rows.n; i++) {
        struct timeline_row *row = &t->rows.v[i];

        depth += row->what == RECORD_BORN;
        row->depth = depth;
        depth -= row->what == RECORD_DONE && depth > 0;
        row->bad = s->finding && row->what == RECORD_OP && row->op == s->bad_op;
        row->changed = row_changed(t, i, NULL);
    }
    if (s->finding && s->bad_op >= s->prog->ops.n && t->rows.n > 0) {
        t->rows.v[t->rows.n - 1].bad = true;
    }
}

static const struct timeline_row *bad_row(const struct timeline *t)
{
    for (size_t i = 0; i < t->rows.n; i++) {
        if (t->rows.v[i].bad) {
            return &t->rows.v[i];
        }
    }
    return NULL;
}

/* The first address that ROW names on any target. */
static bool first_named(const struct timeline *t, const struct timeline_row *row, uint64_t *ret)
{
    for (size_t i = 0; row && i < t->targets.n; i++) {
        struct timeline_named n = timeline_named(t, (size_t)(row - t->rows.v), i);

        if (n.n > 0) {
            *ret = n.v[0].start;
            return true;
        }
    }
    return false;
}

static void find_bad_page(struct timeline *t)
{
    const struct timeline_subject *s = &t->subject;
    uint64_t at = s->where.start;

    if (!s->finding || !t->unit) {
        return;
    }
    t->bad_is_named = !s->has_where && first_named(t, bad_row(t), &at);
    t->has_bad = s->has_where || t->bad_is_named;
    t->bad = range_widen((struct range){at, at}, t->targets.v[0].page);
}

static bool names(const struct timeline *t, size_t row, struct range page)
{
    for (size_t i = 0; i < t->targets.n; i++) {
        struct timeline_named n = timeline_named(t, row, i);

        for (unsigned k = 0; k < n.n; k++) {
            if (range_overlaps(n.v[k], page)) {
                return true;
            }
        }
    }
    return false;
}

static void find_touches(struct timeline *t)
{
    for (size_t i = 0; t->has_bad && i < t->rows.n; i++) {
        struct timeline_row *row = &t->rows.v[i];

        row->touched = names(t, i, t->bad) || (row->changed && row_changed(t, i, &t->bad));
    }
}

/* What a process does that is no ancestor of the finding's does not reach its pages. */
static void forget_strangers(struct timeline *t)
{
    const struct timeline_row *bad = bad_row(t);
    unsigned process;

    if (!bad) {
        return;
    }
    process = bad->process;
    for (size_t i = (size_t)(bad - t->rows.v); i-- > 0;) {
        struct timeline_row *r = &t->rows.v[i];

        r->touched &= r->process == process;
        if (r->process == process && r->what == RECORD_BORN && i > 0) {
            process = t->rows.v[i - 1].process;
        }
    }
}

/* As many rows as there are cells for, those before the finding first. */
static void choose_drawn(struct timeline *t, size_t cells)
{
    size_t lanes = 0;
    size_t left;
    size_t last = t->rows.n;

    for (size_t i = 0; i < t->targets.n; i++) {
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            lanes += t->targets.v[i].has[lane];
        }
    }
    left = cells / (lanes * t->columns.n + 1);
    left = left < ROWS_DRAWN_MIN ? ROWS_DRAWN_MIN : left;
    for (size_t i = 0; i < t->rows.n; i++) {
        last = t->rows.v[i].bad ? i + 1 : last;
    }
    for (size_t n = 0; n < t->rows.n; n++) {
        /* From the finding back to the start, then on behind it. */
        struct timeline_row *r = &t->rows.v[n < last ? last - 1 - n : n];
        bool wanted = t->columns.n > 0 && (r->changed || r->touched || r->bad);

        r->drawn = wanted && left > 0;
        left -= r->drawn;
        t->left_out += wanted && !r->drawn;
    }
}

int timeline_build(struct timeline *t, const struct timeline_subject *s,
                   const struct timeline_limits *limits)
{
    int rc;

    timeline_free(t);
    t->subject = *s;
    rc = add_targets(t);
    rc = rc < 0 ? rc : merge_steps(t);
    if (rc < 0) {
        return rc;
    }
    describe_rows(t);
    find_bad_page(t);
    find_touches(t);
    forget_strangers(t);
    rc = timeline_lay_columns(t, limits->columns);
    if (rc == 0) {
        choose_drawn(t, limits->cells);
    }
    return rc;
}
