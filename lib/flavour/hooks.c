/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_lock and the fork hooks as the embedding program sees them (layer.md 2); the lock itself is
 * lock.c.
 */
#include "flavour/layer_int.h"

void layer_lock(struct layer *l)
{
    mmap_lock_take(&l->lock);
}

void layer_unlock(struct layer *l)
{
    mmap_lock_release(&l->lock);
}

bool layer_have_lock(struct layer *l)
{
    return mmap_lock_depth(&l->lock) > 0;
}

int layer_fork_start(struct layer *l)
{
    return mmap_lock_fork_start(&l->lock);
}

/* A child's memory is not locked. Without memory for the change it stays in the books. */
static void drop_locks(struct layer *l)
{
    struct page_run run;
    gaddr at = 0;

    while (pageflags_next(l->flags, at, &run)) {
        struct range r = run.r;

        if ((run.info.extra & PAGE_LOCKED) && pageflags_reserve(l->flags, 1) == 0) {
            run.info.extra &= (uint8_t)~PAGE_LOCKED;
            pageflags_set(l->flags, r, &run.info);
        }
        if (r.last == UINT64_MAX) {
            return;
        }
        at = r.last + 1;
    }
}

void layer_fork_end(struct layer *l, bool child)
{
    if (child) {
        drop_locks(l);
    }
    mmap_lock_fork_end(&l->lock, child);
}
