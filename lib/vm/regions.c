/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mapped as the readers of lib/hostmap tell it of this system. */
#include "vm/core.h"

#include <errno.h>

_Static_assert((int)REGION_R == (int)ABI_PROT_READ && (int)REGION_W == (int)ABI_PROT_WRITE &&
                   (int)REGION_X == (int)ABI_PROT_EXEC,
               "rights of a region are those of a mapping");

/*
 * Linux: shared anonymous memory is a file of the kernel's own, so it has a name and an identity.
 * FreeBSD tells nothing of the kind.
 */
static void describe_object(const struct vm_proc *p, const struct vm_area *a, struct region *r)
{
    const struct vm_object *o = a->a.object;
    bool is_linux = p->vm->params.system == ABI_LINUX;

    while (o->below) {
        o = o->below; /* made by fork from a private area: what is shown is below */
    }
    r->kind = vm_object_is_file(o) ? REGION_FILE : REGION_ANON;
    r->shared = a->a.shared && !a->a.object->below;
    if (r->kind == REGION_FILE || is_linux) {
        r->named = true;
        r->object = o->identity;
        r->offset = a->a.offset + a->a.object->below_offset;
    } else {
        r->shared = false;
    }
}

static struct region region_of(const struct vm_proc *p, const struct vm_area *a)
{
    struct region r = {.r = a->r, .prot = a->a.prot & REGION_RWX, .kind = REGION_ANON};

    if (a->a.kind != VM_AREA_MEMORY) {
        r.kind = REGION_GUARD;
        r.prot = 0;
    } else if (a->a.object) {
        describe_object(p, a, &r);
    }
    return r;
}

int vm_regions(const struct vm_proc *p, struct range within, struct region_vec *out)
{
    for (const struct vm_area *a = vm_area_from(p, within.start); a && a->r.start <= within.last;
         a = vm_area_next(p, a)) {
        struct region r = region_of(p, a);
        struct range cut = range_cut(r.r, within);

        if (r.object) {
            r.offset += cut.start - r.r.start;
        }
        r.r = cut;
        if (region_vec_push(out, r)) {
            return -ENOMEM;
        }
    }
    return 0;
}

bool vm_shared(const struct vm_proc *p, uint64_t at)
{
    const struct vm_area *a = vm_area_find(p, at);

    return a && a->a.kind == VM_AREA_MEMORY && a->a.shared && !a->a.object->below;
}
