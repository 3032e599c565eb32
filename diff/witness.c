/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "witness.h"

#include <errno.h>

enum { WITNESS_BYTE = 0xd7, CHILD_BYTE = 0xd8, LOOKS_MAX = 48 };

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

/* AT by what the last map of the first N_OPS ops that had it was placed by; else by the window. */
static struct value address(struct prog *p, const struct witness *w, uint64_t at, size_t n_ops)
{
    const struct record *rec = w->seen;

    for (size_t i = rec ? rec->steps.n : 0; i-- > 0;) {
        const struct record_step *s = &rec->steps.v[i];
        struct op *op = s->step.op < n_ops ? &p->ops.v[s->step.op] : NULL;
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

/* By the rights that the page has: a byte, the page, whether it is mapped at all, a store. */
static int look_plainly(struct prog *p, const struct witness *w, struct value byte,
                        struct value page)
{
    int rc = append(p, OP_load, byte, 1, 0);

    rc = rc < 0 ? rc : append(p, OP_load, page, w->page, 0);
    rc = rc < 0 ? rc : append(p, OP_msync, page, w->page, ABI_MS_ASYNC);
    if (rc == 0 && w->code) {
        rc = append(p, OP_exec, page, 0, 0);
    }
    return rc < 0 ? rc : append(p, OP_store, byte, 1, WITNESS_BYTE);
}

/* With all rights: what was hidden, and what is no memory. */
static int look_inside(struct prog *p, const struct witness *w, struct value byte,
                       struct value page)
{
    int rc = append(p, OP_mprotect, page, w->page, ABI_PROT_READ | ABI_PROT_WRITE);

    rc = rc < 0 ? rc : append(p, OP_load, byte, 1, 0);
    rc = rc < 0 ? rc : append(p, OP_load, page, w->page, 0);
    return rc < 0 ? rc : append(p, OP_store, byte, 1, WITNESS_BYTE);
}

/* Whether the parent sees what a child stores. */
static int look_shared(struct prog *p, struct value byte)
{
    const struct op fork = {.kind = OP_fork, .result = OP_NO_RESULT};
    const struct op wait = {.kind = OP_wait, .result = OP_NO_RESULT};
    size_t forks = 0;
    int rc;

    for (size_t i = 0; i < p->ops.n; i++) {
        forks += p->ops.v[i].kind == OP_fork;
    }
    if (forks >= PROG_FORKS_MAX) {
        return 0;
    }
    rc = prog_insert(p, p->ops.n, &fork);
    rc = rc < 0 ? rc : append(p, OP_store, byte, 1, CHILD_BYTE);
    rc = rc < 0 ? rc : prog_insert(p, p->ops.n, &wait);
    return rc < 0 ? rc : append(p, OP_load, byte, 1, 0);
}

/* The ops that look at the page of the byte AT, which is at V. */
static int look(struct prog *p, const struct witness *w, uint64_t at, struct value v, bool shared)
{
    struct value page = v;
    size_t n = p->ops.n;
    int rc;

    page.num -= at % w->page;
    rc = look_plainly(p, w, v, page);
    rc = rc < 0 ? rc : look_inside(p, w, v, page);
    rc = rc < 0 || !shared ? rc : look_shared(p, v);
    if (rc == 0 && prog_check(p, NULL) < 0) { /* the result it names is another process's */
        prog_remove(p, n, p->ops.n - n);
        rc = -EINVAL;
    }
    return rc;
}

static int look_by(struct prog *p, const struct witness *w, uint64_t at, struct value v,
                   bool shared)
{
    int rc = look(p, w, at, v, shared);

    if (rc == -EINVAL) {
        rc = look(p, w, at, (struct value){.base = VALUE_WINDOW, .num = at}, shared);
    }
    return rc == -ENOMEM ? rc : 0;
}

/* By what the bad op has put there, and by what was there: elsewhere these may be apart. */
static int look_at(struct prog *p, const struct witness *w, uint64_t at, size_t n_ops, bool shared)
{
    struct value v = address(p, w, at, n_ops);
    struct value old = address(p, w, at, n_ops > 0 ? n_ops - 1 : 0);
    /* where nothing was known to be, another target may have put nothing either */
    bool was_placed = old.base != VALUE_WINDOW || v.base != VALUE_RESULT;
    int rc = 0;

    if (was_placed && (old.base != v.base || old.ref != v.ref || old.num != v.num)) {
        rc = look_by(p, w, at, old, false);
    }
    return rc < 0 ? rc : look_by(p, w, at, v, shared);
}

int witness_add(struct prog *p, const struct witness *w, size_t *first)
{
    int rc = 0;

    if (w->bad_op < p->ops.n) {
        prog_remove(p, w->bad_op + 1, p->ops.n - w->bad_op - 1);
    }
    *first = p->ops.n;
    if (!w->has_where || p->ops.n > PROG_OPS_MAX - LOOKS_MAX) {
        return 0;
    }
    if (w->where.last / w->page != w->where.start / w->page) {
        rc = look_at(p, w, w->where.last, *first, false);
    }
    return rc < 0 ? rc : look_at(p, w, w->where.start, *first, true);
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

/* Whether op I of the looks is needed by what stands behind it. */
static bool is_needed(const struct prog *p, size_t i, size_t last_kept)
{
    size_t forked = SIZE_MAX;

    for (size_t k = i + 1; k-- > 0 && k + 3 > i;) {
        forked = p->ops.v[k].kind == OP_fork ? k : forked;
    }
    return (p->ops.v[i].kind == OP_mprotect && i < last_kept) || (forked < last_kept);
}

/* Where the kind of look ends that shows it first: a page's rights, its inside, its sharing. */
static size_t end_of_looks(const struct prog *p, size_t shows)
{
    size_t i = shows + 1;

    while (i < p->ops.n && p->ops.v[i].kind != OP_mprotect && p->ops.v[i].kind != OP_fork) {
        i++;
    }
    return i;
}

void witness_prune(struct prog *p, size_t first, const struct record *good,
                   const struct record *bad)
{
    bool keep[PROG_OPS_MAX] = {false};
    size_t last_kept = 0;
    size_t shows = p->ops.n;
    size_t n = p->ops.n;

    for (size_t i = n; i-- > 0;) {
        keep[i] = differs(p, i, good, bad);
        shows = keep[i] ? i : shows;
    }
    if (shows < n) {
        n = shows < first ? first : end_of_looks(p, shows);
        prog_remove(p, n, p->ops.n - n);
    }
    for (size_t i = first; i < n; i++) {
        last_kept = keep[i] ? i : last_kept;
    }
    for (size_t i = n; i-- > first && shows < n;) {
        if (!keep[i] && !is_needed(p, i, last_kept)) {
            prog_remove(p, i, 1);
        }
    }
}

bool witness_shows(const struct prog *p, const struct record *good, const struct record *bad)
{
    size_t i = 0;

    while (i < p->ops.n && !differs(p, i, good, bad)) {
        i++;
    }
    return i < p->ops.n;
}
