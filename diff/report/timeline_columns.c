/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The columns of a timeline. Where a change of some view begins or ends, or what an op named, the
 * block (the largest page of any target) is drawn page by page; all between two such blocks looks
 * alike in every row and shrinks to one gap. What a host holds from the start is of no interest.
 */
#include "timeline_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

enum { FILL_MAX = 4 }; /* so few columns are drawn instead of a gap */

/* Blocks by number, sorted and each once when complete. */
struct blocks {
    uint64_t *v;
    size_t n, cap;
};

static int compare_blocks(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static void sort_blocks(struct blocks *b)
{
    size_t n = 0;

    if (b->n == 0) {
        return;
    }
    qsort(b->v, b->n, sizeof(*b->v), compare_blocks);
    for (size_t i = 0; i < b->n; i++) {
        if (n == 0 || b->v[n - 1] != b->v[i]) {
            b->v[n++] = b->v[i];
        }
    }
    b->n = n;
}

/* The blocks at either end of R. Steps repeat each other: what is known goes when it gets full. */
static int add_range(struct blocks *b, const struct timeline *t, struct range r)
{
    if (b->n + 2 > b->cap) {
        sort_blocks(b);
        if (vec_reserve(b, 2 * b->n + 2) < 0) {
            return -ENOMEM;
        }
    }
    b->v[b->n++] = r.start / t->block;
    b->v[b->n++] = r.last / t->block;
    return 0;
}

/* What a view lost, got or sees otherwise in ROW: all it ever shows came about like that. */
static int add_changes(struct blocks *b, const struct timeline *t, size_t row, size_t target,
                       enum timeline_lane lane)
{
    struct range within = {0, UINT64_MAX};
    struct look_change change;
    struct region_vec before;
    struct region_vec after;
    int rc = 0;

    if (!timeline_view(t, row, target, lane, &after) ||
        !timeline_view_before(t, row, target, lane, &before)) {
        return 0;
    }
    while (rc == 0 && look_next_change(&before, &after, within, &change)) {
        struct range r = change.where;

        if (timeline_relative(&t->targets.v[target], &r)) {
            rc = add_range(b, t, r);
        }
        if (change.where.last == UINT64_MAX) {
            break;
        }
        within.start = change.where.last + 1;
    }
    return rc;
}

static int add_row(struct blocks *b, const struct timeline *t, size_t row)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < t->targets.n; i++) {
        struct timeline_named n = timeline_named(t, row, i);

        for (unsigned k = 0; rc == 0 && k < n.n; k++) {
            rc = add_range(b, t, n.v[k]);
        }
        for (int lane = 0; rc == 0 && t->rows.v[row].changed && lane < LANE_COUNT; lane++) {
            rc = add_changes(b, t, row, i, (enum timeline_lane)lane);
        }
    }
    return rc;
}

/* Where the picture has its centre if not all fits: at what is bad, else where it ends. */
static uint64_t focus(const struct timeline *t)
{
    uint64_t at = 0;

    if (t->has_bad) {
        return t->bad.start;
    }
    for (size_t i = 0; i < t->rows.n; i++) {
        struct timeline_named n = timeline_named(t, i, 0);

        at = n.n > 0 && t->rows.v[i].changed ? n.v[0].start : at;
    }
    return at;
}

/* Columns of what is between blocks A and B, a gap or the few there are. */
static size_t columns_between(const struct timeline *t, uint64_t a, uint64_t b)
{
    uint64_t units = t->block / t->unit;

    return b - a - 1 <= FILL_MAX / units ? (size_t)((b - a - 1) * units) : 1;
}

/* Blocks [*FIRST, *LAST] around the focus that have room in LIMIT columns. */
static void choose(const struct timeline *t, const struct blocks *b, size_t limit, size_t *first,
                   size_t *last)
{
    uint64_t at = focus(t) / t->block;
    size_t units = t->block / t->unit;
    size_t used = units;
    bool more = true;
    size_t i = 0;

    while (i + 1 < b->n && b->v[i] < at) {
        i++;
    }
    *first = *last = i;
    while (more) {
        size_t left = *first > 0 ? units + columns_between(t, b->v[*first - 1], b->v[*first]) : 0;
        size_t right;

        more = false;
        if (left && used + left <= limit) {
            used += left;
            *first -= 1;
            more = true;
        }
        right = *last + 1 < b->n ? units + columns_between(t, b->v[*last], b->v[*last + 1]) : 0;
        if (right && used + right <= limit) {
            used += right;
            *last += 1;
            more = true;
        }
    }
}

static int add_column(struct timeline *t, struct range r, bool gap)
{
    if (vec_reserve(&t->columns, t->columns.n + 1) < 0) {
        return -ENOMEM;
    }
    t->columns.v[t->columns.n++] = (struct timeline_column){r, gap};
    return 0;
}

static int add_block(struct timeline *t, uint64_t block)
{
    int rc = 0;

    for (uint64_t i = 0; rc == 0 && i < t->block / t->unit; i++) {
        uint64_t at = block * t->block + i * t->unit;

        rc = add_column(t, (struct range){at, at + (t->unit - 1)}, false);
    }
    return rc;
}

/* What lies between blocks A and B. */
static int add_between(struct timeline *t, uint64_t a, uint64_t b)
{
    bool gap = b - a - 1 > FILL_MAX / (t->block / t->unit);
    int rc = 0;

    if (gap) {
        return add_column(t, (struct range){(a + 1) * t->block, b * t->block - 1}, true);
    }
    for (uint64_t i = a + 1; rc == 0 && i < b; i++) {
        rc = add_block(t, i);
    }
    return rc;
}

static int lay(struct timeline *t, const struct blocks *b, size_t first, size_t last)
{
    int rc = add_block(t, b->v[first]);

    for (size_t i = first + 1; rc == 0 && i <= last; i++) {
        rc = add_between(t, b->v[i - 1], b->v[i]);
        rc = rc < 0 ? rc : add_block(t, b->v[i]);
    }
    return rc;
}

int timeline_lay_columns(struct timeline *t, size_t limit)
{
    struct blocks b = {0};
    size_t first;
    size_t last;
    int rc = 0;

    if (t->unit == 0) {
        return 0; /* no record has a step */
    }
    if (t->has_bad) {
        rc = add_range(&b, t, t->bad);
    }
    for (size_t i = 0; rc == 0 && i < t->rows.n; i++) {
        rc = add_row(&b, t, i);
    }
    sort_blocks(&b);
    if (rc == 0 && b.n > 0) {
        choose(t, &b, limit, &first, &last);
        t->cut_left = first > 0;
        t->cut_right = last + 1 < b.n;
        rc = lay(t, &b, first, last);
    }
    free(b.v);
    return rc;
}

size_t timeline_span(const struct timeline *t, size_t i, uint64_t page)
{
    const struct timeline_column *c = &t->columns.v[i];
    uint64_t last = u64_align_down(c->r.start, page) + (page - 1);
    size_t n = 1;

    while (!c->gap && i + n < t->columns.n && !c[n].gap && c[n].r.start <= last) {
        n++;
    }
    return n;
}

bool timeline_starts_page(const struct timeline *t, size_t target, size_t i)
{
    const struct timeline_column *c = &t->columns.v[i];

    return i == 0 || c->gap || c[-1].gap ||
           u64_is_aligned(c->r.start, t->targets.v[target].host_page);
}

bool timeline_wants_address(const struct timeline *t, size_t i)
{
    const struct timeline_column *c = &t->columns.v[i];

    return !c->gap &&
           (i == 0 || c[-1].gap || u64_is_aligned(c->r.start, u64_max(t->block, 4 * t->unit)));
}
