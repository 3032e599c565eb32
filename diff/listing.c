/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listing.h"

/* The rights that the host has of a page for which the guest has PROT. */
static unsigned host_rights(unsigned prot)
{
    return (prot & (REGION_R | REGION_X) ? REGION_R : 0u) | (prot & REGION_W);
}

static bool same_memory(const struct region *a, const struct region *b)
{
    return a->kind == b->kind && a->shared == b->shared && a->object == b->object;
}

/* Whether the host may have A and B behind it as one mapping. */
static bool goes_on(const struct region *a, const struct region *b)
{
    return a->r.last + 1 == b->r.start && same_memory(a, b) &&
           (!a->object || a->offset + range_len(a->r) == b->offset) &&
           host_rights(a->prot) == host_rights(b->prot);
}

/* A line that begins with region FIRST and reaches LAST is left out. */
static bool leaves_out(const struct region_vec *v, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++) {
        if (v->v[first].prot & ~v->v[i].prot) {
            return true;
        }
    }
    return false;
}

bool listing_explains(const struct region_vec *truth, uint64_t at, const struct region *shown)
{
    size_t here = region_lower_bound(truth, at);
    size_t last = here;

    if (here == truth->n || truth->v[here].r.start > at ||
        (shown && !same_memory(&truth->v[here], shown))) {
        return false;
    }
    while (last + 1 < truth->n && goes_on(&truth->v[last], &truth->v[last + 1])) {
        last++;
    }
    for (size_t first = here;; first--) { /* the host may have parted what it could merge */
        if (shown ? first < here && truth->v[first].prot == shown->prot
                  : leaves_out(truth, first, last)) {
            return true;
        }
        if (first == 0 || !goes_on(&truth->v[first - 1], &truth->v[first])) {
            return false;
        }
    }
}

bool listing_hides(const struct region_vec *truth, uint64_t at)
{
    const struct region *r = region_find(truth, at);

    return r && r->prot == 0 && r->kind == REGION_ANON && !r->shared && r->object == 0;
}
