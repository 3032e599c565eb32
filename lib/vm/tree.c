/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/tree.h"

#include <assert.h>
#include <string.h>

/* Children of an inner node. */
enum { FANOUT = (VM_NODE_BYTES - 24) / sizeof(struct vm_child) };

/* The way from the root to a leaf: at level L, node[L] and the index taken in it. */
struct path {
    struct vm_node *node[VM_TREE_LEVELS];
    uint32_t at[VM_TREE_LEVELS];
};

void vm_tree_init(struct vm_tree *t, struct vm_pool *nodes, bool ranges)
{
    uint32_t size = ranges ? sizeof(struct vm_area) : sizeof(struct vm_slot);

    *t = (struct vm_tree){
        .nodes = nodes,
        .size = size,
        .cap = (VM_NODE_BYTES - 24) / size,
        .ranges = ranges,
    };
}

static void clear_node(struct vm_tree *t, struct vm_node *node)
{
    for (uint32_t i = 0; node->level && i < node->n; i++) {
        clear_node(t, node->child[i].node);
    }
    vm_pool_put(t->nodes, node);
}

void vm_tree_clear(struct vm_tree *t)
{
    if (t->root) {
        clear_node(t, t->root);
    }
    t->root = NULL;
    t->n = 0;
}

static void *entry_at(const struct vm_tree *t, const struct vm_node *leaf, uint32_t i)
{
    return (void *)(leaf->raw + (size_t)i * t->size);
}

static struct vm_node *leaf_of(const void *entry)
{
    return (struct vm_node *)((const char *)entry - ((uintptr_t)entry & (VM_NODE_BYTES - 1)));
}

/* A slot starts and ends at its key. */
static uint64_t entry_last(const struct vm_tree *t, const struct vm_node *leaf, uint32_t i)
{
    return t->ranges ? leaf->area[i].r.last : leaf->slot[i].key;
}

static uint64_t entry_start(const struct vm_tree *t, const struct vm_node *leaf, uint32_t i)
{
    return t->ranges ? leaf->area[i].r.start : leaf->slot[i].key;
}

/* Fetch a node at once: waiting for one line after the other is most of a descent's cost. */
static void fetch(const struct vm_node *node)
{
    for (size_t i = 0; i < VM_NODE_BYTES; i += 64) {
        __builtin_prefetch((const char *)node + i);
    }
}

/* Index of the first element whose last is >= AT; n if none. */
static uint32_t lower(const struct vm_tree *t, const struct vm_node *node, uint64_t at)
{
    uint32_t lo = 0;
    uint32_t hi = node->n;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        uint64_t last = node->level ? node->child[mid].last : entry_last(t, node, mid);

        if (last < at) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Index behind the last element whose start is <= AT; 0 if none. */
static uint32_t upper(const struct vm_tree *t, const struct vm_node *node, uint64_t at)
{
    uint32_t lo = 0;
    uint32_t hi = node->n;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        uint64_t start = node->level ? node->child[mid].start : entry_start(t, node, mid);

        if (start <= at) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

void *vm_tree_from(const struct vm_tree *t, uint64_t at)
{
    const struct vm_node *node = t->root;

    while (node) {
        uint32_t i = lower(t, node, at);

        if (i == node->n) {
            return NULL; /* only at the root: below it the parent has said that there is one */
        }
        if (!node->level) {
            return entry_at(t, node, i);
        }
        node = node->child[i].node;
        fetch(node);
    }
    return NULL;
}

void *vm_tree_upto(const struct vm_tree *t, uint64_t at)
{
    const struct vm_node *node = t->root;

    while (node) {
        uint32_t i = upper(t, node, at);

        if (i == 0) {
            return NULL;
        }
        if (!node->level) {
            return entry_at(t, node, i - 1);
        }
        node = node->child[i - 1].node;
        fetch(node);
    }
    return NULL;
}

void *vm_tree_next(const struct vm_tree *t, const void *entry)
{
    const struct vm_node *leaf = leaf_of(entry);
    uint32_t i = (uint32_t)((size_t)((const uint8_t *)entry - leaf->raw) / t->size);

    if (i + 1 < leaf->n) {
        return entry_at(t, leaf, i + 1);
    }
    return leaf->next ? entry_at(t, leaf->next, 0) : NULL;
}

void *vm_tree_prev(const struct vm_tree *t, const void *entry)
{
    const struct vm_node *leaf = leaf_of(entry);
    uint32_t i = (uint32_t)((size_t)((const uint8_t *)entry - leaf->raw) / t->size);

    if (i > 0) {
        return entry_at(t, leaf, i - 1);
    }
    return leaf->prev ? entry_at(t, leaf->prev, leaf->prev->n - 1) : NULL;
}

int vm_tree_reserve(struct vm_pool *nodes, size_t n)
{
    /*
     * A node that is full now may split at once, and another time after a quarter of it was
     * filled again; each tree may get a level more.
     */
    return vm_pool_reserve(nodes, nodes->live + nodes->live / 2 + n / 4 + VM_TREE_LEVELS);
}

static struct vm_child summary(const struct vm_tree *t, struct vm_node *node)
{
    struct vm_child c = {.node = node};

    if (node->level) {
        c.start = node->child[0].start;
        c.last = node->child[node->n - 1].last;
        c.gap = node->child[0].gap;
        for (uint32_t i = 1; t->ranges && i < node->n; i++) {
            uint64_t room = node->child[i].start - node->child[i - 1].last - 1;

            c.gap = u64_max(c.gap, u64_max(room, node->child[i].gap));
        }
        return c;
    }
    c.start = entry_start(t, node, 0);
    c.last = entry_last(t, node, node->n - 1);
    for (uint32_t i = 1; t->ranges && i < node->n; i++) {
        c.gap = u64_max(c.gap, node->area[i].r.start - node->area[i - 1].r.last - 1);
    }
    return c;
}

static size_t element_bytes(const struct vm_tree *t, const struct vm_node *node)
{
    return node->level ? sizeof(struct vm_child) : t->size;
}

static uint32_t capacity(const struct vm_tree *t, const struct vm_node *node)
{
    return node->level ? (uint32_t)FANOUT : t->cap;
}

/* Room for an element at I. */
static void *open_gap(const struct vm_tree *t, struct vm_node *node, uint32_t i)
{
    size_t bytes = element_bytes(t, node);
    uint8_t *at = node->raw + i * bytes;

    memmove(at + bytes, at, (node->n - i) * bytes);
    node->n++;
    return at;
}

static void close_gap(const struct vm_tree *t, struct vm_node *node, uint32_t i)
{
    size_t bytes = element_bytes(t, node);
    uint8_t *at = node->raw + i * bytes;

    node->n--;
    memmove(at, at + bytes, (node->n - i) * bytes);
}

static struct vm_node *new_node(struct vm_tree *t, uint32_t level)
{
    struct vm_node *node = vm_pool_get(t->nodes);

    assert(node); /* reserved */
    node->prev = NULL;
    node->next = NULL;
    node->n = 0;
    node->level = level;
    return node;
}

/* Half of NODE, which is full, goes to a new one behind it; all of it stays if I is its end. */
static struct vm_node *split(struct vm_tree *t, struct vm_node *node, uint32_t i)
{
    struct vm_node *right = new_node(t, node->level);
    uint32_t keep = i == node->n ? node->n - 1 : node->n / 2;
    size_t bytes = element_bytes(t, node);

    right->n = node->n - keep;
    memcpy(right->raw, node->raw + keep * bytes, right->n * bytes);
    node->n = keep;
    if (!node->level) {
        right->prev = node;
        right->next = node->next;
        if (right->next) {
            right->next->prev = right;
        }
        node->next = right;
    }
    return right;
}

/* ELEMENT at I of NODE. If that makes a second node: returned. *RET is where it lies now. */
static struct vm_node *put(struct vm_tree *t, struct vm_node *node, uint32_t i, const void *element,
                           void **ret)
{
    struct vm_node *right = NULL;

    if (node->n == capacity(t, node)) {
        right = split(t, node, i);
        if (i > node->n) {
            i -= node->n;
            node = right;
        }
    }
    *ret = memcpy(open_gap(t, node, i), element, element_bytes(t, node));
    return right;
}

/* The way to the element that holds AT or is the first behind it; to the end if there is none. */
static void seek(const struct vm_tree *t, uint64_t at, struct path *path)
{
    struct vm_node *node = t->root;

    for (;;) {
        uint32_t i = lower(t, node, at);

        path->node[node->level] = node;
        if (!node->level) {
            path->at[0] = i;
            return;
        }
        path->at[node->level] = i < node->n ? i : node->n - 1;
        node = node->child[path->at[node->level]].node;
        fetch(node);
    }
}

/* The parents of the leaf of PATH learn what is in it now. */
static void refresh(struct vm_tree *t, const struct path *path, uint32_t level)
{
    for (; level < t->root->level; level++) {
        struct vm_node *parent = path->node[level + 1];
        struct vm_child *c;
        struct vm_child now;

        assert(path->node[level] && parent);
        c = &parent->child[path->at[level + 1]];
        now = summary(t, path->node[level]);
        if (now.start == c->start && now.last == c->last && now.gap == c->gap) {
            return;
        }
        *c = now;
    }
}

static void new_root(struct vm_tree *t, struct vm_node *left, struct vm_node *right)
{
    struct vm_node *root = new_node(t, left->level + 1);

    assert(root->level < VM_TREE_LEVELS);
    root->child[0] = summary(t, left);
    root->child[1] = summary(t, right);
    root->n = 2;
    t->root = root;
}

/* RIGHT is new behind the node of PATH at LEVEL, below the root. */
static void put_child(struct vm_tree *t, struct path *path, uint32_t level, struct vm_node *right)
{
    while (right) {
        struct vm_node *node = path->node[level];
        struct vm_node *parent;
        struct vm_child c;
        void *ignored;

        if (node == t->root) {
            new_root(t, node, right);
            return;
        }
        level++;
        parent = path->node[level];
        c = summary(t, right);
        parent->child[path->at[level]] = summary(t, node);
        right = put(t, parent, path->at[level] + 1, &c, &ignored);
    }
    refresh(t, path, level);
}

void *vm_tree_insert(struct vm_tree *t, const void *entry)
{
    struct path path;
    struct vm_node *right;
    void *ret;

    if (!t->root) {
        t->root = new_node(t, 0);
    }
    seek(t, *(const uint64_t *)entry, &path); /* an area and a slot begin with their start */
    assert(path.at[0] == path.node[0]->n ||
           entry_start(t, path.node[0], path.at[0]) >
               (t->ranges ? ((const struct vm_area *)entry)->r.last : *(const uint64_t *)entry));
    right = put(t, path.node[0], path.at[0], entry, &ret);
    t->n++;
    if (right) {
        put_child(t, &path, 0, right);
    } else {
        refresh(t, &path, 0);
    }
    return ret;
}

static void drop_node(struct vm_tree *t, struct vm_node *node)
{
    if (!node->level) {
        if (node->prev) {
            node->prev->next = node->next;
        }
        if (node->next) {
            node->next->prev = node->prev;
        }
    }
    vm_pool_put(t->nodes, node);
}

/* The elements of child I + 1 of PARENT go to child I, if they fit well. */
static bool merge(struct vm_tree *t, struct vm_node *parent, uint32_t i)
{
    struct vm_node *left = parent->child[i].node;
    struct vm_node *right = parent->child[i + 1].node;
    size_t bytes = element_bytes(t, left);

    if (left->n + right->n > capacity(t, left) * 3 / 4) {
        return false;
    }
    memcpy(left->raw + left->n * bytes, right->raw, right->n * bytes);
    left->n += right->n;
    drop_node(t, right);
    close_gap(t, parent, i + 1);
    parent->child[i] = summary(t, left);
    return true;
}

/* The node of PATH at LEVEL has lost an element: it goes if empty, or merges if small. */
static bool shrink(struct vm_tree *t, struct path *path, uint32_t level)
{
    struct vm_node *node = path->node[level];
    struct vm_node *parent = path->node[level + 1];
    uint32_t at = path->at[level + 1];

    assert(node && parent);
    if (node->n == 0) {
        drop_node(t, node);
        close_gap(t, parent, at);
        return true;
    }
    parent->child[at] = summary(t, node);
    if (node->n > capacity(t, node) / 4) {
        return false;
    }
    if (at + 1 < parent->n && merge(t, parent, at)) {
        return true;
    }
    return at > 0 && merge(t, parent, at - 1);
}

void vm_tree_erase(struct vm_tree *t, uint64_t start)
{
    struct path path = {0};
    uint32_t level = 0;

    seek(t, start, &path);
    assert(path.at[0] < path.node[0]->n && entry_start(t, path.node[0], path.at[0]) == start);
    close_gap(t, path.node[0], path.at[0]);
    t->n--;
    while (level < t->root->level && shrink(t, &path, level)) {
        level++;
    }
    refresh(t, &path, level + 1); /* shrink has told the parent */
    while (t->root->level && t->root->n == 1) {
        struct vm_node *old = t->root;

        t->root = old->child[0].node;
        vm_pool_put(t->nodes, old);
    }
    if (t->root->n == 0) {
        vm_pool_put(t->nodes, t->root);
        t->root = NULL;
    }
}

void vm_tree_resize(struct vm_tree *t, struct vm_area *a, struct range r)
{
    struct path path;

    seek(t, a->r.start, &path);
    assert(&path.node[0]->area[path.at[0]] == a);
    a->r = r;
    refresh(t, &path, 0);
}

/* Within one leaf nothing changes that its parents know: no need to find the way to it. */
struct vm_area *vm_tree_split(struct vm_tree *t, struct vm_area *a, const struct vm_area *upper)
{
    struct vm_node *leaf = leaf_of(a);
    struct vm_area copy = *upper;

    if (leaf->n == t->cap) {
        vm_tree_resize(t, a, (struct range){a->r.start, copy.r.start - 1});
        return vm_tree_insert(t, &copy);
    }
    a->r.last = copy.r.start - 1;
    t->n++;
    return memcpy(open_gap(t, leaf, (uint32_t)(a - leaf->area) + 1), &copy, sizeof(copy));
}

struct vm_area *vm_tree_join(struct vm_tree *t, struct vm_area *a, const struct vm_area *b)
{
    struct vm_node *leaf = leaf_of(a);
    struct range all = {a->r.start, b->r.last};

    if (leaf_of(b) == leaf && leaf->n > t->cap / 4 + 1) {
        a->r = all;
        close_gap(t, leaf, (uint32_t)(b - leaf->area));
        t->n--;
        return a;
    }
    vm_tree_erase(t, b->r.start);
    a = vm_tree_from(t, all.start);
    vm_tree_resize(t, a, all);
    return a;
}

static const char *check_leaf(const struct vm_tree *t, const struct vm_node *leaf)
{
    for (uint32_t i = 0; i < leaf->n; i++) {
        if (entry_start(t, leaf, i) > entry_last(t, leaf, i)) {
            return "an entry ends before it starts";
        }
        if (i && entry_start(t, leaf, i) <= entry_last(t, leaf, i - 1)) {
            return "entries of a leaf overlap or are out of order";
        }
    }
    if (leaf->next && (leaf->next->prev != leaf ||
                       entry_start(t, leaf->next, 0) <= entry_last(t, leaf, leaf->n - 1))) {
        return "leaves are not chained in order";
    }
    return NULL;
}

static const char *check_node(const struct vm_tree *t, struct vm_node *node, size_t *n)
{
    const char *bad = NULL;

    if (node->n == 0 || node->n > capacity(t, node)) {
        return "a node is empty or too full";
    }
    if (!node->level) {
        *n += node->n;
        return check_leaf(t, node);
    }
    for (uint32_t i = 0; !bad && i < node->n; i++) {
        const struct vm_child *c = &node->child[i];
        struct vm_child now;

        if (c->node->level + 1 != node->level) {
            return "a child is on a wrong level";
        }
        bad = check_node(t, c->node, n);
        if (!bad) {
            now = summary(t, c->node);
            if (now.start != c->start || now.last != c->last || now.gap != c->gap) {
                bad = "a parent does not know what its child holds";
            }
        }
    }
    return bad;
}

const char *vm_tree_check(const struct vm_tree *t)
{
    size_t n = 0;
    const char *bad = t->root ? check_node(t, t->root, &n) : NULL;

    return bad || n == t->n ? bad : "entries were miscounted";
}
