/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The normal form: equal maps have equal vectors, however a kernel or a table split them. What a
 * comparison does not look at is zeroed first, so that it cannot keep neighbours apart.
 */
#include "region/region.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
    const struct region *x = a;
    const struct region *y = b;

    return x->r.start < y->r.start ? -1 : x->r.start > y->r.start;
}

static bool sorted(const struct region_vec *v)
{
    for (size_t i = 1; i < v->n; i++) {
        if (v->v[i - 1].r.start > v->v[i].r.start) {
            return false;
        }
    }
    return true;
}

static void apply_mask(struct region *r, unsigned mask)
{
    if (!(mask & REGION_MASK_PROT)) {
        r->prot = 0;
    }
    if (!(mask & REGION_MASK_FLAGS)) {
        r->flags = 0;
    }
    if (!(mask & REGION_MASK_KIND)) {
        r->kind = 0;
    }
    if (!(mask & REGION_MASK_SHARED)) {
        r->shared = false;
        r->snapshot = false;
    }
    if (!(mask & REGION_MASK_OBJECT)) {
        r->named = false;
        r->object = 0;
    }
    if (r->object == 0) {
        r->offset = 0;
    }
}

static bool joins(const struct region *a, const struct region *b)
{
    return a->r.last != UINT64_MAX && a->r.last + 1 == b->r.start && a->prot == b->prot &&
           a->flags == b->flags && a->kind == b->kind && a->shared == b->shared &&
           a->snapshot == b->snapshot && a->named == b->named && a->object == b->object &&
           (a->object == 0 || a->offset + range_len(a->r) == b->offset);
}

void region_normalise(struct region_vec *v, unsigned mask)
{
    size_t kept = 0;

    /* Nearly every vector comes in order; the check spares the sort its cost per step. */
    if (!sorted(v)) {
        qsort(v->v, v->n, sizeof(*v->v), by_start);
    }
    for (size_t i = 0; i < v->n; i++) {
        struct region r = v->v[i];

        apply_mask(&r, mask);
        if (kept && joins(&v->v[kept - 1], &r)) {
            v->v[kept - 1].r.last = r.r.last;
        } else {
            v->v[kept++] = r;
        }
    }
    v->n = kept;
}
