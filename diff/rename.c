/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rename.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void rename_free(struct rename *r)
{
    free(r->pairs.v);
    *r = RENAME_INIT;
}

int rename_copy(struct rename *to, const struct rename *from)
{
    if (vec_reserve(&to->pairs, from->pairs.n) < 0) {
        return -ENOMEM;
    }
    if (from->pairs.n) {
        memcpy(to->pairs.v, from->pairs.v, from->pairs.n * sizeof(*to->pairs.v));
    }
    to->pairs.n = from->pairs.n;
    return 0;
}

/* Pair I keeps what lies outside the LEN bytes at AT of one of its sides, which begins at START. */
static int cut_pair(struct rename *r, size_t i, uint64_t start, uint64_t at, uint64_t len)
{
    struct rename_pair p = r->pairs.v[i];
    uint64_t last = at + (len - 1);
    uint64_t skip = at > start ? at - start : 0; /* kept in front */
    uint64_t gone = last - start;                /* offset of the last byte to go */

    if (last < start || skip >= p.len) {
        return 0;
    }
    r->pairs.v[i].len = skip;
    if (gone >= p.len - 1) {
        return 0;
    }
    if (vec_reserve(&r->pairs, r->pairs.n + 1) < 0) {
        return -ENOMEM;
    }
    r->pairs.v[r->pairs.n++] =
        (struct rename_pair){p.a + gone + 1, p.b + gone + 1, p.len - gone - 1};
    return 0;
}

static void drop_empty(struct rename *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->pairs.n; i++) {
        if (r->pairs.v[i].len > 0) {
            r->pairs.v[kept++] = r->pairs.v[i];
        }
    }
    r->pairs.n = kept;
}

int rename_put(struct rename *r, uint64_t a, uint64_t b, uint64_t len)
{
    int rc = 0;

    if (len == 0) {
        return 0;
    }
    /* what a cut appends lies outside and is passed over */
    for (size_t i = 0; rc == 0 && i < r->pairs.n; i++) {
        rc = cut_pair(r, i, r->pairs.v[i].a, a, len);
    }
    for (size_t i = 0; rc == 0 && i < r->pairs.n; i++) {
        rc = r->pairs.v[i].len ? cut_pair(r, i, r->pairs.v[i].b, b, len) : 0;
    }
    drop_empty(r);
    if (rc < 0 || a == b || vec_reserve(&r->pairs, r->pairs.n + 1) < 0) {
        return rc < 0 ? rc : a == b ? 0 : -ENOMEM;
    }
    r->pairs.v[r->pairs.n++] = (struct rename_pair){a, b, len};
    return 0;
}

/*
 * How many bytes from AT on, LEFT + 1 at most, lie alike in or outside the pairs, by their first or
 * second side. *IN: the pair they lie in, NULL none.
 */
static uint64_t stretch(const struct rename *r, bool second, uint64_t at, uint64_t left,
                        const struct rename_pair **in)
{
    *in = NULL;
    for (size_t i = 0; i < r->pairs.n; i++) {
        const struct rename_pair *p = &r->pairs.v[i];
        uint64_t start = second ? p->b : p->a;

        if (at >= start && at - start < p->len) {
            uint64_t rest = p->len - 1 - (at - start);

            *in = p;
            return (left < rest ? left : rest) + 1;
        }
        if (start > at && start - at - 1 < left) {
            left = start - at - 1;
        }
    }
    return left + 1;
}

uint64_t rename_piece(const struct rename *r, struct range b, uint64_t *a, bool *known)
{
    const struct rename_pair *in;
    const struct rename_pair *taken;
    uint64_t len = stretch(r, true, b.start, b.last - b.start, &in);

    *known = true;
    if (in) {
        *a = in->a + (b.start - in->b);
        return len;
    }
    /* where it is, unless the first has something else there that the second has elsewhere */
    *a = b.start;
    len = stretch(r, false, b.start, len - 1, &taken);
    *known = !taken;
    return len;
}
