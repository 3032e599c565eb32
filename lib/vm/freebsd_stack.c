/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAP_STACK (A.4): the whole range is taken, its upper part is memory, its lower part a gap that
 * faults turn into more memory, but for the guard at the bottom. Grown parts are entries of their
 * own that never merge with the stack above them.
 */
#include "vm/freebsd_int.h"

enum { GROW_STEP = 128 << 10 }; /* sgrowsiz */

/* security.bsd.stack_guard_page, in bytes. */
static uint64_t guard_len(const struct vm_proc *p)
{
    return vm_ru(p, vm_p(p)->stack_guard);
}

bool fbsd_stack_small(const struct vm_proc *p, uint64_t size)
{
    return size <= guard_len(p);
}

void fbsd_stack_insert(struct vm_proc *p, struct range r, const struct vm_area_attr *attr)
{
    uint64_t size = range_len(r);
    uint64_t init = u64_min(vm_ru(p, GROW_STEP), size - guard_len(p));
    struct range top = {r.last - (init - 1), r.last};
    struct vm_area_attr a = *attr;

    if (top.start != r.start) {
        const struct vm_area_attr gap = {
            .kind = VM_AREA_GAP,
            .inherit = attr->inherit,
            .gap_prot = attr->prot,
            .gap_max = attr->max_prot,
        };

        vm_area_insert(p, (struct range){r.start, top.start - 1}, &gap);
    }
    a.flags |= VM_AREA_GROWSDOWN;
    vm_area_insert(p, top, &a);
}

/* The stack that stands directly on GAP, or NULL: a part of it may be unmapped or replaced. */
static const struct vm_area *stack_above(const struct vm_proc *p, const struct vm_area *gap)
{
    const struct vm_area *stack = vm_area_next(p, gap);

    if (!stack || stack->r.start - 1 != gap->r.last || !(stack->a.flags & VM_AREA_GROWSDOWN)) {
        return NULL;
    }
    return stack;
}

/* How far a fault at AT makes the stack grow, or 0 with the *RULE that forbids it. */
static uint64_t growth(const struct vm_proc *p, const struct vm_area *gap, uint64_t at,
                       enum vm_rule *rule)
{
    uint64_t room = range_len(gap->r);
    uint64_t need = gap->r.last - vm_rd(p, at) + 1;
    uint64_t len;

    if (!stack_above(p, gap)) {
        *rule = VM_RULE_FREEBSD_GROW_NO_STACK;
        return 0;
    }
    if (room <= guard_len(p) || need > room - guard_len(p)) {
        *rule = VM_RULE_FREEBSD_GROW_GUARD;
        return 0;
    }
    room -= guard_len(p);
    len = u64_min(u64_align_up_wrap(need, vm_ru(p, GROW_STEP)), room);
    if (vm_p(p)->bytes_max != 0 && vm_mapped_bytes(p) + len > vm_p(p)->bytes_max) {
        *rule = VM_RULE_FREEBSD_GROW_LIMIT;
        return 0;
    }
    *rule = VM_RULE_FREEBSD_GROW;
    return len;
}

static const struct vm_area *gap_at(const struct vm_proc *p, uint64_t at)
{
    const struct vm_area *gap = vm_area_find(p, at);

    return gap && gap->a.kind == VM_AREA_GAP ? gap : NULL;
}

bool fbsd_stack_may_grow(struct vm_proc *p, uint64_t at)
{
    const struct vm_area *gap = gap_at(p, at);
    enum vm_rule rule;

    return gap && growth(p, gap, at, &rule) != 0;
}

bool fbsd_stack_grow(struct vm_proc *p, uint64_t at)
{
    const struct vm_area *gap = gap_at(p, at);
    const bool own_rights = vm_p(p)->release == 0 || vm_p(p)->release >= FBSD_RELEASE_GAP_RIGHTS;
    struct vm_area_attr a = {.kind = VM_AREA_MEMORY, .inherit = VM_INHERIT_COPY};
    enum vm_rule rule;
    struct range r;
    uint64_t len;

    if (!gap) {
        return false;
    }
    len = growth(p, gap, at, &rule);
    vm_hit(vm_of(p), rule);
    if (len == 0 || vm_reserve(vm_of(p), 3, 0) < 0) {
        return false;
    }
    a.flags = VM_AREA_GROWSDOWN;
    a.prot = own_rights ? gap->a.gap_prot : stack_above(p, gap)->a.prot;
    a.max_prot = own_rights ? gap->a.gap_max : stack_above(p, gap)->a.max_prot;
    r = (struct range){gap->r.last - (len - 1), gap->r.last};
    vm_area_remove(p, r);
    vm_area_insert(p, r, &a);
    return true;
}
