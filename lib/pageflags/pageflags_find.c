/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free room: the gaps between runs, one after the other, from the side that was asked for. */
#include "pageflags/pageflags.h"

#include "base/int.h"

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

static bool find_up(const struct pageflags *pf, struct range within, const struct wish *w,
                    uint64_t *ret)
{
    struct page_run run;
    uint64_t at = within.start;

    while (pageflags_next(pf, at, &run) && run.r.start <= within.last) {
        if (run.r.start > at && fits(w, (struct range){at, run.r.start - 1}, ret)) {
            return true;
        }
        if (run.r.last >= within.last) {
            return false;
        }
        at = run.r.last + 1;
    }
    return fits(w, (struct range){at, within.last}, ret);
}

static bool find_down(const struct pageflags *pf, struct range within, const struct wish *w,
                      uint64_t *ret)
{
    struct page_run run;
    uint64_t at = within.last;

    while (pageflags_prev(pf, at, &run) && run.r.last >= within.start) {
        if (run.r.last < at && fits(w, (struct range){run.r.last + 1, at}, ret)) {
            return true;
        }
        if (run.r.start <= within.start) {
            return false;
        }
        at = run.r.start - 1;
    }
    return fits(w, (struct range){within.start, at}, ret);
}

bool pageflags_find_free(const struct pageflags *pf, struct range within, uint64_t len,
                         uint64_t unit, uint64_t align, bool from_top, uint64_t *ret)
{
    struct wish w = {len, u64_max(unit, align), from_top};

    if (len == 0) {
        return false;
    }
    return from_top ? find_down(pf, within, &w, ret) : find_up(pf, within, &w, ret);
}
