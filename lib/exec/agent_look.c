/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/agent_look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "hostmap/hostmap.h"

/* Host address of the anchor: where its first line begins; false if MAPS has none. */
static bool find_anchor(const struct buf *maps, uint64_t *ret)
{
    const char *name = strstr(buf_text(maps), AGENT_ANCHOR);
    const char *line = name;

    while (line && line > maps->data && line[-1] != '\n') {
        line--;
    }
    *ret = line ? strtoull(line, NULL, 16) : 0;
    return line != NULL;
}

static int keep(const struct agent_hello *h, const struct region_vec *all, uint64_t base,
                struct region_vec *out)
{
    for (size_t i = 0; i < all->n; i++) {
        struct region g = all->v[i];
        uint64_t start;

        if (g.r.last < base) {
            continue;
        }
        start = g.r.start > base ? g.r.start - base : 0;
        g.r = (struct range){start, g.r.last - base};
        if (!range_overlaps(g.r, h->place.within)) {
            continue;
        }
        g.r = range_cut(g.r, h->place.within);
        g.offset += g.object ? g.r.start - start : 0;
        if (region_vec_push(out, g) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

int agent_look_at(const struct agent_hello *h, const struct buf *maps, struct region_vec *out,
                  struct err *e)
{
    struct region_vec all = REGION_VEC_INIT;
    uint64_t anchor;
    int rc;

    if (!find_anchor(maps, &anchor) || anchor < h->anchor) {
        return err_set(e, -ENOENT, "the host's map has no %s", AGENT_ANCHOR);
    }
    rc = hostmap_parse_proc(maps->data, maps->len, &all, e);
    if (rc == 0 && keep(h, &all, anchor - h->anchor, out) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    region_vec_free(&all);
    return rc;
}

int agent_look(const struct agent_hello *h, uint32_t pid, struct region_vec *out, struct err *e)
{
    struct buf maps = BUF_INIT;
    char path[40];
    int rc;

    snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
    rc = buf_read_file(&maps, path, e);
    rc = rc < 0 ? rc : agent_look_at(h, &maps, out, e);
    buf_free(&maps);
    return rc;
}

/* ---- judgement ---- */

static unsigned host_rights(unsigned prot)
{
    return (prot & (REGION_R | REGION_X) ? REGION_R : 0u) | (prot & REGION_W);
}

/* A page that may hold code is not writable while the emulator has a translation of it. */
static bool same_rights(const struct record_place *place, const struct region *guest,
                        const struct region *host)
{
    unsigned want = host_rights(guest->prot);
    unsigned have = host->prot & (REGION_R | REGION_W);

    if (!place->emulated) {
        return guest->prot == host->prot;
    }
    return have == want || ((guest->prot & REGION_X) && have == (want & ~(unsigned)REGION_W));
}

static bool same_memory(const struct region *guest, const struct region *host, uint64_t at)
{
    if (guest->shared != host->shared) {
        return false;
    }
    return guest->kind != REGION_FILE ||
           (host->kind == REGION_FILE &&
            guest->offset + (at - guest->r.start) == host->offset + (at - host->r.start));
}

/* The pages of the host that hold nothing of the file, of the guest's page that holds its last. */
static bool behind_end(const struct prog *p, const struct record_place *place,
                       const struct region *guest, struct range where)
{
    uint64_t file = guest->object - record_file_object(0);
    uint64_t first = guest->offset + (where.start - guest->r.start);
    uint64_t last = guest->offset + (where.last - guest->r.start);

    return guest->kind == REGION_FILE && file < p->files.n && first >= p->files.v[file].size &&
           u64_align_down(last, place->page) < p->files.v[file].size;
}

static void print(const char *who, const struct region *g, struct buf *out)
{
    buf_fmt(out, "%s ", who);
    if (g) {
        region_print(g, out);
    } else {
        buf_str(out, "nothing");
    }
}

bool agent_view_holds(const struct prog *p, const struct record_place *place,
                      const struct region_vec *guest, const struct region_vec *host,
                      struct range own, struct range *where, struct buf *why)
{
    struct range left = {0, UINT64_MAX};
    struct region_difference d;

    while (region_diff(guest, host, left, REGION_MASK_ALL, &d)) {
        uint64_t at = d.where.start;
        bool holds = !d.b   ? !d.a
                     : !d.a ? (d.b->prot & REGION_RWX) == 0 || !range_overlaps(d.where, own)
                            : same_rights(place, d.a, d.b) &&
                                  (same_memory(d.a, d.b, at) || behind_end(p, place, d.a, d.where));

        if (!holds) {
            *where = d.where;
            buf_fmt(why, "at 0x%" PRIx64 "-0x%" PRIx64, d.where.start, d.where.last);
            print(" the guest has", d.a, why);
            print(", the host", d.b, why);
            return false;
        }
        if (d.where.last == UINT64_MAX) {
            break;
        }
        left.start = d.where.last + 1;
    }
    return true;
}
