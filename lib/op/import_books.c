/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of a log and the results that stand for them; the newest mapping of an address is the
 * one that counts.
 */
#include "op/import_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void books_free(struct import_books *b)
{
    free(b->live.v);
    free(b->seen.v);
    *b = (struct import_books){0};
}

static int push(struct import_areas *l, struct import_area a)
{
    if (vec_reserve(l, l->n + 1) < 0) {
        return -ENOMEM;
    }
    l->v[l->n++] = a;
    return 0;
}

int books_cut(struct import_books *b, struct range r)
{
    struct import_areas *l = &b->live;
    size_t n = l->n;

    for (size_t i = 0; i < n;) {
        struct import_area a = l->v[i];

        if (!range_overlaps(a.r, r)) {
            i++;
            continue;
        }
        if (a.r.last > r.last) {
            struct import_area tail = {
                {r.last + 1, a.r.last}, a.ref, a.offset + (r.last + 1 - a.r.start)};

            if (push(l, tail) < 0) {
                return -ENOMEM;
            }
        }
        if (a.r.start < r.start) {
            l->v[i].r.last = r.start - 1;
            i++;
        } else {
            memmove(l->v + i, l->v + i + 1, (l->n - i - 1) * sizeof(*l->v));
            l->n--;
            n--;
        }
    }
    return 0;
}

int books_add(struct import_books *b, struct range r, uint16_t ref, uint64_t offset)
{
    struct import_area a = {r, ref, offset};

    return books_cut(b, r) < 0 || push(&b->live, a) < 0 || push(&b->seen, a) < 0 ? -ENOMEM : 0;
}

static struct value at_in(const struct import_area *a, uint64_t addr)
{
    return (struct value){VALUE_RESULT, a->ref, a->offset + (addr - a->r.start)};
}

struct import_piece books_piece(const struct import_books *b, struct range want)
{
    struct import_piece p = {.r = want};
    bool more = true;

    for (size_t i = 0; i < b->live.n; i++) {
        const struct import_area *a = &b->live.v[i];

        if (range_has(a->r, want.start)) {
            p.live = true;
            p.at = at_in(a, want.start);
            p.r.last = u64_min(want.last, a->r.last);
        } else if (a->r.start > want.start && !p.live) {
            p.r.last = u64_min(p.r.last, a->r.start - 1);
        }
    }
    /* What had been cut in two and lies in one row again is one piece. */
    while (p.live && more && p.r.last < want.last) {
        more = false;
        for (size_t i = 0; i < b->live.n && !more; i++) {
            const struct import_area *a = &b->live.v[i];

            if (a->r.start == p.r.last + 1 && a->ref == p.at.ref &&
                a->offset == p.at.num + range_len(p.r)) {
                p.r.last = u64_min(want.last, a->r.last);
                more = true;
            }
        }
    }
    return p;
}

bool books_recall(const struct import_books *b, uint64_t addr, struct value *ret)
{
    struct import_piece p = books_piece(b, (struct range){addr, addr});

    if (p.live) {
        *ret = p.at;
        return true;
    }
    for (size_t i = b->seen.n; i > 0; i--) {
        if (range_has(b->seen.v[i - 1].r, addr)) {
            *ret = at_in(&b->seen.v[i - 1], addr);
            return true;
        }
    }
    return false;
}
