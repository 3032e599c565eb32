/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of machines and processes, parameters, and the way of a call to its personality. */
#include "vm/core.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vm_params vm_params_default(enum abi_system system, uint64_t page)
{
    bool is_linux = system == ABI_LINUX;
    struct vm_params ret = {
        .system = system,
        .bits = 64,
        .page = page,
        .last = is_linux ? 0x7fffffffefff : 0x7fffffffffff,
        .min_addr = is_linux ? 65536 : page,
        .known = {0, UINT64_MAX},
        .place = is_linux ? 0x7ffff7ffefff : 0x800200000,
        .areas_max = is_linux ? 65530 : 0,
        .frames_max = (uint64_t)256 << 20,
        .stack_guard = is_linux ? 256 * page : page,
        .stack_max = is_linux ? (uint64_t)8 << 20 : 0,
    };

    /* Both are limits of whole pages. */
    ret.last = u64_align_down(ret.last + 1, page) - 1;
    if (is_linux) {
        ret.place = u64_align_down(ret.place + 1, page) - 1;
    }
    return ret;
}

struct vm *vm_new(void)
{
    struct vm *vm = calloc(1, sizeof(*vm));

    if (!vm) {
        return NULL;
    }
    vm->zeros = calloc(1, VM_PAGE_MAX);
    vm_pool_init(&vm->nodes, sizeof(struct vm_node), 64 * sizeof(struct vm_node), VM_NODE_BYTES);
    vm_pool_init(&vm->objects, sizeof(struct vm_object), 64 * sizeof(struct vm_object), 16);
    vm_pool_init(&vm->procs, sizeof(struct vm_proc), 16 * sizeof(struct vm_proc), 16);
    vm_frames_init(&vm->frames);
    return vm->zeros ? vm : vm_free(vm);
}

struct vm *vm_free(struct vm *vm)
{
    if (vm) {
        vm_frames_free(&vm->frames);
        vm_pool_free(&vm->nodes);
        vm_pool_free(&vm->objects);
        vm_pool_free(&vm->procs);
        free(vm->files.v);
        free(vm->zeros);
        free(vm);
    }
    return NULL;
}

struct vm_proc *vm_proc_new(struct vm *vm)
{
    struct vm_proc *p = vm_pool_get(&vm->procs);

    if (!p) {
        return NULL;
    }
    *p = (struct vm_proc){.vm = vm, .next = vm->first};
    vm_tree_init(&p->areas, &vm->nodes, true);
    vm_tree_init(&p->pages, &vm->nodes, false);
    if (p->next) {
        p->next->prev = p;
    }
    vm->first = p;
    return p;
}

struct vm_proc *vm_begin(struct vm *vm, const struct vm_params *params)
{
    assert(u64_is_pow2(params->page) && params->page >= 64 && params->page <= VM_PAGE_MAX);
    vm->params = *params;
    vm->personality = params->system == ABI_LINUX ? &vm_linux : &vm_freebsd;
    vm_pool_reset(&vm->nodes, vm->nodes.unit);
    vm_pool_reset(&vm->objects, vm->objects.unit);
    vm_pool_reset(&vm->procs, vm->procs.unit);
    vm_frames_reset(&vm->frames, params->page);
    vm->first = NULL;
    vm->files.n = 0;
    vm->serial = 0;
    vm->zero = (struct vm_frame){.data = vm->zeros, .refs = 1, .written = true};
    vm->undefined = vm->zero;
    vm->undefined.state = VM_FRAME_UNDEFINED;
    return vm_proc_new(vm);
}

const struct vm_params *vm_params_of(const struct vm *vm)
{
    return &vm->params;
}

struct vm *vm_of(const struct vm_proc *p)
{
    return p->vm;
}

uint64_t vm_frame_bytes(const struct vm *vm)
{
    return vm->frames.live * vm->params.page;
}

uint64_t vm_memory_bytes(const struct vm *vm)
{
    return sizeof(*vm) + VM_PAGE_MAX + vm_pool_bytes(&vm->nodes) + vm_pool_bytes(&vm->objects) +
           vm_pool_bytes(&vm->procs) + vm_pool_bytes(&vm->frames.heads) +
           vm_pool_bytes(&vm->frames.data) + vm->files.cap * sizeof(*vm->files.v);
}

int vm_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
            struct vm_reply *ret)
{
    return p->vm->personality->mmap(p, a, seen, ret);
}

int vm_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
              struct vm_reply *ret)
{
    return p->vm->personality->munmap(p, addr, len, seen, ret);
}

int vm_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                const struct vm_answer *seen, struct vm_reply *ret)
{
    return p->vm->personality->mprotect(p, addr, len, prot, seen, ret);
}

int vm_mremap(struct vm_proc *p, const struct vm_mremap_args *a, const struct vm_answer *seen,
              struct vm_reply *ret)
{
    return p->vm->personality->mremap(p, a, seen, ret);
}

int vm_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
             const struct vm_answer *seen, struct vm_reply *ret)
{
    return p->vm->personality->msync(p, addr, len, flags, seen, ret);
}

int vm_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
               const struct vm_answer *seen, struct vm_reply *ret)
{
    return p->vm->personality->madvise(p, addr, len, advice, seen, ret);
}

int vm_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
               const struct vm_answer *seen, struct vm_reply *ret)
{
    return p->vm->personality->mincore(p, addr, len, vec, seen, ret);
}

int vm_minherit(struct vm_proc *p, uint64_t addr, uint64_t len, int inherit,
                const struct vm_answer *seen, struct vm_reply *ret)
{
    return p->vm->personality->minherit(p, addr, len, inherit, seen, ret);
}

bool vm_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len)
{
    return p->vm->personality->place_legal(p, value, len);
}
