/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   2  mprotect(@0x41000, 0x1000, PROT_READ) = 0
 *                   0x40000
 *       mprotect         vvv
 *       page flags  |rw :r  :rw :rw |
 *       host map    |rw             |
 *       model       |rw |r  |rw |rw |
 *                         ^^^
 */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inv/limit.h"
#include "op/text.h"

enum {
    LABEL = 18, /* characters before the first bar */
    CELL = 4,   /* per column, its bar included */
    COLUMNS_MIN = 4,
};

/* The columns that are in sight, [first, stop). */
struct sheet {
    const struct timeline *t;
    size_t first, stop;
    size_t room; /* for so many columns */
    bool *yes;   /* room for a mark per column */
    struct buf *out;
};

static void trim(struct buf *out, size_t from)
{
    while (out->data && out->len > from && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
}

static void print_label(const char *text, struct buf *out)
{
    buf_fmt(out, "      %-*s", LABEL - 6, text);
}

static bool is_bad(const struct timeline *t, size_t i)
{
    return t->has_bad && !t->columns.v[i].gap && range_overlaps(t->columns.v[i].r, t->bad);
}

/* Where column I's address would run into one that must not be crowded out: behind a gap. */
static bool crowds(const struct sheet *s, size_t i, size_t len)
{
    const struct timeline_column *c = s->t->columns.v;

    for (size_t k = i + 1; k < s->stop && (k - i) * CELL <= len; k++) {
        if (c[k - 1].gap && !c[k].gap) {
            return true;
        }
    }
    return false;
}

static void draw_addresses(const struct sheet *s)
{
    size_t line = s->out->len;
    size_t pos = 0;

    buf_fmt(s->out, "%*s", LABEL, "");
    for (size_t i = s->first; i < s->stop; i++) {
        const struct timeline_column *c = &s->t->columns.v[i];
        char text[24];
        size_t len = (size_t)snprintf(text, sizeof(text), "0x%" PRIx64, c->r.start);
        size_t col = (i - s->first) * CELL;
        bool wanted = i == s->first ? !c->gap : timeline_wants_address(s->t, i);

        if (col < pos || !wanted ||
            (i > s->first && (crowds(s, i, len) || col + len > s->room * CELL))) {
            continue;
        }
        buf_fmt(s->out, "%*s%s ", (int)(col - pos), "", text);
        pos = col + len + 1;
    }
    trim(s->out, line);
    buf_str(s->out, "\n");
}

/* A line of C under the columns that are marked. */
static void draw_marks(const struct sheet *s, const char *label, char c)
{
    size_t line = s->out->len;
    bool before = false;

    print_label(label, s->out);
    for (size_t i = s->first; i < s->stop; i++) {
        char mark = s->yes[i] ? c : ' ';

        buf_fmt(s->out, "%c%c%c%c", before ? mark : ' ', mark, mark, mark);
        before = s->yes[i];
    }
    trim(s->out, line);
    buf_str(s->out, "\n");
}

static bool is_named(const struct timeline_named *n, struct range r)
{
    for (unsigned k = 0; k < n->n; k++) {
        if (range_overlaps(n->v[k], r)) {
            return true;
        }
    }
    return false;
}

static void draw_named(const struct sheet *s, size_t row, size_t target)
{
    const struct timeline *t = s->t;
    struct timeline_named n = timeline_named(t, row, target);

    if (n.n == 0) {
        return;
    }
    for (size_t i = 0; i < t->columns.n; i++) {
        s->yes[i] = is_named(&n, t->columns.v[i].r);
    }
    draw_marks(s, op_descs[t->subject.prog->ops.v[t->rows.v[row].op].kind].name, 'v');
}

static char bar(const struct sheet *s, size_t target, size_t i)
{
    if (i == s->first && (i > 0 || s->t->cut_left)) {
        return '<';
    }
    return timeline_starts_page(s->t, target, i) ? '|' : ':';
}

/* Letters are to the left, what stands for them in the middle. */
static void draw_cell(unsigned look, bool gap, size_t width, struct buf *out)
{
    char text[LOOK_TEXT_MAX] = "~";
    bool middle;

    if (!gap) {
        look_symbol(look, text);
    }
    middle = !(text[0] >= 'a' && text[0] <= 'z') && strlen(text) < CELL - 1;
    buf_fmt(out, "%s%-*.*s", middle ? " " : "", (int)width - middle, CELL - 1, text);
}

static void draw_lane(const struct sheet *s, size_t row, size_t target, enum timeline_lane lane)
{
    const struct timeline *t = s->t;
    const struct timeline_target *of = &t->targets.v[target];
    struct region_vec v;
    size_t n;

    if (!timeline_view(t, row, target, lane, &v)) {
        return;
    }
    print_label(timeline_lane_name(of, lane), s->out);
    for (size_t i = s->first; i < s->stop; i += n) {
        struct range r = t->columns.v[i].r;

        n = timeline_span(t, i, timeline_lane_page(of, lane));
        n = i + n > s->stop ? s->stop - i : n;
        r.last = t->columns.v[i + n - 1].r.last;
        buf_fmt(s->out, "%c", bar(s, target, i));
        draw_cell(look_at(&v, timeline_absolute(t, target, r)), t->columns.v[i].gap, n * CELL - 1,
                  s->out);
    }
    buf_str(s->out, s->stop < t->columns.n || t->cut_right ? ">\n" : "|\n");
}

static void draw_target(const struct sheet *s, size_t row, size_t target)
{
    const struct timeline *t = s->t;
    const struct timeline_row *r = &t->rows.v[row];
    const struct record *record = t->targets.v[target].record;
    const struct record_step *step = timeline_step(t, row, target, NULL);

    if (!step) {
        return;
    }
    if (t->targets.n > 1) {
        buf_fmt(s->out, "    %s", record->maker);
        if (r->what == RECORD_OP) {
            record_print_outcome(record, step, (enum op_kind)t->subject.prog->ops.v[r->op].kind,
                                 s->out);
        }
        buf_str(s->out, "\n");
    }
    draw_named(s, row, target);
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        draw_lane(s, row, target, (enum timeline_lane)lane);
    }
    for (size_t i = 0; i < t->columns.n; i++) {
        s->yes[i] = is_bad(t, i);
    }
    if (r->bad && t->has_bad) {
        draw_marks(s, "", '^');
    }
}

static void draw_limits(const struct timeline *t, size_t row, struct buf *out)
{
    uint64_t excused = timeline_excused(t, row);
    const char *before = "    # limit: ";

    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (excused & limit_bit((enum limit_id)i)) {
            buf_fmt(out, "%s%s", before, limit_descs[i].name);
            before = ", ";
        }
    }
}

/* The step in program syntax, with what the only target showed. */
static void draw_step(const struct timeline *t, size_t row, struct buf *out)
{
    const struct timeline_row *r = &t->rows.v[row];
    const struct op *op;

    if (r->what != RECORD_OP) {
        buf_fmt(out, "     %*s# process %u %s\n", (int)(2 * r->depth), "", r->process,
                r->what == RECORD_BORN ? "begins" : "ends");
        return;
    }
    op = &t->subject.prog->ops.v[r->op];
    buf_fmt(out, "%3zu  %*s", r->op + 1, (int)(2 * r->depth), "");
    op_print(op, out);
    if (t->targets.n == 1) {
        record_print_outcome(t->targets.v[0].record, timeline_step(t, row, 0, NULL),
                             (enum op_kind)op->kind, out);
    }
    draw_limits(t, row, out);
    buf_str(out, r->bad ? "    # <==\n" : "\n");
}

/* The column that the step is about: that of the bad page, or the first that it names. */
static size_t focus(const struct timeline *t, size_t row, size_t otherwise)
{
    for (size_t i = 0; t->rows.v[row].touched && i < t->columns.n; i++) {
        if (is_bad(t, i)) {
            return i;
        }
    }
    for (size_t k = 0; k < t->targets.n; k++) {
        struct timeline_named n = timeline_named(t, row, k);

        for (size_t i = 0; i < t->columns.n; i++) {
            if (!t->columns.v[i].gap && is_named(&n, t->columns.v[i].r)) {
                return i;
            }
        }
    }
    return otherwise;
}

/* Move the sheet no further than it must: pictures that stay in place are easy to compare. */
static void look_to(struct sheet *s, size_t row)
{
    size_t n = s->t->columns.n;
    size_t at = focus(s->t, row, s->first);

    if (at < s->first || at >= s->first + s->room) {
        s->first = at - (at < s->room / 4 ? at : s->room / 4);
    }
    s->first = s->first + s->room > n ? n - (n < s->room ? n : s->room) : s->first;
    s->stop = s->first + s->room < n ? s->first + s->room : n;
}

/* Targets that have nothing to show, and why. */
static void draw_absent(const struct timeline *t, struct buf *out)
{
    for (size_t i = 0; i < t->targets.n; i++) {
        const struct record *r = t->targets.v[i].record;

        if (r->steps.n == 0) {
            buf_fmt(out, "# %s: %s\n", r->maker,
                    r->reason.len ? buf_text(&r->reason) : "left no record");
        }
    }
}

void timeline_text(const struct timeline *t, size_t width, struct buf *out)
{
    struct sheet s = {
        .t = t,
        .room = width > LABEL + 1 ? (width - LABEL - 1) / CELL : 0,
        .yes = calloc(t->columns.n + 1, sizeof(*s.yes)),
        .out = out,
    };
    size_t drawn = 0;

    if (!s.yes) {
        out->failed = true;
        return;
    }
    s.room = s.room < COLUMNS_MIN ? COLUMNS_MIN : s.room;
    draw_absent(t, out);
    for (size_t i = 0; i < t->rows.n; i++) {
        if (!t->rows.v[i].drawn) {
            continue;
        }
        buf_str(out, drawn++ > 0 ? "\n" : "");
        draw_step(t, i, out);
        look_to(&s, i);
        draw_addresses(&s);
        for (size_t k = 0; k < t->targets.n; k++) {
            draw_target(&s, i, k);
        }
    }
    if (t->left_out > 0) {
        buf_fmt(out, "\n# steps that are not drawn, as there are too many: %zu\n", t->left_out);
    }
    free(s.yes);
}
