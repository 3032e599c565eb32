/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, devices and shared anonymous memory: sparse pages by index, filled on first need. */
#include "vm/core.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct vm_object *vm_object_new(struct vm *vm, enum vm_object_kind kind)
{
    struct vm_object *o = vm_pool_get(&vm->objects);

    if (!o) {
        return NULL;
    }
    *o = (struct vm_object){.vm = vm, .refs = 1, .kind = (uint8_t)kind};
    /* numbered apart: a machine's files may have identities that another machine gave out */
    o->identity = (uint64_t)1 << (kind == VM_OBJECT_ANON ? 57 : 56) | ++vm->serial;
    vm_tree_init(&o->pages, &vm->nodes, false);
    return o;
}

struct vm_object *vm_object_anon(struct vm *vm)
{
    return vm_object_new(vm, VM_OBJECT_ANON);
}

struct vm_object *vm_object_get(struct vm_object *o)
{
    o->refs++;
    return o;
}

static void drop_pages(struct vm_object *o, uint64_t first, uint64_t last)
{
    struct vm_slot *s;

    while ((s = vm_tree_from(&o->pages, first)) && s->key <= last) {
        vm_frame_put(o->vm, s->frame);
        vm_tree_erase(&o->pages, s->key);
    }
}

void vm_object_put(struct vm_object *o)
{
    while (o) {
        struct vm_object *below = o->below;

        assert(o->refs);
        if (--o->refs) {
            return;
        }
        drop_pages(o, 0, UINT64_MAX);
        vm_pool_put(&o->vm->objects, o);
        o = below;
    }
}

void vm_object_limit(struct vm_object *o, uint64_t size)
{
    assert(o->kind == VM_OBJECT_ANON && size != 0);
    o->size = size;
}

static bool ends(const struct vm_object *o)
{
    return o->kind == VM_OBJECT_FILE || (o->kind == VM_OBJECT_ANON && o->size != 0);
}

uint64_t vm_object_size(const struct vm_object *o)
{
    return ends(o) ? o->size : UINT64_MAX;
}

bool vm_object_is_file(const struct vm_object *o)
{
    return o->kind != VM_OBJECT_ANON;
}

uint64_t vm_object_identity(const struct vm_object *o)
{
    return o->identity;
}

/* Of O's own size. */
static bool past_eof(const struct vm_object *o, uint64_t index)
{
    return ends(o) && (o->size == 0 || index > (o->size - 1) / o->vm->params.page);
}

static struct vm_slot *slot_of(const struct vm_object *o, uint64_t index)
{
    struct vm_slot *s = vm_tree_from(&o->pages, index);

    return s && s->key == index ? s : NULL;
}

static bool has_fresh(const struct vm_object *o, uint64_t index)
{
    return o->fresh && index <= (o->fresh - 1) / o->vm->params.page;
}

int vm_object_page_set(struct vm_object *o, uint64_t index, struct vm_frame *f)
{
    struct vm_slot slot = {index, f};

    if (vm_tree_reserve(&o->vm->nodes, 1)) {
        return -ENOMEM;
    }
    vm_tree_insert(&o->pages, &slot);
    return 0;
}

/* A frame of O's own at INDEX, its bytes whatever they were. */
static int add_frame(struct vm_object *o, uint64_t index, struct vm_frame **ret)
{
    struct vm_frame *f = vm_frame_new(o->vm);
    int err = f ? vm_object_page_set(o, index, f) : -ENOMEM;

    if (err && f) {
        vm_frame_put(o->vm, f);
    }
    *ret = err ? NULL : f;
    return err;
}

/* Read page INDEX in from the file's fresh bytes. */
static int read_in(struct vm_object *o, uint64_t index, struct vm_frame **ret)
{
    uint64_t page = o->vm->params.page;
    uint64_t offset = index * page;
    uint64_t len = u64_min(page, o->fresh - offset);
    int err = add_frame(o, index, ret);

    if (err) {
        return err;
    }
    o->spec.fill(o->spec.arg, o->spec.index, offset, (*ret)->data, len);
    if (len < page) {
        memset((*ret)->data + len, 0, page - len);
        vm_hit_fast(o->vm, VM_RULE_MEM_TAIL_ZERO);
    }
    return 0;
}

int vm_object_page(struct vm_object *o, uint64_t index, struct vm_frame **ret)
{
    for (;;) {
        struct vm_slot *s;

        if (past_eof(o, index)) {
            return -EFAULT;
        }
        s = slot_of(o, index);
        if (s) {
            *ret = s->frame;
            return 0;
        }
        if (has_fresh(o, index)) {
            return read_in(o, index, ret);
        }
        if (!o->below) {
            *ret = NULL;
            return 0;
        }
        index += o->below_offset / o->vm->params.page;
        o = o->below;
    }
}

/* A frame for a store to page INDEX, which O does not hold. */
static int add_stored(struct vm_object *o, uint64_t index, size_t len, struct vm_frame **ret)
{
    uint64_t page = o->vm->params.page;
    struct vm_frame *shown = NULL;
    int err = vm_object_page(o, index, &shown);

    if (err) {
        return err;
    }
    if (slot_of(o, index)) {
        assert(shown);
        *ret = shown; /* it was read in */
        return 0;
    }
    err = add_frame(o, index, ret);
    if (err || len == page) {
        return err;
    }
    if (shown) {
        memcpy((*ret)->data, shown->data, page);
        (*ret)->state = shown->state;
    } else {
        memset((*ret)->data, 0, page);
    }
    return 0;
}

int vm_object_page_own(struct vm_object *o, uint64_t index, size_t len, struct vm_frame **ret)
{
    struct vm_slot *s;
    int err;

    if (past_eof(o, index)) {
        return -EFAULT;
    }
    s = slot_of(o, index);
    if (s) {
        err = vm_frame_own(o->vm, &s->frame, len);
        *ret = s->frame;
    } else {
        err = add_stored(o, index, len, ret);
    }
    if (!err) {
        (*ret)->written = true;
    }
    return err;
}

void vm_object_punch(struct vm_object *o, uint64_t first, uint64_t last)
{
    uint64_t until;

    drop_pages(o, first, last);
    vm_hit_fast(o->vm, VM_RULE_MEM_PUNCH);
    if (!has_fresh(o, first)) {
        return;
    }
    until = u64_min(last, (o->fresh - 1) / o->vm->params.page);
    for (uint64_t i = first; i <= until; i++) {
        struct vm_slot slot = {i, vm_frame_get(&o->vm->zero)};

        vm_tree_insert(&o->pages, &slot);
    }
}

bool vm_object_past_eof(const struct vm_object *o, uint64_t index)
{
    while (!past_eof(o, index)) {
        if (slot_of(o, index) || !o->below) {
            return false;
        }
        index += o->below_offset / o->vm->params.page;
        o = o->below;
    }
    return true;
}

bool vm_object_next_written(const struct vm_object *o, uint64_t *index, uint64_t last)
{
    const struct vm_slot *s = vm_tree_from(&o->pages, *index);
    uint64_t shift = o->below_offset / o->vm->params.page;
    uint64_t below = *index + shift;
    bool found;

    while (s && !s->frame->written) {
        s = vm_tree_next(&o->pages, s);
    }
    found = s && s->key <= last;
    if (found) {
        last = s->key;
    }
    if (o->below && vm_object_next_written(o->below, &below, last + shift)) {
        *index = below - shift;
        return true;
    }
    if (found) {
        *index = last;
    }
    return found;
}

void vm_object_undefine(struct vm_object *o, uint64_t first, uint64_t last)
{
    drop_pages(o, first, last);
    for (uint64_t i = first; !vm_object_past_eof(o, i); i++) {
        struct vm_slot slot = {i, vm_frame_get(&o->vm->undefined)};

        vm_tree_insert(&o->pages, &slot);
        if (i == last) {
            break;
        }
    }
}

/* Bytes of the page that holds O's last byte, behind it, become zero if the page is held. */
static int zero_tail(struct vm_object *o)
{
    uint64_t page = o->vm->params.page;
    uint64_t used = o->size % page;
    struct vm_slot *s = used ? slot_of(o, o->size / page) : NULL;
    int err;

    if (!s || s->frame == &o->vm->zero) {
        return 0;
    }
    err = vm_frame_own(o->vm, &s->frame, page - used);
    if (!err) {
        memset(s->frame->data + used, 0, page - used);
    }
    return err;
}

int vm_object_extend(struct vm_object *o, uint64_t size)
{
    int err = zero_tail(o);

    assert(size >= o->size);
    if (!err) {
        vm_hit_fast(o->vm, VM_RULE_MEM_FILE_EXTEND);
        o->size = size;
    }
    return err;
}

/* Private copies that A has of O's pages from byte SIZE on, whole pages. */
static void lost_copies(struct vm_proc *p, const struct vm_area *a, uint64_t size)
{
    bool drops = p->vm->personality->truncate_drops_copies;
    uint64_t from = u64_align_up_wrap(size, p->vm->params.page);
    struct range r = a->r;

    if (from > a->a.offset) {
        if (from - a->a.offset > r.last - r.start) {
            return;
        }
        r.start += from - a->a.offset;
    }
    if (vm_pages_any(p, r)) {
        vm_hit_fast(p->vm, drops ? VM_RULE_MEM_TRUNCATE_DROPS : VM_RULE_MEM_TRUNCATE_KEEPS);
        if (drops) {
            vm_slots_drop(p, r);
        }
    }
}

static int shrink(struct vm_object *o, uint64_t size)
{
    uint64_t page = o->vm->params.page;
    uint64_t old = o->size;
    int err;

    o->size = size;
    err = zero_tail(o);
    if (err) {
        o->size = old;
        return err;
    }
    vm_hit_fast(o->vm, VM_RULE_MEM_FILE_SHRINK);
    o->fresh = u64_min(o->fresh, size);
    drop_pages(o, size / page + (size % page != 0), UINT64_MAX);
    for (struct vm_proc *p = o->vm->first; p; p = p->next) {
        for (struct vm_area *a = p->pages.n ? vm_area_from(p, 0) : NULL; a;
             a = vm_area_next(p, a)) {
            if (a->a.object == o && !a->a.shared) {
                lost_copies(p, a, size);
            }
        }
    }
    return 0;
}

int vm_object_truncate(struct vm_object *o, uint64_t size)
{
    if (o->kind != VM_OBJECT_FILE) {
        return -EINVAL;
    }
    if (size == o->size) {
        return 0;
    }
    return size > o->size ? vm_object_extend(o, size) : shrink(o, size);
}
