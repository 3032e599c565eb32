/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placed maps (layer.md 6.2): a block of host pages is found first, then the map is laid into it so
 * that guest address and file offset agree modulo the host page. What the block has beside the
 * guest's pages is slack: accessible, but free.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

static int fill_block(struct layer *l, const struct mmap_req *req, struct range block, uint64_t len)
{
    int prot = layer_need(req->rights);
    uint32_t anon = req->wishes | HOST_MAP_ANON;
    struct range file_part = block;
    bool changed = false;

    if (!req->file) {
        return host_map_at(l, block, prot,
                           anon | (req->shared ? HOST_MAP_SHARED : HOST_MAP_PRIVATE), -1, 0);
    }
    file_part.last =
        range_widen((struct range){block.start, block.start + (len - 1)}, l->space.real_page).last;
    if (file_part.last < block.last) {
        /* Not the whole block: a file larger than the host's memory must not be charged to it. */
        struct range slack = {file_part.last + 1, block.last};
        int err = host_map_at(l, slack, prot, anon | HOST_MAP_PRIVATE, -1, 0);

        if (err < 0) {
            return err;
        }
    }
    return map_file(l, file_part, req, u64_align_down(req->offset, l->space.host_page), prot, 0,
                    &changed);
}

/*
 * MAP_ALIGNED asks for an alignment of the result that the file's offset modulo the host page
 * cannot have: the bytes are read in at an aligned block instead.
 */
static int place_copy(struct layer *l, const struct mmap_req *req, gaddr *ret)
{
    struct place_req place = {req->start, req->len, req->align, req->place_last};
    struct mmap_req own = *req;
    gaddr block;
    int err;

    if (req->shared && (req->rights & PAGE_WRITE)) {
        return -EINVAL;
    }
    err = mmap_find_vma(l, &place, &block);
    if (err < 0) {
        return err;
    }
    own.fixed = true;
    own.start = block;
    err = mmap_fixed(l, &own);
    if (err < 0) {
        mmap_release_vma(l, block, req->len);
        return err;
    }
    *ret = block;
    return 0;
}

int mmap_placed(struct layer *l, const struct mmap_req *req, gaddr *ret)
{
    uint64_t delta = req->offset & (l->space.host_page - 1);
    struct place_req place = {req->start, 0, req->align, req->place_last};
    struct page_info info;
    struct range block, r;
    int err;

    if (req->align > 1 && !u64_is_aligned(delta, req->align)) {
        return place_copy(l, req, ret);
    }
    if (!u64_add(req->len, delta, &place.size) ||
        !u64_align_up(place.size, l->space.host_page, &place.size)) {
        return -ENOMEM;
    }
    err = pageflags_reserve(l->flags, FLAG_CHANGES);
    if (err == 0) {
        err = mmap_find_vma(l, &place, &block.start);
    }
    if (err < 0) {
        return err;
    }
    block.last = block.start + (place.size - 1);
    err = fill_block(l, req, block, req->len + delta);
    if (err < 0) {
        host_release_surely(l, block);
        return err;
    }
    info = mmap_req_info(l, req);
    r = (struct range){block.start + delta, block.start + delta + (req->len - 1)};
    pageflags_set(l->flags, r, &info);
    if (req->file) {
        map_file_mark(l, r, &info, req);
    }
    layer_tb_invalidate(l, r);
    *ret = r.start;
    return 0;
}
