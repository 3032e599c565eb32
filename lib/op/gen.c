/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs. Most ops strike a small arena with few anchors, so that maps meet; around an op
 * that may damage its neighbours in a host page, one of them is stored to before and read back
 * after.
 */
#include "op/gen_impl.h"

#include <limits.h>
#include <string.h>

static const uint16_t op_weight[OP_KIND_COUNT] = {
    [OP_mmap] = 60, [OP_munmap] = 22,   [OP_mprotect] = 24, [OP_mremap] = 18,
    [OP_msync] = 8, [OP_madvise] = 10,  [OP_store] = 30,    [OP_load] = 24,
    [OP_fork] = 4,  [OP_host_fail] = 6, [OP_exec] = 8,
};

void gen_weights_draw(struct gen_weights *w, struct prng *rng, const struct gen_options *o)
{
    uint64_t flags = gen_flags_of(o->system);

    for (unsigned k = 0; k < OP_KIND_COUNT; k++) {
        /* A third as often up to three times as often. */
        w->op[k] = (uint16_t)(op_weight[k] * prng_between(rng, 2, 18) / 6);
        if (k != OP_mmap && prng_chance(rng, 1, 5)) {
            w->op[k] = 0;
        }
    }
    w->op[OP_mremap] = o->system == ABI_LINUX ? w->op[OP_mremap] : 0;
    if (!o->fork || !prng_chance(rng, 1, 6)) {
        w->op[OP_fork] = 0;
    }
    if (!o->host_fail || !prng_chance(rng, 1, 4)) {
        w->op[OP_host_fail] = 0;
    }
    w->mapflags_off = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        uint64_t flag = UINT64_C(1) << bit;

        if ((flags & flag) && prng_chance(rng, 1, 3)) {
            w->mapflags_off |= flag;
        }
    }
    w->invalid = (uint16_t)prng_between(rng, 40, 160);
}

/*
 * Where things collide: a few host pages, low, where placed maps begin, or at the end of the
 * window.
 */
static void arena_draw(struct gen *g)
{
    const struct gen_world *w = &g->world;
    static const uint64_t starts[] = {0x10000, 0x10000, 0x100000, 0x40000000, 0x20000, 0};
    uint64_t pages = prng_between(g->rng, 8, 32);
    uint64_t len = u64_max(pages * w->page, prng_between(g->rng, 2, 4) * w->host_page);
    uint64_t start = u64_align_down(
        starts[prng_below(g->rng, ARRAY_LEN(starts))] + w->host_page - 1, w->host_page);

    if (start >= w->window_last || prng_chance(g->rng, 1, 10)) {
        start = u64_align_down(w->window_last - u64_min(w->window_last, len) + 1, w->host_page);
    }
    g->arena = (struct range){start, u64_min(start + len - 1, w->window_last)};
}

/* Later ops of a program that is changed go where its fixed maps are. */
static void arena_guess(struct gen *g)
{
    uint64_t lowest = UINT64_MAX;

    for (unsigned i = 0; i < g->world.n; i++) {
        if (g->world.area[i].base == VALUE_WINDOW) {
            lowest = u64_min(lowest, g->world.area[i].r.start);
        }
    }
    if (lowest < g->world.window_last) {
        g->arena.start = u64_align_down(lowest, g->world.host_page);
        g->arena.last =
            u64_min(g->world.window_last,
                    g->arena.start + u64_max(32 * g->world.page, 3 * g->world.host_page) - 1);
    } else {
        arena_draw(g);
    }
}

static void anchors_draw(struct gen *g)
{
    uint64_t page = g->world.page;
    uint64_t host_page = g->world.host_page;
    uint64_t len = range_len(g->arena);

    g->anchor[0] = g->arena.start;
    for (unsigned i = 1; i < GEN_ANCHORS; i++) {
        uint64_t at = u64_align_down(g->arena.start + prng_below(g->rng, len), host_page);

        /* On a host page's edge, or a guest page to either side of it. */
        at += prng_below(g->rng, 3) * page;
        at -= at >= g->arena.start + page ? page : 0;
        g->anchor[i] = u64_min(u64_max(at, g->arena.start), g->arena.last - page + 1);
    }
}

uint16_t gen_free_result(const struct prog *p)
{
    uint16_t next = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].result != OP_NO_RESULT && p->ops.v[i].result >= next) {
            next = (uint16_t)(p->ops.v[i].result + 1);
        }
    }
    return next;
}

void gen_begin(struct gen *g, struct prog *p, struct prng *rng, const struct gen_options *o,
               size_t at)
{
    *g = (struct gen){.rng = rng, .o = o, .p = p};
    gen_weights_draw(&g->w, rng, o);
    gen_world_replay(&g->world, p, at);
    g->next_result = gen_free_result(p);
    g->next_byte = (uint8_t)prng_between(rng, 1, 255);
    arena_guess(g);
    anchors_draw(g);
}

enum op_kind gen_kind_pick(struct gen *g)
{
    uint16_t weight[OP_KIND_COUNT];

    memcpy(weight, g->w.op, sizeof(weight));
    weight[OP_wait] = 0;
    if (g->forks >= PROG_FORKS_MAX || g->fork_left > 0) {
        weight[OP_fork] = 0;
    }
    if (g->world.n == 0) {
        weight[OP_mmap] = (uint16_t)(weight[OP_mmap] * 8);
    }
    return (enum op_kind)gen_weighted(g->rng, weight, OP_KIND_COUNT);
}

static int emit(struct gen *g, const struct op *op)
{
    int r = prog_insert(g->p, g->p->ops.n, op);

    if (r == 0 && op->kind == OP_wait) {
        gen_world_replay(&g->world, g->p, g->p->ops.n);
    } else if (r == 0) {
        gen_world_apply(&g->world, op);
    }
    return r;
}

/*
 * A few writable bytes next to what OP changes, in a host page that it shares; false if there are
 * none.
 */
static bool neighbour_pick(struct gen *g, const struct op *op, struct gen_span *ret)
{
    const struct value *at = &op->arg[0];
    struct range op_range;
    struct range wide;

    if (!range_from_len(at->num, op->arg[1].num, &op_range) ||
        (at->base != VALUE_WINDOW && at->base != VALUE_RESULT)) {
        return false;
    }
    op_range = range_widen(op_range, g->world.page);
    wide = range_widen(op_range, g->world.host_page);
    for (unsigned i = g->world.n; i > 0; i--) {
        const struct gen_area *a = &g->world.area[i - 1];
        struct range r;

        if (a->base != at->base || (a->base == VALUE_RESULT && a->ref != at->ref) ||
            !(a->prot & ABI_PROT_WRITE) || !range_overlaps(a->r, wide)) {
            continue;
        }
        r = range_cut(a->r, wide);
        if (r.start < op_range.start) {
            r.last = u64_min(r.last, op_range.start - 1);
            *ret = (struct gen_span){gen_addr_of(a, r.last - 15), 16, NULL};
            return true;
        }
        if (r.last > op_range.last) {
            *ret = (struct gen_span){gen_addr_of(a, u64_max(r.start, op_range.last + 1)), 16, NULL};
            return true;
        }
    }
    return false;
}

static int emit_access(struct gen *g, enum op_kind kind, const struct gen_span *s)
{
    struct op op = {.kind = (uint8_t)kind, .result = OP_NO_RESULT};

    op.arg[0] = s->addr;
    op.arg[1].num = s->len;
    if (kind == OP_store) {
        g->next_byte = (uint8_t)(g->next_byte == 255 ? 1 : g->next_byte + 1);
        op.arg[2].num = g->next_byte;
    }
    return emit(g, &op);
}

/* An op that may damage what is beside it, often between a store and a load that would show it. */
static int emit_call(struct gen *g, const struct op *op, size_t limit)
{
    struct gen_span beside;
    bool watched = op->kind <= OP_mremap && g->p->ops.n + 3 <= limit && prng_chance(g->rng, 1, 3) &&
                   neighbour_pick(g, op, &beside);
    int r = watched ? emit_access(g, OP_store, &beside) : 0;

    if (r == 0) {
        r = emit(g, op);
    }
    if (r == 0 && watched) {
        r = emit_access(g, OP_load, &beside);
    }
    return r;
}

static int step(struct gen *g, size_t limit)
{
    struct op op;
    enum op_kind kind = gen_kind_pick(g);

    if (g->fork_left > 0 && --g->fork_left == 0) {
        kind = OP_wait;
    }
    gen_op_draw(g, &op, kind);
    if (kind == OP_fork) {
        g->forks++;
        /* One in four is never waited for: its child runs the rest. */
        g->fork_left = prng_chance(g->rng, 1, 4) ? UINT_MAX : (unsigned)prng_between(g->rng, 2, 6);
    }
    if (kind == OP_host_fail) {
        int r = emit(g, &op);

        if (r < 0 || g->p->ops.n >= limit) {
            return r;
        }
        gen_op_draw(g, &op, (enum op_kind)prng_below(g->rng, g->o->system == ABI_LINUX ? 4 : 3));
        return emit(g, &op);
    }
    if (prng_below(g->rng, 1000) < g->w.invalid) {
        gen_spoil(g, &op);
    }
    return emit_call(g, &op, limit);
}

int gen_prog(struct prog *p, struct prng *rng, const struct gen_options *o)
{
    static const uint16_t files_weight[] = {2, 8, 5, 3};
    struct gen g;
    size_t limit = u64_min(o->ops_max, PROG_OPS_MAX);
    size_t len = u64_min(limit, prng_between(rng, 8, prng_chance(rng, 1, 12) ? 64 : 30));
    int r = 0;

    prog_clear(p);
    if (o->config) {
        p->config = *o->config;
    } else {
        gen_config_draw(&p->config, rng);
    }
    for (unsigned n = gen_weighted(rng, files_weight, ARRAY_LEN(files_weight)); n > 0 && r == 0;
         n--) {
        r = prog_add_file(p, gen_file_draw(rng, &p->config));
    }
    gen_begin(&g, p, rng, o, 0);
    while (r == 0 && p->ops.n < len) {
        r = step(&g, len);
    }
    gen_tame(p);
    if (r < 0) {
        prog_clear(p);
    }
    return r;
}
