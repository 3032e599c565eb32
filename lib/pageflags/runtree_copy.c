/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second tree of the same shape: nodes are copied whole, links are made anew. */
#include "pageflags/runtree.h"

#include <string.h>

#include "pageflags/runpool.h"

struct copying {
    struct run_tree *to;
    struct run_leaf *last; /* the leaf made last, NULL before the first */
};

static union run_node *copy_leaf(struct copying *c, const union run_node *from)
{
    union run_node *n = run_pool_get(c->to, 0);

    memcpy(&n->leaf, &from->leaf, sizeof(n->leaf));
    n->leaf.prev = c->last;
    n->leaf.next = NULL;
    if (c->last) {
        c->last->next = &n->leaf;
    }
    c->last = &n->leaf;
    return n;
}

static union run_node *copy_node(struct copying *c, const union run_node *from, unsigned height)
{
    union run_node *n;

    if (height == 0) {
        return copy_leaf(c, from);
    }
    n = run_pool_get(c->to, height);
    memcpy(&n->inner, &from->inner, sizeof(n->inner));
    for (size_t i = 0; i < n->inner.n; i++) {
        n->inner.child[i] = copy_node(c, from->inner.child[i], height - 1);
    }
    return n;
}

int run_tree_copy(struct run_tree *to, const struct run_tree *from)
{
    struct copying c = {.to = to};
    size_t nodes = 0;
    int rc;

    for (unsigned h = 0; h <= from->depth; h++) {
        nodes += from->level_nodes[h];
    }
    run_tree_clear(to);
    rc = run_pool_prepare(to, nodes);
    if (rc < 0) {
        return rc;
    }
    run_pool_put(to, to->root, 0);
    to->root = copy_node(&c, from->root, from->depth);
    to->depth = from->depth;
    to->count = from->count;
    return 0;
}
