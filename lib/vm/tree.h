/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ordered set of entries as a B+-tree of 1 KiB nodes: areas (by range, with the widest gap of
 * each subtree) or page slots (by key). Entries lie in the leaves themselves, so that neighbours
 * share cache lines; every change moves some of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/pool.h"
#include "vm/vm_int.h"

enum { VM_NODE_BYTES = 1024, VM_TREE_LEVELS = 16 };

struct vm_frame;

struct vm_slot {
    uint64_t key;
    struct vm_frame *frame;
};

struct vm_node;

/* What a parent knows of a subtree; not empty. */
struct vm_child {
    uint64_t start; /* of the first entry */
    uint64_t last;  /* of the last one */
    uint64_t gap;   /* widest room between two neighbours in it */
    struct vm_node *node;
};

struct vm_node {
    struct vm_node *prev; /* leaves only; first: the pool's link */
    struct vm_node *next;
    uint32_t n;
    uint32_t level; /* 0: leaf */
    union {
        struct vm_child child[(VM_NODE_BYTES - 24) / sizeof(struct vm_child)];
        struct vm_area area[(VM_NODE_BYTES - 24) / sizeof(struct vm_area)];
        struct vm_slot slot[(VM_NODE_BYTES - 24) / sizeof(struct vm_slot)];
        uint8_t raw[VM_NODE_BYTES - 24];
    };
};
_Static_assert(sizeof(struct vm_node) == VM_NODE_BYTES, "an entry finds its node by its address");

struct vm_tree {
    struct vm_node *root; /* NULL: empty */
    struct vm_pool *nodes;
    size_t n;      /* entries */
    uint32_t size; /* bytes of an entry */
    uint32_t cap;  /* entries of a leaf */
    bool ranges;   /* entries are struct vm_area, else struct vm_slot */
};

void vm_tree_init(struct vm_tree *t, struct vm_pool *nodes, bool ranges);
/* All nodes back to the pool. */
void vm_tree_clear(struct vm_tree *t);

/* The first entry whose last is >= AT; the last whose start is <= AT; or NULL. */
void *vm_tree_from(const struct vm_tree *t, uint64_t at);
void *vm_tree_upto(const struct vm_tree *t, uint64_t at);
void *vm_tree_next(const struct vm_tree *t, const void *entry);
void *vm_tree_prev(const struct vm_tree *t, const void *entry);

/* Nodes for N insertions more. 0 or -ENOMEM. */
int vm_tree_reserve(struct vm_pool *nodes, size_t n);
/* ENTRY, which overlaps none, is copied in. It cannot fail after a reserve. Returns the copy. */
void *vm_tree_insert(struct vm_tree *t, const void *entry);
/* The entry that starts at START goes. */
void vm_tree_erase(struct vm_tree *t, uint64_t start);
/* The range of A, an entry, becomes R: which still lies between its neighbours. */
void vm_tree_resize(struct vm_tree *t, struct vm_area *a, struct range r);
/* A, an entry, ends before UPPER, which is inserted and had been part of it. Returns the copy. */
struct vm_area *vm_tree_split(struct vm_tree *t, struct vm_area *a, const struct vm_area *upper);
/* B, the neighbour above A, goes and A takes its place too. Returns A where it lies now. */
struct vm_area *vm_tree_join(struct vm_tree *t, struct vm_area *a, const struct vm_area *b);
/* NULL, or what is wrong with it. */
const char *vm_tree_check(const struct vm_tree *t);
