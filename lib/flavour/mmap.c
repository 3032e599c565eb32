/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_mmap (layer.md 6): the lock around everything; checks, then the fixed or the placed way.
 */
#include "flavour/layer_int.h"

struct page_info mmap_req_info(struct layer *l, const struct mmap_req *req)
{
    struct page_info info = {
        .flags = layer_page_flags(req->rights),
        .kind = req->guard ? REGION_GUARD : (req->file ? REGION_FILE : REGION_ANON),
        .shared = req->shared,
        .extra = req->extra,
    };

    if (req->wishes & HOST_MAP_LOCKED) {
        info.extra |= PAGE_LOCKED;
    }
    if (req->wishes & HOST_MAP_NORESERVE) {
        info.extra |= PAGE_NORESERVE;
    }
    if (req->file && req->shared && !req->stat.writable) {
        info.extra |= PAGE_NEVER_WRITE;
    }
    if (req->file) {
        info.object = req->stat.object;
        info.offset = req->offset;
    } else if (req->shared) {
        info.object = layer_new_object(l);
    }
    return info;
}

static int mmap_locked(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                       uint64_t offset, gaddr *ret)
{
    struct mmap_req req;
    gaddr at;
    int err = flavour_check_mmap(l, start, len, prot, flags, fd, offset, &req);

    if (err < 0) {
        return err;
    }
    if (req.fixed) {
        at = req.start;
        err = mmap_fixed(l, &req);
    } else {
        err = mmap_placed(l, &req, &at);
    }
    if (err == 0) {
        *ret = at + req.rem;
    }
    return err;
}

uint64_t target_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                     uint64_t offset)
{
    gaddr ret = LAYER_FAILED;
    int err;

    log_mmap(l, start, len, prot, flags, fd, offset);
    mmap_lock_take(&l->lock);
    err = mmap_locked(l, start, len, prot, flags, fd, offset, &ret);
    mmap_lock_release(&l->lock);
    if (err < 0) {
        layer_fail(err);
    }
    log_result(l, "mmap", ret, err < 0);
    return ret;
}
