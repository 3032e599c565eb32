/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes that no rule is asked about, and bytes that nobody knows. */
#include "vm/core.h"

#include <errno.h>

/* More unknown pages than this in one call are refused: each takes a slot. */
#define UNDEFINE_PAGES_MAX ((uint64_t)1 << 20)

/* R in whole pages, with room for what is made of it. False: nothing, and no room for *ERR. */
static bool prepare(struct vm_proc *p, uint64_t addr, uint64_t len, struct range *ret, int *err)
{
    *err = 0;
    if (!range_from_len(addr, len, ret)) {
        return false;
    }
    *ret = range_widen(*ret, p->vm->params.page);
    *err = vm_reserve(p->vm, 4, 0);
    return *err == 0;
}

int vm_force_mmap(struct vm_proc *p, const struct vm_mmap_args *a)
{
    struct vm_area_attr attr = {0};
    struct range r;
    int err;

    if (!prepare(p, a->addr, a->len, &r, &err)) {
        return err;
    }
    p->vm->personality->attr(p, a, &attr);
    vm_area_remove(p, r);
    vm_area_insert(p, r, &attr);
    if (attr.object) {
        vm_object_put(attr.object);
    }
    return 0;
}

int vm_force_unmap(struct vm_proc *p, struct range r)
{
    int err = vm_reserve(p->vm, 2, 0);

    if (!err) {
        vm_area_remove(p, range_widen(r, p->vm->params.page));
    }
    return err;
}

static void set_prot(struct vm_area *a, void *arg)
{
    const int *prot = arg;

    if (a->a.kind == VM_AREA_MEMORY) {
        a->a.prot = (uint8_t)(*prot & ABI_PROT_RWX);
        a->a.max_prot |= a->a.prot;
    }
}

int vm_force_protect(struct vm_proc *p, struct range r, int prot)
{
    int err = vm_reserve(p->vm, 2, 0);

    if (!err) {
        vm_area_change(p, range_widen(r, p->vm->params.page), set_prot, &prot);
    }
    return err;
}

/* Pages that undefine would take slots for. */
static uint64_t mapped_pages(const struct vm_proc *p, struct range r)
{
    uint64_t n = 0;

    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        struct range cut = range_cut(a->r, r);
        uint64_t pages = (cut.last - cut.start) / p->vm->params.page + 1;

        n += a->a.kind == VM_AREA_MEMORY ? u64_min(pages, UNDEFINE_PAGES_MAX + 1) : 0;
    }
    return n;
}

static void undefine_private(struct vm_proc *p, const struct vm_area *a, struct range r)
{
    uint64_t page = p->vm->params.page;

    vm_slots_drop(p, r);
    for (uint64_t n = (r.last - r.start) / page + 1, at = r.start; n; n--, at += page) {
        struct vm_slot slot = {at, &p->vm->undefined};

        if (!a->a.object || !vm_object_past_eof(a->a.object, vm_area_index(p, a, at))) {
            vm_frame_get(slot.frame);
            vm_tree_insert(&p->pages, &slot);
        }
    }
}

int vm_undefine(struct vm_proc *p, struct range r)
{
    uint64_t n;

    r = range_widen(r, p->vm->params.page);
    n = mapped_pages(p, r);
    if (n > UNDEFINE_PAGES_MAX || vm_reserve(p->vm, 0, n)) {
        return -ENOMEM;
    }
    for (struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        struct range cut = range_cut(a->r, r);

        if (a->a.kind != VM_AREA_MEMORY) {
            continue;
        }
        if (a->a.shared) {
            vm_object_undefine(a->a.object, vm_area_index(p, a, cut.start),
                               vm_area_index(p, a, cut.last));
        } else {
            undefine_private(p, a, cut);
            a->a.flags |= VM_AREA_TOUCHED;
        }
    }
    return 0;
}

/* The first page of R, within A, with bytes of its own. */
static bool next_in_area(const struct vm_proc *p, const struct vm_area *a, struct range r,
                         uint64_t *at)
{
    const struct vm_slot *s = a->a.shared ? NULL : vm_slot_from(p, r.start);
    bool found = s && s->key <= r.last;
    uint64_t index;

    if (found) {
        *at = s->key;
        if (s->key == r.start) {
            return true;
        }
        r.last = s->key - 1;
    }
    if (a->a.object) {
        index = vm_area_index(p, a, r.start);
        if (vm_object_next_written(a->a.object, &index, vm_area_index(p, a, r.last))) {
            *at = r.start + (index - vm_area_index(p, a, r.start)) * p->vm->params.page;
            return true;
        }
    }
    return found;
}

bool vm_next_written(const struct vm_proc *p, struct range r, uint64_t *at)
{
    uint64_t page = p->vm->params.page;

    r.start = u64_align_down(u64_max(r.start, *at), page);
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.kind == VM_AREA_MEMORY && next_in_area(p, a, range_cut(a->r, r), at)) {
            return true;
        }
    }
    return false;
}
