/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "minimise_int.h"

#include <string.h>

/* Addresses and lengths above are no places of a program: negative, or invalid on purpose. */
#define EDGE_LAST ((UINT64_C(1) << 48) - 1)

bool minimise_space_equal(struct minimise_space a, struct minimise_space b)
{
    return a.base == b.base && a.ref == b.ref;
}

static struct minimise_span span_of(const struct op *op, int addr, int len)
{
    struct minimise_span s = {.addr = (int8_t)addr, .arg = (int8_t)len};
    struct range r;

    if (addr < 0) {
        s.space = (struct minimise_space){VALUE_RESULT, op->result};
    } else {
        s.space = (struct minimise_space){op->arg[addr].base, op->arg[addr].ref};
        s.start = op->arg[addr].num;
    }
    if (len >= 0 && range_from_len(s.start, op->arg[len].num, &r)) {
        s.len = op->arg[len].num;
    }
    return s;
}

/* NULL as a hint is no place. */
static bool is_no_hint(const struct op *op)
{
    return op->kind == OP_mmap && op->arg[0].base == VALUE_NUM && op->arg[0].num == 0;
}

unsigned minimise_spans(const struct op *op, struct minimise_span *ret)
{
    const struct op_desc *d = &op_descs[op->kind];
    unsigned n = 0;

    for (unsigned k = 0; k < op_args_used(op); k++) {
        if (d->arg[k] == ARG_ADDR && !is_no_hint(op)) {
            bool sized =
                k + 1 < d->n_args && (d->arg[k + 1] == ARG_LEN || d->arg[k + 1] == ARG_ACCESS);

            ret[n++] = span_of(op, (int)k, sized ? (int)k + 1 : -1);
        } else if (d->arg[k] == ARG_ADDR_OPT) {
            ret[n++] = span_of(op, (int)k, 2);
        }
    }
    if (op->kind == OP_mremap) {
        ret[n++] = span_of(op, 0, 2);
    }
    if (op->result != OP_NO_RESULT) {
        ret[n++] = span_of(op, -1, op->kind == OP_mremap ? 2 : 1);
    }
    return n;
}

static void add_edge(struct minimise_edges *e, uint64_t at)
{
    size_t i = e->n;

    while (i > 0 && e->v[i - 1] > at) {
        i--;
    }
    if (e->n == MINIMISE_EDGES_MAX || (i > 0 && e->v[i - 1] == at)) {
        return;
    }
    memmove(e->v + i + 1, e->v + i, (e->n - i) * sizeof(*e->v));
    e->v[i] = at;
    e->n++;
}

void minimise_edges(const struct prog *p, struct minimise_space space, struct minimise_edges *ret)
{
    uint64_t page = minimise_page(p);

    ret->n = 0;
    for (size_t i = 0; i < p->ops.n; i++) {
        struct minimise_span s[MINIMISE_SPANS_MAX];
        unsigned n = minimise_spans(&p->ops.v[i], s);

        for (unsigned k = 0; k < n; k++) {
            uint64_t behind;

            if (!minimise_space_equal(s[k].space, space) || s[k].start > EDGE_LAST ||
                s[k].len > EDGE_LAST) {
                continue;
            }
            add_edge(ret, u64_align_down(s[k].start, page));
            if (u64_align_up(s[k].start + s[k].len, page, &behind)) {
                add_edge(ret, behind);
            }
        }
    }
}
