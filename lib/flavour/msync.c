/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_msync (layer.md 10): holes are judged by the page flags, because on the host a placeholder
 * or a live host page would pass for mapped. Only what is truly a shared map of a file has anything
 * to write: copies and snapshots are skipped.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

/*
 * A shared page that is copied and yet no snapshot is the one with the EOF splice: its first part
 * is the file itself.
 */
static bool has_file_to_write(const struct page_info *info)
{
    return info->kind == REGION_FILE && info->shared && !info->snapshot;
}

/*
 * Sync the mapped parts of R from the start of their host page; *HOLE if there is a hole. One host
 * call per run: what holds two runs apart may be a hole.
 */
static int sync_runs(struct layer *l, struct range r, uint32_t flags, bool *hole)
{
    struct page_run run;
    gaddr at = r.start;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        struct range cut = range_cut(run.r, (struct range){at, r.last});

        *hole |= cut.start > at;
        if ((flags & HOST_SYNC_INVALIDATE) && (run.info.extra & PAGE_LOCKED)) {
            return -EBUSY;
        }
        if (flags && has_file_to_write(&run.info)) {
            struct range hull = {u64_align_down(cut.start, l->space.host_page), cut.last};
            int err = host_sync(l->host, g2h(&l->space, hull.start), range_len(hull), flags);

            if (err < 0) {
                return err;
            }
        }
        if (cut.last == r.last) {
            return 0;
        }
        at = cut.last + 1;
    }
    *hole = true;
    return 0;
}

static int msync_locked(struct layer *l, gaddr start, uint64_t len, uint32_t flags)
{
    struct msync_req req;
    struct page_run run;
    bool hole = false;
    int err = flavour_check_msync(l, start, len, flags, &req);

    if (err < 0 || req.nothing) {
        return err;
    }
    if (req.whole_run) {
        if (!pageflags_lookup(l->flags, req.r.start, &run)) {
            return -ENOMEM;
        }
        req.r = run.r;
    }
    if (!flavour_facts.holes_fail && (req.hole_after || !pageflags_all(l->flags, req.r))) {
        return -ENOMEM;
    }
    err = sync_runs(l, req.r, req.flags, &hole);
    if (err < 0) {
        return err;
    }
    return hole || req.hole_after ? -ENOMEM : 0;
}

int target_msync(struct layer *l, gaddr start, uint64_t len, uint32_t flags)
{
    const uint64_t args[] = {start, len, flags};
    int err;

    log_call(l, "msync", args, ARRAY_LEN(args));
    mmap_lock_take(&l->lock);
    err = msync_locked(l, start, len, flags);
    mmap_lock_release(&l->lock);
    if (err < 0) {
        err = layer_fail(err);
    }
    log_result(l, "msync", (uint64_t)err, err < 0);
    return err;
}
