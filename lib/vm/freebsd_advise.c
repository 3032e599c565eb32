/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FreeBSD's madvise (A.9). Advice never takes contents away, MADV_FREE apart; some of it is
 * remembered by entries, which splits them.
 */
#include "vm/freebsd_int.h"

enum { MADV_PROTECT = 10 };

struct advice {
    uint16_t set, clear; /* enum vm_area_flag */
};

/* What entries remember; both 0: nothing. */
static struct advice remembered(uint32_t advice)
{
    const uint16_t order = VM_AREA_RANDOM | VM_AREA_SEQUENTIAL;

    switch (advice) {
    case FREEBSD_MADV_NORMAL:
        return (struct advice){0, order};
    case FREEBSD_MADV_RANDOM:
        return (struct advice){VM_AREA_RANDOM, VM_AREA_SEQUENTIAL};
    case FREEBSD_MADV_SEQUENTIAL:
        return (struct advice){VM_AREA_SEQUENTIAL, VM_AREA_RANDOM};
    case FREEBSD_MADV_NOSYNC:
        return (struct advice){VM_AREA_NOSYNC, 0};
    case FREEBSD_MADV_AUTOSYNC:
        return (struct advice){0, VM_AREA_NOSYNC};
    case FREEBSD_MADV_NOCORE:
        return (struct advice){VM_AREA_NOCORE, 0};
    case FREEBSD_MADV_CORE:
        return (struct advice){0, VM_AREA_NOCORE};
    default:
        return (struct advice){0, 0};
    }
}

static void remember(struct vm_area *a, void *arg)
{
    const struct advice *what = arg;

    if (a->a.kind == VM_AREA_MEMORY) {
        a->a.flags = (uint16_t)((a->a.flags & ~what->clear) | what->set);
    }
}

/* Files, shared and forked memory keep their bytes; which pages were forked, the pages know. */
static void free_pages(struct vm_proc *p, struct range r)
{
    vm_hit(vm_of(p), VM_RULE_FREEBSD_MADVISE_FREE);
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.kind == VM_AREA_MEMORY && !a->a.object) {
            vm_pages_lazy(p, range_cut(a->r, r));
        }
    }
}

static void advise(struct vm_proc *p, struct range r, uint32_t advice)
{
    struct advice what = remembered(advice);

    if (what.set || what.clear) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MADVISE_FLAGS);
        vm_area_change(p, r, remember, &what);
    } else if (advice == FREEBSD_MADV_FREE) {
        free_pages(p, r);
    } else if (advice == FREEBSD_MADV_DONTNEED) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MADVISE_KEEPS);
    }
}

int fbsd_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
                 const struct vm_answer *seen, struct vm_reply *ret)
{
    uint64_t start, limit;
    int rc;

    vm_reply_init(ret);
    addr = fbsd_reg(p, addr);
    len = fbsd_reg(p, len);
    start = vm_rd(p, addr);
    limit = u64_align_up_wrap(addr + len, vm_p(p)->page);
    if (advice == MADV_PROTECT && !vm_p(p)->privileged) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MADVISE_PROTECT, seen, ret);
    }
    if (advice != MADV_PROTECT && !fbsd_range_valid(p, addr, len)) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MADVISE_RANGE, seen, ret);
    }
    if (advice > MADV_PROTECT) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MADVISE_ADVICE, seen, ret);
    }
    rc = vm_reserve(vm_of(p), 2, 0);
    if (rc == 0 && fbsd_settle(p, VM_RULE_FREEBSD_MADVISE, seen, ret) && limit != start &&
        advice != MADV_PROTECT) {
        advise(p, (struct range){start, limit - 1}, advice);
    }
    return rc;
}
