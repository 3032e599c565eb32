/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole ops go: what lies behind the failing one, what it has nothing to do with, then chunks from
 * the end, halved until they are single ops. An op takes with it what hangs on it: a fork its wait,
 * a result the ops that use it.
 */
#include "minimise_int.h"

#include <string.h>

static bool ask_prefix(struct minimiser *m, size_t n)
{
    minimise_trial(m)->ops.n = n;
    return minimise_ask(m);
}

/* A run ends at its first finding, so from some length on all prefixes fail. */
void minimise_cut(struct minimiser *m)
{
    size_t hold = 0;
    size_t fail = m->best.ops.n - 1;

    if (fail == 0 || !ask_prefix(m, fail)) {
        return;
    }
    while (fail - hold > 1) {
        size_t mid = hold + (fail - hold) / 2;

        if (ask_prefix(m, mid)) {
            fail = mid;
        } else {
            hold = mid;
        }
    }
}

void minimise_remove(struct prog *p, const struct minimise_marks *drop)
{
    bool gone[PROG_RESULTS_MAX] = {false};
    size_t kept = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];

        if (drop->v[i]) {
            if (op->result != OP_NO_RESULT) {
                gone[op->result] = true;
            }
            continue;
        }
        if (op->expect.value.base == VALUE_RESULT && gone[op->expect.value.ref]) {
            op->expect = (struct expect){.kind = EXPECT_NONE};
        }
        p->ops.v[kept++] = *op;
    }
    p->ops.n = kept;
}

static bool ask_without(struct minimiser *m, const struct minimise_marks *drop)
{
    minimise_remove(minimise_trial(m), drop);
    return minimise_ask(m);
}

/* A fork goes with its wait, and the other way round. */
static void mark_pairs(const struct prog *p, struct minimise_marks *drop)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].kind == OP_fork) {
            size_t wait = prog_wait_of(p, i, p->ops.n);

            if (wait < p->ops.n && (drop->v[i] || drop->v[wait])) {
                drop->v[i] = drop->v[wait] = true;
            }
        }
    }
}

/* What uses the result of a marked op is marked; the number of ops that this adds. */
static size_t mark_users(const struct prog *p, struct minimise_marks *drop)
{
    bool gone[PROG_RESULTS_MAX] = {false};
    size_t added = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];

        for (unsigned k = 0; k < OP_ARGS_MAX && !drop->v[i]; k++) {
            if (op->arg[k].base == VALUE_RESULT && gone[op->arg[k].ref]) {
                drop->v[i] = true;
                added++;
            }
        }
        if (drop->v[i] && op->result != OP_NO_RESULT) {
            gone[op->result] = true;
        }
    }
    return added;
}

/* Drop N ops from AT with all that hangs on them; else leave those that only use their results. */
static bool ask_chunk(struct minimiser *m, size_t at, size_t n)
{
    struct minimise_marks chunk = {{false}};
    struct minimise_marks all;
    const struct prog *p = &m->best;

    for (size_t i = at; i < at + n; i++) {
        chunk.v[i] = true;
    }
    mark_pairs(p, &chunk);
    all = chunk;
    if (mark_users(p, &all) == 0) {
        return ask_without(m, &all);
    }
    mark_pairs(p, &all);
    /* The last op is the one that fails. */
    if (!all.v[p->ops.n - 1] && ask_without(m, &all)) {
        return true;
    }
    return n == 1 && ask_without(m, &chunk);
}

/* From the end, so that users go before what they use. */
static bool drop_chunks(struct minimiser *m, size_t size)
{
    size_t at = m->best.ops.n - (size > 1 ? 1 : 0);
    bool any = false;

    while (at > 0) {
        size_t n = u64_min(size, at);

        at -= n;
        any |= ask_chunk(m, at, n);
        at = u64_min(at, m->best.ops.n);
    }
    return any;
}

void minimise_drop(struct minimiser *m)
{
    for (size_t size = m->best.ops.n / 2; size > 1; size /= 2) {
        drop_chunks(m, u64_min(size, m->best.ops.n));
    }
    while (drop_chunks(m, 1)) {
    }
}

/* A fork with what its child does; without it, so that the parent does it; the wait alone. */
void minimise_forks(struct minimiser *m)
{
    for (size_t i = m->best.ops.n; i > 0; i--) {
        size_t at = i - 1;
        size_t wait;
        struct minimise_marks drop = {{false}};

        if (at >= m->best.ops.n || m->best.ops.v[at].kind != OP_fork) {
            continue;
        }
        wait = prog_wait_of(&m->best, at, m->best.ops.n);
        for (size_t k = at; k <= wait && k < m->best.ops.n; k++) {
            drop.v[k] = true;
        }
        if (wait < m->best.ops.n && ask_without(m, &drop)) {
            continue;
        }
        memset(&drop, 0, sizeof(drop));
        drop.v[at] = true;
        if (wait < m->best.ops.n) {
            drop.v[wait] = true;
        }
        if (ask_without(m, &drop)) {
            continue;
        }
        drop.v[at] = false;
        ask_without(m, &drop);
    }
}

static bool spans_meet(const struct prog *p, const struct minimise_span *a,
                       const struct minimise_span *b)
{
    uint64_t unit = u64_max(minimise_page(p), p->config.value[CONFIG_HOST_PAGE]);
    struct range x = {a->start, a->start + u64_max(a->len, 1) - 1};
    struct range y = {b->start, b->start + u64_max(b->len, 1) - 1};

    return minimise_space_equal(a->space, b->space) &&
           range_overlaps(range_widen(x, unit), range_widen(y, unit));
}

/* Whether A and B have a result, a file or a host page in common. */
static bool related(const struct prog *p, const struct op *a, const struct op *b)
{
    struct minimise_span x[MINIMISE_SPANS_MAX];
    struct minimise_span y[MINIMISE_SPANS_MAX];
    unsigned n_x = minimise_spans(a, x);
    unsigned n_y = minimise_spans(b, y);

    for (unsigned i = 0; i < OP_ARGS_MAX; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            if (a->arg[i].base >= VALUE_RESULT && a->arg[i].base == b->arg[k].base &&
                a->arg[i].ref == b->arg[k].ref) {
                return true;
            }
        }
        if ((a->arg[i].base == VALUE_RESULT && a->arg[i].ref == b->result) ||
            (b->arg[i].base == VALUE_RESULT && b->arg[i].ref == a->result)) {
            return true;
        }
    }
    for (unsigned i = 0; i < n_x; i++) {
        for (unsigned k = 0; k < n_y; k++) {
            if (spans_meet(p, &x[i], &y[k])) {
                return true;
            }
        }
    }
    return false;
}

/* Drop what is not marked; forks and waits stay, they have their own pass. */
static bool ask_only(struct minimiser *m, const struct minimise_marks *keep)
{
    struct minimise_marks drop = {{false}};

    for (size_t i = 0; i < m->best.ops.n; i++) {
        const struct op *op = &m->best.ops.v[i];
        bool prepares = op->kind == OP_host_fail && i + 1 < m->best.ops.n && keep->v[i + 1];

        drop.v[i] = !keep->v[i] && !prepares && op->kind != OP_fork && op->kind != OP_wait;
    }
    mark_users(&m->best, &drop);
    return !drop.v[m->best.ops.n - 1] && ask_without(m, &drop);
}

/* First what has to do with the last op itself, then with any op that has. */
void minimise_unrelated(struct minimiser *m)
{
    const struct prog *p = &m->best;
    size_t last = p->ops.n - 1;
    struct minimise_marks keep = {{false}};
    bool more = true;

    for (size_t i = 0; i < last; i++) {
        keep.v[i] = related(p, &p->ops.v[i], &p->ops.v[last]);
    }
    keep.v[last] = true;
    if (ask_only(m, &keep)) {
        return;
    }
    while (more) {
        more = false;
        for (size_t i = 0; i < last; i++) {
            for (size_t k = 0; k <= last && !keep.v[i]; k++) {
                if (keep.v[k] && related(p, &p->ops.v[i], &p->ops.v[k])) {
                    keep.v[i] = more = true;
                }
            }
        }
    }
    ask_only(m, &keep);
}
