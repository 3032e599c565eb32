/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tb-invalidated: translated code lives as long as the page it was made from. Pages whose mapping,
 * X or bytes the call changed, whose rights it changed, or to which it gave W back must be covered
 * by invalidations of the step.
 */
#include "inv/inv_priv.h"

/* The first address of R that no invalidation of the step covers. */
static bool uncovered(const struct inv_view *v, struct range r, uint64_t *ret)
{
    for (uint64_t at = r.start;;) {
        bool found = false;
        uint64_t last = at;

        for (size_t i = 0; i < v->step->tbs.n; i++) {
            struct range tb = v->step->tbs.v[i].r;

            if (range_has(tb, at) && (!found || tb.last > last)) {
                found = true;
                last = tb.last;
            }
        }
        if (!found) {
            *ret = at;
            return true;
        }
        if (last >= r.last) {
            return false;
        }
        at = last + 1;
    }
}

static bool demand(const struct inv_view *v, struct range r, const char *why,
                   struct inv_violation *ret)
{
    uint64_t at;

    return uncovered(v, r, &at) &&
           inv_say_at(ret, (struct range){at, r.last}, "no TB invalidation covers pages %s", why);
}

/*
 * Private pages of R with X: what MADV_DONTNEED takes from them is gone, a shared object keeps its
 * bytes.
 */
static bool demand_dropped(const struct inv_view *v, struct range r, struct inv_violation *ret)
{
    const struct region_vec *flags = v->ctx->flags_after;

    for (size_t i = region_lower_bound(flags, r.start);
         i < flags->n && flags->v[i].r.start <= r.last; i++) {
        if ((flags->v[i].flags & PAGE_EXEC) && !flags->v[i].shared &&
            demand(v, range_cut(flags->v[i].r, r), "whose bytes were dropped", ret)) {
            return true;
        }
    }
    return false;
}

/* The runs of FLAGS in R that have all of MASK. */
static bool demand_runs(const struct inv_view *v, const struct region_vec *flags, struct range r,
                        uint8_t mask, const char *why, struct inv_violation *ret)
{
    for (size_t i = region_lower_bound(flags, r.start);
         i < flags->n && flags->v[i].r.start <= r.last; i++) {
        if ((flags->v[i].flags & mask) == mask &&
            demand(v, range_cut(flags->v[i].r, r), why, ret)) {
            return true;
        }
    }
    return false;
}

/* TB protection set is no change of the page: the code was just made. */
static bool same_for_code(uint8_t before, uint8_t after)
{
    return before == after || ((before & PAGE_WRITE_ORG) && after == (before & ~PAGE_WRITE));
}

static bool changed_flags(const struct inv_view *v, struct inv_violation *ret)
{
    struct inv_cursor before = inv_cursor(v->ctx->flags_before, 0);
    struct inv_cursor after = inv_cursor(v->ctx->flags_after, 0);

    for (uint64_t at = 0;;) {
        uint64_t last = v->window.last;
        uint8_t b = inv_flags(inv_at(&before, at, &last));
        uint8_t a = inv_flags(inv_at(&after, at, &last));

        if (!same_for_code(b, a) &&
            demand(v, (struct range){at, last},
                   inv_tb_protected(b) && a == (b | PAGE_WRITE) ? "that got W back"
                                                                : "whose flags changed",
                   ret)) {
            return true;
        }
        if (last == v->window.last) {
            return false;
        }
        at = last + 1;
    }
}

/* Bytes that the layer itself wrote into pages of the guest. */
static bool written_bytes(const struct inv_view *v, struct inv_violation *ret)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        const struct trace_call *c = &v->step->calls.v[i];
        struct range r;

        if (c->kind != CALL_WRITE || c->err || c->len == 0 || !inv_call_range(v, c, &r)) {
            continue;
        }
        r = range_widen(r, v->guest_page);
        if (demand_runs(v, v->ctx->flags_after, r, PAGE_VALID, "whose bytes the layer wrote",
                        ret)) {
            return true;
        }
    }
    return false;
}

static bool host_dropped_bytes(const struct inv_view *v)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        enum call_kind kind = (enum call_kind)v->step->calls.v[i].kind;

        if ((kind == CALL_ADVISE || kind == CALL_MAP) && v->step->calls.v[i].err == 0) {
            return true;
        }
    }
    return false;
}

/* What changed although the flags may have come out equal. */
static bool changed_mapping(const struct inv_view *v, struct inv_violation *ret)
{
    struct range window = {0, v->window.last};
    struct range r;

    if (!inv_range_in_window(v, &r)) {
        return false;
    }
    if (v->kind == OP_mmap) {
        return demand(v, r, "that were mapped", ret);
    }
    if (v->kind == OP_mremap && (v->out->value != inv_arg(v, 0) || v->fixed)) {
        return demand_runs(v, v->ctx->flags_after, r, PAGE_VALID, "that moved here", ret) ||
               (v->has_from && range_overlaps(v->from, window) &&
                demand_runs(v, v->ctx->flags_before, range_cut(v->from, window), PAGE_VALID,
                            "that moved away", ret));
    }
    if (v->kind == OP_madvise && v->is_linux && inv_arg(v, 2) == LINUX_MADV_DONTNEED &&
        host_dropped_bytes(v)) {
        return demand_dropped(v, r, ret);
    }
    return false;
}

bool inv_tb_invalidated(const struct inv_view *v, struct inv_violation *ret)
{
    bool writes = v->kind == OP_mmap || v->kind == OP_mremap || v->kind == OP_munmap ||
                  v->kind == OP_mprotect || v->kind == OP_madvise;

    if (v->kind == OP_fork) {
        return false;
    }
    return changed_flags(v, ret) || (v->ok && changed_mapping(v, ret)) ||
           (v->ok && writes && written_bytes(v, ret));
}
