/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One target after one step, as a table: addresses, what the op named, then a line per view. Cells
 * are as wide as the pages of their view, so guest pages stand over the host page that holds them;
 * where host pages begin lines are thick.
 */
#include "html_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* As html_style has them. */
enum { CELL_PX = 30, GAP_PX = 60, LETTER_PX = 8 };

struct strip {
    const struct timeline *t;
    const struct timeline_target *target;
    size_t row, index; /* of the target */
    bool with_bad;     /* the bad page's id is still to be given */
    struct timeline_named named;
    unsigned seen; /* enum look_bit, enum html_seen */
    struct buf *out;
};

const char *html_bad_page(const struct timeline *t)
{
    return t->bad_is_named ? "the first page in question" : "the first bad page";
}

static bool is_bad(const struct strip *s, struct range r)
{
    return s->t->has_bad && range_overlaps(r, s->t->bad);
}

static bool is_named(const struct strip *s, size_t i)
{
    for (unsigned k = 0; k < s->named.n; k++) {
        if (range_overlaps(s->named.v[k], s->t->columns.v[i].r)) {
            return true;
        }
    }
    return false;
}

static void print_columns(const struct strip *s)
{
    buf_str(s->out, "<colgroup><col class=\"l\">");
    for (size_t i = 0; i < s->t->columns.n; i++) {
        buf_str(s->out, s->t->columns.v[i].gap ? "<col class=\"g\">" : "<col>");
    }
    buf_str(s->out, "</colgroup>\n");
}

/* How much a gap leaves out. */
static void print_gap_title(const struct strip *s, struct range r)
{
    html_range(r, s->out);
    buf_fmt(s->out, ": %" PRIu64 " pages, all alike in every step", range_len(r) / s->target->page);
}

/*
 * The next column from I on whose address is written, where one at I has TAKEN so many pixels; a
 * label after a gap is never crowded out.
 */
static size_t next_address(const struct timeline *t, size_t i, size_t taken)
{
    size_t used = 0;

    do {
        used += t->columns.v[i].gap ? GAP_PX : CELL_PX;
        i++;
    } while (i < t->columns.n && !t->columns.v[i].gap &&
             !(timeline_wants_address(t, i) && (used >= taken || t->columns.v[i - 1].gap)));
    return i;
}

static void print_addresses(const struct strip *s)
{
    const struct timeline *t = s->t;
    size_t next;

    buf_str(s->out, "<tr class=\"a\"><th scope=\"row\">address</th>");
    for (size_t i = 0; i < t->columns.n; i = next) {
        const struct timeline_column *c = &t->columns.v[i];
        char label[24];

        if (c->gap) {
            buf_str(s->out, "<td class=\"g\" title=\"");
            print_gap_title(s, c->r);
            buf_str(s->out, "\"></td>");
            next = i + 1;
            continue;
        }
        snprintf(label, sizeof(label), "0x%" PRIx64, c->r.start);
        next = next_address(t, i, (strlen(label) + 1) * LETTER_PX);
        buf_fmt(s->out, "<th scope=\"colgroup\" colspan=\"%zu\">%s</th>", next - i, label);
    }
    buf_str(s->out, "</tr>\n");
}

/* What the op named: a bar over the pages. */
static void print_named(struct strip *s)
{
    const struct timeline *t = s->t;
    const char *op;

    if (s->named.n == 0) {
        return;
    }
    op = op_descs[t->subject.prog->ops.v[t->rows.v[s->row].op].kind].name;
    s->seen |= SEEN_NAMED;
    buf_fmt(s->out, "<tr class=\"n\"><th scope=\"row\">%s</th>", op);
    for (size_t i = 0; i < t->columns.n;) {
        bool named = is_named(s, i);
        size_t n = 1;

        while (i + n < t->columns.n && is_named(s, i + n) == named) {
            n++;
        }
        buf_fmt(s->out, "<td colspan=\"%zu\"", n);
        if (named) {
            buf_fmt(s->out, " class=\"y\" title=\"named by %s\">&#9662;", op);
        } else {
            buf_str(s->out, ">");
        }
        buf_str(s->out, "</td>");
        i += n;
    }
    buf_str(s->out, "</tr>\n");
}

/* The class that gives a cell its colour. */
static const char *look_class(unsigned look)
{
    if (look & LOOK_MIXED) {
        return "mx";
    }
    if (!(look & LOOK_MAPPED)) {
        return "fr";
    }
    if (look & LOOK_GUARD) {
        return "gd";
    }
    if (look & LOOK_X) {
        return "px";
    }
    if (look & (LOOK_W | LOOK_WATCHED)) {
        return "pw";
    }
    return look & LOOK_R ? "pr" : "pn";
}

static void print_symbol(unsigned look, struct buf *out)
{
    char text[LOOK_TEXT_MAX];

    look_symbol(look, text);
    buf_str(out, text[0] == '.' ? "&#183;" : text);
}

/* A cell of LANE over columns [I, I + N), R in all. */
struct cell {
    enum timeline_lane lane;
    size_t i, n;
    struct range r;
    unsigned look;
    bool changed;
    bool differs; /* from what the model has */
};

static void print_cell_title(const struct strip *s, const struct cell *c)
{
    if (s->t->columns.v[c->i].gap) {
        print_gap_title(s, c->r);
    } else {
        html_range(c->r, s->out);
    }
    buf_fmt(s->out, ", %s: ", timeline_lane_name(s->target, c->lane));
    look_words(c->look, s->out);
    buf_str(s->out, c->changed ? "; changed by this step" : "");
    buf_str(s->out, c->differs ? "; the model has something else" : "");
    if (is_bad(s, c->r)) {
        buf_fmt(s->out, "; holds %s", html_bad_page(s->t));
    }
}

static unsigned seen_look(unsigned look)
{
    if (!(look & (LOOK_MAPPED | LOOK_MIXED))) {
        return SEEN_FREE;
    }
    if (look & (LOOK_W | LOOK_WATCHED | LOOK_X | LOOK_GUARD | LOOK_MIXED)) {
        return look;
    }
    return look | (look & LOOK_R ? SEEN_PLAIN_R : SEEN_NONE);
}

static void print_cell(struct strip *s, const struct cell *c)
{
    const struct timeline_row *row = &s->t->rows.v[s->row];
    bool gap = s->t->columns.v[c->i].gap;
    bool bad = is_bad(s, c->r) && !gap;

    s->seen |= seen_look(c->look) | (gap ? SEEN_GAP : 0) | (c->changed ? SEEN_CHANGED : 0) |
               (c->differs ? SEEN_DIFFERS : 0) | (bad ? row->bad ? SEEN_BAD : SEEN_WAS_BAD : 0);
    buf_str(s->out, "<td");
    if (bad && s->with_bad && row->bad) {
        buf_str(s->out, " id=\"bad\" tabindex=\"0\"");
        s->with_bad = false;
    }
    if (c->n > 1) {
        buf_fmt(s->out, " colspan=\"%zu\"", c->n);
    }
    buf_fmt(s->out, " class=\"%s%s%s%s%s%s\" title=\"", look_class(c->look), gap ? " g" : "",
            timeline_starts_page(s->t, s->index, c->i) ? " h" : "", c->changed ? " ch" : "",
            bad ? row->bad ? " bad" : " was" : "", c->differs ? " ne" : "");
    print_cell_title(s, c);
    buf_str(s->out, "\">");
    if (gap) {
        buf_str(s->out, "&#8943;");
    } else {
        print_symbol(c->look, s->out);
    }
    buf_str(s->out, "</td>");
}

static unsigned rights(unsigned look)
{
    return look & (LOOK_MAPPED | LOOK_R | LOOK_W | LOOK_X | LOOK_MIXED);
}

/* Whether the model has other rights at R than the guest's view, LOOK. */
static bool differs_from_model(const struct strip *s, struct range r, unsigned look)
{
    struct region_vec model;

    return timeline_view(s->t, s->row, s->index, LANE_MODEL, &model) &&
           rights(look_at(&model, timeline_absolute(s->t, s->index, r))) != rights(look);
}

static void print_lane(struct strip *s, enum timeline_lane lane)
{
    const struct timeline *t = s->t;
    uint64_t page = timeline_lane_page(s->target, lane);
    struct region_vec now;
    struct region_vec before;
    bool known;

    if (!timeline_view(t, s->row, s->index, lane, &now)) {
        return;
    }
    known = timeline_view_before(t, s->row, s->index, lane, &before);
    buf_fmt(s->out, "<tr class=\"v%d\"><th scope=\"row\">%s</th>", lane,
            timeline_lane_name(s->target, lane));
    for (size_t i = 0; i < t->columns.n;) {
        struct cell c = {.lane = lane, .i = i, .n = timeline_span(t, i, page)};
        struct range at;

        c.r = (struct range){t->columns.v[i].r.start, t->columns.v[i + c.n - 1].r.last};
        at = timeline_absolute(t, s->index, c.r);
        c.look = look_at(&now, at);
        c.changed = known && look_at(&before, at) != c.look;
        c.differs = lane == LANE_PAGES && differs_from_model(s, c.r, c.look);
        print_cell(s, &c);
        i += c.n;
    }
    buf_str(s->out, "</tr>\n");
}

static void print_caption(const struct strip *s, const struct record_step *step)
{
    const struct timeline *t = s->t;
    const struct timeline_row *row = &t->rows.v[s->row];
    struct buf text = BUF_INIT;

    buf_str(s->out, "<caption><span>");
    html_text(s->target->record->maker, s->out);
    if (row->what == RECORD_OP && t->targets.n > 1) {
        record_print_outcome(s->target->record, step,
                             (enum op_kind)t->subject.prog->ops.v[row->op].kind, &text);
        buf_str(s->out, " <code>");
        html_text(buf_text(&text), s->out);
        buf_str(s->out, "</code>");
    }
    buf_str(s->out, "</span></caption>\n");
    buf_free(&text);
}

unsigned html_strip(const struct timeline *t, size_t row, size_t target, bool with_bad,
                    struct buf *out)
{
    struct strip s = {
        .t = t,
        .target = &t->targets.v[target],
        .row = row,
        .index = target,
        .with_bad = with_bad,
        .named = timeline_named(t, row, target),
        .out = out,
    };
    const struct record_step *step = timeline_step(t, row, target, NULL);

    if (!step) {
        return 0;
    }
    buf_str(out, "<table class=\"strip\">\n");
    print_caption(&s, step);
    print_columns(&s);
    buf_str(out, "<tbody>\n");
    print_addresses(&s);
    print_named(&s);
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        print_lane(&s, (enum timeline_lane)lane);
    }
    buf_str(out, "</tbody></table>\n");
    return s.seen;
}

enum { CHANGES_MAX = 6 }; /* of a view, in words */

static void print_changes(const struct timeline *t, size_t row, size_t target,
                          enum timeline_lane lane, struct buf *out)
{
    struct range within = {0, UINT64_MAX};
    struct look_change c;
    struct region_vec before;
    struct region_vec now;
    unsigned n = 0;

    if (!timeline_view(t, row, target, lane, &now) ||
        !timeline_view_before(t, row, target, lane, &before)) {
        return;
    }
    while (look_next_change(&before, &now, within, &c)) {
        struct range r = c.where;

        if (timeline_relative(&t->targets.v[target], &r) && n++ < CHANGES_MAX) {
            buf_str(out, "<li>");
            if (t->targets.n > 1) {
                html_text(t->targets.v[target].record->maker, out);
                buf_str(out, ", ");
            }
            buf_fmt(out, "%s ", timeline_lane_name(&t->targets.v[target], lane));
            html_range(r, out);
            buf_str(out, ": ");
            look_words(c.before, out);
            buf_str(out, " &#8594; ");
            look_words(c.after, out);
            buf_str(out, "</li>\n");
        }
        if (c.where.last == UINT64_MAX) {
            break;
        }
        within.start = c.where.last + 1;
    }
    if (n > CHANGES_MAX) {
        buf_fmt(out, "<li>and %u more of this view</li>\n", n - CHANGES_MAX);
    }
}

void html_changes(const struct timeline *t, size_t row, struct buf *out)
{
    struct buf list = BUF_INIT;

    for (size_t i = 0; i < t->targets.n; i++) {
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            print_changes(t, row, i, (enum timeline_lane)lane, &list);
        }
    }
    if (list.len > 0) {
        buf_str(out, "<details class=\"words\"><summary>what changed, in words</summary><ul>\n");
        buf_add(out, list.data, list.len);
        buf_str(out, "</ul></details>\n");
    }
    buf_free(&list);
}
