/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FreeBSD's mprotect (A.7) and minherit (A.10): what entries say of a range is changed. */
#include "vm/freebsd_int.h"

struct rights {
    struct vm_proc *p;
    uint8_t prot, max_prot;
    bool set_max;
    bool gaps; /* a stack's gap has rights of its own */
};

/* Whether A has rights that mprotect looks at; gaps remember what growth gives. */
static bool has_rights(const struct rights *want, const struct vm_area *a)
{
    return a->a.kind == VM_AREA_MEMORY || (a->a.kind == VM_AREA_GAP && want->gaps);
}

static bool beyond_max(const struct rights *want, const struct vm_area *a)
{
    uint8_t max = a->a.kind == VM_AREA_GAP ? a->a.gap_max : a->a.max_prot;
    uint8_t asked = want->set_max ? want->prot | want->max_prot : want->prot;

    return has_rights(want, a) && (asked & ~max) != 0;
}

static void set_rights(struct vm_area *a, void *arg)
{
    const struct rights *want = arg;
    struct vm *vm = vm_of(want->p);
    bool gap = a->a.kind == VM_AREA_GAP;

    if (!has_rights(want, a)) {
        vm_hit(vm, VM_RULE_FREEBSD_MPROTECT_GUARD);
        return;
    }
    if (gap) {
        vm_hit(vm, VM_RULE_FREEBSD_MPROTECT_GAP);
        a->a.gap_prot = want->prot;
    } else {
        a->a.prot = want->prot;
    }
    if (want->set_max) {
        vm_hit(vm, VM_RULE_FREEBSD_MPROTECT_SET_MAX);
        *(gap ? &a->a.gap_max : &a->a.max_prot) = want->max_prot;
    }
}

/* Releases before 14 set the maximum in a pass of its own, which no program can tell. */
static int protect_range(struct vm_proc *p, struct range r, struct rights *want,
                         const struct vm_answer *seen, struct vm_reply *ret)
{
    int rc;

    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (beyond_max(want, a)) {
            return vm_reply_fail(p, VM_RULE_FREEBSD_MPROTECT_MAX, seen, ret);
        }
    }
    rc = vm_reserve(vm_of(p), 2, 0);
    if (rc == 0 && fbsd_settle(p, VM_RULE_FREEBSD_MPROTECT, seen, ret)) {
        vm_area_change(p, r, set_rights, want);
    }
    return rc;
}

int fbsd_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                  const struct vm_answer *seen, struct vm_reply *ret)
{
    const unsigned release = vm_p(p)->release;
    struct rights want = {
        .p = p,
        .prot = prot & ABI_PROT_RWX,
        .max_prot = prot >> ABI_PROT_MAX_SHIFT & ABI_PROT_RWX,
        .gaps = release == 0 || release >= FBSD_RELEASE_GAP_RIGHTS,
    };
    uint64_t start, size;
    enum fbsd_end end = fbsd_widen(p, fbsd_reg(p, addr), fbsd_reg(p, len), &start, &size);
    struct range r;

    vm_reply_init(ret);
    if ((uint32_t)prot & ~(uint32_t)FBSD_PROT_KNOWN) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MPROTECT_PROT, seen, ret);
    }
    if (fbsd_refuse_wrap(p, end, VM_RULE_FREEBSD_MPROTECT_WRAP, seen, ret)) {
        return 0;
    }
    want.set_max = want.max_prot != 0;
    if (want.set_max && (want.prot & ~want.max_prot)) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MPROTECT_PROT_MAX, seen, ret);
    }
    if (size == 0 || !fbsd_clip(p, start, size, &r)) {
        fbsd_settle(p, VM_RULE_FREEBSD_MPROTECT_NOTHING, seen, ret);
        return 0;
    }
    return protect_range(p, r, &want, seen, ret);
}

struct inheritance {
    struct vm_proc *p;
    uint8_t value; /* enum vm_inherit, numbered as INHERIT_* is */
};

static void set_inheritance(struct vm_area *a, void *arg)
{
    const struct inheritance *want = arg;

    if (a->a.kind != VM_AREA_MEMORY) {
        vm_hit(vm_of(want->p), VM_RULE_FREEBSD_MINHERIT_GUARD);
        return;
    }
    a->a.inherit = want->value;
}

int fbsd_minherit(struct vm_proc *p, uint64_t addr, uint64_t len, int inherit,
                  const struct vm_answer *seen, struct vm_reply *ret)
{
    struct inheritance want = {p, (uint8_t)inherit};
    uint64_t start, size;
    enum fbsd_end end = fbsd_widen(p, fbsd_reg(p, addr), fbsd_reg(p, len), &start, &size);
    struct range r;
    int rc;

    vm_reply_init(ret);
    if (fbsd_refuse_wrap(p, end, VM_RULE_FREEBSD_MINHERIT_WRAP, seen, ret)) {
        return 0;
    }
    if (inherit < VM_INHERIT_SHARE || inherit > VM_INHERIT_ZERO) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MINHERIT_VALUE, seen, ret);
    }
    rc = vm_reserve(vm_of(p), 2, 0);
    if (rc == 0 && fbsd_settle(p, VM_RULE_FREEBSD_MINHERIT, seen, ret) && size != 0 &&
        fbsd_clip(p, start, size, &r)) {
        vm_area_change(p, r, set_inheritance, &want);
    }
    return rc;
}
