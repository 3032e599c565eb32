/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes come and go: what a child inherits. All memory is reserved before the first change. */
#include "vm/core.h"

#include <errno.h>

/* Whether fork makes one memory of A, which is private here, for both sides. */
static bool becomes_shared(const struct vm_area *a)
{
    return a->a.kind == VM_AREA_MEMORY && a->a.inherit == VM_INHERIT_SHARE && !a->a.shared;
}

/* What A shows becomes an object of its own, in front of what was below it; A shows that. */
static void make_shared(struct vm_proc *p, struct vm_area *a)
{
    struct vm_object *o = vm_object_anon(p->vm);
    struct vm_slot *s;

    o->below = a->a.object; /* A's reference */
    o->below_offset = a->a.offset;
    while ((s = vm_slot_from(p, a->r.start)) && s->key <= a->r.last) {
        struct vm_slot moved = {(s->key - a->r.start) / p->vm->params.page, s->frame};

        moved.frame->written = true;
        vm_tree_erase(&p->pages, s->key);
        vm_tree_insert(&o->pages, &moved);
    }
    a->a.object = o;
    a->a.offset = 0;
    a->a.shared = true;
    a->a.books = 0; /* one that was split from it becomes an object of its own too */
    vm_hit_fast(p->vm, VM_RULE_MEM_FORK_SHARE_PRIVATE);
}

static int prepare(struct vm_proc *p)
{
    size_t objects = 0;

    for (const struct vm_area *a = vm_area_from(p, 0); a; a = vm_area_next(p, a)) {
        objects += becomes_shared(a);
    }
    if (vm_pool_reserve(&p->vm->objects, objects)) {
        return -ENOMEM;
    }
    return vm_reserve(p->vm, p->areas.n, 2 * p->pages.n + 2 * objects);
}

static void copy_slots(struct vm_proc *p, struct vm_proc *child, struct range r)
{
    for (const struct vm_slot *s = vm_slot_from(p, r.start); s && s->key <= r.last;
         s = vm_tree_next(&p->pages, s)) {
        struct vm_slot slot = {s->key, vm_frame_get(s->frame)};

        vm_tree_insert(&child->pages, &slot);
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_COPY);
    }
}

/* A of the parent P, as the child has it. */
static void inherit_memory(struct vm_proc *p, struct vm_proc *child, struct vm_area *a)
{
    struct vm_area_attr own;

    if (becomes_shared(a)) {
        make_shared(p, a);
    }
    if (a->a.inherit == VM_INHERIT_COPY && a->a.shared) {
        a->a.shared = false; /* copy on write on both sides, as FreeBSD marks both entries */
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_COPY_SHARED);
    }
    own = a->a;
    if (own.flags & VM_AREA_LOCKED) {
        own.flags &= (uint16_t)~VM_AREA_LOCKED;
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_UNLOCKS);
    }
    if (own.inherit == VM_INHERIT_ZERO) {
        own.object = NULL;
        own.offset = 0;
        own.shared = false;
        own.flags &= (uint16_t)~VM_AREA_TOUCHED;
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_ZERO);
    } else if (own.shared) {
        vm_hit_fast(p->vm, VM_RULE_MEM_FORK_SHARED);
    } else {
        copy_slots(p, child, a->r);
    }
    vm_area_append(child, a->r, &own);
}

int vm_fork(struct vm_proc *p, struct vm_proc **ret)
{
    struct vm_proc *child;

    if (prepare(p)) {
        return -ENOMEM;
    }
    child = vm_proc_new(p->vm);
    if (!child) {
        return -ENOMEM;
    }
    for (struct vm_area *a = vm_area_from(p, 0); a; a = vm_area_next(p, a)) {
        if (a->a.kind == VM_AREA_MEMORY && a->a.inherit == VM_INHERIT_NONE) {
            vm_hit_fast(p->vm, VM_RULE_MEM_FORK_NONE);
        } else if (a->a.kind == VM_AREA_MEMORY) {
            inherit_memory(p, child, a);
        } else {
            vm_area_append(child, a->r, &a->a);
        }
    }
    *ret = child;
    return 0;
}

void vm_exit(struct vm_proc *child)
{
    struct vm *vm = child->vm;

    vm_slots_drop(child, (struct range){0, UINT64_MAX});
    for (const struct vm_area *a = vm_area_from(child, 0); a; a = vm_area_next(child, a)) {
        if (a->a.object) {
            vm_object_put(a->a.object);
        }
    }
    vm_tree_clear(&child->areas);
    if (child->prev) {
        child->prev->next = child->next;
    } else {
        vm->first = child->next;
    }
    if (child->next) {
        child->next->prev = child->prev;
    }
    vm_pool_put(&vm->procs, child);
}
