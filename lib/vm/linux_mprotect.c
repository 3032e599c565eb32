/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mprotect of Linux (C.5): area by area until one refuses or a hole comes; what is before that
 * stays changed.
 */
#include "vm/linux_int.h"

struct walk {
    struct range r;
    uint8_t prot;
    uint16_t exec_only; /* VM_AREA_EXEC_ONLY, or 0 */
    enum vm_rule rule;  /* what stops it, or LINUX_PASSED */
    uint64_t stop;      /* the first byte that is not changed, if something stops it */
    bool foreign;       /* the hole that stops it may be somebody's memory */
};

/* Arguments alone: the range and the rights in *W. */
static enum vm_rule check_args(const struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                               struct walk *w)
{
    uint64_t base = prot & ~(uint64_t)LINUX_PROT_GROWS;

    if ((prot & LINUX_PROT_GROWS) == LINUX_PROT_GROWS) {
        return VM_RULE_LINUX_MPROTECT_GROWS_BOTH;
    }
    if (!u64_is_aligned(addr, vm_p(p)->page)) {
        return VM_RULE_LINUX_MPROTECT_UNALIGNED;
    }
    if (len == 0) {
        return VM_RULE_LINUX_MPROTECT_EMPTY;
    }
    if (!linux_range(p, addr, len, &w->r)) {
        return VM_RULE_LINUX_MPROTECT_WRAP;
    }
    if (base & ~(uint64_t)(ABI_PROT_RWX | ABI_PROT_SEM)) {
        return VM_RULE_LINUX_MPROTECT_PROT;
    }
    w->prot = base & ABI_PROT_RWX;
    w->exec_only = linux_exec_only(p, base);
    return LINUX_PASSED;
}

/* Where a kernel's area begins that A, in these books, is a part of. */
static uint64_t area_start(const struct vm_proc *p, const struct vm_area *a)
{
    const struct vm_area *below = vm_area_prev(p, a);

    while (below && linux_likely_one(p, below, a)) {
        if (vm_area_joint(p, below, a) == VM_JOINT_SOFT) {
            vm_hit(vm_of(p), VM_RULE_LINUX_UNSURE);
        }
        a = below;
        below = vm_area_prev(p, a);
    }
    if (below && vm_area_joint(p, below, a) == VM_JOINT_SOFT) {
        vm_hit(vm_of(p), VM_RULE_LINUX_UNSURE);
    }
    return a->r.start;
}

/* The first page, and what PROT_GROWSDOWN and PROT_GROWSUP make of it. */
static void check_first(struct vm_proc *p, uint64_t prot, struct walk *w)
{
    const struct vm_area *first = vm_area_from(p, w->r.start);

    w->stop = w->r.start;
    if (!first || first->r.start > w->r.last ||
        (!(prot & ABI_PROT_GROWSDOWN) && first->r.start > w->r.start)) {
        w->rule = VM_RULE_LINUX_MPROTECT_UNMAPPED;
        w->foreign = linux_hole_in_doubt(p, w->r);
    } else if (prot & ABI_PROT_GROWSUP) {
        w->rule = VM_RULE_LINUX_MPROTECT_GROWSUP;
    } else if (prot & ABI_PROT_GROWSDOWN) {
        if (!(first->a.flags & VM_AREA_GROWSDOWN)) {
            w->rule = VM_RULE_LINUX_MPROTECT_NOT_STACK;
            return;
        }
        vm_hit(vm_of(p), VM_RULE_LINUX_MPROTECT_GROWSDOWN);
        w->r.start = area_start(p, first);
    }
}

/* Whether area A is charged for being made writable. */
static bool charges(const struct vm_area *a, const struct walk *w)
{
    return (w->prot & ABI_PROT_WRITE) && !a->a.shared && !(a->a.prot & ABI_PROT_WRITE) &&
           !(a->a.flags & VM_AREA_NORESERVE);
}

/* What A alone answers. */
static enum vm_rule check_area(const struct vm_proc *p, const struct vm_area *a,
                               const struct walk *w)
{
    if (w->prot & ~a->a.max_prot) {
        return VM_RULE_LINUX_MPROTECT_MAX;
    }
    /* Touched memory may be charged from before. */
    return charges(a, w) && !(a->a.flags & VM_AREA_TOUCHED) &&
                   linux_over_commit(p, range_len(range_cut(a->r, w->r)))
               ? VM_RULE_LINUX_MPROTECT_COMMIT
               : LINUX_PASSED;
}

/* How far it gets. */
static void check_areas(const struct vm_proc *p, struct walk *w)
{
    const struct vm_area *a = vm_area_from(p, w->r.start);
    struct range hole;

    if (linux_first_hole(p, w->r, &hole)) {
        w->rule = VM_RULE_LINUX_MPROTECT_HOLE;
        w->stop = hole.start;
        w->foreign = linux_hole_in_doubt(p, w->r);
    }
    for (; a && a->r.start <= w->r.last; a = vm_area_next(p, a)) {
        uint64_t start = u64_max(a->r.start, w->r.start);
        enum vm_rule rule = check_area(p, a, w);

        if (w->rule != LINUX_PASSED && start > w->stop && !w->foreign) {
            return;
        }
        if (rule != LINUX_PASSED) {
            if (w->rule == LINUX_PASSED || start < w->stop) {
                w->rule = rule;
                w->stop = start;
            }
            w->foreign = false;
            return;
        }
    }
}

/* The count limit meets the areas at both ends, which may have to be split. */
static void check_count(struct vm_proc *p, struct walk *w, struct vm_reply *ret)
{
    uint64_t last = w->rule == LINUX_PASSED ? w->r.last : w->stop - 1;
    const struct vm_area *lo;
    const struct vm_area *hi;
    unsigned splits;
    bool at_start;

    if (vm_p(p)->areas_max == 0 || (w->rule != LINUX_PASSED && w->stop == w->r.start)) {
        return;
    }
    lo = vm_area_find(p, w->r.start);
    hi = vm_area_find(p, last);
    at_start = lo->r.start < w->r.start && lo->a.prot != w->prot;
    splits = at_start + (hi->r.last > last && hi->a.prot != w->prot);
    if (splits == 0 || linux_room(p, splits) == LINUX_ROOM) {
        return;
    }
    vm_reply_may_fail(p, VM_RULE_LINUX_MPROTECT_COUNT, ret);
    if (vm_p(p)->merge) {
        w->rule = VM_RULE_LINUX_MPROTECT_COUNT;
        w->stop = at_start && linux_room(p, 1) != LINUX_ROOM ? w->r.start
                                                             : u64_max(hi->r.start, w->r.start);
        w->foreign = false;
    }
}

/* Making private memory writable is accounted, which a real kernel may refuse: from where on. */
static bool charged(const struct vm_proc *p, const struct walk *w, uint64_t *ret)
{
    uint64_t last = w->rule == LINUX_PASSED ? w->r.last : w->stop - 1;
    const struct vm_area *a = vm_area_from(p, w->r.start);

    bool stopped =
        w->rule != LINUX_PASSED && (w->stop == w->r.start || vm_rules[w->rule].err == ABI_ENOMEM);

    if (!vm_p(p)->may_refuse || !(w->prot & ABI_PROT_WRITE) || stopped) {
        return false;
    }
    for (; a && a->r.start <= last; a = vm_area_next(p, a)) {
        if (charges(a, w)) {
            *ret = u64_max(a->r.start, w->r.start);
            return true;
        }
    }
    return false;
}

/* A locked area that becomes writable is populated at once. */
static void populate_locked(struct vm_proc *p, struct range r, uint8_t prot)
{
    const struct vm_area *a = vm_area_from(p, r.start);

    while (a && a->r.start <= r.last) {
        struct range cut = range_cut(a->r, r);

        if ((a->a.flags & VM_AREA_LOCKED) && (prot & ABI_PROT_WRITE)) {
            linux_populate(p, cut);
            a = vm_area_find(p, cut.start);
        }
        a = vm_area_next(p, a);
    }
}

static void set_prot(struct vm_area *a, void *arg)
{
    const struct walk *w = arg;

    a->a.prot = w->prot;
    a->a.flags = (uint16_t)((a->a.flags & ~VM_AREA_EXEC_ONLY) | w->exec_only);
}

/* The first LEN bytes. */
static void change(struct vm_proc *p, struct walk *w, uint64_t len)
{
    struct range r;

    if (range_from_len(w->r.start, len, &r)) {
        vm_area_change(p, r, set_prot, w);
        populate_locked(p, r, w->prot);
    }
}

/* Answer, and change what is to be changed. */
static int settle(struct vm_proc *p, struct walk *w, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    uint64_t refused = 0;
    bool all;

    if (charged(p, w, &refused)) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MPROTECT_REFUSED, ret);
    }
    if (w->rule == LINUX_PASSED) {
        all = linux_settle(p, VM_RULE_LINUX_MPROTECT, seen, ret);
    } else if (w->foreign) {
        all = linux_settle_doubt(p, w->rule, 0, seen, ret);
    } else {
        vm_reply_fail(p, w->rule, seen, ret);
        all = false;
    }
    if (all) {
        change(p, w, range_len(w->r));
    } else if (ret->allowed && ret->rule == VM_RULE_LINUX_MPROTECT_REFUSED) {
        change(p, w, refused - w->r.start);
    } else if (ret->allowed && w->rule != LINUX_PASSED) {
        change(p, w, w->stop - w->r.start);
    }
    return 0;
}

int linux_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                   const struct vm_answer *seen, struct vm_reply *ret)
{
    struct walk w = {.rule = LINUX_PASSED};
    enum vm_rule rule;
    int err = vm_reserve(vm_of(p), 6, 0);

    if (err) {
        return err;
    }
    vm_reply_init(ret);
    prot = linux_reg(p, prot);
    rule = check_args(p, linux_reg(p, addr), linux_reg(p, len), prot, &w);
    if (rule == VM_RULE_LINUX_MPROTECT_EMPTY) {
        linux_settle(p, rule, seen, ret);
        return 0;
    }
    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    if (prot & ABI_PROT_SEM) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MPROTECT_SEM);
    }
    check_first(p, prot, &w);
    if (w.rule == LINUX_PASSED) {
        check_areas(p, &w);
        check_count(p, &w, ret);
    }
    return settle(p, &w, seen, ret);
}
