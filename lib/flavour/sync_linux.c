/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux flavour of msync's checks and of madvise (learned from Linux mm/msync.c and
 * mm/madvise.c; layer.md 10, vm-semantics C.7, C.8). Of the advices only DONTNEED has an effect a
 * guest can see for certain; what it does to a page:
 *
 *   private anonymous   zero: whole host pages anew, parts of a live host page by mmap_frag
 *   private file        the file's bytes again, whole host pages only; copies keep what they hold
 *   shared, snapshot    nothing
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

#define ADVICE_DONTNEED_LOCKED 24 /* not in the table */
#define ADVICE_LAST 25            /* MADV_COLLAPSE */

int flavour_check_msync(struct layer *l, gaddr start, uint64_t len, uint32_t flags,
                        struct msync_req *ret)
{
    const uint32_t known = ABI_MS_ASYNC | ABI_MS_INVALIDATE | ABI_MS_SYNC;
    const uint32_t both = ABI_MS_ASYNC | ABI_MS_SYNC;
    uint64_t size = u64_align_up_wrap(len, l->space.guest_page) & layer_last(l);

    /* The three bits are numbered alike in guest and host contract. */
    *ret = (struct msync_req){.flags = flags};
    if ((flags & ~known) || !u64_is_aligned(start, l->space.guest_page) || (flags & both) == both) {
        return -EINVAL;
    }
    if (size == 0) {
        ret->nothing = true;
        return 0;
    }
    /* An end of 2^64 wraps to 0, which is below START. */
    if (start > l->space.window_last || size - 1 > layer_last(l) - start || start + size == 0) {
        return -ENOMEM;
    }
    ret->hole_after = size - 1 > l->space.window_last - start;
    ret->r = (struct range){start, start + u64_min(size - 1, l->space.window_last - start)};
    return 0;
}

/* Zero part of the live host page HULL. */
static int zero_fragment(struct layer *l, struct range r, struct range hull, uint8_t flags)
{
    struct frag f = {.r = r, .hull = hull, .flags = flags};
    int err = mmap_frag(l, &f);

    if (err == 0) {
        mmap_frag_commit(l, &f);
        pageflags_update(l->flags, r, PAGE_BITS | PAGE_WRITE_ORG, flags & ~PAGE_VALID);
    }
    mmap_frag_free(&f);
    return err;
}

/*
 * Fresh memory for whole host pages. Not by advice to the host: what the book calls anonymous may
 * have been filled into a host page that is a private file map below, and would show the file
 * again.
 */
static int zero_whole(struct layer *l, struct range r)
{
    const uint32_t anon = HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_NORESERVE;
    const struct view same = {.pf = l->flags};
    gaddr last;
    int prot;

    view_stretch(l, &same, r.start, r.last, &last, &prot);
    return host_map_at(l, r, prot, anon, -1, 0);
}

/*
 * The parts of R, pages of one run, by host page: live host pages that other pages share at both
 * ends, whole ones between.
 */
struct parts {
    struct range head, whole, tail;
    bool has_head, has_whole, has_tail;
};

static bool shared_with_others(const struct layer *l, struct range page, struct range r)
{
    return (page.start < r.start &&
            pageflags_any(l->flags, (struct range){page.start, r.start - 1})) ||
           (page.last > r.last && pageflags_any(l->flags, (struct range){r.last + 1, page.last}));
}

static struct parts split(const struct layer *l, struct range r)
{
    uint64_t host_page = l->space.host_page;
    struct parts p = {.whole = layer_hull(l, r), .has_whole = true};
    struct range first = {p.whole.start, p.whole.start + (host_page - 1)};
    struct range last = {p.whole.last - (host_page - 1), p.whole.last};
    bool one = first.start == last.start;

    if (shared_with_others(l, first, r)) {
        p.has_head = true;
        p.head = range_cut(first, r);
        p.has_whole = !one;
        p.whole.start = first.last + 1;
    }
    if (!one && shared_with_others(l, last, r)) {
        p.has_tail = true;
        p.tail = range_cut(last, r);
        p.has_whole = !p.has_head || first.last + 1 != last.start;
        p.whole.last = last.start - 1;
    }
    return p;
}

/* DONTNEED on private anonymous pages of one run. */
static int drop_anonymous(struct layer *l, struct range r, uint8_t flags, enum host_advice advice)
{
    struct parts p;
    int err = 0;

    if (l->space.host_page == l->space.guest_page) {
        return host_advise(l->host, g2h(&l->space, r.start), range_len(r), advice);
    }
    p = split(l, r);
    if (flags & PAGE_WRITE_ORG) {
        flags |= PAGE_WRITE;
    }
    if (p.has_head) {
        err = zero_fragment(l, p.head, layer_hull(l, p.head), flags);
    }
    if (err == 0 && p.has_tail) {
        err = zero_fragment(l, p.tail, layer_hull(l, p.tail), flags);
    }
    if (err == 0 && p.has_whole) {
        err = zero_whole(l, p.whole);
    }
    return err;
}

/* DONTNEED on pages of one private map of a file. */
static int drop_file(struct layer *l, const struct page_info *info, struct range r,
                     enum host_advice advice)
{
    struct parts p;

    if (l->space.host_page == l->space.guest_page) {
        return host_advise(l->host, g2h(&l->space, r.start), range_len(r), advice);
    }
    p = split(l, r);
    if (info->copied || !p.has_whole) {
        return 0;
    }
    return host_advise(l->host, g2h(&l->space, p.whole.start), range_len(p.whole), advice);
}

/* What one advice means for one run, judged before anything is done to it. */
static int check_run(uint32_t advice, const struct page_info *info)
{
    bool anonymous = info->kind == REGION_ANON;
    bool locked = info->extra & PAGE_LOCKED;

    switch (advice) {
    case LINUX_MADV_DONTNEED:
    case LINUX_MADV_COLD:
    case LINUX_MADV_PAGEOUT:
        return locked ? -EINVAL : 0;
    case LINUX_MADV_FREE:
        return anonymous && !info->shared && !locked ? 0 : -EINVAL;
    case LINUX_MADV_WIPEONFORK:
        return anonymous && !info->shared ? 0 : -EINVAL;
    case LINUX_MADV_REMOVE:
        if (locked || (anonymous && !info->shared)) {
            return -EINVAL;
        }
        return info->shared && !(info->extra & PAGE_NEVER_WRITE) ? 0 : -EACCES;
    default:
        return 0;
    }
}

static int advise_run(struct layer *l, uint32_t advice, const struct page_run *run)
{
    size_t pages = l->space.host_page / l->space.guest_page;
    /* Unlocked memory may lie on a host that knows the plain advice only. */
    enum host_advice how =
        run->info.extra & PAGE_LOCKED ? HOST_ADVISE_DONTNEED_LOCKED : HOST_ADVISE_DONTNEED;
    int err = check_run(advice, &run->info);

    if (err < 0 || (advice != LINUX_MADV_DONTNEED && advice != ADVICE_DONTNEED_LOCKED) ||
        run->info.shared) {
        return err;
    }
    err = pageflags_reserve(l->flags, FLAG_CHANGES + 4 * pages);
    if (err < 0) {
        return err;
    }
    if (run->info.kind == REGION_ANON) {
        err = drop_anonymous(l, run->r, run->info.flags, how);
    } else {
        err = drop_file(l, &run->info, run->r, how);
    }
    /* After a failure too: a part of the bytes may have changed. */
    layer_tb_invalidate(l, run->r);
    return err;
}

/* Every mapped part in order; a hole is told at the end, a refusal at once. */
static int advise_runs(struct layer *l, struct range r, uint32_t advice)
{
    struct page_run run;
    gaddr at = r.start;
    bool hole = false;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        int err;

        run.r = range_cut(run.r, (struct range){at, r.last});
        hole |= run.r.start > at;
        err = advise_run(l, advice, &run);
        if (err < 0) {
            return err;
        }
        if (run.r.last == r.last) {
            return hole ? -ENOMEM : 0;
        }
        at = run.r.last + 1;
    }
    return -ENOMEM;
}

static bool known(uint32_t advice)
{
    return advice <= LINUX_MADV_DONTNEED || (advice >= LINUX_MADV_FREE && advice <= ADVICE_LAST);
}

int flavour_madvise(struct layer *l, gaddr start, uint64_t len, uint32_t advice)
{
    uint64_t size;
    int err;

    if (!known(advice) || !u64_is_aligned(start, l->space.guest_page)) {
        return -EINVAL;
    }
    if (len == 0) {
        return 0;
    }
    if (!layer_round_len(l, len, &size) || start > layer_last(l) ||
        size - 1 > layer_last(l) - start || start + size == 0) {
        return -EINVAL;
    }
    if (start > l->space.window_last) {
        return -ENOMEM;
    }
    err = advise_runs(
        l, (struct range){start, start + u64_min(size - 1, l->space.window_last - start)}, advice);
    return err == 0 && size - 1 > l->space.window_last - start ? -ENOMEM : err;
}
