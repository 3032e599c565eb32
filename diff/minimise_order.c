/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Different programs of the same effect become one: two ops that could be one are, ops that could
 * stand either way round stand in a fixed order, and so do the places they name. Only for programs
 * that are small already.
 */
#include "minimise_int.h"

enum { SMALL = 12 }; /* ops, and places */

/* Ops of A and B are alike up to the ranges they are about, which meet; both together in *RET. */
static bool ranges_meet(const struct op *a, const struct op *b, struct range *ret)
{
    struct range x;
    struct range y;

    if (!minimise_has(a, 0, ARG_ADDR) || !minimise_has(a, 1, ARG_LEN) ||
        !minimise_has(b, 0, ARG_ADDR) || !minimise_has(b, 1, ARG_LEN) ||
        a->arg[0].base != b->arg[0].base || a->arg[0].ref != b->arg[0].ref ||
        !range_from_len(a->arg[0].num, a->arg[1].num, &x) ||
        !range_from_len(b->arg[0].num, b->arg[1].num, &y) || x.last == UINT64_MAX ||
        y.last == UINT64_MAX || x.start > y.last + 1 || y.start > x.last + 1) {
        return false;
    }
    *ret = (struct range){u64_min(x.start, y.start), u64_max(x.last, y.last)};
    return true;
}

/* The candidate without op GONE, if nobody uses its result. */
static bool ask_less(struct minimiser *m, size_t gone)
{
    struct minimise_marks drop = {{false}};
    struct prog *p = &m->trial;

    for (size_t i = gone + 1; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            if (p->ops.v[i].arg[k].base == VALUE_RESULT &&
                p->ops.v[i].arg[k].ref == p->ops.v[gone].result) {
                return false;
            }
        }
    }
    drop.v[gone] = true;
    minimise_remove(p, &drop);
    return minimise_ask(m);
}

/* Ops I and J do alike to ranges that meet: one of them does it to both. */
static bool ask_merged(struct minimiser *m, size_t i, size_t j)
{
    struct range both;

    if (m->best.ops.v[i].kind != m->best.ops.v[j].kind ||
        !ranges_meet(&m->best.ops.v[i], &m->best.ops.v[j], &both)) {
        return false;
    }
    for (unsigned keep = 0; keep < 2; keep++) {
        struct op *op = &minimise_trial(m)->ops.v[keep ? i : j];

        op->arg[0].num = both.start;
        op->arg[1].num = range_len(both);
        if (ask_less(m, keep ? j : i)) {
            return true;
        }
    }
    return false;
}

/* Rights that op J gives are those that the map of op I has from the start. */
static bool ask_folded(struct minimiser *m, size_t i, size_t j)
{
    struct range both;

    if (m->best.ops.v[i].kind != OP_mmap || m->best.ops.v[j].kind != OP_mprotect ||
        !ranges_meet(&m->best.ops.v[i], &m->best.ops.v[j], &both)) {
        return false;
    }
    minimise_trial(m)->ops.v[i].arg[2].num = m->best.ops.v[j].arg[2].num;
    return ask_less(m, j);
}

void minimise_merge(struct minimiser *m)
{
    for (size_t j = 1; j < m->best.ops.n && m->best.ops.n <= SMALL; j++) {
        for (size_t i = 0; i < j; i++) {
            if (ask_merged(m, i, j) || ask_folded(m, i, j)) {
                j = 0; /* from the start */
                break;
            }
        }
    }
}

static int op_compare(const struct op *a, const struct op *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
        if (a->arg[k].base != b->arg[k].base) {
            return a->arg[k].base < b->arg[k].base ? -1 : 1;
        }
        if (a->arg[k].num != b->arg[k].num) {
            return a->arg[k].num < b->arg[k].num ? -1 : 1;
        }
    }
    return 0;
}

/* Whether P comes before Q, which has as many ops: by the first op in which they differ. */
static bool comes_before(const struct prog *p, const struct prog *q)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        int order = op_compare(&p->ops.v[i], &q->ops.v[i]);

        if (order != 0) {
            return order < 0;
        }
    }
    return false;
}

static bool movable(const struct op *op)
{
    return op->kind != OP_fork && op->kind != OP_wait && op->kind != OP_host_fail &&
           op->result == OP_NO_RESULT;
}

/* Whether ops I and I + 1 of P should change places; the last op stays. */
static bool out_of_order(const struct prog *p, size_t i)
{
    return i + 2 < p->ops.n && movable(&p->ops.v[i]) && movable(&p->ops.v[i + 1]) &&
           op_compare(&p->ops.v[i], &p->ops.v[i + 1]) > 0;
}

static void swap(struct prog *p, size_t i)
{
    struct op first = p->ops.v[i];

    p->ops.v[i] = p->ops.v[i + 1];
    p->ops.v[i + 1] = first;
}

static void sort_ops(struct prog *p)
{
    for (size_t n = 1; n < p->ops.n; n++) {
        for (size_t i = n; i > 0 && out_of_order(p, i - 1); i--) {
            swap(p, i - 1);
        }
    }
}

/* In P all addresses A of the window are B; the other way round too if EXCHANGE. */
static void rename_place(struct prog *p, uint64_t a, uint64_t b, bool exchange)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            struct value *v = &p->ops.v[i].arg[k];

            if (v->base == VALUE_WINDOW && (v->num == a || (exchange && v->num == b))) {
                v->num = v->num == a ? b : a;
            }
        }
    }
}

static bool ask_exchanged(struct minimiser *m, uint64_t a, uint64_t b, bool sorted)
{
    rename_place(minimise_trial(m), a, b, true);
    if (sorted) {
        sort_ops(&m->trial);
    }
    return comes_before(&m->trial, &m->best) && minimise_ask(m);
}

/* Ops that name one place go to the next lower one together, or change places with it. */
static void order_places(struct minimiser *m)
{
    struct minimise_edges e;

    minimise_edges(&m->best, (struct minimise_space){VALUE_WINDOW, 0}, &e);
    for (size_t i = 1; i < e.n && e.n <= SMALL; i++) {
        rename_place(minimise_trial(m), e.v[i], e.v[i - 1], false);
        if (!minimise_ask(m) && !ask_exchanged(m, e.v[i], e.v[i - 1], false)) {
            ask_exchanged(m, e.v[i], e.v[i - 1], true);
        }
    }
}

static void order_ops(struct minimiser *m)
{
    bool more = m->best.ops.n <= SMALL;

    while (more) {
        more = false;
        for (size_t i = 0; i + 2 < m->best.ops.n; i++) {
            if (out_of_order(&m->best, i)) {
                swap(minimise_trial(m), i);
                more |= minimise_ask(m);
            }
        }
    }
}

void minimise_order(struct minimiser *m)
{
    order_places(m);
    order_ops(m);
}
