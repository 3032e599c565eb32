/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "witness.h"

#include <errno.h>

enum { WITNESS_BYTE = 0xd7, LOOKS = 4 };

static struct value number(uint64_t n)
{
    return (struct value){.base = VALUE_NUM, .num = n};
}

/* What S mapped, if it mapped anything. */
static bool mapped_by(const struct op *op, const struct record_step *s, struct range *ret)
{
    unsigned len = op->kind == OP_mmap ? 1 : 2;

    return s->what == RECORD_OP && s->step.outcome.kind == OUTCOME_OK &&
           op_descs[op->kind].result == OP_RESULT_ADDR &&
           range_from_len(s->step.outcome.value, s->step.args.arg[len], ret);
}

/* The argument that says where the map of OP goes; NULL: the system does. */
static const struct value *place_of(const struct op *op)
{
    if (op->kind == OP_mmap) {
        return op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE) ? &op->arg[0] : NULL;
    }
    return op->arg[3].num & ABI_MREMAP_FIXED ? &op->arg[4] : NULL;
}

static uint16_t free_result(const struct prog *p)
{
    uint32_t n = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].result != OP_NO_RESULT && p->ops.v[i].result >= n) {
            n = p->ops.v[i].result + 1u;
        }
    }
    return n < PROG_RESULTS_MAX ? (uint16_t)n : OP_NO_RESULT;
}

/* N bytes behind what OP mapped. */
static struct value behind(struct prog *p, struct op *op, uint64_t n)
{
    const struct value *to = place_of(op);
    struct value v = to ? *to : (struct value){.base = VALUE_RESULT};

    if (!to && op->result == OP_NO_RESULT) {
        op->result = free_result(p);
    }
    v.ref = to ? v.ref : op->result;
    v.num += n;
    return v;
}

/* AT by what the last map that had it was placed by; by the window if none had. */
static struct value address(struct prog *p, const struct witness *w, uint64_t at)
{
    const struct record *rec = w->seen;

    for (size_t i = rec ? rec->steps.n : 0; i-- > 0;) {
        const struct record_step *s = &rec->steps.v[i];
        struct op *op = s->step.op < p->ops.n ? &p->ops.v[s->step.op] : NULL;
        uint64_t there = at + rec->place.window;
        struct range r;

        if (op && mapped_by(op, s, &r) && range_has(range_widen(r, w->page), there)) {
            return behind(p, op, there - s->step.outcome.value);
        }
    }
    return (struct value){.base = VALUE_WINDOW, .num = at};
}

static int append(struct prog *p, enum op_kind kind, struct value at, uint64_t len, uint64_t last)
{
    struct op op = {.kind = (uint8_t)kind, .result = OP_NO_RESULT};

    op.arg[0] = at;
    op.arg[1] = number(len);
    if (op_descs[kind].n_args > 2) {
        op.arg[2] = number(last);
    }
    return prog_insert(p, p->ops.n, &op);
}

static int append_all(struct prog *p, struct value byte, struct value page, uint64_t len)
{
    int rc = append(p, OP_load, byte, 1, 0);

    rc = rc < 0 ? rc : append(p, OP_load, page, len, 0);
    rc = rc < 0 ? rc : append(p, OP_msync, page, len, ABI_MS_ASYNC);
    return rc < 0 ? rc : append(p, OP_store, byte, 1, WITNESS_BYTE);
}

/* The ops that look at the page of WHERE, which is at PAGE. */
static int look(struct prog *p, const struct witness *w, struct value page)
{
    size_t n = p->ops.n;
    struct value byte = page;
    int rc;

    byte.num += w->where.start % w->page;
    rc = append_all(p, byte, page, w->page);
    if (rc == 0 && prog_check(p, NULL) < 0) { /* the result it names is another process's */
        prog_remove(p, n, p->ops.n - n);
        rc = -EINVAL;
    }
    return rc;
}

int witness_add(struct prog *p, const struct witness *w, size_t *first)
{
    uint64_t start = u64_align_down(w->where.start, w->page);
    int rc;

    if (w->bad_op < p->ops.n) {
        prog_remove(p, w->bad_op + 1, p->ops.n - w->bad_op - 1);
    }
    *first = p->ops.n;
    if (!w->has_where || p->ops.n > PROG_OPS_MAX - LOOKS) {
        return 0;
    }
    rc = look(p, w, address(p, w, start));
    if (rc == -EINVAL) {
        rc = look(p, w, (struct value){.base = VALUE_WINDOW, .num = start});
    }
    return rc == -ENOMEM ? rc : 0;
}

static const struct record_step *step_of(const struct record *rec, size_t op)
{
    for (size_t i = 0; i < rec->steps.n; i++) {
        if (rec->steps.v[i].what == RECORD_OP && rec->steps.v[i].step.op == op) {
            return &rec->steps.v[i];
        }
    }
    return NULL;
}

/* Whether op I came to something else; a map somewhere else is none. */
static bool differs(const struct prog *p, size_t i, const struct record *good,
                    const struct record *bad)
{
    const struct record_step *a = step_of(good, i);
    const struct record_step *b = step_of(bad, i);
    bool byte = op_descs[p->ops.v[i].kind].result == OP_RESULT_BYTE;
    const struct outcome *x;
    const struct outcome *y;

    if (!a || !b || a->poison || b->poison) {
        return false;
    }
    x = &a->step.outcome;
    y = &b->step.outcome;
    if (x->kind != y->kind) {
        return x->kind >= OUTCOME_OK && y->kind >= OUTCOME_OK;
    }
    return (x->kind == OUTCOME_FAIL && x->err != y->err) ||
           (x->kind == OUTCOME_SIGNAL && x->signal != y->signal) ||
           (x->kind == OUTCOME_OK && byte && (x->value != y->value || x->mixed != y->mixed));
}

void witness_prune(struct prog *p, size_t first, const struct record *good,
                   const struct record *bad)
{
    size_t n = p->ops.n;
    bool keep[PROG_OPS_MAX] = {false};
    bool any = false;
    bool before = false;

    for (size_t i = 0; i < n; i++) {
        keep[i] = differs(p, i, good, bad);
        any |= i >= first && keep[i];
        before |= i < first && keep[i];
    }
    for (size_t i = n; i-- > first && (any || before);) {
        if (before || !keep[i]) {
            prog_remove(p, i, 1);
        }
    }
}
