/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ordered set of areas of a process. Whoever changes it keeps the sum of mapped bytes and the
 * references to objects; neighbours are merged here and nowhere else.
 */
#include "vm/core.h"

#include <assert.h>
#include <errno.h>

/* vm_area_attr.books: split from the area below in these books, and nothing was changed since. */
enum { BOOKS_SPLIT = 1 };

struct vm_area *vm_area_from(const struct vm_proc *p, uint64_t at)
{
    return vm_tree_from(&p->areas, at);
}

struct vm_area *vm_area_find(const struct vm_proc *p, uint64_t at)
{
    struct vm_area *a = vm_tree_from(&p->areas, at);

    return a && a->r.start <= at ? a : NULL;
}

struct vm_area *vm_area_next(const struct vm_proc *p, const struct vm_area *a)
{
    return vm_tree_next(&p->areas, a);
}

struct vm_area *vm_area_prev(const struct vm_proc *p, const struct vm_area *a)
{
    return vm_tree_prev(&p->areas, a);
}

struct vm_area *vm_area_upto(const struct vm_proc *p, uint64_t at)
{
    return vm_tree_upto(&p->areas, at);
}

bool vm_area_none(const struct vm_proc *p, struct range r)
{
    const struct vm_area *a = vm_area_from(p, r.start);

    return !a || a->r.start > r.last;
}

bool vm_area_all(const struct vm_proc *p, struct range r)
{
    const struct vm_area *a = vm_area_find(p, r.start);

    while (a && a->r.last < r.last) {
        const struct vm_area *next = vm_area_next(p, a);

        a = next && next->r.start == a->r.last + 1 ? next : NULL;
    }
    return a;
}

size_t vm_area_count(const struct vm_proc *p, struct range r)
{
    size_t n = 0;

    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        n++;
    }
    return n;
}

size_t vm_areas(const struct vm_proc *p)
{
    return p->areas.n;
}

int vm_reserve(struct vm *vm, size_t areas, size_t slots)
{
    return vm_tree_reserve(&vm->nodes, areas + slots / 2);
}

static uint64_t counted(const struct vm_area *a)
{
    return a->a.kind == VM_AREA_MEMORY ? range_len(a->r) : 0;
}

uint64_t vm_mapped_bytes(const struct vm_proc *p)
{
    return p->bytes;
}

static void resize(struct vm_proc *p, struct vm_area *a, struct range r)
{
    p->bytes -= counted(a);
    if (a->a.object) {
        a->a.offset += r.start - a->r.start;
    }
    vm_tree_resize(&p->areas, a, r);
    p->bytes += counted(a);
}

/* Kernels keep guards as one, and never merge what grows. */
static bool compatible(const struct vm_proc *p, const struct vm_area *a, const struct vm_area *b)
{
    const struct vm_area_attr *x = &a->a;
    const struct vm_area_attr *y = &b->a;
    bool linux_rules = p->vm->params.system == ABI_LINUX;

    if (x->object != y->object || x->kind != y->kind || x->prot != y->prot ||
        x->max_prot != y->max_prot || x->inherit != y->inherit || x->shared != y->shared ||
        ((x->flags ^ y->flags) & ~VM_AREA_TOUCHED)) {
        return false;
    }
    if (x->object && x->offset + range_len(a->r) != y->offset) {
        return false;
    }
    if (linux_rules) {
        return !x->object || x->opener == y->opener;
    }
    return x->kind != VM_AREA_GAP && !(x->flags & VM_AREA_GROWSDOWN);
}

static bool adjacent(const struct vm_area *a, const struct vm_area *b)
{
    return a && b && a->r.last + 1 == b->r.start && b->r.start != 0;
}

enum vm_joint vm_area_joint(const struct vm_proc *p, const struct vm_area *a,
                            const struct vm_area *b)
{
    if (!adjacent(a, b)) {
        return VM_JOINT_HARD;
    }
    if (b->a.books & BOOKS_SPLIT) {
        return VM_JOINT_NONE;
    }
    if (!compatible(p, a, b)) {
        return VM_JOINT_HARD;
    }
    return p->vm->params.merge ? VM_JOINT_NONE : VM_JOINT_SOFT;
}

/* Returns the one that they are now. */
static struct vm_area *join(struct vm_proc *p, struct vm_area *a, struct vm_area *b)
{
    struct vm_object *object = b->a.object;
    uint16_t flags = b->a.flags;

    assert(adjacent(a, b));
    a = vm_tree_join(&p->areas, a, b);
    a->a.flags |= flags;
    if (object) {
        vm_object_put(object);
    }
    return a;
}

void vm_area_join(struct vm_proc *p, struct vm_area *a, struct vm_area *b)
{
    join(p, a, b);
}

/* Join what may be joined at the edges of R and within. */
static void join_all(struct vm_proc *p, struct range r)
{
    struct vm_area *a = vm_area_from(p, r.start ? r.start - 1 : 0);

    while (a && a->r.start <= r.last) {
        struct vm_area *b = vm_area_next(p, a);

        a = b && vm_area_joint(p, a, b) == VM_JOINT_NONE ? join(p, a, b) : b;
    }
}

/* The area A in two at AT, within it. Returns the upper one. */
static struct vm_area *split_area(struct vm_proc *p, struct vm_area *a, uint64_t at)
{
    struct vm_area upper = *a;

    upper.r.start = at;
    upper.a.books = BOOKS_SPLIT;
    if (upper.a.object) {
        upper.a.offset += at - a->r.start;
        vm_object_get(upper.a.object);
    }
    return vm_tree_split(&p->areas, a, &upper);
}

/* As vm_area_from, with a boundary at AT. */
static struct vm_area *split_from(struct vm_proc *p, uint64_t at)
{
    struct vm_area *a = vm_area_from(p, at);

    return a && a->r.start < at ? split_area(p, a, at) : a;
}

void vm_area_split(struct vm_proc *p, uint64_t at)
{
    split_from(p, at);
}

void vm_area_tear(struct vm_proc *p, uint64_t at)
{
    struct vm_area *a = p->vm->params.merge ? NULL : split_from(p, at);

    if (a && a->r.start == at) {
        a->a.books = 0;
    }
}

void vm_area_append(struct vm_proc *p, struct range r, const struct vm_area_attr *a)
{
    struct vm_area area = {.r = r, .a = *a};

    if (a->object) {
        vm_object_get(a->object);
    }
    vm_tree_insert(&p->areas, &area);
    p->bytes += counted(&area);
}

void vm_area_insert(struct vm_proc *p, struct range r, const struct vm_area_attr *a)
{
    struct vm_area_attr own = *a;

    own.books = 0;
    vm_area_append(p, r, &own);
    if (p->vm->params.merge) {
        join_all(p, r);
    }
}

/* A, the first area behind LAST or NULL, is no longer what it was split from there. */
static void forget_split(struct vm_area *a, uint64_t last)
{
    if (a && a->r.start - 1 == last) {
        a->a.books = 0;
    }
}

static void erase_area(struct vm_proc *p, struct vm_area *a)
{
    struct vm_object *object = a->a.object;

    p->bytes -= counted(a);
    vm_tree_erase(&p->areas, a->r.start);
    if (object) {
        vm_object_put(object);
    }
}

void vm_area_remove(struct vm_proc *p, struct range r)
{
    struct vm_area *a = vm_area_from(p, r.start);

    vm_slots_drop(p, r);
    if (a && a->r.start < r.start) {
        if (a->r.last > r.last) {
            a = vm_area_prev(p, split_area(p, a, r.last + 1));
        }
        resize(p, a, (struct range){a->r.start, r.start - 1});
        a = vm_area_next(p, a);
    }
    while (a && a->r.start <= r.last) {
        if (a->r.last > r.last) {
            resize(p, a, (struct range){r.last + 1, a->r.last});
            break;
        }
        erase_area(p, a);
        a = vm_area_from(p, r.start);
    }
    forget_split(a, r.last);
}

static bool same_attr(const struct vm_area_attr *x, const struct vm_area_attr *y)
{
    return x->object == y->object && x->offset == y->offset && x->flags == y->flags &&
           x->prot == y->prot && x->max_prot == y->max_prot && x->kind == y->kind &&
           x->inherit == y->inherit && x->shared == y->shared && x->opener == y->opener &&
           x->gap_prot == y->gap_prot && x->gap_max == y->gap_max;
}

void vm_area_change(struct vm_proc *p, struct range r, void (*change)(struct vm_area *a, void *arg),
                    void *arg)
{
    struct vm_area *a = split_from(p, r.start);
    bool joins = p->vm->params.merge;
    bool below_changed = false;

    for (; a && a->r.start <= r.last; a = vm_area_next(p, a)) {
        struct vm_area_attr before;
        bool changed;

        if (a->r.last > r.last) {
            a = vm_area_prev(p, split_area(p, a, r.last + 1));
        }
        before = a->a;
        p->bytes -= counted(a);
        change(a, arg);
        p->bytes += counted(a);
        changed = !same_attr(&before, &a->a);
        if (changed || below_changed) {
            a->a.books = 0;
        }
        below_changed = changed;
        joins = joins || a->a.books;
    }
    if (below_changed) {
        forget_split(a, r.last);
    }
    if (joins || (a && a->a.books)) {
        join_all(p, r);
    }
}

void vm_area_move(struct vm_proc *p, uint64_t from, uint64_t len, uint64_t to)
{
    struct range r = {from, from + (len - 1)};
    struct vm_area *a = split_from(p, from);

    if (r.last != UINT64_MAX) {
        vm_area_split(p, r.last + 1);
        a = vm_area_from(p, from);
    }
    vm_slots_move(p, r, to);
    while (a && a->r.start <= r.last) {
        struct vm_area moved = *a;

        vm_tree_erase(&p->areas, a->r.start);
        moved.r.start = moved.r.start - from + to;
        moved.r.last = moved.r.last - from + to;
        if (moved.r.start == to) {
            moved.a.books = 0;
        }
        vm_tree_insert(&p->areas, &moved);
        a = vm_area_from(p, from);
    }
    forget_split(a, r.last);
    join_all(p, (struct range){to, to + (len - 1)});
}
