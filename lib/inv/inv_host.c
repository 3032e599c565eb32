/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-agrees: what the host holds under VALID pages, the first two rows of layer.md 13's table.
 * One walk serves all three columns, because need and union coincide where a host page is one guest
 * page. Empty host pages are inv_window.c's.
 */
#include "inv/inv_stretch.h"
#include "inv/ledger_priv.h"

/*
 * limit:frag-past-eof-zero and the copies of fragments: below a host page the book's kind is no
 * promise. Without a host's mremap nor is a file's.
 */
static bool kind_wrong(const struct inv_view *v, const struct inv_stretch *s,
                       const struct region *h)
{
    if (v->host_page > v->guest_page || h->kind == REGION_SPECIAL) {
        return false;
    }
    if (s->any_anon && !s->any_shared && h->kind == REGION_FILE) {
        return true;
    }
    /* With R < T the tail of a file is spliced with anonymous zeros (layer.md 6.4). */
    return s->any_file && !v->ctx->no_remap && h->kind == REGION_ANON &&
           v->space->real_page == v->guest_page;
}

/*
 * Page by page, because slack beside a shared map may be private memory where a host page is
 * several real ones.
 */
static const struct region *sharing_wrong(const struct inv_view *v, const struct region *h,
                                          struct range where)
{
    const struct region_vec *flags = v->ctx->flags_after;

    for (size_t i = region_lower_bound(flags, where.start);
         i < flags->n && flags->v[i].r.start <= where.last; i++) {
        const struct region *g = &flags->v[i];

        if ((g->flags & PAGE_VALID) && g->kind != REGION_GUARD &&
            (g->shared && !g->snapshot) != h->shared) {
            return g;
        }
    }
    return NULL;
}

static bool piece_wrong(const struct inv_view *v, const struct inv_stretch *s,
                        const struct region *h, struct range where, struct inv_violation *ret)
{
    uint8_t want = s->tb ? s->need & (uint8_t)~REGION_W : s->need;
    const struct region *g;
    char t[2][4];

    if (!h) {
        return inv_say_at(ret, where, "pages are VALID, the host has a hole");
    }
    if (h->prot & REGION_X) {
        return inv_say_at(ret, where, "the host may execute guest memory");
    }
    if ((h->prot & (REGION_R | REGION_W)) != want) {
        return inv_say_at(ret, where, "the host has %s, the page flags need %s%s",
                          inv_prot_text(h->prot, t[0]), inv_prot_text(want, t[1]),
                          s->tb ? " (W withheld: TB-protected)" : "");
    }
    g = sharing_wrong(v, h, where);
    if (g) {
        return inv_say_at(ret, range_cut(g->r, where), "the host maps it %s, the book says %s",
                          h->shared ? "shared" : "private", h->shared ? "private" : "shared");
    }
    if (kind_wrong(v, s, h)) {
        return inv_say_at(ret, where, "the host has %s memory, the book says %s",
                          h->kind == REGION_FILE ? "file" : "anonymous",
                          s->any_file ? "file" : "anonymous");
    }
    return false;
}

static bool stretch_wrong(const struct inv_view *v, const struct inv_stretch *s,
                          struct inv_cursor *host, struct inv_violation *ret)
{
    for (uint64_t at = s->r.start;;) {
        uint64_t last = s->r.last;
        const struct region *h = inv_at(host, at, &last);

        if (!inv_ledger_stuck(v->ctx->ledger, at, &last) &&
            piece_wrong(v, s, h, (struct range){at, last}, ret)) {
            return true;
        }
        if (last == s->r.last) {
            return false;
        }
        at = last + 1;
    }
}

static bool host_disagrees(const struct inv_view *v, struct inv_violation *ret)
{
    struct inv_cursor flags = inv_cursor(v->ctx->flags_after, 0);
    struct inv_cursor host = inv_cursor(v->ctx->host_after, 0);

    for (uint64_t at = 0;;) {
        struct inv_stretch s = inv_stretch_at(v, &flags, at);

        if (s.live && stretch_wrong(v, &s, &host, ret)) {
            return true;
        }
        if (s.r.last >= v->window.last) {
            return false;
        }
        at = s.r.last + 1;
    }
}

static bool agrees(const struct inv_view *v, enum space_relation relation,
                   struct inv_violation *ret)
{
    return space_relation(v->space) == relation && host_disagrees(v, ret);
}

bool inv_host_agrees_eq(const struct inv_view *v, struct inv_violation *ret)
{
    return agrees(v, SPACE_H_EQ_G, ret);
}

bool inv_host_agrees_lt(const struct inv_view *v, struct inv_violation *ret)
{
    return agrees(v, SPACE_H_LT_G, ret);
}

bool inv_host_agrees_gt(const struct inv_view *v, struct inv_violation *ret)
{
    return agrees(v, SPACE_H_GT_G, ret);
}

/*
 * ---- fork-consistent: that books and host agree is for the rows above to say, in each process
 * ----
 */

static bool flags_differ(const struct inv_view *v, struct inv_violation *ret)
{
    struct region_difference d;

    return region_diff(v->ctx->flags_before, v->ctx->flags_after, (struct range){0, v->window.last},
                       REGION_MASK_FLAGS, &d) &&
           inv_say_at(ret, d.where, "fork changed page flags");
}

bool inv_fork_consistent(const struct inv_view *v, struct inv_violation *ret)
{
    const struct trace_lock *l = &v->step->lock;

    if (l->depth_after != 0) {
        return inv_say(ret, "after fork this thread holds mmap_lock %d deep", l->depth_after);
    }
    if (l->locks != l->unlocks) {
        return inv_say(ret, "after fork mmap_lock is not free");
    }
    return v->ctx->flags_before && v->ctx->flags_after && flags_differ(v, ret);
}
