/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a map without MAP_FIXED goes (C.3): the hint if all of its range is free, else the highest
 * gap below the base, else the lowest from a third of user space up.
 */
#include "vm/linux_int.h"

static uint64_t place_min(const struct vm_proc *p)
{
    return u64_max(vm_p(p)->page, vm_p(p)->min_addr);
}

bool linux_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len)
{
    struct range r;

    /* mremap's hint is not moved up to mmap_min_addr as mmap's is (measured). */
    return u64_is_aligned(value, vm_p(p)->page) &&
           value >= u64_max(vm_p(p)->page, linux_lowest(p)) && linux_range(p, value, len, &r) &&
           r.last <= vm_p(p)->last && vm_area_none(p, r);
}

/* The free range R is in the gap that is kept below a stack, which begins at *START. */
static bool in_stack_gap(const struct vm_proc *p, struct range r, uint64_t *start)
{
    const struct vm_area *above = vm_area_from(p, r.last);

    if (!above || !(above->a.flags & VM_AREA_GROWSDOWN)) {
        return false;
    }
    *start = above->r.start;
    return above->r.start - r.last - 1 < vm_p(p)->stack_guard;
}

/* LEN free bytes within WITHIN and what is known, the gaps below stacks left free. */
static bool search(struct vm_proc *p, struct range within, uint64_t len, bool from_top,
                   uint64_t *ret)
{
    const struct vm_params *par = vm_p(p);
    uint64_t stack;

    if (within.start > within.last || !range_overlaps(within, par->known)) {
        return false;
    }
    within = range_cut(within, par->known);
    while (vm_gap_find(p, within, len, par->page, from_top, ret)) {
        if (!in_stack_gap(p, (struct range){*ret, *ret + (len - 1)}, &stack)) {
            return true;
        }
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_STACK_GAP);
        if (!from_top) {
            within.start = stack;
        } else if (stack <= par->stack_guard || stack - par->stack_guard <= within.start) {
            return false;
        } else {
            within.last = stack - par->stack_guard - 1;
        }
        if (within.start > within.last) {
            return false;
        }
    }
    return false;
}

static enum linux_place find_gap(struct vm_proc *p, const struct linux_want *w, uint64_t *ret)
{
    const struct vm_params *par = vm_p(p);
    struct range all = {place_min(p), par->last};
    uint64_t third = u64_align_down(par->last / 3, par->page);
    uint64_t any;

    if (w->low) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_32BIT);
        if (search(p, (struct range){0x40000000, u64_min(0x7fffffff, par->last)}, w->len, false,
                   ret)) {
            return LINUX_PLACE_ANY;
        }
    } else if (search(p, (struct range){all.start, u64_min(par->place, par->last)}, w->len, true,
                      ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_TOP);
        return LINUX_PLACE_ANY;
    } else if (search(p, (struct range){u64_max(third, all.start), par->last}, w->len, false,
                      ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_BOTTOM_UP);
        return LINUX_PLACE_ANY;
    }
    if (all.start > all.last || !linux_len_in_task(p, w->len)) {
        return LINUX_PLACE_NONE;
    }
    return !range_contains(par->known, all) || vm_gap_find(p, all, w->len, par->page, true, &any)
               ? LINUX_PLACE_DOUBT
               : LINUX_PLACE_NONE;
}

/* The hint can be taken: its range in *RET. */
static bool hint_free(struct vm_proc *p, const struct linux_want *w, struct range *ret)
{
    const struct vm_params *par = vm_p(p);
    uint64_t stack;

    if (!vm_in_task(p, w->hint, w->len)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_HIGH);
        return false;
    }
    *ret = (struct range){w->hint, w->hint + (w->len - 1)};
    if (!vm_area_none(p, *ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_USED);
        return false;
    }
    if (in_stack_gap(p, *ret, &stack)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_GAP);
        return false;
    }
    return w->hint >= par->min_addr && !(w->low && ret->last > 0x7fffffff);
}

/* Where R, a hint's range, ends there may be a stack of somebody else, or itself. */
static bool hint_foreign(const struct vm_proc *p, struct range r)
{
    const struct vm_params *par = vm_p(p);
    uint64_t gap = u64_min(par->stack_guard, par->last - r.last);

    r.last += gap;
    return linux_foreign(p, r);
}

enum linux_place linux_place_find(struct vm_proc *p, const struct linux_want *w, uint64_t *ret)
{
    struct range r;

    if (w->hint == 0 || !hint_free(p, w, &r)) {
        return find_gap(p, w, ret);
    }
    *ret = w->hint;
    if (hint_foreign(p, r)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_FOREIGN);
        return LINUX_PLACE_ANY;
    }
    if (w->huge_hint && w->len >= LINUX_PMD_SIZE) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_HUGE);
        return LINUX_PLACE_ANY;
    }
    vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT);
    return LINUX_PLACE_ONE;
}
