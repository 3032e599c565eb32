/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_find_vma without reserved_va (layer.md 5.2): the host is asked, hint by hint, because only
 * it knows what of its own lies in the window. Best effort: the emulator's memory is not in the
 * page flags.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

/*
 * The sequence of hints ends by itself much earlier; a host that answers at random must not keep us
 * here.
 */
#define PROBE_ROUNDS 12

struct probe {
    struct layer *l;
    uint64_t size;
    uint64_t align; /* of the block as a guest address: H or more */
    gaddr last;     /* no byte of the block beyond */
};

enum verdict { FITS, MISALIGNED, OUTSIDE };

static int ask(const struct probe *p, gaddr hint, uint64_t size, haddr *ret)
{
    struct host_map_req req = {
        .addr = g2h(&p->l->space, hint),
        .len = size,
        .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | flavour_facts.placeholder_flags,
        .fd = -1,
    };

    return host_map(p->l->host, &req, ret);
}

/* Give host memory back that was just mapped: a failure would leak it for good, so once more. */
static void give_back(const struct probe *p, haddr addr, uint64_t size)
{
    if (size > 0 && host_unmap(p->l->host, addr, size) < 0) {
        host_unmap(p->l->host, addr, size);
    }
}

static enum verdict judge(const struct probe *p, haddr addr)
{
    const struct space *s = &p->l->space;
    struct range r;

    if (!h2g_valid(s, addr) || !guest_range_valid(s, h2g(s, addr), p->size, &r) ||
        r.start < p->l->lowest || r.last > p->last) {
        return OUTSIDE;
    }
    return u64_is_aligned(r.start, p->align) ? FITS : MISALIGNED;
}

static bool in_reach(const struct probe *p, gaddr hint)
{
    return hint >= p->l->lowest && hint <= p->last && p->size - 1 <= p->last - hint;
}

/*
 * How a way of searching ended; a host that fails instead of answering elsewhere ends the whole
 * search.
 */
enum outcome { FOUND, NOT_FOUND, HOST_FAILED };

/*
 * One hint. Unless the block fits it is given back, and *ADDR says where it was. False: the host
 * failed.
 */
static bool try_hint(const struct probe *p, gaddr hint, haddr *addr, enum verdict *verdict)
{
    if (ask(p, hint, p->size, addr) < 0) {
        return false;
    }
    *verdict = judge(p, *addr);
    if (*verdict != FITS) {
        give_back(p, *addr, p->size);
    }
    return true;
}

/* Where the sequence of hints stands. */
struct sequence {
    gaddr hint;
    haddr answer; /* the last one */
    bool answered;
    unsigned repeats;
    bool low_done;
};

static bool go_low(const struct probe *p, struct sequence *q)
{
    if (q->low_done) {
        return false;
    }
    q->low_done = true;
    q->hint = u64_align_up_wrap(p->l->lowest, p->align);
    return in_reach(p, q->hint);
}

/* The hint after the answer ADDR was rejected; false: give up. */
static bool next_hint(const struct probe *p, struct sequence *q, haddr addr, enum verdict verdict,
                      gaddr start)
{
    bool repeated = q->answered && q->answer == addr;
    gaddr at = h2g(&p->l->space, addr);

    q->answered = true;
    q->answer = addr;
    q->repeats = repeated ? q->repeats + 1 : 0;
    if (verdict == OUTSIDE) {
        return !repeated && go_low(p, q);
    }
    switch (q->repeats) {
    case 0:
        q->hint = u64_align_up_wrap(at, p->align);
        break;
    case 1:
        /* The kernel may allocate at the top. */
        q->hint = u64_align_down(at, p->align);
        break;
    case 2:
        return go_low(p, q);
    default:
        return false;
    }
    return in_reach(p, q->hint) && !(q->low_done && q->hint >= start);
}

static enum outcome try_sequence(const struct probe *p, gaddr start, gaddr *ret)
{
    struct sequence q = {.hint = u64_align_down(start, p->align)};

    if (!in_reach(p, q.hint) && !go_low(p, &q)) {
        return NOT_FOUND;
    }
    for (unsigned round = 0; round < PROBE_ROUNDS; round++) {
        enum verdict verdict;
        haddr addr;

        if (!try_hint(p, q.hint, &addr, &verdict)) {
            return HOST_FAILED;
        }
        if (verdict == FITS) {
            *ret = h2g(&p->l->space, addr);
            return FOUND;
        }
        if (!next_hint(p, &q, addr, verdict, start)) {
            break;
        }
    }
    return NOT_FOUND;
}

/* Both ends of the free interval GAP. */
static enum outcome try_gap(const struct probe *p, struct range gap, gaddr *ret)
{
    gaddr low = u64_align_up_wrap(gap.start, p->align);
    gaddr high;
    enum verdict verdict;
    haddr addr;

    if (low < gap.start || low > gap.last || p->size - 1 > gap.last - low) {
        return NOT_FOUND;
    }
    high = u64_align_down(gap.last - (p->size - 1), p->align);
    for (int i = 0; i < (high == low ? 1 : 2); i++) {
        if (!try_hint(p, i == 0 ? low : high, &addr, &verdict)) {
            return HOST_FAILED;
        }
        if (verdict == FITS) {
            *ret = h2g(&p->l->space, addr);
            return FOUND;
        }
    }
    return NOT_FOUND;
}

/* Every interval that the page flags leave free; slack of live host pages is not free. */
static enum outcome try_gaps(const struct probe *p, gaddr *ret)
{
    gaddr at = p->l->lowest;
    struct page_run run;

    while (pageflags_next(p->l->flags, at, &run)) {
        struct range busy = layer_hull(p->l, run.r);

        if (busy.start > at && at <= p->last) {
            struct range gap = {at, u64_min(busy.start - 1, p->last)};
            enum outcome outcome = try_gap(p, gap, ret);

            if (outcome != NOT_FOUND) {
                return outcome;
            }
        }
        if (busy.last >= p->last) {
            return NOT_FOUND;
        }
        at = u64_max(at, busy.last + 1);
    }
    return try_gap(p, (struct range){at, p->last}, ret);
}

/* Last: a larger block wherever the host likes, of which the aligned part is kept. */
static enum outcome try_larger(const struct probe *p, gaddr start, gaddr *ret)
{
    const struct space *s = &p->l->space;
    struct probe larger = *p;
    gaddr block, kept;
    haddr addr;

    if (p->align <= s->real_page || !u64_add(p->size, p->align - s->real_page, &larger.size)) {
        return NOT_FOUND;
    }
    larger.align = s->real_page;
    /* Even a hint must not reach out of the window. */
    if (!in_reach(&larger, start)) {
        start = p->l->lowest;
    }
    if (!in_reach(&larger, start)) {
        return NOT_FOUND;
    }
    if (ask(&larger, start, larger.size, &addr) < 0) {
        return HOST_FAILED;
    }
    if (judge(&larger, addr) != FITS) {
        give_back(&larger, addr, larger.size);
        return NOT_FOUND;
    }
    block = h2g(s, addr);
    kept = u64_align_up_wrap(block, p->align);
    give_back(p, addr, kept - block);
    give_back(p, g2h(s, kept + p->size), larger.size - p->size - (kept - block));
    *ret = kept;
    return FOUND;
}

int mmap_find_vma_probe(struct layer *l, const struct place_req *req, gaddr *ret)
{
    struct probe p = {
        .l = l,
        .size = req->size,
        .align = u64_max(req->align, l->space.host_page),
        .last = req->last,
    };
    enum outcome outcome;

    if (p.align - 1 > p.last) {
        return -ENOMEM;
    }
    outcome = try_sequence(&p, req->start, ret);
    if (outcome == NOT_FOUND) {
        outcome = try_gaps(&p, ret);
    }
    if (outcome == NOT_FOUND) {
        outcome = try_larger(&p, req->start, ret);
    }
    return outcome == FOUND ? 0 : -ENOMEM;
}
