/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Linux personality: its table, and what its calls share. */
#include "vm/linux_int.h"

#include <signal.h>

bool linux_range(const struct vm_proc *p, uint64_t addr, uint64_t len, struct range *ret)
{
    uint64_t top = vm_p(p)->bits == 32 ? UINT32_MAX : UINT64_MAX - 1;
    uint64_t size = vm_ru(p, len);

    if (size == 0 || size - 1 > top - addr) {
        return false;
    }
    *ret = (struct range){addr, addr + (size - 1)};
    return true;
}

bool linux_settle(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    vm_reply_value(ret, 0);
    ret->rule = (uint16_t)rule;
    if (!vm_reply_settle(p, 0, seen, ret)) {
        return false;
    }
    vm_hit(vm_of(p), rule);
    return true;
}

bool linux_settle_doubt(struct vm_proc *p, enum vm_rule rule, uint64_t len,
                        const struct vm_answer *seen, struct vm_reply *ret)
{
    bool place = ret->any_place;

    if (!seen || seen->err) {
        vm_reply_fail(p, rule, seen, ret);
        ret->may_succeed = true;
        ret->any_place = place;
        return false;
    }
    vm_reply_may_fail(p, rule, ret);
    ret->may_succeed = true;
    ret->allowed = place ? vm_place_legal(p, seen->value, len) : seen->value == 0;
    ret->rule = (uint16_t)rule;
    ret->took = ret->allowed ? *seen : (struct vm_answer){.err = vm_rules[rule].err};
    return ret->allowed;
}

bool linux_first_hole(const struct vm_proc *p, struct range r, struct range *ret)
{
    const struct vm_area *a = vm_area_from(p, r.start);
    uint64_t at = r.start;

    while (a && a->r.start <= at) {
        if (a->r.last >= r.last) {
            return false;
        }
        at = a->r.last + 1;
        a = vm_area_next(p, a);
    }
    *ret = (struct range){at, a ? u64_min(a->r.start - 1, r.last) : r.last};
    return true;
}

bool linux_hole_in_doubt(const struct vm_proc *p, struct range r)
{
    struct range hole;

    while (linux_first_hole(p, r, &hole)) {
        if (range_overlaps(hole, vm_p(p)->known)) {
            return false;
        }
        if (hole.last == r.last) {
            break;
        }
        r.start = hole.last + 1;
    }
    return true;
}

/* How many areas a kernel has at least. */
static uint64_t fewest_areas(const struct vm_proc *p)
{
    const struct vm_area *a = vm_area_from(p, 0);
    uint64_t n = 0;

    while (a) {
        const struct vm_area *next = vm_area_next(p, a);

        n += !next || vm_area_joint(p, a, next) == VM_JOINT_HARD;
        a = next;
    }
    return n;
}

enum linux_room linux_room(const struct vm_proc *p, uint64_t more)
{
    uint64_t max = vm_p(p)->areas_max;

    if (max == 0 || vm_areas(p) + more <= max) {
        return LINUX_ROOM;
    }
    if (vm_p(p)->merge) {
        return LINUX_ROOM_NONE;
    }
    return fewest_areas(p) + more > max ? LINUX_ROOM_NONE : LINUX_ROOM_MAYBE;
}

enum linux_room linux_room_punch(const struct vm_proc *p, struct range r)
{
    const struct vm_area *a = vm_area_find(p, r.start);

    return a && a->r.start < r.start && a->r.last > r.last ? linux_room(p, 1) : LINUX_ROOM;
}

bool linux_likely_one(const struct vm_proc *p, const struct vm_area *a, const struct vm_area *b)
{
    enum vm_joint joint = vm_area_joint(p, a, b);

    return joint == VM_JOINT_NONE ||
           (joint == VM_JOINT_SOFT && !(a->a.flags & b->a.flags & VM_AREA_TOUCHED));
}

bool linux_any_locked(const struct vm_proc *p, struct range r)
{
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.flags & VM_AREA_LOCKED) {
            return true;
        }
    }
    return false;
}

uint64_t linux_mapped_in(const struct vm_proc *p, struct range r)
{
    uint64_t sum = 0;

    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        sum += range_len(range_cut(a->r, r));
    }
    return sum;
}

bool linux_over_limit(const struct vm_proc *p, uint64_t less, uint64_t more)
{
    uint64_t max = vm_p(p)->bytes_max;

    return max != 0 && (more > max || vm_mapped_bytes(p) - less > max - more);
}

/* Make copies of the pages of a private file map, all of R, until one lies past the end. */
static void copy_pages(struct vm_proc *p, struct range r)
{
    uint64_t page = vm_p(p)->page;

    for (uint64_t at = r.start;; at += page) {
        uint8_t byte;

        if (!vm_pages_any(p, (struct range){at, at + (page - 1)}) &&
            (vm_peek(p, at, &byte, 1) || vm_poke(p, at, &byte, 1))) {
            return;
        }
        if (r.last - at < page) {
            return;
        }
    }
}

void linux_populate(struct vm_proc *p, struct range r)
{
    uint64_t at = r.start;
    const struct vm_area *a;

    while ((a = vm_area_from(p, at)) && a->r.start <= r.last) {
        struct range cut = range_cut(a->r, r);

        if (a->a.object && !a->a.shared && (a->a.prot & ABI_PROT_WRITE) &&
            vm_object_size(a->a.object) != UINT64_MAX) {
            vm_hit(vm_of(p), VM_RULE_LINUX_POPULATE_COPIES);
            copy_pages(p, cut);
        }
        if (cut.last == r.last) {
            return;
        }
        at = cut.last + 1;
    }
}

void linux_join(struct vm_proc *p, struct range r)
{
    struct vm_area *a = vm_area_find(p, r.start);

    while (a && a->r.last < r.last) {
        vm_area_join(p, a, vm_area_next(p, a));
        a = vm_area_find(p, r.start);
    }
}

bool linux_munmap_range(const struct vm_proc *p, uint64_t addr, uint64_t len, struct range *ret)
{
    return u64_is_aligned(addr, vm_p(p)->page) && len != 0 && vm_in_task(p, addr, len) &&
           linux_range(p, addr, len, ret);
}

int linux_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
                 struct vm_reply *ret)
{
    struct range r;
    enum linux_room room;
    int err = vm_reserve(vm_of(p), 4, 0);

    if (err) {
        return err;
    }
    vm_reply_init(ret);
    if (!linux_munmap_range(p, linux_reg(p, addr), linux_reg(p, len), &r)) {
        return vm_reply_fail(p, VM_RULE_LINUX_MUNMAP_RANGE, seen, ret);
    }
    room = linux_room_punch(p, r);
    if (room == LINUX_ROOM_NONE) {
        return vm_reply_fail(p, VM_RULE_LINUX_MUNMAP_COUNT, seen, ret);
    }
    if (room == LINUX_ROOM_MAYBE) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MUNMAP_COUNT, ret);
    }
    if (linux_settle(p, VM_RULE_LINUX_MUNMAP, seen, ret)) {
        vm_area_remove(p, r);
    }
    return 0;
}

const struct vm_personality vm_linux = {
    .name = "linux",
    .grow = linux_grow,
    .may_grow = linux_may_grow,
    .may_access = linux_may_access,
    .eof_code = BUS_ADRERR,
    .guard_code = SEGV_MAPERR,
    .truncate_drops_copies = true,
    .mmap = linux_mmap,
    .munmap = linux_munmap,
    .mprotect = linux_mprotect,
    .mremap = linux_mremap,
    .msync = linux_msync,
    .madvise = linux_madvise,
    .mincore = linux_mincore,
    .place_legal = linux_place_legal,
    .attr = linux_attr,
};
