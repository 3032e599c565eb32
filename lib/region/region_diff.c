/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first place where two maps disagree, found in one walk over both. */
#include "region/region.h"

/* One side of the walk: the region at or behind the current address. */
struct side {
    const struct region_vec *v;
    size_t i;
};

static const struct region *side_at(struct side *s, uint64_t at)
{
    while (s->i < s->v->n && s->v->v[s->i].r.last < at) {
        s->i++;
    }
    return s->i < s->v->n && s->v->v[s->i].r.start <= at ? &s->v->v[s->i] : NULL;
}

/* Last address up to which what side_at() said stays true. */
static uint64_t side_last(const struct side *s, uint64_t at)
{
    if (s->i == s->v->n) {
        return UINT64_MAX;
    }
    return s->v->v[s->i].r.start <= at ? s->v->v[s->i].r.last : s->v->v[s->i].r.start - 1;
}

static bool same_object(const struct region *a, const struct region *b, uint64_t at)
{
    return a->named == b->named && a->object == b->object &&
           (a->object == 0 || a->offset + (at - a->r.start) == b->offset + (at - b->r.start));
}

static bool same(const struct region *a, const struct region *b, uint64_t at, unsigned mask)
{
    if (!a || !b) {
        return a == b;
    }
    return (!(mask & REGION_MASK_PROT) || a->prot == b->prot) &&
           (!(mask & REGION_MASK_FLAGS) || a->flags == b->flags) &&
           (!(mask & REGION_MASK_KIND) || a->kind == b->kind) &&
           (!(mask & REGION_MASK_SHARED) ||
            (a->shared == b->shared && a->snapshot == b->snapshot)) &&
           (!(mask & REGION_MASK_OBJECT) || same_object(a, b, at));
}

bool region_diff(const struct region_vec *a, const struct region_vec *b, struct range within,
                 unsigned mask, struct region_difference *ret)
{
    struct side x = {a, region_lower_bound(a, within.start)};
    struct side y = {b, region_lower_bound(b, within.start)};
    uint64_t at = within.start;

    for (;;) {
        const struct region *ra = side_at(&x, at);
        const struct region *rb = side_at(&y, at);
        uint64_t last = u64_min(within.last, u64_min(side_last(&x, at), side_last(&y, at)));

        if (!same(ra, rb, at, mask)) {
            *ret = (struct region_difference){{at, last}, ra, rb};
            return true;
        }
        if (last == within.last) {
            return false;
        }
        at = last + 1;
    }
}
