/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vector of regions: growing, copying, finding by address. */
#include "region/region.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void region_vec_free(struct region_vec *v)
{
    free(v->v);
    *v = REGION_VEC_INIT;
}

int region_vec_push(struct region_vec *v, struct region r)
{
    int err = vec_reserve(v, v->n + 1);

    if (err) {
        return err;
    }
    v->v[v->n++] = r;
    return 0;
}

int region_vec_copy(struct region_vec *to, const struct region_vec *from)
{
    int err = vec_reserve(to, from->n);

    if (err) {
        return err;
    }
    if (from->n) {
        memcpy(to->v, from->v, from->n * sizeof(*from->v));
    }
    to->n = from->n;
    return 0;
}

size_t region_lower_bound(const struct region_vec *v, uint64_t at)
{
    size_t low = 0;
    size_t high = v->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (v->v[mid].r.last < at) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const struct region *region_find(const struct region_vec *v, uint64_t at)
{
    size_t i = region_lower_bound(v, at);

    return i < v->n && range_has(v->v[i].r, at) ? &v->v[i] : NULL;
}
