/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about pages and ranges, asked through next and prev: one look-up per run they visit. */
#include "pageflags/pageflags.h"

#include "base/int.h"

bool pageflags_lookup(const struct pageflags *pf, uint64_t at, struct page_run *ret)
{
    struct page_run run;

    if (!pageflags_prev(pf, at, &run) || run.r.last < at) {
        return false;
    }
    *ret = run;
    return true;
}

uint8_t pageflags_get(const struct pageflags *pf, uint64_t at)
{
    struct page_run run;

    return pageflags_lookup(pf, at, &run) ? run.info.flags : 0;
}

bool pageflags_any(const struct pageflags *pf, struct range r)
{
    struct page_run run;

    return pageflags_next(pf, r.start, &run) && run.r.start <= r.last;
}

/*
 * True if every page of R is in a run that has all of WANT; a TB-protected page counts as
 * writable.
 */
static bool all_have(const struct pageflags *pf, struct range r, uint8_t want)
{
    struct page_run run;
    uint64_t at = r.start;

    for (;;) {
        uint8_t has;

        if (!pageflags_lookup(pf, at, &run)) {
            return false;
        }
        has = run.info.flags;
        if (has & PAGE_WRITE_ORG) {
            has |= PAGE_WRITE;
        }
        if ((has & want) != want) {
            return false;
        }
        if (run.r.last >= r.last) {
            return true;
        }
        at = run.r.last + 1;
    }
}

bool pageflags_all(const struct pageflags *pf, struct range r)
{
    return all_have(pf, r, PAGE_VALID);
}

int page_check_range(const struct pageflags *pf, uint64_t start, uint64_t len, uint8_t want)
{
    struct range r;

    if (len == 0) {
        return 0;
    }
    if (!range_from_len(start, len, &r)) {
        return -1;
    }
    return all_have(pf, r, want | PAGE_VALID) ? 0 : -1;
}
