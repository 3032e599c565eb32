/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flag-domain and success-effect: which page flags there may be, and which ones a successful call
 * must leave. The address space is cut into edits (what the call does to a range) and the rest,
 * which keeps its flags; before and after are walked run by run, so a mapping of any length costs
 * one step.
 */
#include "inv/inv_flags.h"

#include <inttypes.h>

bool inv_flags_fit(uint8_t want, uint8_t have)
{
    return have == want || (inv_tb_protected(want) && have == (want | PAGE_WRITE));
}

uint8_t inv_flags_for(int prot)
{
    return (uint8_t)(prot | PAGE_VALID | (prot & PAGE_WRITE ? PAGE_WRITE_ORG : 0));
}

/* ---- flag-domain ---- */

static const char *run_wrong(const struct inv_view *v, const struct region *r)
{
    const unsigned legal = PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG;

    if (r->flags == 0) {
        return NULL;
    }
    if (r->flags & ~legal) {
        return "has bits that no page flag has";
    }
    if (!(r->flags & PAGE_VALID)) {
        return "is neither free nor VALID";
    }
    if ((r->flags & PAGE_WRITE) && !(r->flags & PAGE_WRITE_ORG)) {
        return "has W without WRITE_ORG";
    }
    if (!range_contains(v->window, r->r)) {
        return "lies outside the window";
    }
    if (!u64_is_aligned(r->r.start, v->guest_page) ||
        !u64_is_aligned(r->r.last + 1, v->guest_page)) {
        return "is not made of whole guest pages";
    }
    return NULL;
}

bool inv_flag_domain(const struct inv_view *v, struct inv_violation *ret)
{
    char text[INV_FLAGS_TEXT];

    for (size_t i = 0; i < v->ctx->flags_after->n; i++) {
        const struct region *r = &v->ctx->flags_after->v[i];
        const char *why = run_wrong(v, r);

        if (why) {
            return inv_say_at(ret, r->r, "a run of page flags %s: %s (0x%x)", why,
                              inv_flags_text(r->flags, text), r->flags);
        }
    }
    return false;
}

/* ---- edits ---- */

static const char *book_differs(const struct inv_view *v, const struct inv_edit *e,
                                const struct region *b, uint64_t source, const struct region *a,
                                uint64_t at)
{
    bool copies = (v->host_page > v->guest_page || v->ctx->no_remap) && e->rule == INV_MOVE;

    /*
     * limit:shared-ro-snapshot: what mremap must copy, below a host page or for want of a host's
     * mremap, becomes private, or a snapshot
     */
    if (!b || !a || copies) {
        return NULL;
    }
    if (a->kind != b->kind) {
        return "kind";
    }
    if (a->shared != b->shared || a->snapshot != b->snapshot) {
        return "sharing";
    }
    if (a->object != b->object ||
        (a->object && a->offset + (at - a->r.start) != b->offset + (source - b->r.start))) {
        return "object or offset";
    }
    return NULL;
}

static uint8_t wanted(const struct inv_edit *e, const struct region *b)
{
    uint8_t flags = inv_flags(b);

    switch (e->rule) {
    case INV_SET:
        return e->flags;
    case INV_PROTECT:
        /* holes stay holes, guards keep no rights */
        return !(flags & PAGE_VALID) || b->kind == REGION_GUARD ? flags : e->flags;
    case INV_TRANSLATE:
        return flags & (uint8_t)~PAGE_WRITE;
    case INV_KEEP:
    case INV_MOVE:
        break;
    }
    return flags;
}

bool inv_edit_differs(const struct inv_view *v, const struct inv_edit *e, struct inv_violation *ret)
{
    struct inv_cursor before = inv_cursor(v->ctx->flags_before, e->source);
    struct inv_cursor after = inv_cursor(v->ctx->flags_after, e->r.start);

    for (uint64_t at = e->r.start;;) {
        uint64_t source = e->source + (at - e->r.start);
        uint64_t source_last = source + (e->r.last - at);
        const struct region *b = inv_at(&before, source, &source_last);
        uint64_t last = at + (source_last - source);
        const struct region *a = inv_at(&after, at, &last);
        uint8_t want = wanted(e, b);
        uint8_t have = inv_flags(a);
        char t[2][INV_FLAGS_TEXT];
        const char *book;

        if (e->rule == INV_TRANSLATE ? have != want : !inv_flags_fit(want, have)) {
            return inv_say_at(ret, (struct range){at, last}, "flags are %s, must be %s (%s)",
                              inv_flags_text(have, t[0]), inv_flags_text(want, t[1]), e->why);
        }
        book = e->rule == INV_SET ? NULL : book_differs(v, e, b, source, a, at);
        if (book) {
            return inv_say_at(ret, (struct range){at, last}, "the book's %s changed (%s)", book,
                              e->why);
        }
        if (last == e->r.last) {
            return false;
        }
        at = last + 1;
    }
}

void inv_edit_add(const struct inv_view *v, struct inv_edits *list, struct inv_edit e)
{
    struct range window = {0, v->window.last};
    size_t i = list->n;

    if (!range_overlaps(e.r, window)) {
        return;
    }
    e.r = range_cut(e.r, window);
    if (e.rule != INV_MOVE) {
        e.source = e.r.start;
    }
    for (; i > 0 && list->v[i - 1].r.start > e.r.start; i--) {
        list->v[i] = list->v[i - 1];
    }
    list->v[i] = e;
    list->n++;
}

static bool kept_differs(const struct inv_view *v, uint64_t start, uint64_t last,
                         struct inv_violation *ret)
{
    const struct inv_edit keep = {{start, last}, INV_KEEP, 0, start, "not part of the call"};

    return inv_edit_differs(v, &keep, ret);
}

bool inv_edits_differ(const struct inv_view *v, const struct inv_edits *list,
                      struct inv_violation *ret)
{
    uint64_t at = 0;

    for (size_t i = 0; i < list->n; i++) {
        const struct inv_edit *e = &list->v[i];

        if (e->r.start < at) {
            return inv_say_at(ret, e->r, "the result overlaps what it was made from");
        }
        if (e->r.start > at && kept_differs(v, at, e->r.start - 1, ret)) {
            return true;
        }
        if (inv_edit_differs(v, e, ret)) {
            return true;
        }
        if (e->r.last == v->window.last) {
            return false;
        }
        at = e->r.last + 1;
    }
    return kept_differs(v, at, v->window.last, ret);
}
