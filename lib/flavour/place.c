/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_find_vma and its form under reserved_va (layer.md 5.1): room known from the page flags
 * alone.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

int mmap_find_vma_reserved(struct layer *l, const struct place_req *req, gaddr *ret)
{
    uint64_t host_page = l->space.host_page;
    uint64_t align = u64_max(req->align, host_page);
    struct range within = {l->lowest, req->last};
    gaddr start = u64_max(req->start, l->lowest);
    gaddr first_last;

    /* Downwards from start, whose own block comes first, then once from the top. */
    if (!u64_add(start, req->size - 1, &first_last) || first_last > within.last) {
        first_last = within.last;
    }
    if (pageflags_find_free(l->flags, (struct range){within.start, first_last}, req->size,
                            host_page, align, true, ret)) {
        return 0;
    }
    if (first_last < within.last &&
        pageflags_find_free(l->flags, within, req->size, host_page, align, true, ret)) {
        return 0;
    }
    return -ENOMEM;
}

int mmap_find_vma(struct layer *l, const struct place_req *req, gaddr *ret)
{
    gaddr hint = u64_align_down(req->start, l->space.host_page);
    bool from_next = hint == 0 || hint == l->mmap_next_start;
    struct place_req own = *req;
    gaddr found;
    int err;

    own.start = from_next ? l->mmap_next_start : hint;
    own.last = u64_min(req->last, l->space.window_last);
    if (req->size == 0 || !u64_align_up(req->size, l->space.host_page, &own.size) ||
        own.last < l->lowest || own.size - 1 > own.last - l->lowest) {
        return -ENOMEM;
    }
    err = l->space.reserved_va ? mmap_find_vma_reserved(l, &own, &found)
                               : mmap_find_vma_probe(l, &own, &found);
    if (err < 0) {
        return err;
    }
    if (from_next && l->space.reserved_va) {
        l->mmap_next_start = found;
    } else if (from_next && found >= l->unmapped_base) {
        gaddr next = found + own.size;

        l->mmap_next_start = next == 0 || next > l->space.window_last ? l->unmapped_base : next;
    }
    *ret = found;
    return 0;
}

void mmap_release_vma(struct layer *l, gaddr start, uint64_t size)
{
    struct range r = {start, start + (u64_align_up_wrap(size, l->space.host_page) - 1)};

    host_release_surely(l, r);
}
