/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree's memory: blocks of nodes that grow only here and are given back only with the tree. */
#include "pageflags/runpool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/int.h"

#define BLOCK_NODES_MIN 32

struct run_block {
    struct run_block *next;
    union run_node nodes[];
};

union run_node *run_pool_get(struct run_tree *t, unsigned height)
{
    union run_node *n = t->free;

    assert(t->n_free && "a change without pageflags_reserve");
    t->n_free--;
    if (n) {
        t->free = n->next_free;
    } else {
        n = t->fresh++;
        t->n_fresh--;
    }
    t->level_nodes[height]++;
    if (height) {
        n->inner.n = 0;
    } else {
        n->leaf.n = 0;
        n->leaf.prev = NULL;
        n->leaf.next = NULL;
    }
    return n;
}

static void push_free(struct run_tree *t, union run_node *n)
{
    n->next_free = t->free;
    t->free = n;
    t->n_free++;
}

void run_pool_put(struct run_tree *t, union run_node *n, unsigned height)
{
    t->level_nodes[height]--;
    push_free(t, n);
}

static int grow(struct run_tree *t, size_t nodes)
{
    struct run_block *b;
    size_t bytes;

    if (__builtin_mul_overflow(nodes, sizeof(b->nodes[0]), &bytes) ||
        __builtin_add_overflow(bytes, sizeof(*b), &bytes)) {
        return -ENOMEM;
    }
    b = aligned_alloc(RUN_LINE, bytes);
    if (!b) {
        return -ENOMEM;
    }
    b->next = t->blocks;
    t->blocks = b;
    /* A large block costs nothing until its nodes are needed. */
    while (t->n_fresh > 0) {
        t->n_free--;
        push_free(t, &t->fresh[--t->n_fresh]);
    }
    t->fresh = b->nodes;
    t->n_fresh = nodes;
    t->n_free += nodes;
    return 0;
}

/*
 * How many nodes INSERTS insertions can take. Only a full leaf splits: one that was full before, or
 * one that a quarter of its entries were added to since it was split or merged. What is added to a
 * level are the splits below it, so the same holds for each level; above the root, with one node
 * more for each new root.
 */
size_t run_pool_nodes_for(const struct run_tree *t, size_t inserts)
{
    size_t splits = u64_min(inserts, t->level_nodes[0] + inserts / (RUN_LEAF_MAX / 4));
    size_t sum = splits;

    for (unsigned h = 1; h <= t->depth; h++) {
        splits = u64_min(splits, t->level_nodes[h] + splits / (RUN_INNER_MAX / 4));
        sum += splits;
    }
    do {
        splits /= RUN_INNER_MAX / 4;
        sum += 1 + splits;
    } while (splits);
    return sum;
}

int run_pool_prepare(struct run_tree *t, size_t nodes)
{
    return t->n_free >= nodes ? 0 : grow(t, u64_max(nodes - t->n_free, BLOCK_NODES_MIN));
}

int run_tree_reserve(struct run_tree *t, size_t inserts)
{

    if (inserts > SIZE_MAX / (RUN_DEPTH_MAX + 2)) {
        return -ENOMEM;
    }
    return run_pool_prepare(t, run_pool_nodes_for(t, inserts));
}

int run_tree_init(struct run_tree *t)
{
    int err;

    *t = (struct run_tree){0};
    err = grow(t, BLOCK_NODES_MIN);
    if (err) {
        return err;
    }
    t->root = run_pool_get(t, 0);
    return 0;
}

void run_tree_free(struct run_tree *t)
{
    while (t->blocks) {
        struct run_block *next = t->blocks->next;

        free(t->blocks);
        t->blocks = next;
    }
}

static void put_all(struct run_tree *t, union run_node *n, unsigned height)
{
    if (height) {
        for (size_t i = 0; i < n->inner.n; i++) {
            put_all(t, n->inner.child[i], height - 1);
        }
    }
    run_pool_put(t, n, height);
}

void run_tree_clear(struct run_tree *t)
{
    put_all(t, t->root, t->depth);
    t->depth = 0;
    t->count = 0;
    t->root = run_pool_get(t, 0);
}
