/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step says of itself: that the layer survived it, its lock, where its host calls went. */
#include "inv/inv_priv.h"

#include <inttypes.h>
#include <string.h>

/*
 * Same numbers as enum host_map_flag and host_remap_flag, which records hold unchanged
 * (region/call.h).
 */
enum {
    HOST_SHARED = 0x1,
    HOST_FIXED = 0x4,
    HOST_NOREPLACE = 0x8,
    HOST_REMAP_TO = 2,
    ALLOWED_MAX = 3,
};

bool inv_no_abort(const struct inv_view *v, struct inv_violation *ret)
{
    if (v->out->kind == OUTCOME_CRASH) {
        return inv_say(ret, "the layer was ended by signal %d (%s)", v->out->signal,
                       strsignal(v->out->signal));
    }
    if (v->out->kind == OUTCOME_HANG) {
        return inv_say(ret, "the layer did not return");
    }
    return false;
}

bool inv_call_is_probe(const struct trace_call *c)
{
    return c->kind == CALL_MAP && (!(c->flags & HOST_FIXED) || (c->flags & HOST_NOREPLACE)) &&
           c->prot == 0;
}

bool inv_call_range(const struct inv_view *v, const struct trace_call *c, struct range *ret)
{
    uint64_t at = c->addr - v->space->guest_base;

    if (c->kind == CALL_FSTAT || c->kind == CALL_PREAD) {
        return false;
    }
    if (c->kind == CALL_MAP && c->err == 0) {
        at = c->result - v->space->guest_base;
    }
    return range_from_len(at, c->len ? c->len : 1, ret);
}

static bool changes(const struct trace_call *c)
{
    switch ((enum call_kind)c->kind) {
    case CALL_MAP:
    case CALL_UNMAP:
    case CALL_PROTECT:
    case CALL_REMAP:
    case CALL_ADVISE:
    case CALL_WRITE:
        return true;
    default:
        return false;
    }
}

/* ---- lock-balance ---- */

static bool changed_something(const struct inv_view *v)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        if (changes(&v->step->calls.v[i]) && v->step->calls.v[i].kind != CALL_WRITE) {
            return true;
        }
    }
    return v->step->tbs.n > 0;
}

bool inv_lock_balance(const struct inv_view *v, struct inv_violation *ret)
{
    const struct trace_lock *l = &v->step->lock;

    if (v->kind == OP_fork) {
        return false;
    }
    if (l->depth_after != l->depth_before) {
        return inv_say(ret, "mmap_lock depth was %d before the call and is %d after it",
                       l->depth_before, l->depth_after);
    }
    if (l->locks != l->unlocks) {
        return inv_say(ret, "mmap_lock was taken %" PRIu64 " times and released %" PRIu64 " times",
                       l->locks, l->unlocks);
    }
    if (l->locks == 0 && l->depth_before == 0 && v->ok && changed_something(v)) {
        return inv_say(ret, "books or host were changed without mmap_lock");
    }
    return false;
}

/* ---- confinement ---- */

/*
 * Where a step may change the host: host pages of what the op names, and the blocks it got by
 * probing.
 */
struct allowed {
    struct range r[ALLOWED_MAX];
    size_t n;
};

static void allow(const struct inv_view *v, struct allowed *a, bool has, struct range r)
{
    struct range window = {0, v->window.last};

    if (has && range_overlaps(r, window)) {
        a->r[a->n++] = inv_host_pages(v, range_cut(r, window));
    }
}

static void collect_allowed(const struct inv_view *v, struct allowed *a)
{
    struct range grown;

    a->n = 0;
    /* A placed block that came to nothing has no range of its own: see free_block. */
    allow(v, a, v->has_range && (!v->placed || v->ok), v->range);
    if (v->kind != OP_mremap) {
        return;
    }
    allow(v, a, v->has_from, v->from);
    if (!v->fixed && range_from_len(inv_arg(v, 0), u64_max(inv_arg(v, 2), v->guest_page), &grown)) {
        allow(v, a, true, grown);
    }
}

/* A failed placed map may have held any block that was free: it is not told where. */
static bool free_block(const struct inv_view *v, struct range r)
{
    return v->placed && !v->ok && r.last <= v->window.last && v->ctx->flags_before &&
           !inv_any_valid(v->ctx->flags_before, inv_host_pages(v, r)) &&
           range_len(r) - 1 <= v->block - 1;
}

static bool within_probe(const struct inv_view *v, struct range r, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const struct trace_call *c = &v->step->calls.v[i];
        struct range probe;

        if (inv_call_is_probe(c) && c->err == 0 && inv_call_range(v, c, &probe) &&
            range_contains(probe, r)) {
            return true;
        }
    }
    return false;
}

static bool may_change(const struct inv_view *v, const struct allowed *a, struct range r, size_t i)
{
    for (size_t k = 0; k < a->n; k++) {
        if (range_contains(a->r[k], r)) {
            return true;
        }
    }
    return free_block(v, r) || (v->placed && within_probe(v, r, i));
}

/* Which host calls an op has any business to make, beside reading. */
static bool kind_fits(const struct inv_view *v, const struct trace_call *c)
{
    switch (v->kind) {
    case OP_mmap:
    case OP_mremap:
    case OP_munmap:
    case OP_mprotect:
        return true;
    case OP_madvise:
        return c->kind != CALL_REMAP;
    case OP_store:
        return c->kind == CALL_PROTECT || c->kind == CALL_WRITE;
    case OP_exec:
        return c->kind == CALL_PROTECT;
    default:
        return false;
    }
}

static bool say_call(const struct inv_view *v, const struct trace_call *c, const char *what,
                     struct inv_violation *ret)
{
    struct buf text = BUF_INIT;
    struct range r;

    call_print(c, v->space->guest_base, &text);
    if (inv_call_range(v, c, &r)) {
        inv_say_at(ret, r, "%s: %s", what, buf_text(&text));
    } else {
        inv_say(ret, "%s: %s", what, buf_text(&text));
    }
    buf_free(&text);
    return true;
}

/* A probe may land anywhere, but asks for no more than the block, with room to align it. */
static bool probe_confined(const struct inv_view *v, const struct trace_call *c)
{
    uint64_t room;

    return v->placed && v->block &&
           (!u64_add(v->block, u64_max(v->align, v->host_page), &room) || c->len <= room);
}

static bool remap_confined(const struct inv_view *v, const struct allowed *a,
                           const struct trace_call *c, size_t i)
{
    struct range to;
    uint64_t at = c->flags & HOST_REMAP_TO ? c->addr2 : c->addr;

    if (c->err == 0) {
        at = c->result;
    }
    return range_from_len(at - v->space->guest_base, c->len2, &to) && may_change(v, a, to, i);
}

static bool call_confined(const struct inv_view *v, const struct allowed *a, size_t i)
{
    const struct trace_call *c = &v->step->calls.v[i];
    struct range window = {0, v->window.last};
    struct range r;

    if (!inv_call_range(v, c, &r)) {
        return c->kind == CALL_FSTAT || c->kind == CALL_PREAD;
    }
    if (!changes(c)) {
        return range_contains(window, r);
    }
    if (!kind_fits(v, c)) {
        return false;
    }
    if (inv_call_is_probe(c) && probe_confined(v, c)) {
        return true;
    }
    /* remap of length 0 shows the same object a second time: nothing changes where it was */
    return (may_change(v, a, r, i) || (c->kind == CALL_REMAP && c->len == 0)) &&
           (c->kind != CALL_REMAP || remap_confined(v, a, c, i));
}

/* The part of probe I that is not part of the result must have been given back by a later call. */
static bool probe_given_back(const struct inv_view *v, size_t i, struct range *left)
{
    const struct trace_call *c = &v->step->calls.v[i];
    struct range kept = {1, 0};
    struct range probe;

    if (!inv_call_is_probe(c) || c->err || !inv_call_range(v, c, &probe)) {
        return true;
    }
    if (v->ok && v->has_range) {
        kept = range_widen(v->range, v->host_page);
    }
    for (uint64_t at = probe.start;;) {
        uint64_t last = at - 1;

        if (at >= kept.start && at <= kept.last) {
            last = kept.last;
        }
        for (size_t k = i + 1; k < v->step->calls.n && last == at - 1; k++) {
            struct range r;

            if (v->step->calls.v[k].kind == CALL_UNMAP &&
                inv_call_range(v, &v->step->calls.v[k], &r) && range_has(r, at)) {
                last = r.last;
            }
        }
        if (last == at - 1) {
            *left = (struct range){at, probe.last};
            return false;
        }
        if (last >= probe.last) {
            return true;
        }
        at = last + 1;
    }
}

/*
 * Under reserved_va the placeholder is what a block is given back as; then there is nothing to
 * unmap.
 */
static bool probes_given_back(const struct inv_view *v, struct inv_violation *ret)
{
    struct range left;

    for (size_t i = 0; i < v->step->calls.n; i++) {
        if (!probe_given_back(v, i, &left)) {
            return inv_say_at(ret, left, "a probed block is kept although it is not the result");
        }
    }
    return false;
}

bool inv_confinement(const struct inv_view *v, struct inv_violation *ret)
{
    struct allowed a;

    collect_allowed(v, &a);
    for (size_t i = 0; i < v->step->calls.n; i++) {
        const struct trace_call *c = &v->step->calls.v[i];

        if (c->refused) {
            return say_call(v, c, "a host call leaves the guest window", ret);
        }
        if (!call_confined(v, &a, i)) {
            return say_call(v, c, "a host call changes what the op does not name", ret);
        }
    }
    return probes_given_back(v, ret);
}
