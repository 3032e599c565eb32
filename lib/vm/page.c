/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frame lies where: private pages of a process by address, in front of the object's. */
#include "vm/core.h"

#include <errno.h>
#include <string.h>

struct vm_slot *vm_slot_from(const struct vm_proc *p, uint64_t at)
{
    return vm_tree_from(&p->pages, at);
}

struct vm_slot *vm_slot_of(const struct vm_proc *p, uint64_t at)
{
    struct vm_slot *s = vm_tree_from(&p->pages, at);

    return s && s->key == at ? s : NULL;
}

int vm_slot_set(struct vm_proc *p, uint64_t at, struct vm_frame *f)
{
    struct vm_slot slot = {at, f};

    if (vm_tree_reserve(&p->vm->nodes, 1)) {
        return -ENOMEM;
    }
    vm_tree_insert(&p->pages, &slot);
    return 0;
}

/* The bytes that A shows at AT where there is no private page. */
static int shown_below(struct vm_proc *p, const struct vm_area *a, uint64_t at,
                       struct vm_frame **ret)
{
    *ret = NULL;
    return a->a.object ? vm_object_page(a->a.object, vm_area_index(p, a, at), ret) : 0;
}

int vm_page_shown(struct vm_proc *p, const struct vm_area *a, uint64_t at, struct vm_frame **ret)
{
    const struct vm_slot *s = a->a.shared ? NULL : vm_slot_of(p, at);
    int err;

    if (s) {
        *ret = s->frame;
        return 0;
    }
    err = shown_below(p, a, at, ret);
    if (!err) {
        vm_hit_fast(p->vm, !a->a.object  ? VM_RULE_MEM_ZERO_FILL
                           : a->a.shared ? VM_RULE_MEM_SHARED_LOAD
                                         : VM_RULE_MEM_PRIVATE_FOLLOWS);
    }
    return err;
}

/* The first store to a private page: a copy of what was shown. */
static int new_private(struct vm_proc *p, struct vm_area *a, uint64_t at, size_t len,
                       struct vm_frame **ret)
{
    uint64_t page = p->vm->params.page;
    struct vm_frame *shown;
    struct vm_frame *f;
    int err = shown_below(p, a, at, &shown);

    if (err) {
        return err;
    }
    f = vm_frame_new(p->vm);
    if (!f) {
        return -ENOMEM;
    }
    if (len == page) {
        shown = NULL; /* all of it will be stored to */
    } else if (shown) {
        memcpy(f->data, shown->data, page);
        f->state = shown->state;
    } else {
        memset(f->data, 0, page);
    }
    err = vm_slot_set(p, at, f);
    if (err) {
        vm_frame_put(p->vm, f);
        return err;
    }
    a->a.flags |= VM_AREA_TOUCHED;
    if (a->a.object) {
        vm_hit_fast(p->vm, VM_RULE_MEM_COPY_ON_WRITE);
    }
    *ret = f;
    return 0;
}

int vm_page_own(struct vm_proc *p, struct vm_area *a, uint64_t at, size_t len,
                struct vm_frame **ret)
{
    struct vm_slot *s;
    int err;

    if (a->a.shared) {
        vm_hit_fast(p->vm, VM_RULE_MEM_SHARED_STORE);
        return vm_object_page_own(a->a.object, vm_area_index(p, a, at), len, ret);
    }
    s = vm_slot_of(p, at);
    if (!s) {
        return new_private(p, a, at, len, ret);
    }
    if (s->frame->refs > 1) {
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_SPLIT);
    }
    err = vm_frame_own(p->vm, &s->frame, len);
    *ret = s->frame;
    return err;
}

void vm_slots_drop(struct vm_proc *p, struct range r)
{
    struct vm_slot *s;

    while ((s = vm_slot_from(p, r.start)) && s->key <= r.last) {
        vm_frame_put(p->vm, s->frame);
        vm_tree_erase(&p->pages, s->key);
    }
}

void vm_slots_move(struct vm_proc *p, struct range r, uint64_t to)
{
    struct vm_slot *s;

    while ((s = vm_slot_from(p, r.start)) && s->key <= r.last) {
        struct vm_slot moved = {s->key - r.start + to, s->frame};

        vm_tree_erase(&p->pages, s->key);
        vm_tree_insert(&p->pages, &moved);
        vm_hit_fast(p->vm, VM_RULE_MEM_MOVE);
    }
}

void vm_pages_drop(struct vm_proc *p, struct range r)
{
    struct vm_slot *s;

    while ((s = vm_slot_from(p, r.start)) && s->key <= r.last) {
        const struct vm_area *a = vm_area_find(p, s->key);

        vm_hit_fast(p->vm, a && a->a.object ? VM_RULE_MEM_DROP_FILE : VM_RULE_MEM_DROP_ANON);
        vm_frame_put(p->vm, s->frame);
        vm_tree_erase(&p->pages, s->key);
    }
}

/* Pages that another process sees too are left alone, as kernels do. */
void vm_pages_lazy(struct vm_proc *p, struct range r)
{
    for (struct vm_slot *s = vm_slot_from(p, r.start); s && s->key <= r.last;
         s = vm_tree_next(&p->pages, s)) {
        if (s->frame->refs == 1 && s->frame->state == VM_FRAME_KNOWN) {
            s->frame->state = VM_FRAME_LAZY;
            vm_hit_fast(p->vm, VM_RULE_MEM_LAZY);
        }
    }
}

bool vm_pages_any(const struct vm_proc *p, struct range r)
{
    const struct vm_slot *s = vm_slot_from(p, r.start);

    return s && s->key <= r.last;
}

static void punch_area(struct vm_proc *p, const struct vm_area *a, struct range r)
{
    struct vm_object *o = a->a.object;
    uint64_t first = vm_area_index(p, a, r.start);

    vm_object_punch(o, first, first + (range_len(r) / p->vm->params.page - 1));
}

void vm_pages_punch(struct vm_proc *p, struct range r)
{
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.object) {
            punch_area(p, a, range_cut(a->r, r));
        }
    }
}
