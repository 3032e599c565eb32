/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies outside the window. At a program's end it is held against what lay there when the
 * runner first ran: the fences are whole; every private file-backed region (text, libraries) is
 * there with the same object, offset and rights; every special one (stack, heap, vdso) is there,
 * though it may have grown or shrunk at a side; above reserved_va the window is empty. Anonymous
 * memory outside comes and goes with the harness itself (malloc, sanitizers, engines) and is not
 * judged, nor are shared maps (engines' own) or files that were mapped later.
 */
#include "exec/runner_impl.h"

static bool judged_outside(const struct region *g)
{
    return (g->kind == REGION_FILE && !g->shared) || g->kind == REGION_SPECIAL;
}

/* What lies outside every window: they hold nothing but placeholder between programs. */
int runner_outside_learn(struct runner *r)
{
    int rc = runner_read_map(r, (struct range){0, UINT64_MAX}, &r->map_all);

    region_vec_clear(&r->outside);
    for (size_t i = 0; rc == 0 && i < r->map_all.n; i++) {
        if (judged_outside(&r->map_all.v[i])) {
            rc = region_vec_push(&r->outside, r->map_all.v[i]);
        }
    }
    r->outside_known = rc == 0;
    return rc;
}

/* The whole of file-backed region B is there as it was. */
static bool still_there(const struct region_vec *now, const struct region *b)
{
    uint64_t at = b->r.start;

    for (;;) {
        const struct region *c = region_find(now, at);

        if (!c || c->kind != b->kind || c->prot != b->prot || c->shared != b->shared ||
            c->object != b->object ||
            c->offset + (at - c->r.start) != b->offset + (at - b->r.start)) {
            return false;
        }
        if (c->r.last >= b->r.last) {
            return true;
        }
        at = c->r.last + 1;
    }
}

/* Something of special region B is there. */
static bool overlaps_special(const struct region_vec *now, const struct region *b)
{
    for (size_t i = region_lower_bound(now, b->r.start); i < now->n; i++) {
        if (now->v[i].r.start > b->r.last) {
            return false;
        }
        if (now->v[i].kind == REGION_SPECIAL && now->v[i].prot == b->prot) {
            return true;
        }
    }
    return false;
}

static bool fence_is_whole(const struct region_vec *now, struct range fence)
{
    uint64_t at = fence.start;

    while (fence.last > fence.start) {
        const struct region *c = region_find(now, at);

        if (!c || c->prot != 0 || c->kind == REGION_FILE) {
            return false;
        }
        if (c->r.last >= fence.last) {
            break;
        }
        at = c->r.last + 1;
    }
    return true;
}

/* The part of the window above reserved_va, where there is one, is not the program's. */
static bool empty_above(const struct runner *r)
{
    const struct host_window *w = &r->window->w;
    uint64_t above = w->base + r->res->space.window_last + 1;
    size_t i = region_lower_bound(&r->map_all, above);

    return w->base == 0 || r->res->space.window_last == w->size - 1 || i == r->map_all.n ||
           r->map_all.v[i].r.start > w->base + (w->size - 1);
}

const char *runner_outside_changed(const struct runner *r)
{
    const struct host_window *w = &r->window->w;

    for (size_t i = 0; i < r->outside.n; i++) {
        const struct region *b = &r->outside.v[i];

        if (b->kind == REGION_FILE && !still_there(&r->map_all, b)) {
            return "a file-backed region of the process is not what it was";
        }
        if (b->kind == REGION_SPECIAL && !overlaps_special(&r->map_all, b)) {
            return "a special region of the process is gone";
        }
    }
    if (!fence_is_whole(&r->map_all, w->fence[0]) || !fence_is_whole(&r->map_all, w->fence[1])) {
        return "a fence beside the window is not what it was";
    }
    return empty_above(r) ? NULL : "something is mapped in the window above reserved_va";
}
