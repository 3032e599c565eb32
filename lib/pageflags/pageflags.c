/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table and its changes. Each change works out what becomes of the runs its range touches,
 * merged with the neighbours, and puts at most three runs in their place; the nodes for that were
 * prepared by pageflags_reserve, so that a change cannot fail half-way.
 */
#include "pageflags/pageflags.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/int.h"
#include "pageflags/internal.h"

/* At most three runs for the first run that a change touches, one more for the last. */
#define INSERTS_PER_CHANGE 4

struct pageflags *pageflags_new(uint64_t page)
{
    struct pageflags *pf = calloc(1, sizeof(*pf));

    if (pf && run_tree_init(&pf->tree) != 0) {
        free(pf);
        return NULL;
    }
    if (pf) {
        pf->page = page;
    }
    return pf;
}

struct pageflags *pageflags_free(struct pageflags *pf)
{
    if (pf) {
        run_tree_free(&pf->tree);
        free(pf);
    }
    return NULL;
}

void pageflags_reset(struct pageflags *pf, uint64_t page)
{
    run_tree_clear(&pf->tree);
    pf->page = page;
}

int pageflags_copy(struct pageflags *to, const struct pageflags *from)
{
    to->page = from->page;
    to->lookups = from->lookups;
    return run_tree_copy(&to->tree, &from->tree);
}

int pageflags_reserve(struct pageflags *pf, size_t n)
{
    size_t inserts;

    if (__builtin_mul_overflow(n, (size_t)INSERTS_PER_CHANGE, &inserts)) {
        return -ENOMEM;
    }
    return run_tree_reserve(&pf->tree, inserts);
}

static bool same_info(const struct page_info *a, const struct page_info *b)
{
    return a->flags == b->flags && a->kind == b->kind && a->shared == b->shared &&
           a->snapshot == b->snapshot && a->copied == b->copied && a->extra == b->extra &&
           a->object == b->object;
}

bool page_run_joins(const struct page_run *a, const struct page_run *b)
{
    return a->r.last != UINT64_MAX && a->r.last + 1 == b->r.start &&
           same_info(&a->info, &b->info) &&
           (a->info.object == 0 || a->info.offset + range_len(a->r) == b->info.offset);
}

/* The part of RUN in R, which must overlap. */
static struct page_run cut_run(const struct page_run *run, struct range r)
{
    struct page_run part = {range_cut(run->r, r), run->info};

    if (part.info.object) {
        part.info.offset += part.r.start - run->r.start;
    }
    return part;
}

static bool same_run(const struct page_run *a, const struct page_run *b)
{
    return a->r.start == b->r.start && a->r.last == b->r.last && same_info(&a->info, &b->info) &&
           a->info.offset == b->info.offset;
}

/* The runs that a change of R can alter: those that overlap R or touch it. */
struct touched {
    size_t n;
    struct page_run first;
    struct page_run last;
};

static struct touched touch(const struct pageflags *pf, struct range r)
{
    struct range wide = {r.start ? r.start - 1 : 0, r.last != UINT64_MAX ? r.last + 1 : r.last};
    struct run_pos p = run_tree_ceil(&pf->tree, wide.start);
    struct touched t = {.n = 0};

    while (p.leaf && p.leaf->start[p.i] <= wide.last) {
        if (t.n++ == 0) {
            t.first = run_at(p);
        }
        t.last = run_at(p);
        p = run_pos_next(p);
    }
    return t;
}

struct pieces {
    struct page_run v[3];
    size_t n;
};

static void add_piece(struct pieces *out, struct page_run run)
{
    if (out->n && page_run_joins(&out->v[out->n - 1], &run)) {
        out->v[out->n - 1].r.last = run.r.last;
    } else {
        out->v[out->n++] = run;
    }
}

/* Make R hold RUN, or nothing if RUN is NULL. */
static void put(struct pageflags *pf, struct range r, const struct page_run *run)
{
    struct touched t = touch(pf, r);
    struct pieces out = {.n = 0};
    const struct page_run *v = out.v;
    uint64_t from = t.n ? t.first.r.start : r.start;

    if (t.n && t.first.r.start < r.start) {
        add_piece(&out, cut_run(&t.first, (struct range){0, r.start - 1}));
    }
    if (run) {
        add_piece(&out, *run);
    }
    if (t.n && t.last.r.last > r.last) {
        add_piece(&out, cut_run(&t.last, (struct range){r.last + 1, UINT64_MAX}));
    }
    /* A neighbour that only touches and does not merge stays where it is. */
    if (t.n && out.n && same_run(&v[0], &t.first)) {
        from = t.first.r.last + 1;
        t.n--;
        out.n--;
        v++;
    }
    if (t.n && out.n && same_run(&v[out.n - 1], &t.last)) {
        t.n--;
        out.n--;
    }
    if (t.n || out.n) {
        run_tree_splice(&pf->tree, from, t.n, v, out.n);
    }
}

static bool is_whole_pages(const struct pageflags *pf, struct range r)
{
    return r.start <= r.last && u64_is_aligned(r.start, pf->page) &&
           u64_is_aligned(r.last + 1, pf->page);
}

void pageflags_set(struct pageflags *pf, struct range r, const struct page_info *info)
{
    struct page_run run = {r, *info};

    assert(is_whole_pages(pf, r) && (info->flags & PAGE_VALID));
    if (!run.info.object) {
        run.info.offset = 0;
    }
    put(pf, r, &run);
}

void pageflags_unset(struct pageflags *pf, struct range r)
{
    assert(is_whole_pages(pf, r));
    put(pf, r, NULL);
}

void pageflags_update(struct pageflags *pf, struct range r, uint8_t clear, uint8_t set)
{
    struct run_pos p = run_tree_ceil(&pf->tree, r.start);

    assert(is_whole_pages(pf, r));
    while (p.leaf && p.leaf->start[p.i] <= r.last) {
        struct page_run whole = run_at(p);
        struct page_run part = cut_run(&whole, r);
        uint8_t flags = (uint8_t)((part.info.flags & ~clear) | set | PAGE_VALID);

        if (flags != part.info.flags) {
            part.info.flags = flags;
            put(pf, part.r, &part);
        }
        if (part.r.last == r.last) {
            return;
        }
        p = run_tree_ceil(&pf->tree, part.r.last + 1);
    }
}

bool pageflags_next(const struct pageflags *pf, uint64_t at, struct page_run *ret)
{
    struct run_pos p = run_tree_ceil(&pf->tree, at);

    pageflags_count_lookup(pf);
    if (p.leaf) {
        *ret = run_at(p);
    }
    return p.leaf != NULL;
}

bool pageflags_prev(const struct pageflags *pf, uint64_t at, struct page_run *ret)
{
    struct run_pos p = run_tree_floor(&pf->tree, at);

    pageflags_count_lookup(pf);
    if (p.leaf) {
        *ret = run_at(p);
    }
    return p.leaf != NULL;
}

size_t pageflags_count(const struct pageflags *pf)
{
    return pf->tree.count;
}

uint64_t pageflags_lookups(const struct pageflags *pf)
{
    return pf->lookups;
}
