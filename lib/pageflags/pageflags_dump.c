/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table as plain regions, and the table held against its own rules. Neither counts look-ups: a
 * checker must not disturb what it measures.
 */
#include "pageflags/pageflags.h"

#include "base/int.h"
#include "base/vec.h"
#include "pageflags/internal.h"

#define FLAGS_KNOWN (PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG)

static struct region to_region(struct page_run run)
{
    return (struct region){
        .r = run.r,
        .prot = run.info.flags & PAGE_BITS,
        .flags = run.info.flags,
        .kind = run.info.kind,
        .shared = run.info.shared,
        .snapshot = run.info.snapshot,
        .object = run.info.object,
        .offset = run.info.offset,
    };
}

int pageflags_dump(const struct pageflags *pf, struct region_vec *out)
{
    struct run_pos p = run_tree_ceil(&pf->tree, 0);
    int err = vec_reserve(out, out->n + pf->tree.count);

    for (; !err && p.leaf; p = run_pos_next(p)) {
        out->v[out->n++] = to_region(run_at(p));
    }
    return err;
}

static const char *check_run(const struct page_run *run, uint64_t page)
{
    if (run->r.last < run->r.start) {
        return "a run stops before it starts";
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
    const char *wrong = run_tree_check(&pf->tree);
    struct run_pos p = run_tree_ceil(&pf->tree, 0);
    struct page_run before;
    bool first = true;

    for (; !wrong && p.leaf; p = run_pos_next(p)) {
        struct page_run run = run_at(p);

        wrong = check_run(&run, pf->page);
        if (!wrong && !first) {
            wrong = check_pair(&before, &run);
        }
        before = run;
        first = false;
    }
    return wrong;
}
