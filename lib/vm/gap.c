/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for free room: down the tree of areas, past subtrees without a gap wide enough. */
#include "vm/core.h"

struct query {
    struct range within;
    uint64_t len;
    uint64_t align;
    bool from_top;
    uint64_t *ret;
};

/* Whether [LO, HI], which is free, has room for it. LO > HI: nothing. */
static bool try_room(const struct query *q, uint64_t lo, uint64_t hi)
{
    uint64_t first;
    uint64_t top;

    lo = u64_max(lo, q->within.start);
    hi = u64_min(hi, q->within.last);
    if (lo > hi || hi - lo < q->len - 1) {
        return false;
    }
    top = u64_align_down(hi - (q->len - 1), q->align);
    if (!u64_align_up(lo, q->align, &first) || first > top) {
        return false;
    }
    *q->ret = q->from_top ? top : first;
    return true;
}

static struct range span(const struct vm_node *node, uint32_t i)
{
    return node->level ? (struct range){node->child[i].start, node->child[i].last}
                       : node->area[i].r;
}

static bool search(const struct query *q, const struct vm_node *node);

/* In the room behind the element before I, then within element I. */
static bool search_low(const struct query *q, const struct vm_node *node)
{
    for (uint32_t i = 0; i < node->n; i++) {
        struct range r = span(node, i);

        if (r.last < q->within.start) {
            continue;
        }
        if (i && r.start - span(node, i - 1).last - 1 >= q->len &&
            try_room(q, span(node, i - 1).last + 1, r.start - 1)) {
            return true;
        }
        if (r.start > q->within.last) {
            return false;
        }
        if (node->level && node->child[i].gap >= q->len && search(q, node->child[i].node)) {
            return true;
        }
    }
    return false;
}

static bool search_high(const struct query *q, const struct vm_node *node)
{
    for (uint32_t i = node->n; i-- > 0;) {
        struct range r = span(node, i);

        if (r.start > q->within.last) {
            continue;
        }
        if (i + 1 < node->n && span(node, i + 1).start - r.last - 1 >= q->len &&
            try_room(q, r.last + 1, span(node, i + 1).start - 1)) {
            return true;
        }
        if (r.last < q->within.start) {
            return false;
        }
        if (node->level && node->child[i].gap >= q->len && search(q, node->child[i].node)) {
            return true;
        }
    }
    return false;
}

/* Among the gaps between elements of NODE. */
static bool search(const struct query *q, const struct vm_node *node)
{
    return q->from_top ? search_high(q, node) : search_low(q, node);
}

/* Below the first area, or above the last one. */
static bool search_edge(const struct query *q, const struct vm_node *root, bool above)
{
    uint64_t start = span(root, 0).start;
    uint64_t last = span(root, root->n - 1).last;

    if (above) {
        return last != UINT64_MAX && try_room(q, last + 1, UINT64_MAX);
    }
    return start != 0 && try_room(q, 0, start - 1);
}

bool vm_gap_find(const struct vm_proc *p, struct range within, uint64_t len, uint64_t align,
                 bool from_top, uint64_t *ret)
{
    struct query q = {within, len, align, from_top, ret};
    const struct vm_node *root = p->areas.root;

    if (len == 0 || within.start > within.last) {
        return false;
    }
    if (!root) {
        return try_room(&q, 0, UINT64_MAX);
    }
    return search_edge(&q, root, from_top) || search(&q, root) || search_edge(&q, root, !from_top);
}
