/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an entry of a FreeBSD map is: object, rights, inheritance (A.3, A.4, A.13). */
#include <errno.h>

#include "vm/freebsd_int.h"

int fbsd_map_attr(struct vm_proc *p, const struct fbsd_map *m, struct vm_area_attr *ret)
{
    *ret = (struct vm_area_attr){
        .prot = m->prot,
        .max_prot = m->max_prot,
        .kind = VM_AREA_MEMORY,
        .inherit = m->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY,
        .shared = m->shared,
    };
    if (m->guard) {
        ret->kind = VM_AREA_GUARD;
        ret->prot = 0;
        ret->max_prot = 0;
        return 0;
    }
    if (m->flags & FREEBSD_MAP_NOCORE) {
        ret->flags |= VM_AREA_NOCORE;
    }
    if (m->flags & FREEBSD_MAP_NOSYNC) {
        ret->flags |= VM_AREA_NOSYNC;
    }
    if (m->file) {
        ret->object = vm_object_get(m->file->object);
        ret->offset = m->offset;
    } else if (m->shared) {
        ret->object = vm_object_anon(vm_of(p));
        return ret->object ? 0 : -ENOMEM;
    }
    return 0;
}

/* Lenient: what cannot be is left out, a stack is plain memory as big as it was asked for. */
void fbsd_attr(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret)
{
    const uint32_t anon = FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_STACK | FREEBSD_MAP_GUARD;
    struct fbsd_map m = {
        .flags = a->flags,
        .prot = a->prot & ABI_PROT_RWX,
        .max_prot = a->prot >> ABI_PROT_MAX_SHIFT & ABI_PROT_RWX,
        .offset = u64_align_down(a->offset, vm_p(p)->page),
        .guard = (a->flags & FREEBSD_MAP_GUARD) != 0,
        .shared = (a->flags & (FREEBSD_MAP_SHARED | FREEBSD_MAP_GUARD)) == FREEBSD_MAP_SHARED,
    };

    if (m.max_prot == 0) {
        m.max_prot = ABI_PROT_RWX;
    }
    if (!(a->flags & anon)) {
        m.file = vm_file_of(vm_of(p), a->fd);
    }
    if (m.file && m.file->spec.kind == VM_FILE_DEV_ZERO) {
        m.file = NULL;
    } else if (m.file) {
        uint8_t max = ABI_PROT_EXEC;

        max |= m.file->spec.readable ? ABI_PROT_READ : 0;
        max |= !m.shared || m.file->spec.writable ? ABI_PROT_WRITE : 0;
        m.max_prot = (uint8_t)((m.max_prot & max) | m.prot);
    }
    if (fbsd_map_attr(p, &m, ret) < 0) {
        ret->shared = false;
    }
}
