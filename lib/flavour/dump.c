/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page flags and the counters, for dumps and checkers. */
#include "flavour/layer_int.h"

int layer_page_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run), void *arg)
{
    struct page_run run;
    gaddr at = 0;
    int r = 0;

    mmap_lock_take(&l->lock);
    while (r == 0 && pageflags_next(l->flags, at, &run)) {
        const struct layer_run out = {
            .start = run.r.start,
            .last = run.r.last,
            .flags = run.info.flags,
            .kind = run.info.kind,
            .shared = run.info.shared,
            .snapshot = run.info.snapshot,
            .object = run.info.object,
            .offset = run.info.offset,
        };

        r = emit(arg, &out);
        if (run.r.last == UINT64_MAX) {
            break;
        }
        at = run.r.last + 1;
    }
    mmap_lock_release(&l->lock);
    return r;
}

void layer_counters(struct layer *l, struct layer_counters *ret)
{
    *ret = (struct layer_counters){
        .locks = l->lock.locks,
        .unlocks = l->lock.unlocks,
        .lookups = pageflags_lookups(l->flags),
        .depth = mmap_lock_depth(&l->lock),
    };
}
