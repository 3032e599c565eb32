/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failure-effect: an error leaves everything as it was. The weaker forms that layer.md sections
 * 6.3, 13 and rule 5 of 1.4 allow: a Linux mprotect that changed a prefix; after a host call
 * failed, ranges the call was about to replace or remove are free; and after an undo failed as
 * well, F need only tell the truth, which host-agrees judges.
 */
#include "inv/inv_flags.h"

/* What a page of the call's ranges may have become beside staying as it was. */
struct weaker {
    bool lost; /* free */
    bool done; /* as success would have left it */
    uint8_t new_flags;
};

static struct weaker weaker_forms(const struct inv_view *v, bool source)
{
    bool undo_failed = v->n_failed > 1;
    struct weaker w = {.new_flags = inv_flags_for(v->prot)};

    if (v->n_failed == 0) {
        return w;
    }
    switch (v->kind) {
    case OP_mmap:
        w.lost = w.done = v->fixed;
        break;
    case OP_munmap:
        w.lost = true;
        break;
    case OP_mprotect:
        w.done = undo_failed;
        break;
    case OP_mremap:
        w.lost = undo_failed || (v->fixed && !source);
        break;
    default:
        break;
    }
    return w;
}

/* ---- mprotect of Linux: a prefix ---- */

/* The hole alone made it fail: then the prefix must reach up to it. */
static bool hole_decides(const struct inv_view *v)
{
    return !v->must_fail && v->n_failed == 0 && v->out->err == ABI_ENOMEM &&
           !inv_all_valid(v->ctx->flags_before, v->range, NULL);
}

static bool prefix_wrong(const struct inv_view *v, struct range r, struct inv_violation *ret)
{
    struct inv_cursor before = inv_cursor(v->ctx->flags_before, r.start);
    struct inv_cursor after = inv_cursor(v->ctx->flags_after, r.start);
    uint8_t asked = inv_flags_for(v->prot);
    bool whole = hole_decides(v);
    bool in_prefix = true;

    for (uint64_t at = r.start;;) {
        uint64_t last = r.last;
        uint8_t b = inv_flags(inv_at(&before, at, &last));
        uint8_t a = inv_flags(inv_at(&after, at, &last));
        struct range where = {at, last};
        char t[2][INV_FLAGS_TEXT];
        bool kept = inv_flags_fit(b, a);

        if (!(b & PAGE_VALID)) {
            in_prefix = false;
        }
        if (in_prefix && a != asked) {
            if (whole) {
                return inv_say_at(ret, where, "flags before the hole are %s, must be %s as asked",
                                  inv_flags_text(a, t[0]), inv_flags_text(asked, t[1]));
            }
            in_prefix = false;
        }
        if (!in_prefix && !kept && (v->n_failed < 2 || a != asked)) {
            return inv_say_at(ret, where, "flags are %s after the failure and were %s",
                              inv_flags_text(a, t[0]), inv_flags_text(b, t[1]));
        }
        if (last == r.last) {
            return false;
        }
        at = last + 1;
    }
}

/* ---- all others ---- */

static bool range_wrong(const struct inv_view *v, struct range r, const struct weaker *w,
                        struct inv_violation *ret)
{
    struct inv_cursor before = inv_cursor(v->ctx->flags_before, r.start);
    struct inv_cursor after = inv_cursor(v->ctx->flags_after, r.start);

    for (uint64_t at = r.start;;) {
        uint64_t last = r.last;
        uint8_t b = inv_flags(inv_at(&before, at, &last));
        uint8_t a = inv_flags(inv_at(&after, at, &last));
        char t[2][INV_FLAGS_TEXT];

        if (!inv_flags_fit(b, a) && !(w->lost && a == 0) && !(w->done && a == w->new_flags)) {
            return inv_say_at(ret, (struct range){at, last},
                              "flags are %s after the failure and were %s", inv_flags_text(a, t[0]),
                              inv_flags_text(b, t[1]));
        }
        if (last == r.last) {
            return false;
        }
        at = last + 1;
    }
}

/* The call's ranges in the window, lower one first, without overlap. */
static size_t named_ranges(const struct inv_view *v, struct range r[2], bool source[2])
{
    struct range window = {0, v->window.last};
    size_t n = 0;

    if (inv_range_in_window(v, &r[n]) && !(v->kind == OP_mremap && !v->fixed)) {
        source[n++] = false;
    }
    if (v->has_from && range_overlaps(v->from, window)) {
        r[n] = range_cut(v->from, window);
        source[n++] = true;
    }
    if (n == 2 && range_overlaps(r[0], r[1])) {
        return 0;
    }
    if (n == 2 && r[1].start < r[0].start) {
        struct range swap = r[0];

        r[0] = r[1];
        r[1] = swap;
        source[0] = true;
        source[1] = false;
    }
    return n;
}

static bool flags_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    struct range r[2];
    bool source[2];
    size_t n = named_ranges(v, r, source);
    uint64_t at = 0;

    for (size_t i = 0; i < n; i++) {
        struct weaker w = weaker_forms(v, source[i]);
        struct inv_edit keep = {{at, r[i].start - 1}, INV_KEEP, 0, at, "the call failed"};

        if (r[i].start > at && inv_edit_differs(v, &keep, ret)) {
            return true;
        }
        if (v->kind == OP_mprotect && v->is_linux ? prefix_wrong(v, r[i], ret)
                                                  : range_wrong(v, r[i], &w, ret)) {
            return true;
        }
        if (r[i].last == v->window.last) {
            return false;
        }
        at = r[i].last + 1;
    }
    return inv_edit_differs(
        v, &(struct inv_edit){{at, v->window.last}, INV_KEEP, 0, at, "the call failed"}, ret);
}

/* ---- the host ---- */

static bool host_same(const struct inv_view *v, const struct region *b, const struct region *a)
{
    if (!a || !b) {
        return a == b;
    }
    if ((a->prot ^ b->prot) & (REGION_R | REGION_W)) {
        return false;
    }
    /*
     * Below a host page a fill in place may leave other memory with the same bytes (layer.md 4,
     * rule 7).
     */
    return v->host_page > v->guest_page || (a->kind == b->kind && a->shared == b->shared);
}

/*
 * The first address of WHERE in whose host page F did not change at all. Where F changed, what is
 * there is another invariant's business.
 */
static bool untouched(const struct inv_view *v, struct range where, uint64_t *ret)
{
    for (uint64_t at = where.start;;) {
        struct range page = inv_host_pages(v, (struct range){at, at});
        struct inv_cursor b = inv_cursor(v->ctx->flags_before, page.start);
        struct inv_cursor a = inv_cursor(v->ctx->flags_after, page.start);
        uint64_t last = UINT64_MAX;
        bool changed = false;

        for (uint64_t g = page.start; g <= page.last && !changed;) {
            last = UINT64_MAX;
            changed = inv_flags(inv_at(&b, g, &last)) != inv_flags(inv_at(&a, g, &last));
            if (last >= page.last) {
                break;
            }
            g = changed ? g : last + 1;
        }
        if (!changed) {
            *ret = at;
            return true;
        }
        /* The changed run decides for every host page it fills. */
        last = u64_max(page.last, u64_align_down(last + (last != UINT64_MAX), v->host_page) - 1);
        if (last >= where.last) {
            return false;
        }
        at = last + 1;
    }
}

static bool host_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct inv_ctx *ctx = v->ctx;
    struct inv_cursor before = inv_cursor(ctx->host_before, 0);
    struct inv_cursor after = inv_cursor(ctx->host_after, 0);
    uint64_t first;

    for (uint64_t at = 0;;) {
        uint64_t last = v->window.last;
        const struct region *b = inv_at(&before, at, &last);
        const struct region *a = inv_at(&after, at, &last);
        struct range where = {at, last};
        char t[2][4];

        if (!host_same(v, b, a) && untouched(v, where, &first)) {
            return inv_say_at(ret, (struct range){first, last},
                              "the host has %s after the failure and had %s",
                              a ? inv_prot_text(a->prot, t[0]) : "a hole",
                              b ? inv_prot_text(b->prot, t[1]) : "a hole");
        }
        if (last == v->window.last) {
            return false;
        }
        at = last + 1;
    }
}

bool inv_failure_effect(const struct inv_view *v, struct inv_violation *ret)
{
    if ((!v->failed && !v->signal) || v->kind == OP_fork) {
        return false;
    }
    if (flags_wrong(v, ret)) {
        return true;
    }
    if (v->kind == OP_exec && v->n_failed == 0 && v->has_range &&
        (inv_flags(region_find(v->ctx->flags_before, v->range.start)) & PAGE_EXEC)) {
        return inv_say_at(ret, v->range, "the translator was refused a page that is VALID with X");
    }
    /* Two refusals: the undo was refused too, and nothing could bring the host back. */
    return v->n_failed < 2 && v->ctx->host_before && v->ctx->host_after && host_wrong(v, ret);
}
