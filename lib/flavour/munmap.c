/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_munmap and mmap_reserve (layer.md 7, 8): guest pages leave, host pages with other guest
 * pages stay.
 */
#include "flavour/layer_int.h"

#include "base/int.h"

/*
 * The host pages of R that hold no VALID page outside R, as one range; false if there is none. Only
 * the first and the last host page can hold one.
 */
static bool vacated(const struct layer *l, struct range r, struct range *ret)
{
    struct range hull = layer_hull(l, r);
    uint64_t host_page = l->space.host_page;
    bool head =
        hull.start < r.start && pageflags_any(l->flags, (struct range){hull.start, r.start - 1});
    bool tail =
        hull.last > r.last && pageflags_any(l->flags, (struct range){r.last + 1, hull.last});

    if (hull.last - hull.start == host_page - 1) {
        *ret = hull;
        return !head && !tail;
    }
    if (head) {
        hull.start += host_page;
    }
    if (tail) {
        hull.last -= host_page;
    }
    *ret = hull;
    return hull.start < hull.last;
}

int mmap_reserve(struct layer *l, struct range r)
{
    struct range core;

    return vacated(l, r, &core) ? host_release(l, core) : 0;
}

/*
 * Unmap the live host pages of CORE, and no others: what the guest never mapped is not the guest's
 * to unmap. On failure [CORE.start, *GONE) is unmapped already.
 */
static int unmap_live(struct layer *l, struct range core, gaddr *gone)
{
    const struct view same = {.pf = l->flags};
    struct range live = {0, 0};
    bool have = false;
    gaddr at = core.start;

    *gone = core.start;
    for (;;) {
        gaddr last;
        int prot;

        view_stretch(l, &same, at, core.last, &last, &prot);
        if (prot >= 0) {
            live = (struct range){have ? live.start : at, last};
            have = true;
        }
        if (have && (prot < 0 || last >= core.last)) {
            haddr addr = g2h(&l->space, live.start);
            int err = host_unmap(l->host, addr, range_len(live));

            /* With a part gone already, going on is nearer to "as before" than giving up. */
            if (err < 0 && *gone > core.start) {
                err = host_unmap(l->host, addr, range_len(live));
            }
            if (err < 0) {
                return err;
            }
            *gone = live.last + 1;
            have = false;
        }
        if (last >= core.last) {
            return 0;
        }
        at = last + 1;
    }
}

/*
 * Host pages that held nothing but pages of R become empty. If that fails half-way, the page flags
 * of what is gone are 0.
 */
static int vacate(struct layer *l, struct range r)
{
    struct range core;
    gaddr gone;
    int err;

    if (!vacated(l, r, &core) || !pageflags_any(l->flags, range_cut(core, r))) {
        return 0;
    }
    if (l->space.reserved_va) {
        return host_release(l, core);
    }
    err = unmap_live(l, core, &gone);
    if (err < 0 && gone > core.start) {
        pageflags_unset(l->flags, range_cut(r, (struct range){core.start, gone - 1}));
    }
    return err;
}

int munmap_range(struct layer *l, struct range r)
{
    const struct view before = {.pf = l->flags};
    const struct view after = {.pf = l->flags, .change = VIEW_FREE, .r = r};
    int err;

    if (!pageflags_any(l->flags, r)) {
        return 0;
    }
    err = pageflags_reserve(l->flags, 1);
    if (err < 0) {
        return err;
    }
    /* Lowering the rights of edge pages can be taken back, unmapping cannot. */
    err = hostprot_change(l, &before, &after, r);
    if (err < 0) {
        return err;
    }
    err = vacate(l, r);
    if (err < 0) {
        hostprot_change(l, &after, &before, r);
        return err;
    }
    pageflags_unset(l->flags, r);
    return 0;
}

static int munmap_locked(struct layer *l, gaddr start, uint64_t len)
{
    struct range_req req;
    int err = flavour_check_munmap(l, start, len, &req);

    if (err < 0 || req.nothing || !pageflags_any(l->flags, req.r)) {
        return err;
    }
    err = munmap_range(l, req.r);
    /* After a failure too: what is gone already has no code any more. */
    layer_tb_invalidate(l, req.r);
    return err;
}

int target_munmap(struct layer *l, gaddr start, uint64_t len)
{
    const uint64_t args[] = {start, len};
    int err;

    log_call(l, "munmap", args, ARRAY_LEN(args));
    mmap_lock_take(&l->lock);
    err = munmap_locked(l, start, len);
    mmap_lock_release(&l->lock);
    if (err < 0) {
        err = layer_fail(err);
    }
    log_result(l, "munmap", (uint64_t)err, err < 0);
    return err;
}
