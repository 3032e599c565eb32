/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FreeBSD personality (13 to 16): its table, what its calls share, and the rights rule of an
 * access. The calls are in the other freebsd_*.c, one file per family.
 */
#include "vm/freebsd_int.h"

enum {
    BUS_OBJERR_CODE = 3, /* si_code of A.11, alike on both systems */
    SEGV_ACCERR_CODE = 2,
};

bool fbsd_range_valid(const struct vm_proc *p, uint64_t addr, uint64_t len)
{
    const struct vm_params *params = vm_p(p);

    if (addr < fbsd_min(p)) {
        return false;
    }
    if (len == 0) {
        return addr - 1 <= params->last;
    }
    return addr <= params->last && len - 1 <= params->last - addr;
}

enum fbsd_end fbsd_widen(const struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t *start,
                         uint64_t *size)
{
    const struct vm_params *params = vm_p(p);
    const uint64_t top = params->bits == 32 ? UINT32_MAX : UINT64_MAX;
    uint64_t rem = addr & (params->page - 1);
    uint64_t sum;

    *start = addr - rem;
    *size = 0;
    if (!u64_add(len, rem, &sum)) {
        return FBSD_END_WRAPS;
    }
    *size = vm_ru(p, sum);
    if (*size == 0) {
        return FBSD_END_OK;
    }
    if (*size - 1 > top - *start) {
        return FBSD_END_WRAPS;
    }
    return *size - 1 == top - *start && params->last != top ? FBSD_END_TOP : FBSD_END_OK;
}

bool fbsd_refuse_wrap(struct vm_proc *p, enum fbsd_end end, enum vm_rule rule,
                      const struct vm_answer *seen, struct vm_reply *ret)
{
    if (end == FBSD_END_OK) {
        return false;
    }
    if (end == FBSD_END_TOP && seen && seen->err != vm_rules[rule].err) {
        vm_reply_may_fail(p, rule, ret);
        return false;
    }
    vm_reply_fail(p, rule, seen, ret);
    ret->may_succeed = end == FBSD_END_TOP;
    return true;
}

bool fbsd_clip(const struct vm_proc *p, uint64_t start, uint64_t size, struct range *ret)
{
    const struct range user = {fbsd_min(p), vm_p(p)->last};
    struct range r;

    if (!range_from_len(start, size, &r) || !range_overlaps(r, user)) {
        return false;
    }
    *ret = range_cut(r, user);
    return true;
}

bool fbsd_settle(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                 struct vm_reply *ret)
{
    vm_reply_value(ret, 0);
    if (!vm_reply_settle(p, 0, seen, ret)) {
        return false;
    }
    ret->rule = (uint16_t)rule;
    vm_hit(vm_of(p), rule);
    return true;
}

enum fbsd_hole fbsd_hole(const struct vm_proc *p, struct range r)
{
    const struct range known = vm_p(p)->known;
    enum fbsd_hole worst = FBSD_HOLE_NONE;
    uint64_t at = r.start;

    for (const struct vm_area *a = vm_area_from(p, at);; a = vm_area_next(p, a)) {
        if (!a || a->r.start > at) {
            struct range hole = {at, a ? u64_min(a->r.start - 1, r.last) : r.last};

            if (range_overlaps(hole, known)) {
                return FBSD_HOLE_KNOWN;
            }
            worst = FBSD_HOLE_FOREIGN;
        }
        if (!a || a->r.last >= r.last) {
            return worst;
        }
        at = a->r.last + 1;
    }
}

bool fbsd_refuse_hole(struct vm_proc *p, struct range r, enum vm_rule rule,
                      const struct vm_answer *seen, struct vm_reply *ret)
{
    enum fbsd_hole hole = fbsd_hole(p, r);

    if (hole == FBSD_HOLE_NONE) {
        return false;
    }
    if (hole == FBSD_HOLE_FOREIGN && seen && seen->err == 0) {
        vm_reply_may_fail(p, rule, ret);
        return false;
    }
    vm_reply_fail(p, rule, seen, ret);
    ret->may_succeed = hole == FBSD_HOLE_FOREIGN;
    return true;
}

/*
 * The strict rule of A.11. A write-only page that a store made present is in the page table, where
 * the processor knows no write without read: only then a read of it passes. There is no set of
 * answers for accesses, and two things are left out: a change of rights takes such a page out of
 * the table again until the next store, and a store to shared memory is not seen here.
 */
static bool fbsd_may_access(struct vm_proc *p, const struct vm_area *a, uint64_t at, bool write)
{
    const struct range page = {vm_rd(p, at), vm_rd(p, at) + (vm_p(p)->page - 1)};

    if (write) {
        return (a->a.prot & ABI_PROT_WRITE) != 0;
    }
    if (a->a.prot & ABI_PROT_READ) {
        return true;
    }
    if ((a->a.prot & ABI_PROT_WRITE) && vm_pages_any(p, page)) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_READ_PRESENT);
        return true;
    }
    if (a->a.prot) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_READ_STRICT);
    }
    return false;
}

static int fbsd_mremap(struct vm_proc *p, const struct vm_mremap_args *a,
                       const struct vm_answer *seen, struct vm_reply *ret)
{
    (void)a;
    vm_reply_init(ret);
    return vm_reply_fail(p, VM_RULE_FREEBSD_MREMAP, seen, ret);
}

const struct vm_personality vm_freebsd = {
    .name = "freebsd",
    .grow = fbsd_stack_grow,
    .may_grow = fbsd_stack_may_grow,
    .may_access = fbsd_may_access,
    .eof_code = BUS_OBJERR_CODE,
    .guard_code = SEGV_ACCERR_CODE,
    .truncate_drops_copies = false,
    .mmap = fbsd_mmap,
    .munmap = fbsd_munmap,
    .mprotect = fbsd_mprotect,
    .mremap = fbsd_mremap,
    .msync = fbsd_msync,
    .madvise = fbsd_madvise,
    .mincore = fbsd_mincore,
    .minherit = fbsd_minherit,
    .place_legal = fbsd_place_legal,
    .attr = fbsd_attr,
};
