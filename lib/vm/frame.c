/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page frames of a machine: heads and bytes out of two pools that are filled in step. */
#include "vm/core.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADS_BLOCK (sizeof(struct vm_frame) * 1024)

void vm_frames_init(struct vm_frames *f)
{
    *f = (struct vm_frames){0};
    vm_pool_init(&f->heads, sizeof(struct vm_frame), HEADS_BLOCK, 32);
    vm_pool_init(&f->data, VM_PAGE_MAX, VM_PAGE_MAX, 64);
}

void vm_frames_free(struct vm_frames *f)
{
    vm_pool_free(&f->heads);
    vm_pool_free(&f->data);
}

void vm_frames_reset(struct vm_frames *f, uint64_t page)
{
    vm_pool_reset(&f->heads, sizeof(struct vm_frame));
    vm_pool_reset(&f->data, page);
    f->free = NULL;
    f->live = 0;
}

static struct vm_frame *fresh_frame(struct vm_frames *f)
{
    struct vm_frame *ret;

    if (vm_pool_reserve(&f->heads, 1) || vm_pool_reserve(&f->data, 1)) {
        return NULL;
    }
    ret = vm_pool_get(&f->heads);
    ret->data = vm_pool_get(&f->data);
    return ret;
}

struct vm_frame *vm_frame_new(struct vm *vm)
{
    struct vm_frames *all = &vm->frames;
    struct vm_frame *f = all->free;

    if (all->live >= vm->params.frames_max / vm->params.page) {
        return NULL;
    }
    if (f) {
        all->free = f->next_free;
    } else {
        f = fresh_frame(all);
        if (!f) {
            return NULL;
        }
    }
    all->live++;
    f->refs = 1;
    f->state = VM_FRAME_KNOWN;
    f->written = false;
    return f;
}

void vm_frame_put(struct vm *vm, struct vm_frame *f)
{
    assert(f->refs);
    if (--f->refs == 0) {
        f->next_free = vm->frames.free;
        vm->frames.free = f;
        vm->frames.live--;
    }
}

int vm_frame_own(struct vm *vm, struct vm_frame **f, size_t len)
{
    bool whole = len == vm->params.page;
    struct vm_frame *old = *f;
    struct vm_frame *copy;

    if (old->refs > 1) {
        copy = vm_frame_new(vm);
        if (!copy) {
            return -ENOMEM;
        }
        if (!whole) {
            memcpy(copy->data, old->data, vm->params.page);
        }
        copy->state = old->state;
        copy->written = old->written;
        vm_frame_put(vm, old);
        *f = copy;
    }
    if (whole) {
        (*f)->state = VM_FRAME_KNOWN;
    } else if ((*f)->state == VM_FRAME_LAZY) {
        vm_hit_fast(vm, VM_RULE_MEM_LAZY_STORE);
        (*f)->state = VM_FRAME_UNDEFINED;
    }
    return 0;
}
