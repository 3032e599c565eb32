/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of a machine, and what read, write and truncate do to a file. */
#include "vm/core.h"

#include <errno.h>
#include <string.h>

enum { FIRST_FD = 3 };

static int add_open(struct vm *vm, struct vm_object *o, const struct vm_file_spec *spec)
{
    if (vec_reserve(&vm->files, vm->files.n + 1)) {
        return -ENOMEM;
    }
    vm->files.v[vm->files.n] = (struct vm_open_file){
        .object = o,
        .spec = *spec,
        .opener = (uint32_t)vm->files.n + 1,
    };
    return FIRST_FD + (int)vm->files.n++;
}

int vm_file_open(struct vm *vm, const struct vm_file_spec *spec)
{
    bool regular = spec->kind == VM_FILE_REGULAR;
    struct vm_object *o = vm_object_new(vm, regular ? VM_OBJECT_FILE : VM_OBJECT_DEVICE);
    int fd;

    if (!o) {
        return -ENOMEM;
    }
    o->spec = *spec;
    o->size = regular ? spec->size : 0;
    o->fresh = regular && spec->fill ? spec->size : 0;
    if (spec->identity) {
        o->identity = spec->identity;
    }
    fd = add_open(vm, o, spec);
    if (fd < 0) {
        vm_object_put(o);
    }
    return fd;
}

const struct vm_open_file *vm_file_of(const struct vm *vm, int fd)
{
    if (fd < FIRST_FD || (size_t)(fd - FIRST_FD) >= vm->files.n) {
        return NULL;
    }
    return &vm->files.v[fd - FIRST_FD];
}

int vm_file_reopen(struct vm *vm, int fd, bool readable, bool writable)
{
    const struct vm_open_file *old = vm_file_of(vm, fd);
    struct vm_file_spec spec;
    struct vm_object *o;
    int ret;

    if (!old) {
        return -ABI_EBADF;
    }
    o = vm_object_get(old->object);
    spec = old->spec;
    spec.readable = readable;
    spec.writable = writable;
    ret = add_open(vm, o, &spec);
    if (ret < 0) {
        vm_object_put(o);
    }
    return ret;
}

const struct vm_file_spec *vm_file_stat(const struct vm *vm, int fd, uint64_t *size,
                                        uint64_t *identity)
{
    const struct vm_open_file *f = vm_file_of(vm, fd);

    if (!f) {
        return NULL;
    }
    if (size) {
        *size = f->object->size;
    }
    if (identity) {
        *identity = f->object->identity;
    }
    return &f->spec;
}

/* Whether reads and writes of F have bytes to move. */
static bool has_bytes(const struct vm_open_file *f)
{
    return f->spec.kind == VM_FILE_REGULAR || f->spec.kind == VM_FILE_DEV_OTHER;
}

static int read_page(struct vm_object *o, uint8_t *buf, size_t len, uint64_t offset)
{
    uint64_t page = o->vm->params.page;
    struct vm_frame *f;
    int err = vm_object_page(o, offset / page, &f);

    if (err) {
        return err;
    }
    if (f) {
        memcpy(buf, f->data + offset % page, len);
    } else {
        memset(buf, 0, len);
    }
    return 0;
}

static size_t in_page(const struct vm *vm, uint64_t offset, size_t left)
{
    return (size_t)u64_min(left, vm->params.page - offset % vm->params.page);
}

int64_t vm_file_read(struct vm *vm, int fd, void *buf, size_t len, uint64_t offset)
{
    const struct vm_open_file *f = vm_file_of(vm, fd);
    uint64_t size;
    size_t done = 0;

    if (!f || !f->spec.readable) {
        return -ABI_EBADF;
    }
    if (f->spec.kind == VM_FILE_DEV_ZERO) {
        memset(buf, 0, len);
        return (int64_t)len;
    }
    if (!has_bytes(f) || offset > INT64_MAX) {
        return -ABI_EINVAL;
    }
    size = u64_min(vm_object_size(f->object), INT64_MAX);
    len = offset < size ? (size_t)u64_min(len, size - offset) : 0;
    while (done < len) {
        size_t n = in_page(vm, offset + done, len - done);
        int err = read_page(f->object, (uint8_t *)buf + done, n, offset + done);

        if (err) {
            return done ? (int64_t)done : err;
        }
        done += n;
    }
    vm_hit_fast(vm, VM_RULE_MEM_FILE_READ);
    return (int64_t)len;
}

static int write_page(struct vm_object *o, const uint8_t *buf, size_t len, uint64_t offset)
{
    uint64_t page = o->vm->params.page;
    uint64_t old = o->size;
    struct vm_frame *f;
    int err = 0;

    if (o->kind == VM_OBJECT_FILE && offset + len > old) {
        err = vm_object_extend(o, offset + len);
    }
    if (!err) {
        err = vm_object_page_own(o, offset / page, len, &f);
    }
    if (err) {
        o->size = old;
        return err;
    }
    memcpy(f->data + offset % page, buf, len);
    return 0;
}

int64_t vm_file_write(struct vm *vm, int fd, const void *buf, size_t len, uint64_t offset)
{
    const struct vm_open_file *f = vm_file_of(vm, fd);
    size_t done = 0;

    if (!f || !f->spec.writable) {
        return -ABI_EBADF;
    }
    if (f->spec.kind == VM_FILE_DEV_ZERO) {
        return (int64_t)len;
    }
    if (!has_bytes(f) || offset > INT64_MAX) {
        return -ABI_EINVAL;
    }
    if (f->spec.append_only && offset != f->object->size) {
        return -ABI_EPERM;
    }
    if (len > INT64_MAX - offset) {
        return -ABI_EFBIG;
    }
    while (done < len) {
        size_t n = in_page(vm, offset + done, len - done);
        int err = write_page(f->object, (const uint8_t *)buf + done, n, offset + done);

        if (err) {
            return done ? (int64_t)done : err;
        }
        done += n;
    }
    vm_hit_fast(vm, VM_RULE_MEM_FILE_WRITE);
    return (int64_t)len;
}

int vm_file_truncate(struct vm *vm, int fd, uint64_t size)
{
    const struct vm_open_file *f = vm_file_of(vm, fd);

    if (!f) {
        return -ABI_EBADF;
    }
    if (!f->spec.writable || size > INT64_MAX) {
        return -ABI_EINVAL;
    }
    if (f->spec.append_only) {
        return -ABI_EPERM;
    }
    return vm_object_truncate(f->object, size);
}
