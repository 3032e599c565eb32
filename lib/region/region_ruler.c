/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruler picture: addresses above, one row of cells per map, '^' under the marked range.
 *
 *            0x10000         0x14000
 *     flags  |rw |rw | . | - |r  |
 *     host   |rw |rw |rw |rw |r  |
 *                     ^^^
 *
 * A cell holds the letters of what is mapped there: r w x, '-' for no right at all, 't' in the
 * place of 'w' where the page is TB-protected, '.' for free, '?' where one cell would have to show
 * two things. A stretch of equal columns shrinks to its first, '~' and its last if the picture
 * would be too wide otherwise; if that is not enough, only the neighbourhood of the mark is drawn.
 */
#include "region/region.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 24
#define CELL 4         /* characters per column, its bar included */
#define LABEL_UNITS 4  /* an address above every fourth column */
#define BEFORE_FOCUS 8 /* columns drawn before the mark when the picture is cut */

struct column {
    struct range r; /* one unit, or all that '~' stands for */
    bool skip;
};

struct ruler {
    const struct region_row *rows;
    size_t n_rows;
    struct range within; /* whole units */
    uint64_t unit;
    const struct range *mark;
    int label_width;
    struct column cols[COLUMNS_MAX];
    size_t n_cols;
    bool cut_left, cut_right;
};

/* Where the walk over all columns stands, and which of them are kept. */
struct walk {
    size_t i;
    size_t first; /* index of the first column to keep */
    size_t focus; /* index of the first marked column */
    bool focused;
    bool keep;
};

static uint64_t vec_same_last(const struct region_vec *v, uint64_t at)
{
    size_t i = region_lower_bound(v, at);

    if (i == v->n) {
        return UINT64_MAX;
    }
    return v->v[i].r.start <= at ? v->v[i].r.last : v->v[i].r.start - 1;
}

static uint64_t mark_same_last(const struct range *mark, uint64_t at)
{
    if (!mark || at > mark->last) {
        return UINT64_MAX;
    }
    return at < mark->start ? mark->start - 1 : mark->last;
}

/* Last address of the whole units from AT on that look the same in every row; at least one unit. */
static uint64_t stretch_last(const struct ruler *u, uint64_t at)
{
    uint64_t last = u64_min(u->within.last, mark_same_last(u->mark, at));
    uint64_t next;

    for (size_t i = 0; i < u->n_rows; i++) {
        last = u64_min(last, vec_same_last(u->rows[i].regions, at));
    }
    if (last == UINT64_MAX) {
        return last;
    }
    /* A change inside a unit ends the stretch before that unit, unless it is the first. */
    next = u64_align_down(last + 1, u->unit);
    return next > at ? next - 1 : at + (u->unit - 1);
}

static void add_column(struct ruler *u, struct walk *w, struct range r, bool skip)
{
    if (!w->focused && u->mark && range_overlaps(*u->mark, r)) {
        w->focused = true;
        w->focus = w->i;
    }
    if (w->keep && w->i >= w->first) {
        if (u->n_cols < COLUMNS_MAX) {
            u->cols[u->n_cols++] = (struct column){r, skip};
        } else {
            u->cut_right = true;
        }
    }
    w->i++;
}

static void add_stretch(struct ruler *u, struct walk *w, struct range r, bool shorten)
{
    uint64_t step = u->unit - 1;
    uint64_t at = r.start;

    if (shorten && (r.last - r.start) / u->unit > 2) {
        add_column(u, w, (struct range){r.start, r.start + step}, false);
        add_column(u, w, (struct range){r.start + u->unit, r.last - u->unit}, true);
        add_column(u, w, (struct range){r.last - step, r.last}, false);
        return;
    }
    for (;; at += u->unit) {
        add_column(u, w, (struct range){at, at + step}, false);
        if (at + step == r.last) {
            return;
        }
    }
}

static void walk_columns(struct ruler *u, struct walk *w)
{
    bool shorten = (u->within.last - u->within.start) / u->unit >= COLUMNS_MAX;
    uint64_t at = u->within.start;

    for (;;) {
        uint64_t last = stretch_last(u, at);

        add_stretch(u, w, (struct range){at, last}, shorten);
        if (last == u->within.last || u->cut_right) {
            return;
        }
        at = last + 1;
    }
}

static void choose_columns(struct ruler *u)
{
    struct walk count = {.keep = false};
    struct walk keep = {.keep = true};

    walk_columns(u, &count);
    if (count.i > COLUMNS_MAX && count.focus > BEFORE_FOCUS) {
        keep.first = u64_min(count.focus - BEFORE_FOCUS, count.i - COLUMNS_MAX);
        u->cut_left = keep.first > 0;
    }
    walk_columns(u, &keep);
}

static void trim(struct buf *out, size_t from)
{
    while (out->data && out->len > from && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
}

/* The column whose address matters most: the first marked one. */
static size_t marked_column(const struct ruler *u)
{
    size_t i = 0;

    while (i < u->n_cols && !(u->mark && range_overlaps(u->cols[i].r, *u->mark))) {
        i++;
    }
    return i;
}

static bool wants_address(const struct ruler *u, size_t i)
{
    return i == 0 || u->cols[i - 1].skip ||
           u64_is_aligned(u->cols[i].r.start, LABEL_UNITS * u->unit);
}

static void draw_addresses(const struct ruler *u, struct buf *out)
{
    size_t marked = marked_column(u);
    size_t line = out->len;
    size_t pos = 0;

    buf_fmt(out, "%*s", u->label_width, "");
    for (size_t i = 0; i < u->n_cols; i++) {
        size_t col = i * CELL;
        char text[24];
        size_t len = (size_t)snprintf(text, sizeof(text), "0x%" PRIx64, u->cols[i].r.start);

        /* The mark's address is never crowded out by one before it. */
        if (col < pos || (i < marked && marked < u->n_cols && col + len >= marked * CELL) ||
            (i != marked && (u->cols[i].skip || !wants_address(u, i)))) {
            continue;
        }
        buf_fmt(out, "%*s%s ", (int)(col - pos), "", text);
        pos = col + len + 1;
    }
    trim(out, line);
    buf_str(out, "\n");
}

/* The letters of what is mapped in AT, CELL - 1 of them at most. */
static const char *cell_text(const struct region_vec *v, struct range at, char text[CELL])
{
    size_t i = region_lower_bound(v, at.start);
    const struct region *r = i < v->n && range_overlaps(v->v[i].r, at) ? &v->v[i] : NULL;
    size_t n = 0;

    if (!r) {
        return " . ";
    }
    if (!range_contains(r->r, at)) {
        return " ? ";
    }
    if (r->prot & REGION_R) {
        text[n++] = 'r';
    }
    if (r->prot & REGION_W) {
        text[n++] = 'w';
    } else if (r->flags & PAGE_WRITE_ORG) {
        text[n++] = 't';
    }
    if (r->prot & REGION_X) {
        text[n++] = 'x';
    }
    text[n] = '\0';
    return n ? text : " - ";
}

static void draw_row(const struct ruler *u, const struct region_row *row, struct buf *out)
{
    buf_fmt(out, "%-*s", u->label_width, row->label);
    for (size_t i = 0; i < u->n_cols; i++) {
        char text[CELL];

        buf_fmt(out, "%c%-3s", i == 0 && u->cut_left ? '<' : '|',
                u->cols[i].skip ? " ~ " : cell_text(row->regions, u->cols[i].r, text));
    }
    buf_str(out, u->cut_right ? ">\n" : "|\n");
}

static void draw_mark(const struct ruler *u, struct buf *out)
{
    size_t line = out->len;
    bool before = false;

    if (!u->mark || !range_overlaps(*u->mark, u->within)) {
        return;
    }
    buf_fmt(out, "%*s", u->label_width, "");
    for (size_t i = 0; i < u->n_cols; i++) {
        bool here = range_overlaps(u->cols[i].r, *u->mark);

        buf_fmt(out, "%c%s", here && before ? '^' : ' ', here ? "^^^" : "   ");
        before = here;
    }
    trim(out, line);
    buf_str(out, "\n");
}

void region_ruler(const struct region_row *rows, size_t n_rows, struct range within, uint64_t unit,
                  const struct range *mark, struct buf *out)
{
    struct ruler u = {
        .rows = rows,
        .n_rows = n_rows,
        .within = range_widen(within, unit),
        .unit = unit,
        .mark = mark,
    };

    for (size_t i = 0; i < n_rows; i++) {
        int width = (int)strlen(rows[i].label) + 2;

        u.label_width = width > u.label_width ? width : u.label_width;
    }
    choose_columns(&u);
    draw_addresses(&u, out);
    for (size_t i = 0; i < n_rows; i++) {
        draw_row(&u, &rows[i], out);
    }
    draw_mark(&u, out);
}
