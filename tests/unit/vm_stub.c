/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm_stub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

enum { GROW_PAGES = 4 };

static bool may_grow(struct vm_proc *p, uint64_t at)
{
    const struct vm_area *a = vm_area_from(p, at);

    return a && (a->a.flags & VM_AREA_GROWSDOWN) && a->r.start - at <= GROW_PAGES * vm_p(p)->page;
}

static bool grow(struct vm_proc *p, uint64_t at)
{
    struct vm_area *a = vm_area_from(p, at);
    struct vm_area_attr attr;

    if (!may_grow(p, at) || vm_reserve(vm_of(p), 1, 0)) {
        return false;
    }
    attr = a->a;
    vm_area_insert(p, (struct range){vm_rd(p, at), a->r.start - 1}, &attr);
    return true;
}

static bool may_access(struct vm_proc *p, const struct vm_area *a, uint64_t at, bool write)
{
    (void)p;
    (void)at;
    return a->a.prot & (write ? ABI_PROT_WRITE : ABI_PROT_READ);
}

static bool place_legal(const struct vm_proc *p, uint64_t value, uint64_t len)
{
    return vm_area_none(p, (struct range){value, value + (len - 1)});
}

static void attr_of(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret)
{
    const struct vm_open_file *f = vm_file_of(vm_of(p), a->fd);

    *ret = vm_bed_anon();
    ret->prot = (uint8_t)a->prot;
    if (f) {
        ret->object = vm_object_get(f->object);
        ret->offset = a->offset;
        ret->shared = a->flags == 1;
    }
}

const struct vm_personality vm_linux = {
    .name = "stub-linux",
    .grow = grow,
    .may_grow = may_grow,
    .may_access = may_access,
    .place_legal = place_legal,
    .attr = attr_of,
    .eof_code = 2,
    .guard_code = 1,
    .truncate_drops_copies = true,
};

const struct vm_personality vm_freebsd = {
    .name = "stub-freebsd",
    .may_access = may_access,
    .place_legal = place_legal,
    .attr = attr_of,
    .eof_code = 3,
    .guard_code = 2,
};

int vm_bed_setup(void **state)
{
    struct vm_bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->vm = vm_new();
    assert_non_null(b->vm);
    vm_bed_begin(b, ABI_LINUX, 4096, false);
    *state = b;
    return 0;
}

int vm_bed_teardown(void **state)
{
    struct vm_bed *b = *state;

    vm_free(b->vm);
    free(b);
    return 0;
}

void vm_bed_begin(struct vm_bed *b, enum abi_system system, uint64_t page, bool merge)
{
    struct vm_params params = vm_params_default(system, page);

    params.merge = merge;
    b->page = page;
    b->p = vm_begin(b->vm, &params);
    assert_non_null(b->p);
}

uint64_t vm_bed_at(const struct vm_bed *b, uint64_t page)
{
    return STUB_BASE + page * b->page;
}

struct range vm_bed_pages(const struct vm_bed *b, uint64_t first, uint64_t n)
{
    return (struct range){vm_bed_at(b, first), vm_bed_at(b, first + n) - 1};
}

struct vm_area_attr vm_bed_anon(void)
{
    return (struct vm_area_attr){
        .prot = ABI_PROT_READ | ABI_PROT_WRITE,
        .max_prot = ABI_PROT_RWX,
        .inherit = VM_INHERIT_COPY,
    };
}

struct vm_area_attr vm_bed_file(const struct vm_bed *b, int fd, uint64_t index, bool shared)
{
    struct vm_area_attr a = vm_bed_anon();
    const struct vm_open_file *f = vm_file_of(b->vm, fd);

    assert_non_null(f);
    a.object = f->object;
    a.opener = f->opener;
    a.offset = index * b->page;
    a.shared = shared;
    a.inherit = shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY;
    return a;
}

void vm_bed_map(struct vm_bed *b, struct vm_proc *p, uint64_t first, uint64_t n,
                const struct vm_area_attr *a)
{
    assert_int_equal(vm_reserve(b->vm, 4, 0), 0);
    vm_area_insert(p, vm_bed_pages(b, first, n), a);
}

int vm_bed_load(struct vm_proc *p, uint64_t at)
{
    uint8_t byte = 0xee;
    int err = vm_load(p, at, &byte, 1, NULL);

    return err ? err : byte;
}

int vm_bed_store(struct vm_proc *p, uint64_t at, uint8_t value)
{
    return vm_store(p, at, &value, 1, NULL);
}

void vm_bed_sound(struct vm_bed *b)
{
    const char *bad = vm_check(b->p);

    if (bad) {
        fail_msg("%s", bad);
    }
}

enum vm_joint vm_bed_joint(struct vm_bed *b, uint64_t page)
{
    struct vm_area *above = vm_area_find(b->p, vm_bed_at(b, page));

    assert_non_null(above);
    assert_int_equal(above->r.start, vm_bed_at(b, page));
    return vm_area_joint(b->p, vm_area_prev(b->p, above), above);
}
