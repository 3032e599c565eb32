/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page around the pictures: verdict, targets, legend, steps, program, what to run next. */
#include "html_int.h"

#include <inttypes.h>

#include "inv/limit.h"
#include "op/text.h"
#include "space/space.h"

static const char *verdict_class(const struct report *r)
{
    return r->verdict == REPORT_FINDING   ? "finding"
           : r->verdict == REPORT_SKIPPED ? "skip"
                                          : "pass";
}

static const char *verdict_word(const struct report *r)
{
    return r->verdict == REPORT_FINDING   ? "finding"
           : r->verdict == REPORT_SKIPPED ? "skipped"
                                          : "all holds";
}

/* Which row the finding is about; the number of rows if it is about none. */
static size_t bad_row(const struct timeline *t)
{
    size_t i = 0;

    while (i < t->rows.n && !t->rows.v[i].bad) {
        i++;
    }
    return i;
}

/* The first target that has something to show of the bad step's bad page; all of them if none. */
static size_t bad_target(const struct timeline *t, size_t row)
{
    size_t i = 0;

    while (i < t->targets.n && !(timeline_step(t, row, i, NULL) && t->targets.v[i].has[0])) {
        i++;
    }
    return i;
}

/* The picture of the bad step holds the bad page, so that the id goes there. */
static bool page_is_drawn(const struct timeline *t)
{
    size_t row = bad_row(t);
    struct region_vec v;
    size_t target;

    if (!t->has_bad || row == t->rows.n || !t->rows.v[row].drawn) {
        return false;
    }
    target = bad_target(t, row);
    return target < t->targets.n && timeline_view(t, row, target, LANE_PAGES, &v);
}

static void print_head(const struct report *r, struct buf *out)
{
    buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    buf_fmt(out, "%s: ", verdict_word(r));
    html_text(r->path, out);
    buf_str(out, "</title>\n<style>\n");
    buf_str(out, html_style);
    buf_str(out, "</style>\n</head>\n<body>\n");
}

/* "step 3", by the program's ops. */
static void print_step_name(const struct timeline_row *r, struct buf *out)
{
    if (r->what == RECORD_OP) {
        buf_fmt(out, "step %zu", r->op + 1);
    } else {
        buf_fmt(out, "the %s of process %u", r->what == RECORD_BORN ? "birth" : "end", r->process);
    }
}

/* The bad step, as a link to it. */
static void print_where(const struct report *r, struct buf *out)
{
    const struct timeline *t = r->timeline;
    size_t row = bad_row(t);

    if (row == t->rows.n) {
        return;
    }
    buf_fmt(out, "<dt>where</dt><dd><a href=\"#r%zu\">", row);
    print_step_name(&t->rows.v[row], out);
    buf_str(out, "</a>");
    if (t->has_bad) {
        buf_fmt(out, ", %s <a href=\"#bad\">", html_bad_page(t));
        html_range(t->bad, out);
        buf_str(out, "</a>");
    }
    buf_str(out, "</dd>\n");
}

static void print_verdict(const struct report *r, struct buf *out)
{
    bool nowhere = r->verdict == REPORT_FINDING && bad_row(r->timeline) == r->timeline->rows.n;

    buf_fmt(out, "<header class=\"%s\">\n<h1><span class=\"verdict\">%s</span> ", verdict_class(r),
            verdict_word(r));
    html_text(r->path, out);
    buf_str(out, "</h1>\n");
    if (r->reason && r->reason[0]) {
        buf_fmt(out, "<p class=\"reason\"%s>", nowhere ? " id=\"bad\"" : "");
        html_text(r->reason, out);
        buf_str(out, "</p>\n");
    }
    buf_str(out, "<dl>\n");
    if (r->verdict == REPORT_FINDING) {
        buf_str(out, "<dt>signature</dt><dd><code>");
        html_text(r->signature, out);
        buf_str(out, "</code></dd>\n");
        print_where(r, out);
    }
    buf_str(out, "</dl>\n</header>\n");
}

static void print_target(const struct timeline_target *t, struct buf *out)
{
    const struct record *r = t->record;
    struct space s = {.guest_page = t->page, .host_page = t->host_page, .real_page = t->real_page};

    buf_str(out, "<tr><th scope=\"row\">");
    html_text(r->maker, out);
    buf_str(out, "</th>");
    if (r->steps.n == 0) {
        buf_str(out, "<td colspan=\"5\">");
        html_text(r->reason.len ? buf_text(&r->reason) : "left no record", out);
        buf_str(out, "</td></tr>\n");
        return;
    }
    buf_str(out, "<td>");
    html_size(t->page, out);
    if (t->has[LANE_HOST]) {
        buf_str(out, "</td><td>");
        html_size(t->host_page, out);
        buf_str(out, "</td><td>");
        html_size(t->real_page, out);
        buf_fmt(out, "</td><td>%s</td>", space_relation_name(space_relation(&s)));
    } else {
        buf_str(out, "</td><td>-</td><td>-</td><td>-</td>");
    }
    buf_fmt(out, "<td>%zu</td></tr>\n", r->steps.n);
}

static void print_targets(const struct timeline *t, struct buf *out)
{
    buf_str(out, "<div class=\"scroll\" role=\"region\" aria-label=\"targets\" tabindex=\"0\">"
                 "<table class=\"targets\">\n<thead><tr><th scope=\"col\">target</th>"
                 "<th scope=\"col\">guest page</th><th scope=\"col\">host page</th>"
                 "<th scope=\"col\">real page</th><th scope=\"col\">relation</th>"
                 "<th scope=\"col\">steps</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < t->targets.n; i++) {
        print_target(&t->targets.v[i], out);
    }
    buf_str(out, "</tbody></table></div>\n");
}

/* What the pictures use, SEEN, and no more. */
static void print_legend(unsigned seen, struct buf *out)
{
    static const struct {
        unsigned use;
        const char *look, *symbol, *text;
    } rows[] = {
        {LOOK_W, "pw", "rw", "readable, writable"},
        {SEEN_PLAIN_R, "pr", "r", "readable"},
        {LOOK_X, "px", "rx", "executable"},
        {LOOK_WATCHED, "pw", "rt", "writable, watched by the translator"},
        {SEEN_NONE, "pn", "-", "mapped without rights"},
        {SEEN_FREE, "fr", "&#183;", "free"},
        {LOOK_GUARD, "gd", "#", "guard"},
        {LOOK_SHARED, "pr", "rs", "s: shared"},
        {LOOK_SNAPSHOT, "pr", "rs*", "*: a snapshot, a copy that stands for a shared object"},
        {LOOK_MIXED, "mx", "?", "several things in one cell"},
        {SEEN_GAP, "fr g", "&#8943;", "pages left out, alike in every step"},
        {SEEN_NAMED, "y", "&#9662;", "pages that the op names"},
        {SEEN_CHANGED, "pw ch", "rw", "underlined: changed by the step"},
        {SEEN_DIFFERS, "pr ne", "r", "wavy: the model has other rights"},
        {SEEN_BAD, "bad", "!", "red outline: the first page that is bad, or that the bad op names"},
        {SEEN_WAS_BAD, "was", "", "red dashes: the same page in other steps that touched it"},
    };

    if (!seen) {
        return;
    }
    buf_str(out, "<details class=\"legend\" open><summary>Legend</summary>\n<ul>\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (seen & rows[i].use) {
            buf_fmt(out, "<li><span class=\"key %s\">%s</span> %s</li>\n", rows[i].look,
                    rows[i].symbol, rows[i].text);
        }
    }
    buf_str(out,
            "</ul>\n<p>Guest pages stand over the host page that holds them, which begins at a "
            "thick line. Addresses count from the start of the guest window.</p>\n</details>\n");
}

static void print_excused(uint64_t set, struct buf *out)
{
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (set & limit_bit((enum limit_id)i)) {
            buf_fmt(out, "<a class=\"tag\" href=\"#limit-%s\" title=\"", limit_descs[i].name);
            html_text(limit_descs[i].reason, out);
            buf_fmt(out, "\">excused: %s</a>\n", limit_descs[i].name);
        }
    }
}

/* The step in program syntax, with what the first target that has it showed. */
static void print_op(const struct timeline *t, size_t row, struct buf *out)
{
    const struct timeline_row *r = &t->rows.v[row];
    const struct record_step *s = NULL;
    size_t target = 0;
    struct buf text = BUF_INIT;

    while (!(s = timeline_step(t, row, target, NULL))) {
        target++; /* a row is of some target */
    }
    if (r->what == RECORD_OP) {
        const struct op *op = &t->subject.prog->ops.v[r->op];

        op_print(op, &text);
        record_print_outcome(t->targets.v[target].record, s, (enum op_kind)op->kind, &text);
    } else {
        buf_fmt(&text, "# process %u %s", r->process,
                r->what == RECORD_BORN ? "begins, with what its parent had" : "ends");
    }
    html_text(buf_text(&text), out);
    buf_free(&text);
}

/* The targets side by side; what they use. */
static unsigned print_strips(const struct timeline *t, size_t row, struct buf *out)
{
    size_t bad = t->rows.v[row].bad ? bad_target(t, row) : t->targets.n;
    unsigned seen = 0;

    if (!t->rows.v[row].drawn) {
        return 0;
    }
    buf_str(out, "<div class=\"strips\">\n");
    for (size_t i = 0; i < t->targets.n; i++) {
        seen |= html_strip(t, row, i, i == bad, out);
    }
    buf_str(out, "</div>\n");
    html_changes(t, row, out);
    return seen;
}

static unsigned print_step(const struct report *r, size_t row, struct buf *out)
{
    const struct timeline *t = r->timeline;
    const struct timeline_row *s = &t->rows.v[row];
    bool bad_text = s->bad && !page_is_drawn(t);
    unsigned seen;

    buf_fmt(out, "<li id=\"r%zu\" class=\"step%s\">\n<div class=\"what\"><span class=\"no\">", row,
            s->bad       ? " is-bad"
            : s->touched ? " touched"
                         : "");
    if (s->what == RECORD_OP) {
        buf_fmt(out, "%zu", s->op + 1);
    }
    buf_fmt(out, "</span> <code%s>", bad_text ? " id=\"bad\" class=\"bad\"" : "");
    for (unsigned i = 0; i < s->depth; i++) {
        buf_str(out, "    ");
    }
    print_op(t, row, out);
    buf_str(out, "</code>\n");
    if (s->bad) {
        buf_str(out, "<strong class=\"why\">&#9888; ");
        html_text(r->reason, out);
        buf_str(out, "</strong>\n");
    } else if (s->touched) {
        buf_fmt(out, "<span class=\"tag\">&#9664; touched %s</span>\n", html_bad_page(t));
    }
    print_excused(timeline_excused(t, row), out);
    buf_str(out, "</div>\n");
    seen = print_strips(t, row, out);
    buf_str(out, "</li>\n");
    return seen;
}

static void print_cuts(const struct timeline *t, struct buf *out)
{
    if (t->cut_left || t->cut_right) {
        buf_fmt(out,
                "<p class=\"note\">Only %zu columns around what matters are drawn: there are more "
                "pages in use %s%s%s.</p>\n",
                t->columns.n, t->cut_left ? "below" : "",
                t->cut_left && t->cut_right ? " and " : "", t->cut_right ? "above" : "");
    }
    if (t->left_out) {
        buf_fmt(
            out,
            "<p class=\"note\">Steps that are shown without their picture, as there are too many: "
            "%zu</p>\n",
            t->left_out);
    }
}

/* That the program ends needs no row of its own. */
static bool is_told(const struct timeline_row *r)
{
    return r->what != RECORD_DONE || r->process != 0 || r->changed || r->bad;
}

static unsigned print_timeline(const struct report *r, struct buf *out)
{
    const struct timeline *t = r->timeline;
    size_t n_ops = 0;
    unsigned seen = 0;

    buf_str(out, "<h2 id=\"timeline\">Steps</h2>\n<p class=\"note\">A step without a picture left "
                 "everything as it was.</p>\n");
    print_cuts(t, out);
    buf_str(out, "<ol class=\"scroll timeline\" role=\"region\" aria-label=\"timeline\" "
                 "tabindex=\"0\">\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        seen |= is_told(&t->rows.v[i]) ? print_step(r, i, out) : 0;
        n_ops += t->rows.v[i].what == RECORD_OP;
    }
    buf_str(out, "</ol>\n");
    if (n_ops < t->subject.prog->ops.n) {
        buf_fmt(out, "<p class=\"note\">Ops of the program that were not run: %zu</p>\n",
                t->subject.prog->ops.n - n_ops);
    }
    return seen;
}

static void print_limits(const struct timeline *t, struct buf *out)
{
    uint64_t all = 0;

    for (size_t i = 0; i < t->rows.n; i++) {
        all |= timeline_excused(t, i);
    }
    if (!all) {
        return;
    }
    buf_str(out, "<h2>Excused</h2>\n<dl class=\"limits\">\n");
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (all & limit_bit((enum limit_id)i)) {
            buf_fmt(out, "<dt id=\"limit-%s\">%s</dt><dd>", limit_descs[i].name,
                    limit_descs[i].name);
            html_text(limit_descs[i].scope, out);
            buf_str(out, ". Why: ");
            html_text(limit_descs[i].reason, out);
            buf_str(out, ".</dd>\n");
        }
    }
    buf_str(out, "</dl>\n");
}

/* The program as it is, the bad op marked. */
static void print_program(const struct timeline *t, struct buf *out)
{
    const struct prog *p = t->subject.prog;
    struct prog head = *p; /* borrows the arrays */
    struct buf text = BUF_INIT;

    if (t->targets.n > 0 && t->targets.v[0].record->steps.n > 0) {
        head.config = t->targets.v[0].record->config;
    }
    buf_str(out, "<h2>Program</h2>\n<pre class=\"scroll\" role=\"region\" aria-label=\"program\" "
                 "tabindex=\"0\">");
    prog_print_head(&head, &text);
    html_text(buf_text(&text), out);
    for (size_t i = 0; i < p->ops.n; i++) {
        bool bad = t->subject.finding && i == t->subject.bad_op;

        buf_clear(&text);
        op_print(&p->ops.v[i], &text);
        expect_print(&p->ops.v[i].expect, (enum op_kind)p->ops.v[i].kind, &text);
        buf_str(out, bad ? "<mark>" : "");
        html_text(buf_text(&text), out);
        buf_str(out, bad ? "</mark>    # &lt;==\n" : "\n");
    }
    buf_str(out, "</pre>\n");
    buf_free(&text);
}

void report_html(const struct report *r, struct buf *out)
{
    struct buf steps = BUF_INIT;
    unsigned seen = print_timeline(r, &steps);

    print_head(r, out);
    buf_str(out, "<main>\n");
    print_verdict(r, out);
    print_targets(r->timeline, out);
    print_legend(seen, out);
    buf_add(out, steps.data, steps.len);
    print_limits(r->timeline, out);
    print_program(r->timeline, out);
    buf_str(out, "<h2>Run next</h2>\n<pre class=\"scroll\" role=\"region\" "
                 "aria-label=\"command to run next\" tabindex=\"0\">");
    html_text(r->command, out);
    buf_str(out, "</pre>\n</main>\n</body>\n</html>\n");
    out->failed |= buf_failed(&steps);
    buf_free(&steps);
}
