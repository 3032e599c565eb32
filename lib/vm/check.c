/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of a machine against each other: order, counts, references. Slow, for tests. */
#include "vm/core.h"

/* Call EACH for what the areas of all processes and the descriptors hold. */
static void each_holder(struct vm *vm, void (*each)(struct vm_object *o))
{
    for (const struct vm_proc *p = vm->first; p; p = p->next) {
        for (const struct vm_area *a = vm_area_from(p, 0); a; a = vm_area_next(p, a)) {
            if (a->a.object) {
                each(a->a.object);
            }
        }
    }
    for (size_t i = 0; i < vm->files.n; i++) {
        each(vm->files.v[i].object);
    }
}

static void forget_slots(const struct vm_tree *t)
{
    for (const struct vm_slot *s = vm_tree_from(t, 0); s; s = vm_tree_next(t, s)) {
        s->frame->seen = 0;
    }
}

static void count_slots(const struct vm_tree *t)
{
    for (const struct vm_slot *s = vm_tree_from(t, 0); s; s = vm_tree_next(t, s)) {
        s->frame->seen++;
    }
}

static void forget(struct vm_object *o)
{
    for (; o; o = o->below) {
        o->seen = 0;
        forget_slots(&o->pages);
    }
}

static void count(struct vm_object *o)
{
    while (o && o->seen++ == 0) {
        count_slots(&o->pages);
        o = o->below;
    }
}

/* Frames whose references are what was counted; each is told once. */
static const char *check_slots(const struct vm_tree *t, size_t *frames)
{
    for (const struct vm_slot *s = vm_tree_from(t, 0); s; s = vm_tree_next(t, s)) {
        const struct vm_frame *f = s->frame;

        if (f->seen == UINT32_MAX) {
            continue;
        }
        if (f->refs != f->seen) {
            return "the references of a frame were miscounted";
        }
        s->frame->seen = UINT32_MAX;
        ++*frames;
    }
    return vm_tree_check(t);
}

static const char *check_object(struct vm_object *o, size_t *frames)
{
    const char *bad = NULL;

    for (; !bad && o && o->seen != UINT32_MAX; o = o->below) {
        if (o->refs != o->seen) {
            return "the references of an object were miscounted";
        }
        o->seen = UINT32_MAX;
        bad = check_slots(&o->pages, frames);
    }
    return bad;
}

static const char *check_area(const struct vm_proc *p, const struct vm_area *a)
{
    uint64_t page = p->vm->params.page;

    if (!u64_is_aligned(a->r.start, page) || !u64_is_aligned(a->r.last + 1, page)) {
        return "an area is not of whole pages";
    }
    if (a->a.shared && !a->a.object) {
        return "a shared area has no object";
    }
    if (a->a.object && !u64_is_aligned(a->a.offset, page)) {
        return "an offset is not of whole pages";
    }
    return NULL;
}

static const char *check_proc(const struct vm_proc *p)
{
    const char *bad = vm_tree_check(&p->areas);
    uint64_t bytes = 0;

    for (const struct vm_area *a = vm_area_from(p, 0); !bad && a; a = vm_area_next(p, a)) {
        bad = check_area(p, a);
        bytes += a->a.kind == VM_AREA_MEMORY ? range_len(a->r) : 0;
    }
    if (!bad && bytes != p->bytes) {
        bad = "mapped bytes were miscounted";
    }
    for (const struct vm_slot *s = vm_slot_from(p, 0); !bad && s; s = vm_tree_next(&p->pages, s)) {
        const struct vm_area *a = vm_area_find(p, s->key);

        if (!a || a->a.kind != VM_AREA_MEMORY || a->a.shared) {
            bad = "a private page lies in no private area";
        }
    }
    return bad;
}

static const char *check_references(struct vm *vm)
{
    size_t frames = 0;
    const char *bad = NULL;

    each_holder(vm, forget);
    for (const struct vm_proc *p = vm->first; p; p = p->next) {
        forget_slots(&p->pages);
    }
    vm->zero.seen = 1; /* the machine's own references */
    vm->undefined.seen = 1;
    each_holder(vm, count);
    for (const struct vm_proc *p = vm->first; p; p = p->next) {
        count_slots(&p->pages);
    }
    frames -= vm->zero.seen > 1; /* of no pool */
    frames -= vm->undefined.seen > 1;
    for (const struct vm_proc *p = vm->first; !bad && p; p = p->next) {
        bad = check_slots(&p->pages, &frames);
        for (const struct vm_area *a = vm_area_from(p, 0); !bad && a; a = vm_area_next(p, a)) {
            bad = a->a.object ? check_object(a->a.object, &frames) : NULL;
        }
    }
    for (size_t i = 0; !bad && i < vm->files.n; i++) {
        bad = check_object(vm->files.v[i].object, &frames);
    }
    return bad || frames == vm->frames.live ? bad : "frames leaked";
}

const char *vm_check(const struct vm_proc *p)
{
    const char *bad = check_proc(p);

    return bad ? bad : check_references(p->vm);
}
