/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FreeBSD's munmap (A.6), msync (A.8) and mincore (A.10). */
#include "vm/freebsd_int.h"

enum {
    MINCORE_TOUCHED = 1 | 2, /* MINCORE_INCORE, MINCORE_REFERENCED */
};

/*
 * The range is checked as the sum of address and length, so that a length within the last page of a
 * register's range, which rounds to 0, passes and does nothing where it is 64 bits wide. A 32-bit
 * length does not round to 0 in the kernel's 64 bits: its range leaves user space.
 */
int fbsd_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
                struct vm_reply *ret)
{
    const uint64_t page = vm_p(p)->page;
    uint64_t start = vm_rd(p, fbsd_reg(p, addr));
    uint64_t size;
    int rc;

    vm_reply_init(ret);
    len = fbsd_reg(p, len);
    if (len == 0) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MUNMAP_LEN_ZERO, seen, ret);
    }
    if (!u64_add(len, fbsd_reg(p, addr) - start, &size) ||
        !fbsd_range_valid(p, start, u64_align_up_wrap(size, page))) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MUNMAP_RANGE, seen, ret);
    }
    size = u64_align_up_wrap(size, page);
    rc = vm_reserve(vm_of(p), 2, 0);
    if (rc < 0) {
        return rc;
    }
    if (size == 0) {
        fbsd_settle(p, VM_RULE_FREEBSD_MUNMAP_NOTHING, seen, ret);
    } else if (fbsd_settle(p, VM_RULE_FREEBSD_MUNMAP, seen, ret)) {
        vm_area_remove(p, (struct range){start, start + (size - 1)});
    }
    return 0;
}

/* The range of a length of 0: to the end of the entry that holds START. */
static struct range entry_from(const struct vm_proc *p, uint64_t start)
{
    const struct vm_area *a = vm_area_find(p, start);

    return (struct range){start, a ? a->r.last : start};
}

static bool any_locked(const struct vm_proc *p, struct range r)
{
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.flags & VM_AREA_LOCKED) {
            return true;
        }
    }
    return false;
}

/*
 * Nothing is written here: what maps an object sees its one set of pages. The kernel meets wired
 * entries and holes in the order of addresses; where both are there either answer is allowed.
 */
int fbsd_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
               const struct vm_answer *seen, struct vm_reply *ret)
{
    const uint32_t both = ABI_MS_ASYNC | ABI_MS_INVALIDATE; /* numbered alike on both systems */
    uint64_t start, size;
    enum fbsd_end end = fbsd_widen(p, fbsd_reg(p, addr), fbsd_reg(p, len), &start, &size);
    struct range r;

    vm_reply_init(ret);
    if (fbsd_refuse_wrap(p, end, VM_RULE_FREEBSD_MSYNC_WRAP, seen, ret)) {
        return 0;
    }
    if ((flags & both) == both) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MSYNC_FLAGS, seen, ret);
    }
    r = (struct range){start, start};
    if (fbsd_refuse_hole(p, r, VM_RULE_FREEBSD_MSYNC_UNMAPPED, seen, ret)) {
        return 0;
    }
    if (size == 0) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MSYNC_ENTRY);
        r = entry_from(p, start);
    } else {
        r.last = start + (size - 1);
    }
    if ((flags & ABI_MS_INVALIDATE) && any_locked(p, r)) {
        if (fbsd_hole(p, r) != FBSD_HOLE_NONE) {
            vm_reply_may_fail(p, VM_RULE_FREEBSD_MSYNC_HOLE, ret);
        }
        return vm_reply_fail(p, VM_RULE_FREEBSD_MSYNC_LOCKED, seen, ret);
    }
    if (!fbsd_refuse_hole(p, r, VM_RULE_FREEBSD_MSYNC_HOLE, seen, ret)) {
        fbsd_settle(p, VM_RULE_FREEBSD_MSYNC, seen, ret);
    }
    return 0;
}

static void fill_vec(struct vm_proc *p, struct range r, uint8_t *vec)
{
    const uint64_t page = vm_p(p)->page;

    for (uint64_t at = r.start;; at += page) {
        *vec++ = vm_pages_any(p, (struct range){at, at + (page - 1)}) ? MINCORE_TOUCHED : 0;
        if (r.last - at < page) {
            return;
        }
    }
}

/*
 * Only pages in this process's page table count (vm.mincore_mapped): private ones that were stored
 * to. What else a load has made present nobody records.
 */
int fbsd_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
                 const struct vm_answer *seen, struct vm_reply *ret)
{
    const uint64_t page = vm_p(p)->page;
    uint64_t start = vm_rd(p, fbsd_reg(p, addr));
    uint64_t limit;
    struct range r;

    vm_reply_init(ret);
    if (!u64_add(fbsd_reg(p, addr), fbsd_reg(p, len), &limit)) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MINCORE_RANGE, seen, ret);
    }
    limit = u64_align_up_wrap(limit, page);
    if (limit == 0 || limit < start || limit - 1 > vm_p(p)->last) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MINCORE_RANGE, seen, ret);
    }
    r = (struct range){start, limit > start ? limit - 1 : start};
    if (fbsd_refuse_hole(p, r, VM_RULE_FREEBSD_MINCORE_HOLE, seen, ret)) {
        return 0;
    }
    if (limit > start && !vec) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MINCORE_VEC, seen, ret);
    }
    if (fbsd_settle(p, VM_RULE_FREEBSD_MINCORE, seen, ret) && limit > start) {
        fill_vec(p, r, vec);
    }
    return 0;
}
