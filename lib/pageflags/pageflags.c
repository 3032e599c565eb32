/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a red-black tree. A change splits at both edges of its range, replaces what lies between, and merges again;
 * its nodes come from a pool that only pageflags_reserve grows, so that a change cannot fail half-way.
 */
#include "pageflags/pageflags.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/tree.h>

#include "base/int.h"
#include "pageflags/internal.h"

/* A change adds at most two runs: the middle of one run is replaced. */
#define NODES_PER_CHANGE 2
#define NODES_PER_BLOCK 64

struct node {
    RB_ENTRY(node) link;
    struct node *next_free;
    struct page_run run;
};

struct block {
    struct block *next;
    struct node nodes[];
};

RB_HEAD(run_tree, node);

struct pageflags {
    struct run_tree tree;
    uint64_t page;
    size_t count;
    uint64_t lookups;
    struct block *blocks;
    struct node *free;
    size_t n_free;
};

static int compare(const struct node *a, const struct node *b)
{
    return a->run.r.start < b->run.r.start ? -1 : a->run.r.start > b->run.r.start;
}

RB_GENERATE_INTERNAL(run_tree, node, link, compare, __attribute__((unused)) static)

static void put_free(struct pageflags *pf, struct node *n)
{
    n->next_free = pf->free;
    pf->free = n;
    pf->n_free++;
}

static void insert(struct pageflags *pf, struct page_run run)
{
    struct node *n = pf->free;

    assert(n && "a change without pageflags_reserve");
    pf->free = n->next_free;
    pf->n_free--;
    n->run = run;
    RB_INSERT(run_tree, &pf->tree, n);
    pf->count++;
}

static struct node *remove_node(struct pageflags *pf, struct node *n)
{
    struct node *next = RB_NEXT(run_tree, &pf->tree, n);

    RB_REMOVE(run_tree, &pf->tree, n);
    put_free(pf, n);
    pf->count--;
    return next;
}

/* The last run whose start <= AT. */
static struct node *floor_node(const struct pageflags *pf, uint64_t at)
{
    struct node *n = RB_ROOT(&pf->tree);
    struct node *best = NULL;

    while (n) {
        if (n->run.r.start <= at) {
            best = n;
            n = RB_RIGHT(n, link);
        } else {
            n = RB_LEFT(n, link);
        }
    }
    return best;
}

/* The first run whose last >= AT. */
static struct node *ceil_node(const struct pageflags *pf, uint64_t at)
{
    struct node *n = floor_node(pf, at);

    if (!n) {
        return RB_MIN(run_tree, (struct run_tree *)&pf->tree);
    }
    return n->run.r.last >= at ? n : RB_NEXT(run_tree, &pf->tree, n);
}

/* Queries take a const table; counting them is not a change of it. */
static void count_lookup(const struct pageflags *pf)
{
    ((struct pageflags *)pf)->lookups++;
}

struct pageflags *pageflags_new(uint64_t page)
{
    struct pageflags *pf = calloc(1, sizeof(*pf));

    if (pf) {
        RB_INIT(&pf->tree);
        pf->page = page;
    }
    return pf;
}

struct pageflags *pageflags_free(struct pageflags *pf)
{
    while (pf && pf->blocks) {
        struct block *next = pf->blocks->next;

        free(pf->blocks);
        pf->blocks = next;
    }
    free(pf);
    return NULL;
}

void pageflags_reset(struct pageflags *pf, uint64_t page)
{
    struct node *n = RB_MIN(run_tree, &pf->tree);

    while (n) {
        n = remove_node(pf, n);
    }
    pf->page = page;
}

int pageflags_reserve(struct pageflags *pf, size_t n)
{
    struct block *b;
    size_t want;
    size_t bytes;

    if (__builtin_mul_overflow(n, (size_t)NODES_PER_CHANGE, &want)) {
        return -ENOMEM;
    }
    if (pf->n_free >= want) {
        return 0;
    }
    want = u64_max(want - pf->n_free, NODES_PER_BLOCK);
    if (__builtin_mul_overflow(want, sizeof(b->nodes[0]), &bytes) ||
        __builtin_add_overflow(bytes, sizeof(*b), &bytes)) {
        return -ENOMEM;
    }
    b = malloc(bytes);
    if (!b) {
        return -ENOMEM;
    }
    b->next = pf->blocks;
    pf->blocks = b;
    for (size_t i = 0; i < want; i++) {
        put_free(pf, &b->nodes[i]);
    }
    return 0;
}

bool page_run_joins(const struct page_run *a, const struct page_run *b)
{
    return a->r.last != UINT64_MAX && a->r.last + 1 == b->r.start &&
           a->info.flags == b->info.flags && a->info.kind == b->info.kind &&
           a->info.shared == b->info.shared && a->info.snapshot == b->info.snapshot &&
           a->info.copied == b->info.copied && a->info.object == b->info.object &&
           (a->info.object == 0 || a->info.offset + range_len(a->r) == b->info.offset);
}

/* Make AT the start of a run, if it is inside one. */
static void split_at(struct pageflags *pf, uint64_t at)
{
    struct node *n = floor_node(pf, at);
    struct page_run upper;

    if (!n || n->run.r.start == at || n->run.r.last < at) {
        return;
    }
    upper = n->run;
    upper.r.start = at;
    upper.info.offset += upper.info.object ? at - n->run.r.start : 0;
    n->run.r.last = at - 1;
    insert(pf, upper);
}

static void split_edges(struct pageflags *pf, struct range r)
{
    assert(r.start <= r.last && u64_is_aligned(r.start, pf->page) &&
           u64_is_aligned(r.last + 1, pf->page));
    split_at(pf, r.start);
    if (r.last != UINT64_MAX) {
        split_at(pf, r.last + 1);
    }
}

static void remove_within(struct pageflags *pf, struct range r)
{
    struct node *n = ceil_node(pf, r.start);

    while (n && n->run.r.start <= r.last) {
        n = remove_node(pf, n);
    }
}

/* Merge every two neighbours that touch inside R or at its edges. */
static void merge_around(struct pageflags *pf, struct range r)
{
    struct node *n = ceil_node(pf, r.start ? r.start - 1 : 0);

    while (n && n->run.r.start <= r.last) {
        struct node *next = RB_NEXT(run_tree, &pf->tree, n);

        if (next && page_run_joins(&n->run, &next->run)) {
            n->run.r.last = next->run.r.last;
            remove_node(pf, next);
        } else {
            n = next;
        }
    }
}

void pageflags_set(struct pageflags *pf, struct range r, const struct page_info *info)
{
    struct page_run run = {r, *info};

    assert(info->flags & PAGE_VALID);
    if (!run.info.object) {
        run.info.offset = 0;
    }
    split_edges(pf, r);
    remove_within(pf, r);
    insert(pf, run);
    merge_around(pf, r);
}

void pageflags_unset(struct pageflags *pf, struct range r)
{
    split_edges(pf, r);
    remove_within(pf, r);
}

void pageflags_update(struct pageflags *pf, struct range r, uint8_t clear, uint8_t set)
{
    struct node *n;

    split_edges(pf, r);
    for (n = ceil_node(pf, r.start); n && n->run.r.start <= r.last;
         n = RB_NEXT(run_tree, &pf->tree, n)) {
        n->run.info.flags = (uint8_t)((n->run.info.flags & ~clear) | set | PAGE_VALID);
    }
    merge_around(pf, r);
}

bool pageflags_next(const struct pageflags *pf, uint64_t at, struct page_run *ret)
{
    struct node *n = ceil_node(pf, at);

    count_lookup(pf);
    if (n) {
        *ret = n->run;
    }
    return n != NULL;
}

bool pageflags_prev(const struct pageflags *pf, uint64_t at, struct page_run *ret)
{
    struct node *n = floor_node(pf, at);

    count_lookup(pf);
    if (n) {
        *ret = n->run;
    }
    return n != NULL;
}

size_t pageflags_count(const struct pageflags *pf)
{
    return pf->count;
}

uint64_t pageflags_lookups(const struct pageflags *pf)
{
    return pf->lookups;
}

uint64_t pageflags_page(const struct pageflags *pf)
{
    return pf->page;
}

const struct page_run *pageflags_peek(const struct pageflags *pf, uint64_t at)
{
    struct node *n = ceil_node(pf, at);

    return n ? &n->run : NULL;
}
