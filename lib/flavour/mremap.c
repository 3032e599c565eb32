/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_mremap (layer.md 9): the checks in the kernel's order (learned from Linux mm/mremap.c
 * of 6.17, vm-semantics C.6), and which form a call has. MREMAP_DONTUNMAP is not offered: it is an
 * unknown flag.
 */
#include "flavour/mremap.h"

#include <errno.h>

#include "base/int.h"

/* The arguments after the checks that need no page flags. */
struct args {
    gaddr old;
    uint64_t old_len; /* whole guest pages; may leave the window */
    uint64_t new_len;
    bool maymove;
    bool fixed;
    struct range to; /* fixed: [new_addr, + new_len) */
};

/*
 * Does the destination touch the old range? An old range of no bytes lies between two addresses; of
 * one that wraps a kernel sees the sum.
 */
static bool overlaps(const struct layer *l, gaddr old, uint64_t old_len, struct range to)
{
    uint64_t sum = old + old_len;

    if (l->space.bits == 32 && sum > UINT64_C(1) << 32) {
        sum = (uint32_t)sum;
    }
    return sum > to.start && old <= to.last;
}

static int check_args(const struct layer *l, gaddr old, uint64_t old_size, uint64_t new_size,
                      uint32_t flags, gaddr new_addr, struct args *a)
{
    uint64_t page = l->space.guest_page;

    *a = (struct args){
        .old = old,
        .maymove = flags & ABI_MREMAP_MAYMOVE,
        .fixed = flags & ABI_MREMAP_FIXED,
    };
    if ((flags & ~(uint32_t)(ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)) ||
        !u64_is_aligned(old, page)) {
        return -EINVAL;
    }
    a->old_len = u64_align_up_wrap(old_size, page) & layer_last(l);
    if (!layer_round_len(l, new_size, &a->new_len) || a->new_len - 1 > l->space.window_last) {
        return -EINVAL;
    }
    if (a->fixed &&
        (!u64_is_aligned(new_addr, page) || !layer_range(l, new_addr, a->new_len, &a->to) ||
         !a->maymove || overlaps(l, old, a->old_len, a->to))) {
        return -EINVAL;
    }
    return 0;
}

/* Rights as the guest asked for them, TB protection looked through. */
static uint8_t guest_rights(uint8_t flags)
{
    return flags & (PAGE_VALID | PAGE_READ | PAGE_EXEC | PAGE_WRITE_ORG);
}

/* Would a kernel hold B, which lies directly behind A, in one piece with it? */
static bool same_mapping(const struct page_run *a, const struct page_run *b)
{
    return guest_rights(a->info.flags) == guest_rights(b->info.flags) &&
           a->info.kind == b->info.kind && a->info.shared == b->info.shared &&
           a->info.extra == b->info.extra && a->info.object == b->info.object &&
           (a->info.object == 0 || a->info.offset + range_len(a->r) == b->info.offset);
}

/* Is R inside one mapping? */
static bool one_mapping(const struct layer *l, struct range r)
{
    struct page_run run, next;

    if (!pageflags_lookup(l->flags, r.start, &run)) {
        return false;
    }
    while (run.r.last < r.last) {
        if (!pageflags_lookup(l->flags, run.r.last + 1, &next) || !same_mapping(&run, &next)) {
            return false;
        }
        run = next;
    }
    return true;
}

/* Equal sizes or shrinking without FIXED: the tail leaves, nothing moves. */
static int shrink(struct layer *l, const struct args *a)
{
    struct range tail;
    gaddr start;
    int err;

    if (a->new_len == a->old_len) {
        return 0;
    }
    if (!u64_add(a->old, a->new_len, &start) ||
        !layer_range(l, start, a->old_len - a->new_len, &tail)) {
        return -EINVAL;
    }
    err = munmap_range(l, tail);
    layer_tb_invalidate(l, tail);
    return err;
}

/* The plan's ranges. What of the old range lies behind the window holds nothing. */
static void set_ranges(const struct layer *l, const struct args *a, struct mremap_plan *p)
{
    uint64_t room = l->space.window_last - a->old; /* last offset from old in the window */
    uint64_t kept = u64_min(a->old_len, a->new_len);

    *p = (struct mremap_plan){
        .new_len = a->new_len,
        .grows = a->new_len > a->old_len,
        .fixed = a->fixed,
        .to = a->to,
    };
    p->all = (struct range){a->old, a->old + u64_min(a->old_len - 1, room)};
    p->from = (struct range){a->old, a->old + u64_min(kept - 1, room)};
    if (a->fixed) {
        p->to.last = p->to.start + (p->from.last - p->from.start);
    }
}

/* What stays must be of one mapping, and what leaves must be in the window. */
static int check_shrink(const struct layer *l, const struct args *a, const struct mremap_plan *p)
{
    uint64_t room = l->space.window_last - a->old;

    /* A range that wraps can be its own destination, which a kernel frees first. */
    if (a->new_len - 1 > room || !one_mapping(l, p->from) ||
        (a->fixed && range_has(a->to, a->old))) {
        return -EFAULT;
    }
    return a->old_len - 1 > room ? -EINVAL : 0;
}

/* A block for what moves, with the same place inside a host page as the source. */
static int place(struct layer *l, struct mremap_plan *p)
{
    uint64_t delta = p->from.start & (l->space.host_page - 1);
    struct place_req req = {.last = l->space.window_last};
    int err;

    if (!u64_add(p->new_len, delta, &req.size) ||
        !u64_align_up(req.size, l->space.host_page, &req.size)) {
        return -ENOMEM;
    }
    err = mmap_find_vma(l, &req, &p->block.start);
    if (err < 0) {
        return err;
    }
    p->block.last = p->block.start + (req.size - 1);
    p->to.start = p->block.start + delta;
    p->to.last = p->to.start + (p->from.last - p->from.start);
    return 0;
}

static int move(struct layer *l, struct mremap_plan *p, gaddr *ret)
{
    int err = mremap_plan(l, p);

    if (err == 0 && !p->fixed) {
        err = place(l, p);
    }
    if (err == 0) {
        err = mremap_move(l, p);
    }
    if (err == 0) {
        *ret = p->to.start;
    }
    return err;
}

static int grow_in_place(struct layer *l, const struct mremap_plan *p, const struct page_info *tail)
{
    struct range grown;
    int err;

    if (p->from.last == l->space.window_last ||
        !layer_range(l, p->from.last + 1, p->new_len - range_len(p->from), &grown)) {
        return -ENOMEM;
    }
    err = mremap_grow_fits(l, p->from, grown, tail);
    if (err == 0) {
        err = pageflags_reserve(l->flags, FLAG_CHANGES);
    }
    if (err == 0) {
        err = mremap_grow(l, p->from, grown, tail, false);
        layer_tb_invalidate(l, grown);
    }
    return err;
}

/*
 * Growing: the old range is one mapping; where it lies if there is room, else with MAYMOVE
 * elsewhere.
 */
static int grow(struct layer *l, const struct args *a, struct mremap_plan *p, gaddr *ret)
{
    struct page_info tail = {0};
    int err;

    if (a->old_len - 1 > l->space.window_last - a->old || !one_mapping(l, p->from)) {
        return -EFAULT;
    }
    mremap_page_info(l, p->from.last, &tail);
    err = mremap_grow_check(l, p->from, &tail);
    if (err < 0) {
        return err;
    }
    if (!a->fixed) {
        err = grow_in_place(l, p, &tail);
        if (err == 0) {
            *ret = a->old;
        }
        if (err == 0 || !a->maymove) {
            return err;
        }
    }
    return move(l, p, ret);
}

static int mremap_locked(struct layer *l, const struct args *a, gaddr *ret)
{
    /* Where no process may map is told last. */
    bool low = a->fixed && l->space.guest_base == 0 && a->to.start < l->space.min_addr;
    struct mremap_plan plan;
    struct page_run run;
    int err;

    if (!(pageflags_get(l->flags, a->old) & PAGE_VALID)) {
        return -EFAULT;
    }
    if (low && a->old_len == 0) {
        return pageflags_lookup(l->flags, a->old, &run) && run.info.shared ? -EPERM : -EINVAL;
    }
    if (a->old_len == 0) {
        const struct mremap_dup dup = {a->old, a->new_len, a->maymove, a->fixed, a->to};

        return mremap_duplicate(l, &dup, ret);
    }
    if (!a->fixed && a->new_len <= a->old_len) {
        *ret = a->old;
        return shrink(l, a);
    }
    set_ranges(l, a, &plan);
    /* In a range that wraps a kernel finds nothing. */
    if (a->fixed && a->new_len >= a->old_len && a->old_len - 1 > layer_last(l) - a->old) {
        return -EFAULT;
    }
    if (plan.grows && low) {
        return a->old_len - 1 <= l->space.window_last - a->old && one_mapping(l, plan.all)
                   ? -EPERM
                   : -EFAULT;
    }
    if (plan.grows) {
        return grow(l, a, &plan, ret);
    }
    err = a->new_len < a->old_len ? check_shrink(l, a, &plan) : 0;
    if (err == 0 && low) {
        err = -EPERM;
    }
    return err < 0 ? err : move(l, &plan, ret);
}

uint64_t target_mremap(struct layer *l, gaddr old_addr, uint64_t old_size, uint64_t new_size,
                       uint32_t flags, gaddr new_addr)
{
    const uint64_t args[] = {old_addr, old_size, new_size, flags, new_addr};
    uint64_t result = LAYER_FAILED;
    struct args a;
    int err;

    log_call(l, "mremap", args, ARRAY_LEN(args));
    mmap_lock_take(&l->lock);
    err = check_args(l, old_addr, old_size, new_size, flags, new_addr, &a);
    if (err == 0) {
        err = mremap_locked(l, &a, &result);
    }
    mmap_lock_release(&l->lock);
    if (err < 0) {
        result = (uint64_t)layer_fail(err);
    }
    log_result(l, "mremap", result, err < 0);
    return result;
}
