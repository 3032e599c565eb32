/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/rangeset.h"

#include <string.h>

static void drop(struct region_vec *set, size_t first, size_t past)
{
    if (first == past) {
        return; /* there may be no memory yet */
    }
    memmove(&set->v[first], &set->v[past], (set->n - past) * sizeof(set->v[0]));
    set->n -= past - first;
}

/* R, which overlaps nothing, at its place. */
static int insert(struct region_vec *set, struct range r)
{
    size_t at = region_lower_bound(set, r.start);
    int rc = region_vec_push(set, (struct region){.r = r});

    if (rc == 0 && at + 1 < set->n) {
        memmove(&set->v[at + 1], &set->v[at], (set->n - 1 - at) * sizeof(set->v[0]));
        set->v[at] = (struct region){.r = r};
    }
    return rc;
}

int rangeset_add(struct region_vec *set, struct range r)
{
    size_t first = region_lower_bound(set, r.start ? r.start - 1 : 0);
    size_t past = first;

    while (past < set->n && (r.last == UINT64_MAX || set->v[past].r.start <= r.last + 1)) {
        r.start = u64_min(r.start, set->v[past].r.start);
        r.last = u64_max(r.last, set->v[past].r.last);
        past++;
    }
    if (past == first) {
        return insert(set, r);
    }
    set->v[first].r = r;
    drop(set, first + 1, past);
    return 0;
}

int rangeset_cut(struct region_vec *set, struct range r)
{
    size_t first = region_lower_bound(set, r.start);
    size_t past = first;
    struct range rest = {1, 0};

    while (past < set->n && set->v[past].r.start <= r.last) {
        struct range have = set->v[past].r;

        if (have.start < r.start) {
            set->v[past].r.last = r.start - 1;
            first++;
        }
        if (have.last > r.last) {
            rest = (struct range){r.last + 1, have.last};
        }
        past++;
    }
    drop(set, first, past);
    return rest.start <= rest.last ? insert(set, rest) : 0;
}
