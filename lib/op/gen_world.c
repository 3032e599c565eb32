/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generator's idea of the address space: a short list of areas, newest last. Results of placed
 * maps are spaces of their own, because where they end up is the layer's business.
 */
#include "op/gen_impl.h"

#include <string.h>

/* Where a 64-bit window without reserved_va ends: what every target can offer. */
#define WINDOW_BITS_64 42

void gen_world_init(struct gen_world *w, const struct prog_config *c)
{
    uint64_t reserved = c->value[CONFIG_RESERVED];
    unsigned bits = c->value[CONFIG_BITS] == 32 ? 32 : WINDOW_BITS_64;

    w->page = c->value[CONFIG_GUEST_PAGE];
    w->host_page = config_effective_host_page(c);
    w->window_last = (reserved ? reserved : UINT64_C(1) << bits) - 1;
    w->n = 0;
}

static bool same_space(const struct gen_area *a, const struct value *v)
{
    return a->base == v->base && (v->base != VALUE_RESULT || a->ref == v->ref);
}

static void world_push(struct gen_world *w, const struct gen_area *a)
{
    if (w->n == GEN_AREAS_MAX) {
        memmove(w->area, w->area + 1, (GEN_AREAS_MAX - 1) * sizeof(*a));
        w->n--;
    }
    w->area[w->n++] = *a;
}

/* Take R, in the space of V, out of area I; false if the area is gone altogether. */
static bool area_cut(struct gen_world *w, unsigned i, struct range r)
{
    struct gen_area *a = &w->area[i];
    struct gen_area tail = *a;

    if (r.last < a->r.last) {
        tail.r.start = r.last + 1;
        tail.offset += tail.r.start - a->r.start;
        if (r.start <= a->r.start) {
            *a = tail;
            return true;
        }
        a->r.last = r.start - 1;
        if (w->n < GEN_AREAS_MAX) {
            w->area[w->n++] = tail;
        }
        return true;
    }
    if (r.start > a->r.start) {
        a->r.last = r.start - 1;
        return true;
    }
    return false;
}

static void world_cut(struct gen_world *w, const struct value *v, struct range r)
{
    unsigned n = w->n; /* pieces that a cut appends lie outside R */

    for (unsigned i = 0; i < n;) {
        if (same_space(&w->area[i], v) && range_overlaps(w->area[i].r, r) && !area_cut(w, i, r)) {
            memmove(w->area + i, w->area + i + 1, (w->n - i - 1) * sizeof(w->area[0]));
            w->n--;
            n--;
        } else {
            i++;
        }
    }
}

static const struct gen_area *world_find(const struct gen_world *w, const struct value *v,
                                         struct range r)
{
    for (unsigned i = w->n; i > 0; i--) {
        if (same_space(&w->area[i - 1], v) && range_overlaps(w->area[i - 1].r, r)) {
            return &w->area[i - 1];
        }
    }
    return NULL;
}

/* The pages of [ADDR, ADDR + LEN); false if no kernel would take them. */
static bool pages_of(const struct gen_world *w, const struct value *addr, uint64_t len,
                     struct range *ret)
{
    if (!u64_is_aligned(addr->num, w->page) || len > w->window_last ||
        !range_from_len(addr->num, len, ret)) {
        return false;
    }
    *ret = range_widen(*ret, w->page);
    return addr->base == VALUE_RESULT || ret->last <= w->window_last;
}

static void apply_mmap(struct gen_world *w, const struct op *op)
{
    uint64_t flags = op->arg[3].num;
    uint64_t keep = ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL;
    struct value at = op->arg[0];
    struct gen_area a = {.prot = op->arg[2].num & ABI_PROT_RWX,
                         .shared = (flags & ABI_MAP_SHARED) != 0,
                         .file = op->arg[4].base == VALUE_FILE ? op->arg[4].ref : -1,
                         .offset = op->arg[5].num};

    if (!(flags & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE))) {
        if (op->result == OP_NO_RESULT) {
            return;
        }
        at = (struct value){VALUE_RESULT, op->result, 0};
    } else if (at.base == VALUE_NUM) {
        at.base = VALUE_WINDOW; /* the window begins at guest address 0 wherever it can */
    }
    if (!pages_of(w, &at, op->arg[1].num, &a.r) || ((flags & keep) && world_find(w, &at, a.r))) {
        return;
    }
    a.base = at.base;
    a.ref = at.ref;
    world_cut(w, &at, a.r);
    world_push(w, &a);
}

static void apply_mprotect(struct gen_world *w, const struct op *op)
{
    struct gen_area part;
    struct range r;

    if (!pages_of(w, &op->arg[0], op->arg[1].num, &r)) {
        return;
    }
    for (unsigned i = 0, n = w->n; i < n; i++) {
        if (!same_space(&w->area[i], &op->arg[0]) || !range_overlaps(w->area[i].r, r)) {
            continue;
        }
        part = w->area[i];
        part.r = range_cut(part.r, r);
        part.offset += part.r.start - w->area[i].r.start;
        part.prot = op->arg[2].num & ABI_PROT_RWX;
        if (range_contains(r, w->area[i].r)) {
            w->area[i].prot = part.prot;
        } else if (w->n + 2 <= GEN_AREAS_MAX) {
            area_cut(w, i, part.r);
            w->area[w->n++] = part;
        }
    }
}

static void apply_mremap(struct gen_world *w, const struct op *op)
{
    uint64_t flags = op->arg[3].num;
    const struct value *old = &op->arg[0];
    struct value at = {VALUE_RESULT, op->result, 0};
    const struct gen_area *found;
    struct gen_area a;
    struct range r;

    if (!pages_of(w, old, op->arg[1].num, &r)) {
        return;
    }
    found = world_find(w, old, r);
    if (!found) {
        return;
    }
    a = *found;
    if (flags & ABI_MREMAP_FIXED) {
        at = op->arg[4];
    } else if (op->result == OP_NO_RESULT) {
        at = *old;
    }
    if (!pages_of(w, &at, op->arg[2].num, &a.r)) {
        return;
    }
    if (!(flags & ABI_MREMAP_DONTUNMAP)) {
        world_cut(w, old, r);
    }
    a.base = at.base;
    a.ref = at.ref;
    world_cut(w, &at, a.r);
    world_push(w, &a);
}

void gen_world_apply(struct gen_world *w, const struct op *op)
{
    struct range r;

    switch (op->kind) {
    case OP_mmap:
        apply_mmap(w, op);
        break;
    case OP_munmap:
        if (pages_of(w, &op->arg[0], op->arg[1].num, &r)) {
            world_cut(w, &op->arg[0], r);
        }
        break;
    case OP_mprotect:
        apply_mprotect(w, op);
        break;
    case OP_mremap:
        apply_mremap(w, op);
        break;
    default:
        break;
    }
}

void gen_world_replay(struct gen_world *w, const struct prog *p, size_t n)
{
    uint64_t child[PROG_OPS_MAX / 64] = {0};
    unsigned depth = 0;

    for (size_t i = n; i > 0; i--) {
        unsigned kind = p->ops.v[i - 1].kind;

        depth += kind == OP_wait;
        if (depth > 0) {
            child[(i - 1) / 64] |= UINT64_C(1) << ((i - 1) % 64);
        }
        depth -= kind == OP_fork && depth > 0;
    }
    gen_world_init(w, &p->config);
    for (size_t i = 0; i < n; i++) {
        if (!(child[i / 64] >> (i % 64) & 1)) {
            gen_world_apply(w, &p->ops.v[i]);
        }
    }
}
