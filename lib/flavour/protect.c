/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_mprotect (layer.md 3): only pages that were VALID change, host rights by union, all or
 * nothing.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

/* What the pages of a range say about the change. */
struct survey {
    struct range valid; /* from the first to the last VALID page */
    bool any;
    gaddr hole; /* first page of the range that is free */
    bool has_hole;
    bool snapshot; /* a page before the first hole (Linux), any page (BSD) is a snapshot */
    size_t guards;
};

/* Stops at the first hole where holes end the call. */
static void survey(const struct layer *l, struct range r, struct survey *s)
{
    struct page_run run;
    gaddr at = r.start;

    *s = (struct survey){.valid = r};
    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        if (run.r.start > at && !s->has_hole) {
            s->has_hole = true;
            s->hole = at;
        }
        if (s->has_hole && flavour_facts.holes_fail) {
            return;
        }
        run.r = range_cut(run.r, r);
        if (!s->any) {
            s->valid.start = run.r.start;
        }
        s->any = true;
        s->valid.last = run.r.last;
        s->snapshot |= run.info.snapshot;
        s->guards += run.info.kind == REGION_GUARD;
        if (run.r.last == r.last) {
            return;
        }
        at = run.r.last + 1;
    }
    if (!s->has_hole) {
        s->has_hole = true;
        s->hole = at;
    }
}

/* The new rights in the table; guards keep none. */
static void commit(struct layer *l, struct range r, uint8_t flags)
{
    const uint8_t clear = PAGE_BITS | PAGE_WRITE_ORG;
    struct page_run run;
    gaddr at = r.start;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        run.r = range_cut(run.r, (struct range){at, r.last});
        /* Read the neighbour before the update: equal neighbours merge. */
        if (run.info.kind != REGION_GUARD) {
            pageflags_update(l->flags, run.r, clear, flags);
        }
        if (run.r.last == r.last) {
            return;
        }
        at = run.r.last + 1;
    }
}

/* One update serves all runs unless guards lie between them. */
static void commit_range(struct layer *l, struct range r, uint8_t flags, size_t guards)
{
    if (guards == 0) {
        pageflags_update(l->flags, r, PAGE_BITS | PAGE_WRITE_ORG, flags);
    } else {
        commit(l, r, flags);
    }
}

/* Change all VALID pages of R, where no hole ends the call. */
static int change(struct layer *l, struct range r, uint8_t rights, const struct survey *s)
{
    const struct view from = {.pf = l->flags};
    struct view to = {.pf = l->flags, .change = VIEW_RIGHTS, .r = r, .flags = rights};
    int err;

    if (rights & PAGE_WRITE) {
        /* A snapshot could never be shared with what is written to it. */
        if (s->snapshot) {
            return -EACCES;
        }
        to.flags |= PAGE_WRITE_ORG;
    }
    err = pageflags_reserve(l->flags, s->guards ? layer_count_runs(l, r) : 1);
    if (err < 0) {
        return err;
    }
    err = hostprot_change(l, &from, &to, r);
    if (err < 0) {
        return err;
    }
    commit_range(l, r, to.flags, s->guards);
    layer_tb_invalidate(l, r);
    return 0;
}

static int mprotect_locked(struct layer *l, gaddr start, uint64_t len, int prot)
{
    struct range_req req;
    struct survey s;
    int err = flavour_check_mprotect(l, start, len, prot, &req);

    if (err < 0 || req.nothing) {
        return err;
    }
    survey(l, req.r, &s);
    if (!s.any) {
        return flavour_facts.holes_fail ? -ENOMEM : 0;
    }
    if (!flavour_facts.holes_fail) {
        return change(l, s.valid, req.rights, &s);
    }
    if (s.has_hole) {
        if (s.hole == req.r.start) {
            return -ENOMEM;
        }
        req.r.last = s.hole - 1;
        req.hole_after = true;
    }
    err = change(l, req.r, req.rights, &s);
    return err == 0 && req.hole_after ? -ENOMEM : err;
}

int target_mprotect(struct layer *l, gaddr start, uint64_t len, int prot)
{
    const uint64_t args[] = {start, len, (uint32_t)prot};
    int err;

    log_call(l, "mprotect", args, ARRAY_LEN(args));
    mmap_lock_take(&l->lock);
    err = mprotect_locked(l, start, len, prot);
    mmap_lock_release(&l->lock);
    if (err < 0) {
        err = layer_fail(err);
    }
    log_result(l, "mprotect", (uint64_t)err, err < 0);
    return err;
}
