/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of guest pages, ordered by start, in a B+-tree: few and wide levels, because what a change
 * costs at a hundred thousand runs is the cache lines it touches. Every inner node keeps per child
 * the first start, the last page's last byte and the widest gap between two runs, which is what a
 * search for free room follows.
 *
 * It knows nothing of flags or merging (pageflags.c does) and never allocates but in
 * run_tree_reserve.
 */
#pragma once

#include "pageflags/pageflags.h"

/*
 * Both nodes are 20 cache lines; the starts with their count fill whole ones (docs/decisions, page
 * flags).
 */
#define RUN_LINE 64
#define RUN_LEAF_MAX 31
#define RUN_INNER_MAX 39
#define RUN_DEPTH_MAX 16

union run_node;

/* Fields apart from each other: a search reads the starts alone, a gap starts and lasts. */
struct run_leaf {
    uint64_t start[RUN_LEAF_MAX];
    size_t n;
    uint64_t last[RUN_LEAF_MAX];
    struct run_leaf *next;
    struct page_info info[RUN_LEAF_MAX];
    struct run_leaf *prev;
};

/*
 * Of a subtree: its first byte, its last byte, the length of the widest gap between two of its
 * runs.
 */
struct run_span {
    uint64_t start;
    uint64_t last;
    uint64_t gap;
};

struct run_inner {
    uint64_t start[RUN_INNER_MAX];
    size_t n;
    uint64_t last[RUN_INNER_MAX];
    uint64_t gap[RUN_INNER_MAX];
    union run_node *child[RUN_INNER_MAX];
};

union run_node {
    struct run_leaf leaf;
    struct run_inner inner;
    union run_node *next_free;
} __attribute__((aligned(RUN_LINE)));

struct run_block;

struct run_tree {
    union run_node *root;
    unsigned depth;                        /* inner levels above the leaves */
    size_t count;                          /* runs */
    size_t level_nodes[RUN_DEPTH_MAX + 1]; /* by height: 0 leaves */
    union run_node *free;
    union run_node *fresh; /* of the newest block, never used yet */
    size_t n_fresh;
    size_t n_free; /* both kinds */
    struct run_block *blocks;
};

/* Where a run is. leaf NULL: nowhere. */
struct run_pos {
    struct run_leaf *leaf;
    size_t i;
};

/* 0 or -ENOMEM. */
int run_tree_init(struct run_tree *t);
void run_tree_free(struct run_tree *t);
/* Forget every run, keep the memory. */
void run_tree_clear(struct run_tree *t);
/* TO becomes what FROM is; its memory is kept. 0, or -ENOMEM with TO empty. */
int run_tree_copy(struct run_tree *to, const struct run_tree *from);

/*
 * Nodes for INSERTS calls of run_tree_insert or runs given to run_tree_splice, wherever they go. 0
 * or -ENOMEM.
 */
int run_tree_reserve(struct run_tree *t, size_t inserts);

/* The last run whose start <= AT; the first whose last >= AT. */
struct run_pos run_tree_floor(const struct run_tree *t, uint64_t at);
struct run_pos run_tree_ceil(const struct run_tree *t, uint64_t at);
struct run_pos run_pos_next(struct run_pos p);

static inline struct page_run run_at(struct run_pos p)
{
    return (struct page_run){{p.leaf->start[p.i], p.leaf->last[p.i]}, p.leaf->info[p.i]};
}

/*
 * Replace the N_OLD runs that begin with the first whose start >= AT by N_NEW runs, ascending,
 * that fit between.
 */
void run_tree_splice(struct run_tree *t, uint64_t at, size_t n_old, const struct page_run *runs,
                     size_t n_new);

/*
 * The lowest gap of at least LEN bytes between two runs whose last byte is >= AT; the highest one
 * whose start is <= AT. False if there is none. What lies before the first and behind the last run
 * is no gap.
 */
bool run_tree_gap_up(const struct run_tree *t, uint64_t at, uint64_t len, struct range *ret);
bool run_tree_gap_down(const struct run_tree *t, uint64_t at, uint64_t len, struct range *ret);
/* From the first run's start to the last one's last byte; the tree must not be empty. */
struct range run_tree_extent(const struct run_tree *t);

/* NULL, or what is wrong with the tree's own structure. */
const char *run_tree_check(const struct run_tree *t);

/* For the files of this tree: what a node says of itself. */
struct run_span run_leaf_span(const struct run_leaf *leaf);
struct run_span run_inner_span(const struct run_inner *inner);
/* How many of the N ascending values are <= AT. */
static inline size_t run_upper(const uint64_t *v, size_t n, uint64_t at)
{
    size_t base = 0;

    if (n == 0) {
        return 0;
    }
    while (n > 1) {
        size_t half = n / 2;

        base += v[base + half - 1] <= at ? half : 0;
        n -= half;
    }
    return base + (v[base] <= at);
}
