/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching and changing the tree. An insertion into a full leaf splits it and the full nodes right
 * above it, from the top down, so that a parent always has room; an erasure merges a small node
 * with a neighbour if both together leave room for growth, and never borrows.
 */
#include "pageflags/runtree.h"

#include <assert.h>
#include <string.h>

#include "base/int.h"
#include "pageflags/runpool.h"

/*
 * A node below this looks for a neighbour to merge with; merged nodes must not be full again at
 * once.
 */
#define LEAF_SMALL (RUN_LEAF_MAX / 4)
#define INNER_SMALL (RUN_INNER_MAX / 4)
#define LEAF_MERGED_MAX (RUN_LEAF_MAX * 3 / 4)
#define INNER_MERGED_MAX (RUN_INNER_MAX * 3 / 4)

/* The way from the root to a place in a leaf. */
struct path {
    struct run_inner *node[RUN_DEPTH_MAX];
    size_t at[RUN_DEPTH_MAX];
    struct run_leaf *leaf;
    size_t i;
};

struct run_span run_leaf_span(const struct run_leaf *leaf)
{
    struct run_span s = {leaf->start[0], leaf->last[leaf->n - 1], 0};

    for (size_t i = 1; i < leaf->n; i++) {
        s.gap = u64_max(s.gap, leaf->start[i] - leaf->last[i - 1] - 1);
    }
    return s;
}

struct run_span run_inner_span(const struct run_inner *inner)
{
    struct run_span s = {inner->start[0], inner->last[inner->n - 1], inner->gap[0]};

    for (size_t i = 1; i < inner->n; i++) {
        s.gap = u64_max(s.gap, inner->gap[i]);
        s.gap = u64_max(s.gap, inner->start[i] - inner->last[i - 1] - 1);
    }
    return s;
}

static size_t child_for(const struct run_inner *inner, uint64_t at)
{
    size_t i = run_upper(inner->start, inner->n, at);

    return i ? i - 1 : 0;
}

/*
 * Ask for all of a leaf at once: its lines are rarely in the cache, and one after the other is
 * slow.
 */
static inline void fetch(const struct run_tree *t, const union run_node *n, unsigned level)
{
    if (level == t->depth) {
        for (size_t at = 0; at < sizeof(*n); at += RUN_LINE) {
            __builtin_prefetch((const char *)n + at);
        }
    }
}

/* p->i is the number of runs in the leaf whose start is below AT. */
static void descend(const struct run_tree *t, uint64_t at, struct path *p)
{
    union run_node *n = t->root;

    for (unsigned d = 0; d < t->depth; d++) {
        p->node[d] = &n->inner;
        p->at[d] = child_for(&n->inner, at);
        n = n->inner.child[p->at[d]];
    }
    p->leaf = &n->leaf;
    p->i = at ? run_upper(n->leaf.start, n->leaf.n, at - 1) : 0;
}

struct run_pos run_tree_floor(const struct run_tree *t, uint64_t at)
{
    union run_node *n = t->root;
    size_t i;

    for (unsigned d = 0; d < t->depth; d++) {
        n = n->inner.child[child_for(&n->inner, at)];
        fetch(t, n, d + 1);
    }
    i = run_upper(n->leaf.start, n->leaf.n, at);
    return i ? (struct run_pos){&n->leaf, i - 1} : (struct run_pos){NULL, 0};
}

static struct run_pos first_run(const struct run_tree *t)
{
    union run_node *n = t->root;

    for (unsigned d = 0; d < t->depth; d++) {
        n = n->inner.child[0];
    }
    return (struct run_pos){n->leaf.n ? &n->leaf : NULL, 0};
}

struct run_pos run_tree_ceil(const struct run_tree *t, uint64_t at)
{
    struct run_pos p = run_tree_floor(t, at);

    if (!p.leaf) {
        return first_run(t);
    }
    return p.leaf->last[p.i] >= at ? p : run_pos_next(p);
}

struct run_pos run_pos_next(struct run_pos p)
{
    if (p.i + 1 < p.leaf->n) {
        return (struct run_pos){p.leaf, p.i + 1};
    }
    return (struct run_pos){p.leaf->next, 0};
}

/* Children ------------------------------------------------------------------------------------ */

static void put_span(struct run_inner *inner, size_t i, struct run_span s)
{
    inner->start[i] = s.start;
    inner->last[i] = s.last;
    inner->gap[i] = s.gap;
}

static struct run_span span_of(const struct run_tree *t, const union run_node *n, unsigned level)
{
    return level == t->depth ? run_leaf_span(&n->leaf) : run_inner_span(&n->inner);
}

/* The widest gap that child I of INNER has a part in: inside it, or to a neighbour. */
static uint64_t child_gap(const struct run_inner *inner, size_t i)
{
    uint64_t gap = inner->gap[i];

    if (i > 0) {
        gap = u64_max(gap, inner->start[i] - inner->last[i - 1] - 1);
    }
    if (i + 1 < inner->n) {
        gap = u64_max(gap, inner->start[i + 1] - inner->last[i] - 1);
    }
    return gap;
}

/*
 * The child that P names at LEVEL is now S: tell the ancestors, up to where nothing changes. A node
 * is searched for its widest gap only if the change took that one away.
 */
static void refresh_to(struct path *p, unsigned level, struct run_span s)
{
    for (unsigned d = level + 1; d-- > 0;) {
        struct run_inner *inner = p->node[d];
        size_t i = p->at[d];
        uint64_t before = child_gap(inner, i);
        uint64_t widest;

        if (s.start == inner->start[i] && s.last == inner->last[i] && s.gap == inner->gap[i]) {
            return;
        }
        put_span(inner, i, s);
        if (d == 0) {
            return;
        }
        s.start = inner->start[0];
        s.last = inner->last[inner->n - 1];
        s.gap = child_gap(inner, i);
        widest = p->node[d - 1]->gap[p->at[d - 1]];
        if (s.gap < widest) {
            s.gap = before < widest ? widest : run_inner_span(inner).gap;
        }
    }
}

/* The same for a child of which no more is known than that it changed. */
static void refresh(struct run_tree *t, struct path *p, unsigned level)
{
    refresh_to(p, level, span_of(t, p->node[level]->child[p->at[level]], level + 1));
}

/* Move N children of FROM, from index A on, to index B of TO. */
static void move_children(struct run_inner *to, size_t b, struct run_inner *from, size_t a,
                          size_t n)
{
    memmove(&to->start[b], &from->start[a], n * sizeof(to->start[0]));
    memmove(&to->last[b], &from->last[a], n * sizeof(to->last[0]));
    memmove(&to->gap[b], &from->gap[a], n * sizeof(to->gap[0]));
    memmove(&to->child[b], &from->child[a], n * sizeof(to->child[0]));
}

static void move_runs(struct run_leaf *to, size_t b, struct run_leaf *from, size_t a, size_t n)
{
    memmove(&to->start[b], &from->start[a], n * sizeof(to->start[0]));
    memmove(&to->last[b], &from->last[a], n * sizeof(to->last[0]));
    memmove(&to->info[b], &from->info[a], n * sizeof(to->info[0]));
}

static void put_run(struct run_leaf *leaf, size_t i, const struct page_run *run)
{
    leaf->start[i] = run->r.start;
    leaf->last[i] = run->r.last;
    leaf->info[i] = run->info;
}

static void remove_child(struct run_inner *inner, size_t i)
{
    move_children(inner, i, inner, i + 1, inner->n - i - 1);
    inner->n--;
}

/* Splitting ----------------------------------------------------------------------------------- */

/*
 * How many runs stay in a full leaf when AT comes in: half, or more on the side that a table filled
 * in one direction leaves behind, but never so many that it were full again before a quarter came
 * in (runpool.c counts on that).
 */
static size_t leaf_keeps(const struct run_leaf *leaf, uint64_t at)
{
    if (!leaf->next && at > leaf->start[leaf->n - 1]) {
        return leaf->n - RUN_LEAF_MAX / 4;
    }
    if (!leaf->prev && at < leaf->start[0]) {
        return RUN_LEAF_MAX / 4;
    }
    return leaf->n / 2;
}

static union run_node *split_leaf(struct run_tree *t, struct run_leaf *left, uint64_t at)
{
    union run_node *n = run_pool_get(t, 0);
    struct run_leaf *right = &n->leaf;
    size_t keep = leaf_keeps(left, at);

    right->n = left->n - keep;
    move_runs(right, 0, left, keep, right->n);
    left->n = keep;
    right->prev = left;
    right->next = left->next;
    if (right->next) {
        right->next->prev = right;
    }
    left->next = right;
    return n;
}

static union run_node *split_inner(struct run_tree *t, struct run_inner *left, unsigned height)
{
    union run_node *n = run_pool_get(t, height);
    struct run_inner *right = &n->inner;
    size_t keep = left->n / 2;

    right->n = left->n - keep;
    move_children(right, 0, left, keep, right->n);
    left->n = keep;
    return n;
}

/*
 * Split the full child I of PARENT, a node of level LEVEL (root: 0), to make room for a run at AT.
 */
static void split_child(struct run_tree *t, struct run_inner *parent, size_t i, unsigned level,
                        uint64_t at)
{
    union run_node *left = parent->child[i];
    union run_node *right = level == t->depth ? split_leaf(t, &left->leaf, at)
                                              : split_inner(t, &left->inner, t->depth - level);

    move_children(parent, i + 2, parent, i + 1, parent->n - i - 1);
    parent->n++;
    parent->child[i + 1] = right;
    put_span(parent, i, span_of(t, left, level));
    put_span(parent, i + 1, span_of(t, right, level));
}

static bool is_full(const struct run_tree *t, const union run_node *n, unsigned level)
{
    return level == t->depth ? n->leaf.n == RUN_LEAF_MAX : n->inner.n == RUN_INNER_MAX;
}

static void grow_root(struct run_tree *t)
{
    union run_node *old = t->root;
    union run_node *n;

    assert(t->depth < RUN_DEPTH_MAX);
    n = run_pool_get(t, t->depth + 1);
    n->inner.n = 1;
    n->inner.child[0] = old;
    put_span(&n->inner, 0, span_of(t, old, 0));
    t->root = n;
    t->depth++;
}

/*
 * The highest level from which on all nodes on the way to AT are full; one past the leaves if the
 * leaf is not.
 */
static unsigned full_from(const struct run_tree *t, uint64_t at)
{
    const union run_node *n = t->root;
    unsigned from = is_full(t, n, 0) ? 0 : t->depth + 1;

    for (unsigned d = 0; d < t->depth; d++) {
        n = n->inner.child[child_for(&n->inner, at)];
        if (!is_full(t, n, d + 1)) {
            from = t->depth + 1;
        } else if (from > d + 1) {
            from = d + 1;
        }
    }
    return from;
}

static void insert(struct run_tree *t, const struct page_run *run)
{
    unsigned from = full_from(t, run->r.start);
    struct path p;
    union run_node *n;

    if (from == 0) {
        grow_root(t);
        from = 1;
    }
    n = t->root;
    for (unsigned d = 0; d < t->depth; d++) {
        p.node[d] = &n->inner;
        p.at[d] = child_for(&n->inner, run->r.start);
        if (d + 1 >= from) {
            split_child(t, &n->inner, p.at[d], d + 1, run->r.start);
            p.at[d] = child_for(&n->inner, run->r.start);
        }
        n = n->inner.child[p.at[d]];
    }
    p.leaf = &n->leaf;
    p.i = run_upper(n->leaf.start, n->leaf.n, run->r.start);
    move_runs(p.leaf, p.i + 1, p.leaf, p.i, p.leaf->n - p.i);
    put_run(p.leaf, p.i, run);
    p.leaf->n++;
    t->count++;
    if (t->depth) {
        refresh(t, &p, t->depth - 1);
    }
}

/* Erasing ------------------------------------------------------------------------------------- */

static void unlink_leaf(struct run_leaf *leaf)
{
    if (leaf->prev) {
        leaf->prev->next = leaf->next;
    }
    if (leaf->next) {
        leaf->next->prev = leaf->prev;
    }
}

/* Merge child I + 1 of PARENT into child I if both fit well. LEVEL is that of the children. */
static bool merge_children(struct run_tree *t, struct run_inner *parent, size_t i, unsigned level)
{
    union run_node *left = parent->child[i];
    union run_node *right = parent->child[i + 1];

    if (level == t->depth) {
        if (left->leaf.n + right->leaf.n > LEAF_MERGED_MAX) {
            return false;
        }
        move_runs(&left->leaf, left->leaf.n, &right->leaf, 0, right->leaf.n);
        left->leaf.n += right->leaf.n;
        unlink_leaf(&right->leaf);
    } else {
        if (left->inner.n + right->inner.n > INNER_MERGED_MAX) {
            return false;
        }
        move_children(&left->inner, left->inner.n, &right->inner, 0, right->inner.n);
        left->inner.n += right->inner.n;
    }
    run_pool_put(t, right, t->depth - level);
    remove_child(parent, i + 1);
    return true;
}

/* The child that P names at level D has few entries, perhaps none. True if PARENT lost a child. */
static bool mend_child(struct run_tree *t, struct path *p, unsigned d)
{
    struct run_inner *parent = p->node[d];
    union run_node *child = parent->child[p->at[d]];
    bool is_leaf = d + 1 == t->depth;

    if ((is_leaf ? child->leaf.n : child->inner.n) == 0) {
        if (is_leaf) {
            unlink_leaf(&child->leaf);
        }
        run_pool_put(t, child, t->depth - d - 1);
        remove_child(parent, p->at[d]);
        return true;
    }
    if (p->at[d] + 1 < parent->n && merge_children(t, parent, p->at[d], d + 1)) {
        return true;
    }
    if (p->at[d] > 0 && merge_children(t, parent, p->at[d] - 1, d + 1)) {
        p->at[d]--;
        return true;
    }
    return false;
}

/* The last run is gone: what is left of the tree is one path. */
static void collapse(struct run_tree *t, struct path *p)
{
    for (unsigned d = 0; d < t->depth; d++) {
        run_pool_put(t, (union run_node *)p->node[d], t->depth - d);
    }
    t->root = (union run_node *)p->leaf;
    t->depth = 0;
}

/* After runs left the leaf of P: mend upwards as long as nodes get small, then refresh the rest. */
static void settle(struct run_tree *t, struct path *p)
{
    bool small = p->leaf->n < LEAF_SMALL;
    unsigned d = t->depth;

    if (t->count == 0) {
        collapse(t, p);
        return;
    }
    while (d > 0 && small && mend_child(t, p, d - 1)) {
        small = p->node[d - 1]->n < INNER_SMALL;
        /* An emptied child left its neighbours as they were; a merged one changed. */
        if (p->at[d - 1] < p->node[d - 1]->n) {
            put_span(p->node[d - 1], p->at[d - 1],
                     span_of(t, p->node[d - 1]->child[p->at[d - 1]], d));
        }
        d--;
    }
    if (d > 0) {
        refresh(t, p, d - 1);
    }
    while (t->depth > 0 && t->root->inner.n == 1) {
        union run_node *old = t->root;

        t->root = old->inner.child[0];
        run_pool_put(t, old, t->depth);
        t->depth--;
    }
}

/* Erase up to N runs from the first whose start >= AT on, as many as share a leaf; how many. */
static size_t erase_some(struct run_tree *t, uint64_t at, size_t n)
{
    struct path p;

    descend(t, at, &p);
    if (p.i == p.leaf->n) {
        assert(p.leaf->next);
        descend(t, p.leaf->next->start[0], &p);
    }
    n = u64_min(n, p.leaf->n - p.i);
    move_runs(p.leaf, p.i, p.leaf, p.i + n, p.leaf->n - p.i - n);
    p.leaf->n -= n;
    t->count -= n;
    settle(t, &p);
    return n;
}

/* The widest gap that the runs [A, B) of LEAF have a part in. */
static uint64_t runs_gap(const struct run_leaf *leaf, size_t a, size_t b)
{
    uint64_t gap = 0;

    for (size_t i = a ? a : 1; i <= b && i < leaf->n; i++) {
        gap = u64_max(gap, leaf->start[i] - leaf->last[i - 1] - 1);
    }
    return gap;
}

/* Runs of the leaf changed: the widest gap they had a part in was BEFORE and is NOW. */
static void refresh_leaf(struct run_tree *t, struct path *p, uint64_t before, uint64_t now)
{
    uint64_t widest = p->node[t->depth - 1]->gap[p->at[t->depth - 1]];
    struct run_span s = {p->leaf->start[0], p->leaf->last[p->leaf->n - 1], now};

    if (now < widest) {
        s.gap = before < widest ? widest : run_leaf_span(p->leaf).gap;
    }
    refresh_to(p, t->depth - 1, s);
}

void run_tree_splice(struct run_tree *t, uint64_t at, size_t n_old, const struct page_run *runs,
                     size_t n_new)
{
    struct path p;
    uint64_t before;
    size_t n;

    descend(t, at, &p);
    n = p.leaf->n - n_old + n_new;
    if (p.i + n_old > p.leaf->n || n > RUN_LEAF_MAX ||
        (t->depth && n < LEAF_SMALL && n_new < n_old)) {
        while (n_old) {
            n_old -= erase_some(t, at, n_old);
        }
        for (size_t i = 0; i < n_new; i++) {
            insert(t, &runs[i]);
        }
        return;
    }
    before = runs_gap(p.leaf, p.i, p.i + n_old);
    if (n_old != n_new) {
        move_runs(p.leaf, p.i + n_new, p.leaf, p.i + n_old, p.leaf->n - p.i - n_old);
    }
    for (size_t i = 0; i < n_new; i++) {
        put_run(p.leaf, p.i + i, &runs[i]);
    }
    p.leaf->n = n;
    t->count = t->count - n_old + n_new;
    if (t->depth) {
        refresh_leaf(t, &p, before, runs_gap(p.leaf, p.i, p.i + n_new));
    }
}
