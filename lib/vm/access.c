/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads, stores and views: page by page, up to the first that faults. */
#include "vm/core.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { CODE_MAPERR = 1, CODE_ACCERR = 2 };

/* An access under way; the area is kept from page to page. */
struct access {
    struct vm_proc *p;
    struct vm_area *a;
    bool write;
    bool force; /* whatever the rights, without growth */
};

static int fault_is(struct vm_proc *p, struct vm_fault *ret, int signal, int code, uint64_t at,
                    enum vm_rule rule)
{
    vm_hit_fast(p->vm, rule);
    if (ret) {
        *ret = (struct vm_fault){signal, code, at};
    }
    return -EFAULT;
}

static int past_eof_is(struct vm_proc *p, struct vm_fault *ret, uint64_t at)
{
    return fault_is(p, ret, SIGBUS, p->vm->personality->eof_code, at, VM_RULE_MEM_PAST_EOF);
}

static bool is_memory(const struct vm_area *a)
{
    return a && a->a.kind == VM_AREA_MEMORY;
}

static struct vm_area *grown(struct access *x, uint64_t at)
{
    const struct vm_personality *how = x->p->vm->personality;

    if (x->a && x->a->a.kind != VM_AREA_GAP) {
        return x->a;
    }
    if (!x->force && how->grow && how->grow(x->p, at)) {
        vm_hit_fast(x->p->vm, VM_RULE_MEM_GROWN);
        x->a = vm_area_find(x->p, at);
    }
    return x->a;
}

/* The area at AT that may be accessed so, in X->a. 0 or -EFAULT. */
static int enter(struct access *x, uint64_t at, struct vm_fault *ret)
{
    struct vm_proc *p = x->p;

    if (!x->a || !range_has(x->a->r, at)) {
        x->a = vm_area_find(p, at);
    }
    if (!is_memory(x->a) && !is_memory(grown(x, at))) {
        return x->a ? fault_is(p, ret, SIGSEGV, p->vm->personality->guard_code, at,
                               VM_RULE_MEM_GUARD)
                    : fault_is(p, ret, SIGSEGV, CODE_MAPERR, at, VM_RULE_MEM_UNMAPPED);
    }
    if (!x->force && !p->vm->personality->may_access(p, x->a, at, x->write)) {
        return fault_is(p, ret, SIGSEGV, CODE_ACCERR, at, VM_RULE_MEM_RIGHTS);
    }
    return 0;
}

/* N bytes at AT, which do not leave their page. */
static int load_page(struct access *x, uint64_t at, uint8_t *buf, size_t n, struct vm_fault *ret)
{
    uint64_t page = x->p->vm->params.page;
    struct vm_frame *f;
    int err = enter(x, at, ret);

    if (err) {
        return err;
    }
    err = vm_page_shown(x->p, x->a, u64_align_down(at, page), &f);
    if (err) {
        return err == -EFAULT ? past_eof_is(x->p, ret, at) : err;
    }
    if (f) {
        memcpy(buf, f->data + (at & (page - 1)), n);
    } else {
        memset(buf, 0, n);
    }
    return 0;
}

static int store_page(struct access *x, uint64_t at, const uint8_t *buf, size_t n,
                      struct vm_fault *ret)
{
    uint64_t page = x->p->vm->params.page;
    struct vm_frame *f;
    int err = enter(x, at, ret);

    if (err) {
        return err;
    }
    err = vm_page_own(x->p, x->a, u64_align_down(at, page), n, &f);
    if (err) {
        return err == -EFAULT ? past_eof_is(x->p, ret, at) : err;
    }
    if (buf) {
        memcpy(f->data + (at & (page - 1)), buf, n);
    } else {
        memset(f->data + (at & (page - 1)), 0, n);
    }
    return 0;
}

static size_t in_page(const struct vm_proc *p, uint64_t at, size_t left)
{
    uint64_t page = p->vm->params.page;

    return (size_t)u64_min(left, page - (at & (page - 1)));
}

static int load(struct access *x, uint64_t addr, uint8_t *buf, size_t len, struct vm_fault *fault)
{
    int err = 0;
    size_t n;

    for (size_t done = 0; !err && done < len; done += n) {
        n = in_page(x->p, addr + done, len - done);
        err = load_page(x, addr + done, buf + done, n, fault);
    }
    return err;
}

static int store(struct access *x, uint64_t addr, const uint8_t *buf, size_t len,
                 struct vm_fault *fault)
{
    int err = 0;
    size_t n;

    for (size_t done = 0; !err && done < len; done += n) {
        n = in_page(x->p, addr + done, len - done);
        err = store_page(x, addr + done, buf ? buf + done : NULL, n, fault);
    }
    return err;
}

int vm_load(struct vm_proc *p, uint64_t addr, void *buf, size_t len, struct vm_fault *fault)
{
    struct access x = {.p = p};

    return load(&x, addr, buf, len, fault);
}

int vm_store(struct vm_proc *p, uint64_t addr, const void *buf, size_t len, struct vm_fault *fault)
{
    struct access x = {.p = p, .write = true};

    return store(&x, addr, buf, len, fault);
}

int vm_peek(struct vm_proc *p, uint64_t addr, void *buf, size_t len)
{
    struct access x = {.p = p, .force = true};

    return load(&x, addr, buf, len, NULL);
}

int vm_poke(struct vm_proc *p, uint64_t addr, const void *buf, size_t len)
{
    struct access x = {.p = p, .write = true, .force = true};

    return store(&x, addr, buf, len, NULL);
}

/* Whether A shows bytes at AT, a multiple of P. */
static bool has_bytes(struct vm_proc *p, const struct vm_area *a, uint64_t at)
{
    if (!a->a.object || (!a->a.shared && vm_slot_of(p, at))) {
        return true;
    }
    return !vm_object_past_eof(a->a.object, vm_area_index(p, a, at));
}

/* Whether what grows to ADDR may be accessed there: A is the gap, or nothing. */
static bool may_once_grown(struct vm_proc *p, const struct vm_area *a, uint64_t addr, bool write)
{
    const struct vm_area *from = a ? a : vm_area_from(p, addr);
    struct vm_area like = *from;

    if (a) {
        like.a.prot = a->a.gap_prot;
        like.a.kind = VM_AREA_MEMORY;
    }
    return p->vm->personality->may_access(p, &like, addr, write);
}

bool vm_accessible(struct vm_proc *p, uint64_t addr, bool write, struct vm_fault *fault)
{
    const struct vm_personality *how = p->vm->personality;
    const struct vm_area *a = vm_area_find(p, addr);
    struct vm_fault f = {0};

    if (!is_memory(a)) {
        bool grows = (!a || a->a.kind == VM_AREA_GAP) && how->may_grow && how->may_grow(p, addr);

        if (grows && may_once_grown(p, a, addr, write)) {
            return true;
        }
        f = (struct vm_fault){SIGSEGV, a ? how->guard_code : CODE_MAPERR, addr};
        f.code = grows ? CODE_ACCERR : f.code;
    } else if (!how->may_access(p, a, addr, write)) {
        f = (struct vm_fault){SIGSEGV, CODE_ACCERR, addr};
    } else if (!has_bytes(p, a, u64_align_down(addr, p->vm->params.page))) {
        f = (struct vm_fault){SIGBUS, how->eof_code, addr};
    }
    if (f.signal && fault) {
        *fault = f;
    }
    return f.signal == 0;
}

enum vm_bytes vm_view(struct vm_proc *p, uint64_t addr, const uint8_t **ret, size_t *len)
{
    static const enum vm_bytes kinds[] = {
        [VM_FRAME_KNOWN] = VM_BYTES_KNOWN,
        [VM_FRAME_LAZY] = VM_BYTES_LAZY,
        [VM_FRAME_UNDEFINED] = VM_BYTES_UNDEFINED,
    };
    uint64_t page = p->vm->params.page;
    const struct vm_area *a = vm_area_find(p, addr);
    struct vm_frame *f;
    int err;

    if (!is_memory(a)) {
        return VM_BYTES_NONE;
    }
    err = vm_page_shown(p, a, u64_align_down(addr, page), &f);
    if (err == -EFAULT) {
        return VM_BYTES_NONE;
    }
    *len = in_page(p, addr, SIZE_MAX);
    *ret = (err || !f ? p->vm->zeros : f->data) + (addr & (page - 1));
    if (err) {
        return VM_BYTES_UNDEFINED; /* no memory to read it in */
    }
    return f ? kinds[f->state] : VM_BYTES_KNOWN;
}
