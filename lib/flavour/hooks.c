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

void layer_fork_end(struct layer *l, bool child)
{
    mmap_lock_fork_end(&l->lock, child);
}
