/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apart.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "exec/rangeset.h"
#include "exec/record.h"

enum { FILE_BITS = 40 }; /* of an offset: larger than any file */

void apart_free(struct apart *a)
{
    region_vec_free(&a->pages);
    region_vec_free(&a->changed);
    region_vec_free(&a->files);
    free(a->objects.v);
    *a = APART_INIT;
}

void apart_clear(struct apart *a)
{
    region_vec_clear(&a->pages);
    region_vec_clear(&a->changed);
    region_vec_clear(&a->files);
    a->objects.n = 0;
}

static bool is_file(const struct region *g)
{
    return g->kind == REGION_FILE && g->object >= record_file_object(0) &&
           g->object < record_file_object(PROG_FILES_MAX);
}

/* WHERE of G as bytes of its file, all files one behind the other; false if none can be there. */
static bool file_bytes(const struct region *g, struct range where, struct range *ret)
{
    uint64_t file = (g->object - record_file_object(0)) << FILE_BITS;
    uint64_t limit = (UINT64_C(1) << FILE_BITS) - 1;
    uint64_t offset = g->offset + (where.start - g->r.start);
    uint64_t len = where.last - where.start;

    if (!is_file(g) || offset > limit) {
        return false;
    }
    *ret = (struct range){file + offset, file + (len < limit - offset ? offset + len : limit)};
    return true;
}

static bool has_object(const struct apart *a, uint64_t object)
{
    for (size_t i = 0; i < a->objects.n; i++) {
        if (a->objects.v[i] == object) {
            return true;
        }
    }
    return false;
}

/*
 * G as large as WHERE: a layer's host page may hold more of the file than the guest has mapped, and
 * a store beside the map reaches it.
 */
static struct region widened(const struct region *g, struct range where)
{
    struct region wide = *g;
    uint64_t before = g->r.start > where.start ? g->r.start - where.start : 0;

    before = before < g->offset ? before : g->offset;
    wide.r.start -= before;
    wide.offset -= before;
    wide.r.last = wide.r.last > where.last ? wide.r.last : where.last;
    return wide;
}

/* The bytes of shared files below WHERE of MAPPED into SET. */
static int add_files(struct region_vec *set, const struct region_vec *mapped, struct range where,
                     bool wide)
{
    int rc = 0;

    for (size_t i = region_lower_bound(mapped, where.start);
         rc == 0 && i < mapped->n && mapped->v[i].r.start <= where.last; i++) {
        struct region g = wide ? widened(&mapped->v[i], where) : mapped->v[i];
        struct range bytes;

        if (g.shared && file_bytes(&g, range_cut(g.r, where), &bytes)) {
            rc = rangeset_add(set, bytes);
        }
    }
    return rc;
}

int apart_objects(struct apart *a, const struct region_vec *mapped, struct range where,
                  uint64_t (*name)(const void *arg, uint64_t object), const void *arg)
{
    for (size_t i = region_lower_bound(mapped, where.start);
         i < mapped->n && mapped->v[i].r.start <= where.last; i++) {
        const struct region *g = &mapped->v[i];
        uint64_t object = name && g->object ? name(arg, g->object) : g->object;

        if (!g->shared || is_file(g) || !object || has_object(a, object)) {
            continue;
        }
        if (vec_reserve(&a->objects, a->objects.n + 1) < 0) {
            return -ENOMEM;
        }
        a->objects.v[a->objects.n++] = object;
    }
    return add_files(&a->files, mapped, where, true);
}

int apart_stored(struct apart *a, const struct region_vec *mapped, struct range where)
{
    return add_files(&a->changed, mapped, where, false);
}

static bool overlaps(const struct region_vec *set, struct range r)
{
    size_t i = region_lower_bound(set, r.start);

    return i < set->n && set->v[i].r.start <= r.last;
}

bool apart_hides(const struct apart *a, const struct region *g, struct range where)
{
    struct range bytes;

    if (file_bytes(g, where, &bytes)) {
        return overlaps(&a->files, bytes) || (!g->shared && overlaps(&a->changed, bytes));
    }
    return g->object && has_object(a, g->object);
}
