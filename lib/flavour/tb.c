/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TB protection: a page the translator read code from loses W, so that a store to it faults and the
 * code made from it can be dropped first. The host protects whole host pages, so all guest pages of
 * one lose host W and get it back together.
 */
#include "flavour/layer_int.h"

#include "base/int.h"

/*
 * What page_unprotect answered last on this thread. A page whose flags grant W can fault for one
 * honest reason: another thread took the protection away in between. That is retried once; a second
 * fault with nothing changed is not a race.
 */
struct last_retry {
    const struct layer *layer;
    gaddr page;
    uint64_t epoch;
};

static bool tb_protected(uint8_t flags)
{
    return (flags & PAGE_WRITE_ORG) && !(flags & PAGE_WRITE);
}

/* The first TB-protected run that touches [AT, LAST], cut to it. */
static bool next_protected(const struct layer *l, gaddr at, gaddr last, struct range *ret)
{
    struct page_run run;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= last) {
        if (tb_protected(run.info.flags)) {
            *ret = range_cut(run.r, (struct range){at, last});
            return true;
        }
        if (run.r.last >= last) {
            break;
        }
        at = run.r.last + 1;
    }
    return false;
}

int tb_lift(struct layer *l, struct range r)
{
    struct range hull = layer_hull(l, r);
    struct range found;
    size_t n = 0;
    gaddr at = hull.start;
    int err;

    while (next_protected(l, at, hull.last, &found)) {
        n++;
        if (found.last == hull.last) {
            break;
        }
        at = found.last + 1;
    }
    if (n == 0) {
        return 0;
    }
    err = pageflags_reserve(l->flags, n);
    if (err < 0) {
        return err;
    }
    while (next_protected(l, hull.start, hull.last, &found)) {
        pageflags_update(l->flags, found, 0, PAGE_WRITE);
    }
    layer_tb_invalidate(l, hull);
    return 0;
}

/* PAGE is VALID, X and W: take W away in F and from the host. */
static int protect_page(struct layer *l, struct range page)
{
    int err = pageflags_reserve(l->flags, 1);

    if (err < 0) {
        return err;
    }
    pageflags_update(l->flags, page, PAGE_WRITE, 0);
    err = hostprot_restore(l, page);
    if (err < 0) {
        /*
         * The translator has no other way to see stores to this page, so one refusal is not the
         * last word.
         */
        err = hostprot_restore(l, page);
    }
    if (err < 0) {
        pageflags_update(l->flags, page, 0, PAGE_WRITE);
        return err;
    }
    l->tb_epoch++;
    return 0;
}

static int translate_locked(struct layer *l, gaddr addr)
{
    const uint8_t want = PAGE_VALID | PAGE_EXEC;
    uint8_t flags = pageflags_get(l->flags, addr);
    gaddr start = u64_align_down(addr, l->space.guest_page);

    if ((flags & want) != want) {
        return -1;
    }
    if (flags & PAGE_WRITE) {
        return protect_page(l, (struct range){start, start | (l->space.guest_page - 1)}) < 0 ? -1
                                                                                             : 0;
    }
    return 0;
}

int layer_translate(struct layer *l, gaddr addr)
{
    int r;

    mmap_lock_take(&l->lock);
    r = translate_locked(l, addr);
    mmap_lock_release(&l->lock);
    return r;
}

/* A fault on a page that F calls writable and no TB protection explains. */
static int maybe_race(struct layer *l, gaddr page)
{
    static _Thread_local struct last_retry last;
    struct last_retry now = {l, page, l->tb_epoch};

    if (last.layer == now.layer && last.page == now.page && last.epoch == now.epoch) {
        return 0;
    }
    last = now;
    return 1;
}

static int unprotect_locked(struct layer *l, gaddr addr)
{
    const struct view same = {.pf = l->flags};
    const struct view lifted = {.pf = l->flags, .lift = true};
    gaddr start = u64_align_down(addr, l->space.guest_page);
    struct range page = {start, start | (l->space.guest_page - 1)};
    struct range hull = layer_hull(l, page);
    struct range found;
    size_t pages = l->space.host_page / l->space.guest_page;

    if (!(pageflags_get(l->flags, addr) & PAGE_WRITE_ORG)) {
        return 0;
    }
    if (!next_protected(l, hull.start, hull.last, &found)) {
        return maybe_race(l, start);
    }
    if (pageflags_reserve(l->flags, pages) < 0) {
        return 0;
    }
    if (hostprot_change(l, &same, &lifted, page) < 0 &&
        hostprot_change(l, &same, &lifted, page) < 0) {
        return 0;
    }
    return tb_lift(l, page) < 0 ? 0 : 1;
}

int layer_page_unprotect(struct layer *l, gaddr addr)
{
    int r;

    mmap_lock_take(&l->lock);
    r = unprotect_locked(l, addr);
    mmap_lock_release(&l->lock);
    return r;
}
