/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cost-bounded: the work of a call follows the number of intervals it touches and the parts of a
 * host page, never a length.
 *
 * layer.md says six host calls and one per interval; intervals are counted before and after the
 * call, holes too. The base has room for undoing six calls and for a placement that the host
 * refuses a few times, the factors about twice what a careful layer was seen to need on random
 * programs. Loops per byte, per page and per host page pass these bounds by far on ranges of
 * everyday size. Bytes that are copied go through a buffer, so reads and writes may follow the
 * length in steps of COPY_UNIT.
 */
#include "inv/inv_priv.h"

#include <inttypes.h>

enum {
    CALLS_BASE = 16,
    CALLS_PER_INTERVAL = 2,
    COPIES_FACTOR = 2, /* a fragment is read (to be restored), filled, and perhaps restored */
    LOOKUPS_BASE = 64,
    LOOKUPS_PER_INTERVAL = 8,
    COPY_UNIT = 4096,
};

/* Runs and holes of V that R touches. */
static uint64_t touched(const struct region_vec *v, struct range r)
{
    uint64_t n = 1;

    for (size_t i = region_lower_bound(v, r.start); i < v->n && v->v[i].r.start <= r.last; i++) {
        n += 2;
    }
    return n;
}

static uint64_t intervals_at(const struct inv_view *v, bool has, struct range r)
{
    struct range window = {0, v->window.last};

    if (!has || !range_overlaps(r, window)) {
        return 1;
    }
    r = inv_host_pages(v, range_cut(r, window));
    return touched(v->ctx->flags_before, r) + touched(v->ctx->flags_after, r);
}

/* A search for room may look at every interval there is. */
static uint64_t intervals(const struct inv_view *v)
{
    uint64_t n = intervals_at(v, v->has_range, v->range) + intervals_at(v, v->has_from, v->from);

    return v->placed ? n + 2 * v->ctx->flags_before->n : n;
}

static uint64_t asked_bytes(const struct inv_view *v)
{
    uint64_t n = v->has_range ? range_len(v->range) : 0;

    return v->has_from ? u64_max(n, range_len(v->from)) : n;
}

static bool copies(const struct trace_call *c)
{
    return c->kind == CALL_READ || c->kind == CALL_WRITE || c->kind == CALL_PREAD;
}

bool inv_cost_bounded(const struct inv_view *v, struct inv_violation *ret)
{
    uint64_t n = intervals(v);
    uint64_t parts = v->host_page / v->guest_page;
    uint64_t calls_max = CALLS_BASE + CALLS_PER_INTERVAL * n;
    uint64_t lookups_max = LOOKUPS_BASE + LOOKUPS_PER_INTERVAL * (parts + n);
    uint64_t calls = 0;
    uint64_t copied = 0;

    /*
     * What the guest itself does page by page (a store faults on each protected page) is not a call
     * of the layer.
     */
    if (v->kind == OP_store || v->kind == OP_load || v->kind == OP_fork) {
        return false;
    }
    for (size_t i = 0; i < v->step->calls.n; i++) {
        calls += !copies(&v->step->calls.v[i]);
        copied += copies(&v->step->calls.v[i]);
    }
    if (calls > calls_max) {
        return inv_say(ret, "%" PRIu64 " host calls where %" PRIu64 " intervals were touched",
                       calls, n);
    }
    if (copied > COPIES_FACTOR * calls_max + asked_bytes(v) / COPY_UNIT) {
        return inv_say(ret, "%" PRIu64 " reads and writes where %" PRIu64 " intervals were touched",
                       copied, n);
    }
    if (v->step->lock.lookups > lookups_max) {
        return inv_say(ret,
                       "%" PRIu64 " page-flag look-ups where %" PRIu64 " intervals were touched",
                       v->step->lock.lookups, n);
    }
    return false;
}
