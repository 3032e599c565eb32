/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap with an old size of 0: the object behind a shared page appears a second time, the old map
 * stays. The host does it for whole host pages; anything less would be a copy, which is not the
 * same object.
 */
#include "flavour/mremap.h"

#include <errno.h>

#include "base/int.h"

/* Can the object be shown at D->to as it is, in whole host pages that hold nothing else? */
static bool fits(const struct layer *l, const struct mremap_dup *d)
{
    struct range hull = layer_hull(l, d->to);

    return u64_is_aligned(d->to.start - d->old, l->space.host_page) &&
           !(hull.start < d->to.start &&
             pageflags_any(l->flags, (struct range){hull.start, d->to.start - 1})) &&
           !(hull.last > d->to.last &&
             pageflags_any(l->flags, (struct range){d->to.last + 1, hull.last}));
}

static int check(const struct layer *l, const struct mremap_dup *d, const struct page_info *info)
{
    if (!info->shared) {
        return -EINVAL;
    }
    /*
     * A kernel frees a destination that is the source itself, and then finds no source. Here the
     * source stays.
     */
    if (d->fixed && range_has(d->to, d->old)) {
        return -EFAULT;
    }
    if (!d->maymove || info->snapshot || !l->host->caps.remap) {
        return -ENOMEM;
    }
    if (d->fixed && !fits(l, d)) {
        return info->flags & (PAGE_WRITE | PAGE_WRITE_ORG) ? -EINVAL : -ENOMEM;
    }
    return 0;
}

static int place(struct layer *l, const struct mremap_dup *d, struct range *to)
{
    uint64_t delta = d->old & (l->space.host_page - 1);
    struct place_req req = {.last = l->space.window_last};
    gaddr block;
    int err;

    if (!u64_add(d->new_len, delta, &req.size)) {
        return -ENOMEM;
    }
    err = mmap_find_vma(l, &req, &block);
    if (err == 0) {
        *to = (struct range){block + delta, block + delta + (d->new_len - 1)};
    }
    return err;
}

/* On failure the host pages are not what they were: the caller frees them. */
static int show(struct layer *l, const struct mremap_dup *d, struct range to,
                const struct page_info *info)
{
    const struct view same = {.pf = l->flags};
    gaddr source = u64_align_down(d->old, l->space.host_page);
    struct range hull = layer_hull(l, to);
    struct host_remap_req req = {
        .old_addr = g2h(&l->space, source),
        .old_len = 0,
        .new_len = range_len(hull),
        .new_addr = g2h(&l->space, hull.start),
        .flags = HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED,
    };
    int have = view_union(l, &same, source);
    uint64_t addr;
    int err = host_remap(l->host, &req, &addr);

    return err < 0 ? err : mremap_settle(l, hull, have, to, info);
}

int mremap_duplicate(struct layer *l, const struct mremap_dup *d, gaddr *ret)
{
    struct range to = d->to;
    struct page_info info;
    int err;

    if (!mremap_page_info(l, d->old, &info)) {
        return -EFAULT;
    }
    err = check(l, d, &info);
    if (err == 0) {
        err = pageflags_reserve(l->flags, 2 * FLAG_CHANGES);
    }
    if (err == 0) {
        err = d->fixed ? munmap_range(l, to) : place(l, d, &to);
        if (err < 0 && d->fixed) {
            layer_tb_invalidate(l, to);
        }
    }
    if (err < 0) {
        return err;
    }
    info = mremap_lifted(&info);
    err = show(l, d, to, &info);
    if (err < 0) {
        host_release_surely(l, layer_hull(l, to));
    } else {
        *ret = to.start;
    }
    layer_tb_invalidate(l, to);
    return err;
}
