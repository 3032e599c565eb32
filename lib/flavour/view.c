/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page flags as they are or as they will be, and what the host must grant for them (layer.md
 * 1.2, rule 3: need and union). Every host protection the layer sets comes from here. Costs grow
 * with runs, never with pages.
 */
#include "flavour/layer_int.h"

#include "base/int.h"

/*
 * The run that holds AT or comes next, cut to ZONE; false if there is none in ZONE. AT lies in
 * ZONE.
 */
static bool next_in(const struct pageflags *pf, gaddr at, struct range zone, struct page_run *ret)
{
    if (!pageflags_next(pf, at, ret) || ret->r.start > zone.last) {
        return false;
    }
    ret->r = range_cut(ret->r, zone);
    return true;
}

static uint8_t seen_flags(const struct view *v, uint8_t flags)
{
    return v->lift && (flags & PAGE_WRITE_ORG) ? flags | PAGE_WRITE : flags;
}

/* The changed part of the view, from AT, which lies in it. */
static bool next_changed(const struct view *v, gaddr at, struct range *r, uint8_t *flags)
{
    struct page_run run;

    switch (v->change) {
    case VIEW_NEW:
        *r = v->r;
        *flags = v->flags;
        return true;
    case VIEW_RIGHTS:
        if (!next_in(v->pf, at, v->r, &run)) {
            return false;
        }
        *r = run.r;
        *flags = run.info.kind == REGION_GUARD ? run.info.flags : v->flags | PAGE_VALID;
        return true;
    case VIEW_FREE:
    case VIEW_SAME:
        break;
    }
    return false;
}

bool view_next(const struct view *v, gaddr at, struct range *r, uint8_t *flags)
{
    struct range all = {0, UINT64_MAX};
    struct page_run run;

    if (v->change != VIEW_SAME && at <= v->r.last) {
        if (at < v->r.start && next_in(v->pf, at, (struct range){0, v->r.start - 1}, &run)) {
            *r = run.r;
            *flags = seen_flags(v, run.info.flags);
            return true;
        }
        if (next_changed(v, u64_max(at, v->r.start), r, flags)) {
            return true;
        }
        if (v->r.last == UINT64_MAX) {
            return false;
        }
        all.start = v->r.last + 1;
        at = all.start;
    } else if (v->change != VIEW_SAME) {
        all.start = v->r.last + 1;
    }
    if (!next_in(v->pf, at, all, &run)) {
        return false;
    }
    *r = run.r;
    *flags = seen_flags(v, run.info.flags);
    return true;
}

static bool tb_protected(uint8_t flags)
{
    return (flags & PAGE_WRITE_ORG) && !(flags & PAGE_WRITE);
}

int view_union(const struct layer *l, const struct view *v, gaddr p)
{
    gaddr last = p | (l->space.host_page - 1);
    bool protected = false;
    int prot = -1;
    struct range r;
    uint8_t flags;

    for (gaddr at = p; view_next(v, at, &r, &flags) && r.start <= last; at = r.last + 1) {
        prot = (prot < 0 ? 0 : prot) | layer_need(flags);
        protected |= tb_protected(flags);
        if (r.last >= last) {
            break;
        }
    }
    return prot > 0 && protected ? prot & ~HOST_W : prot;
}

void view_stretch(const struct layer *l, const struct view *v, gaddr at, gaddr last_max,
                  gaddr *last, int *prot)
{
    uint64_t host_page = l->space.host_page;
    gaddr page_last = at | (host_page - 1);
    struct range r;
    uint8_t flags;

    if (!view_next(v, at, &r, &flags) || r.start > last_max) {
        *prot = -1;
        *last = last_max;
    } else if (r.start > page_last) {
        *prot = -1;
        *last = u64_align_down(r.start, host_page) - 1;
    } else if (r.start <= at && r.last >= page_last) {
        *prot = tb_protected(flags) ? layer_need(flags) & ~HOST_W : layer_need(flags);
        /* The last whole host page of the run; a run may end at the top of the address space. */
        *last = u64_min(r.last - ((r.last + 1) & (host_page - 1)), last_max);
    } else {
        *prot = view_union(l, v, at);
        *last = page_last;
    }
}
