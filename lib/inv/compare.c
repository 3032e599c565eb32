/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings: see the header. Cost: runs of WITHIN on both sides. */
#include "inv/compare.h"

#include <inttypes.h>

#include "inv/inv_priv.h"

/* The guest's own rights: TB protection took W away without asking it. */
static uint8_t book_rights(const struct region *b)
{
    return (uint8_t)((b->flags & PAGE_BITS) | (b->flags & PAGE_WRITE_ORG ? REGION_W : 0));
}

/* NULL, or in what K and B differ at AT. */
static const char *difference(const struct region *k, const struct region *b, uint64_t at)
{
    if (!k || !b) {
        return k == b ? NULL : k ? "is missing" : "must not be there";
    }
    if (k->prot != book_rights(b)) {
        return "has other rights";
    }
    if ((k->kind == REGION_GUARD) != (b->kind == REGION_GUARD)) {
        return k->kind == REGION_GUARD ? "must be a guard" : "must not be a guard";
    }
    if (b->snapshot) { /* a copy: where it came from is of no meaning any more */
        return NULL;
    }
    if (k->shared != b->shared) {
        return k->shared ? "must be shared" : "must be private";
    }
    if (k->kind != b->kind) {
        return k->kind == REGION_FILE ? "must be of a file" : "must be anonymous";
    }
    if (k->kind == REGION_FILE && k->object != b->object) {
        return "is of another file";
    }
    if (k->kind == REGION_FILE && k->offset + (at - k->r.start) != b->offset + (at - b->r.start)) {
        return "lies at another offset of its file";
    }
    return NULL;
}

bool inv_mapping_differs(const struct region_vec *kernel, const struct region_vec *book,
                         struct range within, uint64_t at, struct inv_mapping *ret)
{
    struct inv_cursor k = inv_cursor(kernel, at);
    struct inv_cursor b = inv_cursor(book, at);

    while (at <= within.last) {
        uint64_t last = within.last;

        ret->kernel = inv_at(&k, at, &last);
        ret->book = inv_at(&b, at, &last);
        if (ret->book && !(ret->book->flags & PAGE_VALID)) {
            ret->book = NULL;
        }
        ret->what = difference(ret->kernel, ret->book, at);
        if (ret->what) {
            ret->where = (struct range){at, last};
            return true;
        }
        if (last == within.last) {
            break;
        }
        at = last + 1;
    }
    return false;
}

void inv_mapping_print(const struct region *g, uint64_t at, struct buf *out)
{
    static const char *const kinds[REGION_KIND_COUNT] = {"anonymous", "file", "guard", "special"};
    char prot[4];

    if (!g) {
        buf_str(out, "nothing");
        return;
    }
    buf_fmt(out, "%s %s %s", inv_prot_text(g->flags ? book_rights(g) : g->prot, prot),
            g->snapshot ? "snapshot"
            : g->shared ? "shared"
                        : "private",
            kinds[g->kind]);
    if (g->kind == REGION_FILE) {
        buf_fmt(out, " at 0x%" PRIx64, g->offset + (at - g->r.start));
    }
}
