/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table as plain regions, and the table held against its own rules. Neither counts look-ups: a checker
 * must not disturb what it measures.
 */
#include "pageflags/pageflags.h"

#include "base/int.h"
#include "pageflags/internal.h"

#define FLAGS_KNOWN (PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG)

static struct region to_region(const struct page_run *run)
{
    return (struct region){
        .r = run->r,
        .prot = run->info.flags & PAGE_BITS,
        .flags = run->info.flags,
        .kind = run->info.kind,
        .shared = run->info.shared,
        .snapshot = run->info.snapshot,
        .object = run->info.object,
        .offset = run->info.offset,
    };
}

int pageflags_dump(const struct pageflags *pf, struct region_vec *out)
{
    const struct page_run *run = pageflags_peek(pf, 0);

    while (run) {
        int err = region_vec_push(out, to_region(run));

        if (err) {
            return err;
        }
        run = run->r.last == UINT64_MAX ? NULL : pageflags_peek(pf, run->r.last + 1);
    }
    return 0;
}

static const char *check_run(const struct page_run *run, uint64_t page)
{
    if (run->r.last < run->r.start) {
        return "a run ends before it starts";
    }
    if (!u64_is_aligned(run->r.start, page) || !u64_is_aligned(run->r.last + 1, page)) {
        return "a run is not made of whole guest pages";
    }
    if (!(run->info.flags & PAGE_VALID)) {
        return "a run is not VALID";
    }
    if (run->info.flags & ~FLAGS_KNOWN) {
        return "a run has an unknown flag";
    }
    if ((run->info.flags & PAGE_WRITE) && !(run->info.flags & PAGE_WRITE_ORG)) {
        return "a run has WRITE without WRITE_ORG";
    }
    if (run->info.kind > REGION_GUARD) {
        return "a run has a kind that no guest page has";
    }
    return run->info.object == 0 && run->info.offset != 0 ? "a run has an offset in no object"
                                                          : NULL;
}

static const char *check_pair(const struct page_run *a, const struct page_run *b)
{
    if (a->r.last >= b->r.start) {
        return "two runs overlap or are out of order";
    }
    return page_run_joins(a, b) ? "two equal neighbours are not merged" : NULL;
}

const char *pageflags_check(const struct pageflags *pf)
{
    const struct page_run *run = pageflags_peek(pf, 0);
    const struct page_run *before = NULL;
    size_t n = 0;

    while (run) {
        const char *wrong = check_run(run, pageflags_page(pf));

        if (!wrong && before) {
            wrong = check_pair(before, run);
        }
        if (wrong) {
            return wrong;
        }
        n++;
        before = run;
        run = run->r.last == UINT64_MAX ? NULL : pageflags_peek(pf, run->r.last + 1);
    }
    return n == pageflags_count(pf) ? NULL : "the number of runs is wrong";
}
