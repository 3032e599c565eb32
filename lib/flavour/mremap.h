/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of target_mremap share (layer.md 9, Linux flavour only): a plan says what moves as
 * whole host pages and what must be copied, the mover carries it out or takes it back, growth adds
 * pages behind what is there.
 */
#pragma once

#include "flavour/layer_int.h"

struct mremap_plan {
    struct range
        all; /* the old range, as far as it lies in the window; with the surplus of a shrink */
    struct range from; /* what is kept of it */
    struct range to;   /* where that goes */
    uint64_t new_len;  /* at the destination, growth included */
    bool grows;        /* new_len is more than the old range had */
    bool fixed;        /* the guest named the destination; else it is a block of empty host pages */
    struct range block; /* not fixed: that block */
    /* By the planner, all in source addresses: */
    bool has_moved, has_left, has_right;
    struct range moved; /* whole host pages that move on the host */
    struct range left;  /* guest pages that are copied: before moved, or all of them */
    struct range right; /* ... and behind it */
};

/* The whole destination, growth included. */
static inline struct range mremap_target(const struct mremap_plan *p)
{
    return (struct range){p->to.start, p->to.start + (p->new_len - 1)};
}

/* Shared on the host too: no copy that stands for a shared object. */
static inline bool mremap_truly_shared(const struct page_info *info)
{
    return info->shared && !info->snapshot;
}

/* The page's info with its offset, from the run that holds it; false if it is free. */
bool mremap_page_info(const struct layer *l, gaddr at, struct page_info *ret);
/* INFO as pages of it are after the call: TB protection is gone. */
struct page_info mremap_lifted(const struct page_info *info);

/*
 * Split p->from into what moves and what is copied. A plan that is not fixed needs no p->to yet.
 * All refusals that depend on the split are here: -EINVAL for a writable shared part that would be
 * copied and for mixed backing, -ENOMEM for a copy that would have to grow. Changes nothing.
 */
int mremap_plan(struct layer *l, struct mremap_plan *p);

/*
 * Do it: the destination leaves first (fixed), then pages are copied, moved, grown, then the source
 * leaves. TBs of both ranges are invalidated. On failure the source is as it was and a block is
 * released; a fixed destination may have lost its old pages, F is 0 there then.
 */
int mremap_move(struct layer *l, const struct mremap_plan *p);

/*
 * Can pages behind a page like TAIL, the last of KEPT, be had at all? 0 or -ENOMEM
 * (copy-no-growth).
 */
int mremap_grow_check(const struct layer *l, struct range kept, const struct page_info *tail);
/* Can GROWN be added to KEPT where it is, as far as the page flags know? 0 or -ENOMEM. */
int mremap_grow_fits(struct layer *l, struct range kept, struct range grown,
                     const struct page_info *tail);
/*
 * Add GROWN behind KEPT. OWNED: what is on the host there is the caller's to replace; else it is a
 * hole or somebody else's, and the call fails with -ENOMEM. Page flags are set, reserved by the
 * caller; on failure everything is as before.
 */
int mremap_grow(struct layer *l, struct range kept, struct range grown,
                const struct page_info *tail, bool owned);
/*
 * The host range FRESH was just mapped with the rights HAVE and shows the guest pages PAGES, new:
 * EOF splice, page flags, rights by the book. On failure the page flags are free again and FRESH is
 * the caller's to remove.
 */
int mremap_settle(struct layer *l, struct range fresh, int have, struct range pages,
                  const struct page_info *info);

/*
 * What target_mremap does with old_size 0: the object of the shared page at OLD appears a second
 * time.
 */
struct mremap_dup {
    gaddr old;
    uint64_t new_len;
    bool maymove;
    bool fixed;
    struct range to; /* fixed */
};
int mremap_duplicate(struct layer *l, const struct mremap_dup *d, gaddr *ret);
