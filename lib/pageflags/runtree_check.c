/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree against its own rules: what every inner node says of its children, the chain of leaves,
 * the counts. Not the runs themselves: their rules are the table's (pageflags_dump.c).
 */
#include "pageflags/runtree.h"

struct check {
    const struct run_tree *t;
    const struct run_leaf *before; /* leaf to the left */
    size_t runs;
    size_t nodes[RUN_DEPTH_MAX + 1];
    const char *wrong;
};

static void check_leaf(struct check *c, const struct run_leaf *leaf)
{
    if (leaf->n > RUN_LEAF_MAX || (leaf->n == 0 && c->t->depth > 0)) {
        c->wrong = "a leaf has too many or no runs";
    } else if (leaf->prev != c->before || (c->before && c->before->next != leaf)) {
        c->wrong = "the chain of leaves is broken";
    }
    c->before = leaf;
    c->runs += leaf->n;
}

static bool same_span(const struct run_inner *in, size_t i, struct run_span s)
{
    return in->start[i] == s.start && in->last[i] == s.last && in->gap[i] == s.gap;
}

static void check_node(struct check *c, const union run_node *n, unsigned height)
{
    const struct run_inner *in = &n->inner;

    c->nodes[height]++;
    if (height == 0) {
        check_leaf(c, &n->leaf);
        return;
    }
    if (in->n == 0 || in->n > RUN_INNER_MAX) {
        c->wrong = "an inner node has too many or no children";
        return;
    }
    for (size_t i = 0; i < in->n && !c->wrong; i++) {
        const union run_node *child = in->child[i];

        check_node(c, child, height - 1);
        if (!c->wrong &&
            !same_span(in, i,
                       height == 1 ? run_leaf_span(&child->leaf) : run_inner_span(&child->inner))) {
            c->wrong = "an inner node is wrong about a child";
        }
    }
}

const char *run_tree_check(const struct run_tree *t)
{
    struct check c = {.t = t};

    check_node(&c, t->root, t->depth);
    if (c.wrong) {
        return c.wrong;
    }
    if (c.before->next) {
        return "the chain of leaves goes on behind the last leaf";
    }
    if (c.runs != t->count) {
        return "the number of runs is wrong";
    }
    for (unsigned h = 0; h <= RUN_DEPTH_MAX; h++) {
        if (c.nodes[h] != t->level_nodes[h]) {
            return "the number of nodes is wrong";
        }
    }
    return NULL;
}
