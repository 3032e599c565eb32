/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mincore of Linux (C.8): bytes are stored area by area, so a hole is noticed after what lies
 * before it, and a bad vector only where there is a byte to store.
 */
#include "vm/linux_int.h"

/* Pages of R that are looked at: up to the first hole or the end. Memory of an object is there. */
static void store(struct vm_proc *p, struct range r, uint8_t *vec)
{
    uint64_t page = vm_p(p)->page;

    for (uint64_t at = r.start;; at += page) {
        const struct vm_area *a = vm_area_find(p, at);

        *vec++ = a->a.object || vm_pages_any(p, (struct range){at, at + (page - 1)});
        if (r.last - at < page) {
            return;
        }
    }
}

int linux_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
                  const struct vm_answer *seen, struct vm_reply *ret)
{
    struct range r;
    struct range hole;
    bool short_range;

    vm_reply_init(ret);
    addr = linux_reg(p, addr);
    len = linux_reg(p, len);
    if (!u64_is_aligned(addr, vm_p(p)->page)) {
        return vm_reply_fail(p, VM_RULE_LINUX_MINCORE_UNALIGNED, seen, ret);
    }
    if (len != 0 && (!vm_in_task(p, addr, len) || !linux_range(p, addr, len, &r))) {
        return vm_reply_fail(p, VM_RULE_LINUX_MINCORE_RANGE, seen, ret);
    }
    if (len == 0) {
        linux_settle(p, VM_RULE_LINUX_MINCORE, seen, ret);
        return 0;
    }
    short_range = linux_first_hole(p, r, &hole);
    if (!vec && (!short_range || hole.start > r.start)) {
        return vm_reply_fail(p, VM_RULE_LINUX_MINCORE_VEC, seen, ret);
    }
    if (short_range && linux_hole_in_doubt(p, r)) {
        linux_settle_doubt(p, VM_RULE_LINUX_MINCORE_HOLE, 0, seen, ret);
    } else if (short_range) {
        vm_reply_fail(p, VM_RULE_LINUX_MINCORE_HOLE, seen, ret);
    } else {
        linux_settle(p, VM_RULE_LINUX_MINCORE, seen, ret);
    }
    if (short_range && hole.start == r.start) {
        return 0;
    }
    if (ret->allowed) {
        store(p, (struct range){r.start, short_range ? hole.start - 1 : r.last}, vec);
    }
    return 0;
}
