/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free room: the gaps that are wide enough, one after the other, from the side that was asked for.
 */
#include "pageflags/pageflags.h"

#include "base/int.h"
#include "pageflags/internal.h"

struct wish {
    uint64_t len;
    uint64_t align;
    bool from_top;
};

/* A place in GAP, the nearest to the side the search comes from. */
static bool fits(const struct wish *w, struct range gap, uint64_t *ret)
{
    uint64_t at;

    if (gap.last - gap.start < w->len - 1) {
        return false;
    }
    if (w->from_top) {
        at = u64_align_down(gap.last - (w->len - 1), w->align);
        if (at < gap.start) {
            return false;
        }
    } else if (!u64_align_up(gap.start, w->align, &at) || at > gap.last - (w->len - 1)) {
        return false;
    }
    *ret = at;
    return true;
}

/* Wide enough is not enough: the place must also be in WITHIN and aligned. */
static bool fits_within(const struct wish *w, struct range gap, struct range within, uint64_t *ret)
{
    return range_overlaps(gap, within) && fits(w, range_cut(gap, within), ret);
}

static bool find_up(const struct pageflags *pf, struct range within, const struct wish *w,
                    uint64_t *ret)
{
    struct range runs = run_tree_extent(&pf->tree);
    uint64_t at = within.start;
    struct range gap;

    if (runs.start > 0 && fits_within(w, (struct range){0, runs.start - 1}, within, ret)) {
        return true;
    }
    while (run_tree_gap_up(&pf->tree, at, w->len, &gap) && gap.start <= within.last) {
        pageflags_count_lookup(pf);
        if (fits_within(w, gap, within, ret)) {
            return true;
        }
        at = gap.last + 1;
    }
    return runs.last < UINT64_MAX &&
           fits_within(w, (struct range){runs.last + 1, UINT64_MAX}, within, ret);
}

static bool find_down(const struct pageflags *pf, struct range within, const struct wish *w,
                      uint64_t *ret)
{
    struct range runs = run_tree_extent(&pf->tree);
    uint64_t at = within.last;
    struct range gap;

    if (runs.last < UINT64_MAX &&
        fits_within(w, (struct range){runs.last + 1, UINT64_MAX}, within, ret)) {
        return true;
    }
    while (run_tree_gap_down(&pf->tree, at, w->len, &gap) && gap.last >= within.start) {
        pageflags_count_lookup(pf);
        if (fits_within(w, gap, within, ret)) {
            return true;
        }
        at = gap.start - 1;
    }
    return runs.start > 0 && fits_within(w, (struct range){0, runs.start - 1}, within, ret);
}

bool pageflags_find_free(const struct pageflags *pf, struct range within, uint64_t len,
                         uint64_t unit, uint64_t align, bool from_top, uint64_t *ret)
{
    struct wish w = {len, u64_max(unit, align), from_top};

    pageflags_count_lookup(pf);
    if (len == 0) {
        return false;
    }
    if (pf->tree.count == 0) {
        return fits(&w, within, ret);
    }
    return from_top ? find_down(pf, within, &w, ret) : find_up(pf, within, &w, ret);
}
