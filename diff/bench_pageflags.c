/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time per op of the page-flag table at 100 and at 100,000 runs. Slots of two pages, every other
 * one mapped; ops hit random slots over the whole table: look up, map, unmap, change rights, search
 * a free place nearby. Short rounds of both sizes take turns, in processor time, and the best of
 * each counts: what else the machine does hits both alike.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>

#include "base/prng.h"
#include "pageflags/pageflags.h"

#define PAGE UINT64_C(4096)
#define SLOT (2 * PAGE)
#define OPS 10000
#define ROUNDS 60
#define BOUND 3.0

static struct range slot_page(uint64_t slot)
{
    return (struct range){slot * SLOT + SLOT, slot * SLOT + SLOT + PAGE - 1};
}

static const struct page_info bench_info = {.flags = PAGE_VALID | PAGE_READ};

static int fill(struct pageflags *pf, size_t runs)
{
    if (pageflags_reserve(pf, runs + 1) < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < runs; i++) {
        pageflags_set(pf, slot_page(i), &bench_info);
    }
    return 0;
}

/* One op at a random slot; what was unmapped is mapped again, so that the number of runs stays. */
static int one_op(struct pageflags *pf, struct prng *rng, size_t runs)
{
    struct range r = slot_page(prng_below(rng, runs));
    struct page_run run;
    uint64_t at;

    switch (prng_below(rng, 4)) {
    case 0:
        return pageflags_lookup(pf, r.start, &run) ? 0 : -EFAULT;
    case 1:
        if (pageflags_reserve(pf, 2) < 0) {
            return -ENOMEM;
        }
        pageflags_unset(pf, r);
        pageflags_set(pf, r, &bench_info);
        return 0;
    case 2:
        if (pageflags_reserve(pf, 2) < 0) {
            return -ENOMEM;
        }
        pageflags_update(pf, r, 0, PAGE_EXEC);
        pageflags_update(pf, r, PAGE_EXEC, 0);
        return 0;
    default:
        return pageflags_find_free(pf, (struct range){r.start, r.start + 4 * SLOT - 1}, PAGE, PAGE,
                                   PAGE, false, &at)
                   ? 0
                   : -EFAULT;
    }
}

/* A filled table and what its rounds took at best. */
struct subject {
    size_t runs;
    struct pageflags *pf;
    struct prng rng;
    uint64_t best;
};

static int subject_open(struct subject *s, size_t runs)
{
    *s = (struct subject){.runs = runs, .pf = pageflags_new(PAGE), .best = UINT64_MAX};
    prng_seed(&s->rng, runs);
    return s->pf ? fill(s->pf, runs) : -ENOMEM;
}

static int subject_round(struct subject *s)
{
    uint64_t began = bench_cpu_ns();
    uint64_t took;
    int r = 0;

    for (int i = 0; r == 0 && i < OPS; i++) {
        r = one_op(s->pf, &s->rng, s->runs);
    }
    took = bench_cpu_ns() - began;
    s->best = took < s->best ? took : s->best;
    return r;
}

int bench_pageflags(struct err *e)
{
    struct subject few = {0};
    struct subject many = {0};
    int r = subject_open(&few, 100);
    double ratio;

    r = r < 0 ? r : subject_open(&many, 100000);
    for (int round = 0; r == 0 && round < ROUNDS; round++) {
        r = subject_round(&few);
        r = r < 0 ? r : subject_round(&many);
    }
    pageflags_free(few.pf);
    pageflags_free(many.pf);
    if (r < 0) {
        return err_set(e, r, "the page-flag table failed");
    }
    ratio = (double)many.best / (double)few.best;
    printf("  %.0f ns per op at 100 runs, %.0f ns at 100000 runs: ratio %.2f (bound %.1f)\n",
           (double)few.best / OPS, (double)many.best / OPS, ratio, BOUND);
    return ratio > BOUND;
}
