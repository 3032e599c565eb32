/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All addresses of a program move together. The edges of what its ops name cut the window into
 * gaps, holes as well as parts of maps; each gap is made as small as it can be, whatever lies above
 * moves down by as much, and lengths across the gap shrink. So a program keeps its shape, and
 * programs of the same shape become equal.
 */
#include "minimise_int.h"

/* [LOW, HIGH) between two neighbours among the edges, LAST the highest of them. */
struct gap {
    uint64_t low, high, last;
};

/* The gap becomes SIZE; what lies above it, up to LAST, moves along. */
struct squeeze {
    struct minimise_space space;
    struct gap gap;
    uint64_t size;
};

static uint64_t moved(const struct squeeze *s, uint64_t at)
{
    if (at >= s->gap.high && at <= s->gap.last) {
        return at - (s->gap.high - s->gap.low) + s->size;
    }
    /* Inside, which is inside of a page: it has to stay below what moves. */
    return at > s->gap.low && at < s->gap.high ? u64_min(at, s->gap.low + s->size) : at;
}

static void move_value(const struct squeeze *s, struct value *v)
{
    if (minimise_space_equal((struct minimise_space){v->base, v->ref}, s->space)) {
        v->num = moved(s, v->num);
    }
}

/* False if a length would become 0, or one length two. */
static bool move_op(const struct squeeze *s, struct op *op)
{
    struct minimise_span span[MINIMISE_SPANS_MAX];
    unsigned n = minimise_spans(op, span);
    uint64_t len[OP_ARGS_MAX] = {0};

    for (unsigned i = 0; i < n; i++) {
        const struct minimise_span *x = &span[i];
        uint64_t new_len;

        if (!minimise_space_equal(x->space, s->space) || x->arg < 0 || x->len == 0) {
            continue;
        }
        new_len = moved(s, x->start + x->len) - moved(s, x->start);
        if (new_len == 0 || new_len > x->len || (len[x->arg] && len[x->arg] != new_len)) {
            return false;
        }
        len[x->arg] = new_len;
    }
    for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
        op->arg[k].num = len[k] ? len[k] : op->arg[k].num;
    }
    for (unsigned k = 0; k < op_args_used(op); k++) {
        if (minimise_has(op, k, ARG_ADDR) || minimise_has(op, k, ARG_ADDR_OPT)) {
            move_value(s, &op->arg[k]);
        }
    }
    if (op->expect.kind == EXPECT_VALUE && op_descs[op->kind].result == OP_RESULT_ADDR) {
        move_value(s, &op->expect.value);
    }
    return true;
}

static bool ask_squeeze(struct minimiser *m, const struct squeeze *s)
{
    struct prog *p = minimise_trial(m);

    for (size_t i = 0; i < p->ops.n; i++) {
        if (!move_op(s, &p->ops.v[i])) {
            return false;
        }
    }
    return minimise_ask(m);
}

static bool ask_gap(struct minimiser *m, struct minimise_space space, struct gap g, uint64_t size)
{
    struct squeeze s = {space, g, size};

    return ask_squeeze(m, &s);
}

/* The gap as small as it can be: a few sizes that may matter to hosts, then by bisecting. */
static bool squeeze_gap(struct minimiser *m, struct minimise_space space, struct gap g)
{
    uint64_t page = minimise_page(&m->best);
    uint64_t host = config_effective_host_page(&m->best.config);
    uint64_t gap = g.high - g.low;
    const uint64_t sizes[] = {0, page, gap % host, host, host + gap % host};
    uint64_t low = 0;
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (sizes[i] >= gap || (i > 0 && sizes[i] <= low)) {
            continue;
        }
        low = sizes[i];
        if (ask_gap(m, space, g, low)) {
            return true;
        }
    }
    while (gap - low > page) {
        uint64_t mid = low + u64_align_down((gap - low) / 2, page);

        if (ask_gap(m, space, g, mid)) {
            g.last -= gap - mid;
            g.high -= gap - mid;
            gap = mid;
            any = true;
        } else {
            low = mid;
        }
    }
    return any;
}

static void squeeze_space(struct minimiser *m, struct minimise_space space)
{
    struct minimise_edges e;
    size_t i = 0;

    for (;;) {
        minimise_edges(&m->best, space, &e);
        if (i + 1 >= e.n) {
            return;
        }
        /* One gap less, or a smaller one: it may become smaller still. */
        if (!squeeze_gap(m, space, (struct gap){e.v[i], e.v[i + 1], e.v[e.n - 1]})) {
            i++;
        }
    }
}

/* All of the window's addresses together to where fixed maps usually begin. */
static void shift(struct minimiser *m)
{
    struct minimise_space window = {VALUE_WINDOW, 0};
    uint64_t host = config_effective_host_page(&m->best.config);
    struct minimise_edges e;
    struct gap g;

    minimise_edges(&m->best, window, &e);
    if (e.n == 0 || e.v[0] == MINIMISE_BASE) {
        return;
    }
    g = (struct gap){MINIMISE_BASE, e.v[0], e.v[e.n - 1]};
    if (e.v[0] < MINIMISE_BASE) {
        g.low = 0; /* upwards */
        if (!ask_gap(m, window, g, MINIMISE_BASE)) {
            ask_gap(m, window, g, MINIMISE_BASE + e.v[0] % host);
        }
    } else if (!ask_gap(m, window, g, 0) && !ask_gap(m, window, g, e.v[0] % MINIMISE_BASE)) {
        ask_gap(m, window, g, e.v[0] % host);
    }
}

void minimise_squeeze(struct minimiser *m)
{
    shift(m);
    squeeze_space(m, (struct minimise_space){VALUE_WINDOW, 0});
    for (size_t i = 0; i < m->best.ops.n; i++) {
        if (m->best.ops.v[i].result != OP_NO_RESULT) {
            squeeze_space(m, (struct minimise_space){VALUE_RESULT, m->best.ops.v[i].result});
        }
    }
}
