/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise as the guest calls it; what advice means is the flavour's (sync_linux.c, sync_bsd.c). */
#include "flavour/layer_int.h"

#include "base/int.h"

int target_madvise(struct layer *l, gaddr start, uint64_t len, uint32_t advice)
{
    const uint64_t args[] = {start, len, advice};
    int err;

    log_call(l, "madvise", args, ARRAY_LEN(args));
    mmap_lock_take(&l->lock);
    err = flavour_madvise(l, start, len, advice);
    mmap_lock_release(&l->lock);
    if (err < 0) {
        err = layer_fail(err);
    }
    log_result(l, "madvise", (uint64_t)err, err < 0);
    return err;
}
