/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msync of Linux (C.7). What is stored is in the file at once here; only the answers remain. */
#include "vm/linux_int.h"

enum { FLAGS_KNOWN = ABI_MS_ASYNC | ABI_MS_INVALIDATE | ABI_MS_SYNC };
_Static_assert(ABI_MS_ASYNC == 1 && ABI_MS_INVALIDATE == 2 && ABI_MS_SYNC == 4,
               "neutral numbers are Linux's");

/* LINUX_PASSED with the range in *RET; VM_RULE_LINUX_MSYNC_EMPTY is a success. */
static enum vm_rule check_args(const struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
                               struct range *ret)
{
    if (flags & ~(uint32_t)FLAGS_KNOWN) {
        return VM_RULE_LINUX_MSYNC_FLAGS;
    }
    if (!u64_is_aligned(addr, vm_p(p)->page)) {
        return VM_RULE_LINUX_MSYNC_UNALIGNED;
    }
    if ((flags & ABI_MS_ASYNC) && (flags & ABI_MS_SYNC)) {
        return VM_RULE_LINUX_MSYNC_BOTH;
    }
    if (vm_ru(p, len) == 0) {
        return VM_RULE_LINUX_MSYNC_EMPTY;
    }
    return linux_range(p, addr, len, ret) ? LINUX_PASSED : VM_RULE_LINUX_MSYNC_WRAP;
}

int linux_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
                const struct vm_answer *seen, struct vm_reply *ret)
{
    struct range r;
    struct range hole;
    enum vm_rule rule = check_args(p, linux_reg(p, addr), linux_reg(p, len), flags, &r);

    vm_reply_init(ret);
    if (rule == VM_RULE_LINUX_MSYNC_EMPTY) {
        linux_settle(p, rule, seen, ret);
        return 0;
    }
    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    if ((flags & ABI_MS_INVALIDATE) && linux_any_locked(p, r)) {
        return vm_reply_fail(p, VM_RULE_LINUX_MSYNC_LOCKED, seen, ret);
    }
    if (!linux_first_hole(p, r, &hole)) {
        linux_settle(p, VM_RULE_LINUX_MSYNC, seen, ret);
    } else if (linux_hole_in_doubt(p, r)) {
        linux_settle_doubt(p, VM_RULE_LINUX_MSYNC_HOLE, 0, seen, ret);
    } else {
        vm_reply_fail(p, VM_RULE_LINUX_MSYNC_HOLE, seen, ret);
    }
    return 0;
}
