/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes of the tree: taken from what run_tree_reserve prepared, given back to it, counted by
 * height.
 */
#pragma once

#include "pageflags/runtree.h"

/* A node with n 0 and no neighbours; asserts that the reservation was made. */
union run_node *run_pool_get(struct run_tree *t, unsigned height);
void run_pool_put(struct run_tree *t, union run_node *n, unsigned height);

/* That many calls of run_pool_get cannot fail. 0 or -ENOMEM. */
int run_pool_prepare(struct run_tree *t, size_t nodes);

/* The most nodes that INSERTS insertions into T as it is can take. */
size_t run_pool_nodes_for(const struct run_tree *t, size_t inserts);
