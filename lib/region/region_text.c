/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions as one line each. The picture is in region_ruler.c. */
#include "region/region.h"

#include <inttypes.h>

static const char *const kind_names[REGION_KIND_COUNT] = {
    [REGION_ANON] = "anon",
    [REGION_FILE] = "file",
    [REGION_GUARD] = "guard",
    [REGION_SPECIAL] = "special",
};

static void print_rights(unsigned prot, struct buf *out)
{
    buf_fmt(out, "%c%c%c", prot & REGION_R ? 'r' : '-', prot & REGION_W ? 'w' : '-',
            prot & REGION_X ? 'x' : '-');
}

static const char *kind_name(unsigned kind)
{
    return kind < REGION_KIND_COUNT ? kind_names[kind] : "unknown";
}

static void print_flags(unsigned flags, struct buf *out)
{
    unsigned rest = flags & ~(unsigned)(PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG);
    const char *bar = "";

    buf_str(out, " ");
    if (flags & PAGE_VALID) {
        buf_str(out, "VALID");
        bar = "|";
    }
    if (flags & PAGE_WRITE_ORG) {
        buf_fmt(out, "%sWRITE_ORG", bar);
        bar = "|";
    }
    if (rest) {
        buf_fmt(out, "%s0x%x", bar, rest);
    }
}

void region_print(const struct region *r, struct buf *out)
{
    buf_fmt(out, "0x%" PRIx64 "-0x%" PRIx64 " ", r->r.start, r->r.last);
    print_rights(r->prot, out);
    if (r->flags) {
        print_flags(r->flags, out);
        if (r->kind != REGION_ANON) {
            buf_fmt(out, " %s", kind_name(r->kind));
        }
        buf_str(out, r->shared ? " shared" : "");
    } else {
        buf_fmt(out, "%c %s", r->shared ? 's' : 'p', kind_name(r->kind));
    }
    buf_str(out, r->snapshot ? " snapshot" : "");
    if (r->object) {
        buf_fmt(out, " object 0x%" PRIx64 "+0x%" PRIx64, r->object, r->offset);
    }
}

void region_vec_print(const struct region_vec *v, struct buf *out)
{
    for (size_t i = 0; i < v->n; i++) {
        buf_str(out, "  ");
        region_print(&v->v[i], out);
        buf_str(out, "\n");
    }
}
