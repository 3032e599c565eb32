/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/look_at.h"

enum {
    EDGE_PAGES = 4,         /* at each end of an area, when a process is done */
    DONE_DIGESTS_MAX = 256, /* of a process that is done */
};

bool look_at_maps(enum op_kind kind, bool grows)
{
    bool access = kind == OP_store || kind == OP_load;

    return access ? grows : kind != OP_madvise && kind != OP_msync;
}

/* First and last page of [ADDR, ADDR + LEN). */
static void add_edges(struct look_at *l, uint64_t addr, uint64_t len, uint64_t page)
{
    struct range r;

    if (!range_from_len(addr, len, &r)) {
        return;
    }
    l->at[l->n++] = r.start;
    if (r.last / page != r.start / page) {
        l->at[l->n++] = r.last;
    }
}

void look_at_op(struct look_at *ret, enum op_kind kind, const struct op_args *args,
                const struct outcome *o, uint64_t page)
{
    const uint64_t *a = args->arg;

    ret->n = 0;
    switch (kind) {
    case OP_mmap:
        if (o->kind == OUTCOME_OK) {
            add_edges(ret, o->value, a[1], page);
        }
        break;
    case OP_mremap:
        if (o->kind == OUTCOME_OK) {
            add_edges(ret, o->value, a[2], page);
        }
        add_edges(ret, a[0], a[1], page);
        break;
    case OP_load:
    case OP_munmap:
        break;
    default:
        add_edges(ret, a[0], a[1], page);
        break;
    }
}

bool look_at_astray(const struct record_place *p, enum op_kind kind, const struct op_args *args,
                    const struct outcome *o)
{
    struct range r;

    return (kind == OP_mmap || kind == OP_mremap) && o->kind == OUTCOME_OK &&
           (!range_from_len(o->value, args->arg[kind == OP_mmap ? 1 : 2], &r) ||
            !range_contains(p->within, r));
}

struct look_all look_all_begin(const struct region_vec *now, uint64_t page)
{
    return (struct look_all){.now = now, .page = page, .left = DONE_DIGESTS_MAX};
}

bool look_all_next(struct look_all *l, uint64_t *ret)
{
    while (l->left > 0 && l->region < l->now->n) {
        const struct range *r = &l->now->v[l->region].r;
        uint64_t pages = range_len(*r) / l->page;

        if (l->next >= pages) {
            l->region++;
            l->next = 0;
            continue;
        }
        if (l->next == EDGE_PAGES && pages > 2 * EDGE_PAGES) {
            l->next = pages - EDGE_PAGES;
        }
        *ret = r->start + l->next++ * l->page;
        l->left--;
        return true;
    }
    return false;
}
