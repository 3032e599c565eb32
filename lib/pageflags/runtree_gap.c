/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gaps by width: a subtree whose widest gap is too narrow is passed over whole. Only the subtree
 * that holds AT can promise a gap and not deliver it, so a search costs a few nodes.
 */
#include "pageflags/runtree.h"

static bool between(uint64_t last, uint64_t next, uint64_t len, struct range *ret)
{
    if (next - last - 1 < len) {
        return false;
    }
    *ret = (struct range){last + 1, next - 1};
    return true;
}

static bool leaf_up(const struct run_leaf *leaf, uint64_t at, uint64_t len, struct range *ret)
{
    size_t i = run_upper(leaf->start, leaf->n, at);

    /* The gap before a run that starts above AT ends at AT or above. */
    for (i = i ? i : 1; i < leaf->n; i++) {
        if (between(leaf->last[i - 1], leaf->start[i], len, ret)) {
            return true;
        }
    }
    return false;
}

static bool node_up(const union run_node *n, unsigned height, uint64_t at, uint64_t len,
                    struct range *ret)
{
    const struct run_inner *in = &n->inner;
    size_t i;

    if (height == 0) {
        return leaf_up(&n->leaf, at, len, ret);
    }
    i = run_upper(in->start, in->n, at);
    for (i = i ? i - 1 : 0; i < in->n; i++) {
        if (in->gap[i] >= len && node_up(in->child[i], height - 1, at, len, ret)) {
            return true;
        }
        if (i + 1 < in->n && between(in->last[i], in->start[i + 1], len, ret)) {
            return true;
        }
    }
    return false;
}

bool run_tree_gap_up(const struct run_tree *t, uint64_t at, uint64_t len, struct range *ret)
{
    return node_up(t->root, t->depth, at, len, ret);
}

static bool leaf_down(const struct run_leaf *leaf, uint64_t at, uint64_t len, struct range *ret)
{
    /* Runs whose last lies below AT have their gap start at AT or below. */
    size_t i = at ? run_upper(leaf->last, leaf->n, at - 1) : 0;

    for (i = i < leaf->n ? i : leaf->n - 1; i > 0; i--) {
        if (between(leaf->last[i - 1], leaf->start[i], len, ret)) {
            return true;
        }
    }
    return false;
}

static bool node_down(const union run_node *n, unsigned height, uint64_t at, uint64_t len,
                      struct range *ret)
{
    const struct run_inner *in = &n->inner;
    size_t i;

    if (height == 0) {
        return n->leaf.n && leaf_down(&n->leaf, at, len, ret);
    }
    i = at ? run_upper(in->last, in->n, at - 1) : 0;
    for (i = i < in->n ? i + 1 : in->n; i > 0; i--) {
        if (i < in->n && between(in->last[i - 1], in->start[i], len, ret) && ret->start <= at) {
            return true;
        }
        if (in->gap[i - 1] >= len && node_down(in->child[i - 1], height - 1, at, len, ret)) {
            return true;
        }
    }
    return false;
}

bool run_tree_gap_down(const struct run_tree *t, uint64_t at, uint64_t len, struct range *ret)
{
    return node_down(t->root, t->depth, at, len, ret);
}

struct range run_tree_extent(const struct run_tree *t)
{
    struct run_span s = t->depth ? run_inner_span(&t->root->inner) : run_leaf_span(&t->root->leaf);

    return (struct range){s.start, s.last};
}
