/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap of Linux, the doing: growth in place, moves, and moves of several areas (C.6). */
#include "vm/linux_mremap.h"

/* What the page at AT has, as of that page. */
static struct vm_area_attr attr_at(const struct vm_proc *p, uint64_t at)
{
    const struct vm_area *a = vm_area_find(p, at);
    struct vm_area_attr ret = a->a;

    if (ret.object) {
        ret.offset += at - a->r.start;
    }
    ret.books = 0;
    return ret;
}

void linux_remap_extend(struct vm_proc *p, uint64_t addr, uint64_t old_len, uint64_t more)
{
    uint64_t page = vm_p(p)->page;
    uint64_t behind = addr + old_len;
    struct vm_area_attr attr = attr_at(p, behind - page);

    if (attr.object) {
        attr.offset += page;
    }
    vm_area_insert(p, (struct range){behind, behind + (more - 1)}, &attr);
    linux_join(p, (struct range){behind - page, behind});
    if (attr.flags & VM_AREA_LOCKED) {
        linux_populate(p, (struct range){behind, behind + (more - 1)});
    }
}

static void unlock(struct vm_area *a, void *arg)
{
    (void)arg;
    a->a.flags &= (uint16_t)~VM_AREA_LOCKED;
}

uint64_t linux_remap_last(const struct vm_proc *p, const struct vm_area *a, uint64_t last,
                          bool soft)
{
    const struct vm_area *next;

    while (a->r.last < last && (next = vm_area_next(p, a))) {
        enum vm_joint joint = vm_area_joint(p, a, next);

        if (joint == VM_JOINT_HARD || (joint == VM_JOINT_SOFT && !soft)) {
            break;
        }
        a = next;
    }
    return a->r.last;
}

/* All that is one area with the page at AT: for certain, or likely so. */
static struct range whole_area(const struct vm_proc *p, uint64_t at, bool likely)
{
    const struct vm_area *lo = vm_area_find(p, at);
    const struct vm_area *hi = lo;
    const struct vm_area *other;

    while (
        (other = vm_area_prev(p, lo)) &&
        (likely ? linux_likely_one(p, other, lo) : vm_area_joint(p, other, lo) == VM_JOINT_NONE)) {
        lo = other;
    }
    while (
        (other = vm_area_next(p, hi)) &&
        (likely ? linux_likely_one(p, hi, other) : vm_area_joint(p, hi, other) == VM_JOINT_NONE)) {
        hi = other;
    }
    return (struct range){lo->r.start, hi->r.last};
}

/* R, which was moved to DEST, is there again, empty: its attributes as they are at DEST. */
static void leave_behind(struct vm_proc *p, struct range r, uint64_t dest)
{
    uint64_t at = r.start;

    for (;;) {
        uint64_t there = at - r.start + dest;
        uint64_t last = u64_min(vm_area_find(p, there)->r.last - there, r.last - at) + at;
        struct vm_area_attr attr = attr_at(p, there);

        attr.flags &= (uint16_t)~VM_AREA_TOUCHED;
        vm_area_insert(p, (struct range){at, last}, &attr);
        if (last == r.last) {
            return;
        }
        at = last + 1;
    }
}

/* A copy that lies beside what it was copied from: the kernel made them one (measured). */
static bool grew_together(const struct vm_area *copy)
{
    return !(copy->a.flags & VM_AREA_TOUCHED) && !(copy->a.prot & ABI_PROT_WRITE) &&
           !copy->a.object;
}

/* What of WHOLE, and of the copy at DEST where it touches that, is one area and loses its lock. */
static struct range unlocked(const struct vm_proc *p, struct range whole, struct range dest)
{
    const struct vm_area *below = vm_area_find(p, dest.last);
    const struct vm_area *above = vm_area_find(p, dest.start);

    if (dest.last + 1 == whole.start && grew_together(below)) {
        whole.start = u64_max(below->r.start, dest.start);
    }
    if (whole.last + 1 == dest.start && grew_together(above)) {
        whole.last = u64_min(above->r.last, dest.last);
    }
    return whole;
}

/* DONTUNMAP of R: nothing is split, and what stays is locked no more, to the ends of its area. */
static void move_pages(struct vm_proc *p, struct range r, uint64_t dest)
{
    struct range lo = whole_area(p, r.start, false);
    struct range hi = whole_area(p, r.last, false);
    struct range whole = {whole_area(p, r.start, true).start, whole_area(p, r.last, true).last};
    bool locked = linux_any_locked(p, r);

    vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_DONTUNMAP);
    vm_area_move(p, r.start, range_len(r), dest);
    leave_behind(p, r, dest);
    if (locked) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_DONTUNMAP_UNLOCKS);
        whole = unlocked(p, whole, (struct range){dest, dest + (range_len(r) - 1)});
        vm_area_change(p, whole, unlock, NULL);
    }
    linux_join(p, lo);
    linux_join(p, hi);
}

void linux_remap_move(struct vm_proc *p, const struct linux_remap *m, uint64_t dest)
{
    struct vm_area_attr attr;

    if (m->old_len == 0) {
        attr = attr_at(p, m->addr);
        vm_area_insert(p, (struct range){dest, dest + (m->new_len - 1)}, &attr);
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_DUP);
    } else if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP)) {
        move_pages(p, (struct range){m->addr, m->addr + (m->old_len - 1)}, dest);
    } else {
        vm_area_move(p, m->addr, m->old_len, dest);
        if (m->new_len > m->old_len) {
            linux_remap_extend(p, dest, m->old_len, m->new_len - m->old_len);
        }
    }
}

/* What stops a move of several areas: RULE at STOP, in the old range. LOST: the destination's. */
struct several {
    enum vm_rule rule;
    uint64_t stop;
    uint64_t lost; /* bytes of the destination of what stops it, unmapped all the same */
};

/* The next run of mapped pages in R from R.start on, holes left out; false if there is none. */
static bool next_run(const struct vm_proc *p, struct range r, struct range *ret)
{
    const struct vm_area *a = vm_area_from(p, r.start);
    struct range hole;

    if (!a || a->r.start > r.last) {
        return false;
    }
    *ret = (struct range){u64_max(a->r.start, r.start), r.last};
    if (linux_first_hole(p, *ret, &hole)) {
        ret->last = hole.start - 1;
    }
    return true;
}

/* Devices place their own maps, which never move together with others. */
static bool device(const struct vm_area *a)
{
    return a->a.object && !a->a.shared && vm_object_is_file(a->a.object) &&
           vm_object_size(a->a.object) == UINT64_MAX;
}

static void check_devices(const struct vm_proc *p, struct range r, struct several *s)
{
    for (const struct vm_area *a = vm_area_find(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (device(a) && (a->r.start > r.start || a->r.last < r.last)) {
            s->rule = VM_RULE_LINUX_MREMAP_CROSS;
            s->stop = u64_max(a->r.start, r.start);
            return;
        }
    }
}

/* RLIMIT_AS, as each run that stays behind adds to it. */
static void check_limit(const struct vm_proc *p, struct range r, uint64_t to, struct several *s)
{
    uint64_t less = 0;
    uint64_t more = 0;
    struct range rest = r;
    struct range run;

    while (vm_p(p)->bytes_max && next_run(p, rest, &run) &&
           (s->rule == LINUX_PASSED || run.start < s->stop)) {
        struct range dest = {run.start - r.start + to, run.last - r.start + to};

        less += linux_mapped_in(p, dest);
        if (more + range_len(run) >= less && linux_over_limit(p, 0, more + range_len(run) - less)) {
            s->rule = VM_RULE_LINUX_MREMAP_LIMIT;
            s->stop = run.start;
            s->lost = range_len(run);
            return;
        }
        more += range_len(run);
        if (run.last == r.last) {
            return;
        }
        rest.start = run.last + 1;
    }
}

static void move_runs(struct vm_proc *p, const struct linux_remap *m, struct range r)
{
    struct range rest = r;
    struct range run;

    while (next_run(p, rest, &run)) {
        uint64_t to = run.start - m->addr + m->new_addr;
        struct linux_remap one = *m;

        if (run.start > rest.start) {
            struct range gap = {rest.start - m->addr + m->new_addr, to - 1};

            vm_hit(vm_of(p), vm_area_none(p, gap) ? VM_RULE_LINUX_MREMAP_SEVERAL
                                                  : VM_RULE_LINUX_MREMAP_HOLE_KEPT);
        }
        one.addr = run.start;
        one.old_len = one.new_len = range_len(run);
        vm_area_remove(p, (struct range){to, to + (one.new_len - 1)});
        linux_remap_move(p, &one, to);
        if (run.last == r.last) {
            return;
        }
        rest.start = run.last + 1;
    }
}

int linux_remap_several(struct vm_proc *p, const struct linux_remap *m,
                        const struct vm_answer *seen, struct vm_reply *ret)
{
    struct range r = {m->addr, m->addr + (m->old_len - 1)};
    struct several s = {.rule = LINUX_PASSED};
    const struct vm_area *first = vm_area_find(p, m->addr);

    /* Where its register wraps, the range ends below its start: the kernel finds nothing in it. */
    if (!first || (vm_p(p)->bits == 32 && r.last > UINT32_MAX)) {
        return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_UNMAPPED, seen, ret);
    }
    check_devices(p, r, &s);
    if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP)) {
        check_limit(p, r, m->new_addr, &s);
        if (vm_p(p)->may_refuse) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_REFUSED, ret);
        }
    }
    if (m->new_addr < linux_lowest(p) && (s.rule == LINUX_PASSED || s.stop > r.start)) {
        s.rule = VM_RULE_LINUX_MREMAP_MIN_ADDR;
        s.stop = r.start;
        s.lost = u64_min(linux_remap_last(p, first, r.last, true), r.last) - r.start + 1;
    }
    if (s.rule == LINUX_PASSED) {
        vm_reply_value(ret, m->new_addr);
        ret->rule = VM_RULE_LINUX_MREMAP_FIXED;
        if (vm_reply_settle(p, m->new_len, seen, ret)) {
            vm_hit(vm_of(p), vm_area_count(p, r) > 1 ? VM_RULE_LINUX_MREMAP_SEVERAL
                                                     : VM_RULE_LINUX_MREMAP_FIXED);
            move_runs(p, m, r);
        }
        return 0;
    }
    vm_reply_fail(p, s.rule, seen, ret);
    if (ret->allowed && s.stop > r.start) {
        move_runs(p, m, (struct range){r.start, s.stop - 1});
    }
    if (ret->allowed && s.lost) {
        uint64_t to = s.stop - m->addr + m->new_addr;

        vm_area_remove(p, (struct range){to, to + (s.lost - 1)});
    }
    return 0;
}
