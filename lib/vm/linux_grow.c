/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an access may do to an area, and areas that grow down to it (C.2, C.9). */
#include "vm/linux_int.h"

uint16_t linux_exec_only(const struct vm_proc *p, uint64_t prot)
{
    return vm_p(p)->exec_only && prot == ABI_PROT_EXEC ? VM_AREA_EXEC_ONLY : 0;
}

bool linux_may_access(struct vm_proc *p, const struct vm_area *a, uint64_t at, bool write)
{
    bool may = write ? (a->a.prot & ABI_PROT_WRITE) != 0 : a->a.prot != 0;

    (void)at;
    if (!write && (a->a.flags & VM_AREA_EXEC_ONLY)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_ACCESS_EXEC_ONLY);
        return false;
    }
    vm_hit(vm_of(p), may ? VM_RULE_LINUX_ACCESS_READ : VM_RULE_LINUX_ACCESS_DENIED);
    return may;
}

/* The last byte of what a kernel may have made one area with A. */
static uint64_t soft_last(const struct vm_proc *p, const struct vm_area *a)
{
    const struct vm_area *next;

    while ((next = vm_area_next(p, a)) && vm_area_joint(p, a, next) != VM_JOINT_HARD) {
        a = next;
    }
    return a->r.last;
}

/*
 * The area that would grow down to the page at START, or NULL and why not in *RULE.
 * params.stack_max is RLIMIT_STACK.
 */
static const struct vm_area *growing(const struct vm_proc *p, uint64_t start, enum vm_rule *rule)
{
    const struct vm_params *par = vm_p(p);
    const struct vm_area *a = vm_area_from(p, start);
    const struct vm_area *below;

    *rule = VM_RULE_LINUX_GROW_NONE;
    if (!a || !(a->a.flags & VM_AREA_GROWSDOWN)) {
        return NULL;
    }
    *rule = VM_RULE_LINUX_GROW_MIN_ADDR;
    if (start < par->min_addr) {
        return NULL;
    }
    *rule = VM_RULE_LINUX_GROW_GAP;
    below = vm_area_prev(p, a);
    if (below && start - below->r.last - 1 < par->stack_guard) {
        if (below->a.prot != 0 && !(below->a.flags & VM_AREA_GROWSDOWN)) {
            return NULL;
        }
        *rule = VM_RULE_LINUX_GROW_GAP_IGNORED;
    }
    if (par->stack_max && a->r.last - start < par->stack_max &&
        soft_last(p, a) - start >= par->stack_max) {
        vm_hit(vm_of(p), VM_RULE_LINUX_UNSURE);
    }
    if ((par->stack_max && a->r.last - start >= par->stack_max) ||
        linux_over_limit(p, 0, a->r.start - start)) {
        *rule = VM_RULE_LINUX_GROW_LIMIT;
        return NULL;
    }
    if (linux_over_commit(p, a->r.start - start)) {
        *rule = VM_RULE_LINUX_GROW_COMMIT;
        return NULL;
    }
    return a;
}

bool linux_may_grow(struct vm_proc *p, uint64_t at)
{
    enum vm_rule rule;

    return growing(p, vm_rd(p, at), &rule) != NULL;
}

bool linux_grow(struct vm_proc *p, uint64_t at)
{
    uint64_t start = vm_rd(p, at);
    enum vm_rule rule;
    const struct vm_area *a = growing(p, start, &rule);
    struct vm_area_attr attr;
    uint64_t old;

    if (!a || rule == VM_RULE_LINUX_GROW_GAP_IGNORED) {
        vm_hit(vm_of(p), rule);
    }
    if (!a || vm_reserve(vm_of(p), 2, 0)) {
        return false;
    }
    vm_hit(vm_of(p), VM_RULE_LINUX_GROW);
    attr = a->a;
    old = a->r.start;
    vm_area_insert(p, (struct range){start, old - 1}, &attr);
    linux_join(p, (struct range){start, old});
    return true;
}
