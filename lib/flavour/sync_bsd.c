/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BSD flavour of msync's checks and of madvise (learned from FreeBSD kern_msync and
 * kern_madvise; layer.md 10, vm-semantics A.8, A.9). No advice has an effect here: DONTNEED keeps
 * the data and FREE may keep it.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

/* Not in the table: a call about the process, not about memory. */
#define MADV_PROTECT_BSD 10

int flavour_check_msync(struct layer *l, gaddr start, uint64_t len, uint32_t flags,
                        struct msync_req *ret)
{
    const uint32_t both = ABI_MS_ASYNC | ABI_MS_INVALIDATE;
    uint64_t rem = start & (l->space.guest_page - 1);
    gaddr from = start - rem;
    uint64_t size;

    *ret = (struct msync_req){.flags = flags & ABI_MS_ASYNC ? HOST_SYNC_ASYNC : HOST_SYNC_SYNC};
    if (flags & ABI_MS_INVALIDATE) {
        ret->flags |= HOST_SYNC_INVALIDATE;
    }
    if (!u64_add(len, rem, &size) || from > layer_last(l)) {
        return -EINVAL;
    }
    /* A size that rounds to 2^bits is 0 in a word of the guest, and means what 0 means. */
    size = u64_align_up_wrap(size, l->space.guest_page) & layer_last(l);
    if (size != 0 && size - 1 > layer_last(l) - from) {
        return -EINVAL;
    }
    if ((flags & both) == both) {
        return -EINVAL;
    }
    if (from < l->first || from > l->space.window_last) {
        return -ENOMEM;
    }
    ret->whole_run = size == 0;
    ret->r = (struct range){from, from | (l->space.guest_page - 1)};
    if (size != 0) {
        ret->hole_after = size - 1 > l->space.window_last - from;
        ret->r.last = from + u64_min(size - 1, l->space.window_last - from);
    }
    return 0;
}

/* The range is judged as given, before it is rounded; holes are fine. */
int flavour_madvise(struct layer *l, gaddr start, uint64_t len, uint32_t advice)
{
    if (advice == MADV_PROTECT_BSD) {
        return -EPERM;
    }
    if (start < l->first || start - 1 > l->space.window_last ||
        (len != 0 && (start > l->space.window_last || len - 1 > l->space.window_last - start))) {
        return -EINVAL;
    }
    return advice <= FREEBSD_MADV_CORE ? 0 : -EINVAL;
}
