/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structural mutation: whole ops and single arguments of a program, never bytes of its encoding.
 * What was expected of the old program is no knowledge about the new one, so expectations go.
 */
#include "op/gen_impl.h"

#define CHANGES_MAX 4
#define FILES_SOFT_MAX 6
#define SPLICE_MAX 16

enum change {
    CHANGE_ARG,
    CHANGE_INSERT,
    CHANGE_REMOVE,
    CHANGE_DUPLICATE,
    CHANGE_SWAP,
    CHANGE_MOVE,
    CHANGE_FORK,
    CHANGE_CONFIG,
    CHANGE_FILE,
    CHANGE_COUNT,
};

static const uint16_t change_weight[CHANGE_COUNT] = {
    [CHANGE_ARG] = 40,      [CHANGE_INSERT] = 16, [CHANGE_REMOVE] = 10,
    [CHANGE_DUPLICATE] = 6, [CHANGE_SWAP] = 6,    [CHANGE_MOVE] = 6,
    [CHANGE_FORK] = 1,      [CHANGE_CONFIG] = 5,  [CHANGE_FILE] = 5,
};

static size_t ops_limit(const struct gen_options *o)
{
    return u64_min(u64_max(o->ops_max, 1), PROG_OPS_MAX);
}

static int insert_drawn(struct prog *p, struct prng *rng, const struct gen_options *o)
{
    size_t at = prng_below(rng, p->ops.n + 1);
    struct gen g;
    struct op op;

    gen_begin(&g, p, rng, o, at);
    gen_op_draw(&g, &op, gen_kind_pick(&g));
    if (prng_below(rng, 1000) < g.w.invalid) {
        gen_spoil(&g, &op);
    }
    return prog_insert(p, at, &op);
}

static int duplicate(struct prog *p, struct prng *rng)
{
    struct op op = p->ops.v[prng_below(rng, p->ops.n)];

    if (op.result != OP_NO_RESULT) {
        op.result = gen_free_result(p);
    }
    return prog_insert(p, prng_below(rng, p->ops.n + 1), &op);
}

static void swap(struct prog *p, struct prng *rng)
{
    size_t a = prng_below(rng, p->ops.n);
    size_t b = prng_chance(rng, 1, 2) ? u64_min(a + 1, p->ops.n - 1) : prng_below(rng, p->ops.n);
    struct op op = p->ops.v[a];

    p->ops.v[a] = p->ops.v[b];
    p->ops.v[b] = op;
}

static int move(struct prog *p, struct prng *rng)
{
    size_t from = prng_below(rng, p->ops.n);
    struct op op = p->ops.v[from];

    prog_remove(p, from, 1);
    return prog_insert(p, prng_below(rng, p->ops.n + 1), &op);
}

/* Some ops run in a child. */
static int wrap_in_fork(struct prog *p, struct prng *rng)
{
    struct op op = {.kind = OP_wait, .result = OP_NO_RESULT};
    size_t at = prng_below(rng, p->ops.n + 1);
    size_t wait_at = prng_between(rng, at, p->ops.n);
    int r = prog_insert(p, wait_at, &op);

    op.kind = OP_fork;
    return r < 0 ? r : prog_insert(p, at, &op);
}

static int change_file(struct prog *p, struct prng *rng)
{
    struct prog_file *f;

    if (p->files.n == 0 || (p->files.n < FILES_SOFT_MAX && prng_chance(rng, 1, 6))) {
        return prog_add_file(p, gen_file_draw(rng, &p->config));
    }
    f = &p->files.v[prng_below(rng, p->files.n)];
    switch (prng_below(rng, 5)) {
    case 0:
        f->open = (uint8_t)prng_below(rng, PROG_OPEN_COUNT);
        break;
    case 1:
        f->size += prng_chance(rng, 1, 2) ? 1 : p->config.value[CONFIG_GUEST_PAGE];
        break;
    case 2:
        f->size -=
            u64_min(f->size, prng_chance(rng, 1, 2) ? 1 : p->config.value[CONFIG_GUEST_PAGE]);
        break;
    default:
        f->size = gen_file_size(rng, &p->config);
        break;
    }
    return 0;
}

static void change_arg(struct prog *p, struct prng *rng, const struct gen_options *o)
{
    size_t at = prng_below(rng, p->ops.n);
    struct gen g;

    gen_begin(&g, p, rng, o, at);
    mutate_arg(&g, at);
}

static enum change change_pick(const struct prog *p, struct prng *rng, const struct gen_options *o)
{
    enum change c = (enum change)gen_weighted(rng, change_weight, CHANGE_COUNT);
    bool grows = c == CHANGE_INSERT || c == CHANGE_DUPLICATE || c == CHANGE_FORK;
    size_t room = ops_limit(o) > p->ops.n ? ops_limit(o) - p->ops.n : 0;

    if (p->ops.n == 0) {
        return CHANGE_INSERT;
    }
    if ((c == CHANGE_FORK && (!o->fork || room < 2)) || (c == CHANGE_CONFIG && o->config) ||
        (c == CHANGE_REMOVE && p->ops.n == 1) || (grows && room == 0)) {
        return CHANGE_ARG;
    }
    return c;
}

static int change(struct prog *p, struct prng *rng, const struct gen_options *o)
{
    switch (change_pick(p, rng, o)) {
    case CHANGE_INSERT:
        return insert_drawn(p, rng, o);
    case CHANGE_REMOVE: {
        size_t at = prng_below(rng, p->ops.n);

        prog_remove(p, at,
                    prng_chance(rng, 1, 6) ? prng_between(rng, 1, (p->ops.n - at + 1) / 2) : 1);
        return 0;
    }
    case CHANGE_DUPLICATE:
        return duplicate(p, rng);
    case CHANGE_SWAP:
        swap(p, rng);
        return 0;
    case CHANGE_MOVE:
        return move(p, rng);
    case CHANGE_FORK:
        return wrap_in_fork(p, rng);
    case CHANGE_CONFIG:
        gen_config_change(&p->config, rng);
        return 0;
    case CHANGE_FILE:
        return change_file(p, rng);
    default:
        change_arg(p, rng, o);
        return 0;
    }
}

int mutate_prog(struct prog *p, struct prng *rng, const struct gen_options *o)
{
    int r = 0;

    prog_drop_expectations(p);
    for (uint64_t n = prng_between(rng, 1, CHANGES_MAX); n > 0 && r == 0; n--) {
        r = change(p, rng, o);
        /* At once: the next change draws on names and files that must exist. */
        prog_fixup(p);
    }
    gen_tame(p);
    return r;
}

/* The file of P that stands for FILE of FROM. */
static uint16_t file_of(struct prog *p, const struct prog *from, uint16_t file, struct prng *rng)
{
    bool take_own = file < p->files.n && prng_chance(rng, 1, 2);

    if (!take_own && p->files.n < FILES_SOFT_MAX && prog_add_file(p, from->files.v[file]) == 0) {
        return (uint16_t)(p->files.n - 1);
    }
    return file;
}

/*
 * Results named in the part get fresh names from NEXT on; others mean what P has under that name,
 * or what a repair finds.
 */
static void rename_results(struct op *part, size_t n, uint16_t next)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t old = part[i].result;

        if (old == OP_NO_RESULT) {
            continue;
        }
        part[i].result = next++;
        for (size_t k = i + 1; k < n; k++) {
            for (unsigned a = 0; a < OP_ARGS_MAX; a++) {
                if (part[k].arg[a].base == VALUE_RESULT && part[k].arg[a].ref == old) {
                    part[k].arg[a].ref = part[i].result;
                }
            }
        }
    }
}

static void rename_files(struct op *part, size_t n, struct prog *p, const struct prog *from,
                         struct prng *rng)
{
    uint16_t renamed[PROG_FILES_MAX];
    bool known[PROG_FILES_MAX] = {false};

    for (size_t i = 0; i < n; i++) {
        for (unsigned a = 0; a < OP_ARGS_MAX; a++) {
            struct value *v = &part[i].arg[a];

            if (v->base != VALUE_FILE) {
                continue;
            }
            if (!known[v->ref]) {
                known[v->ref] = true;
                renamed[v->ref] = file_of(p, from, v->ref, rng);
            }
            v->ref = renamed[v->ref];
        }
    }
}

int mutate_splice(struct prog *p, const struct prog *from, struct prng *rng,
                  const struct gen_options *o)
{
    struct op part[SPLICE_MAX];
    size_t limit = ops_limit(o);
    size_t at = prng_below(rng, p->ops.n + 1);
    size_t n = u64_min(u64_min(from->ops.n, SPLICE_MAX), limit);
    size_t start;
    int r = 0;

    prog_drop_expectations(p);
    if (n == 0) {
        return 0;
    }
    n = prng_between(rng, 1, n);
    start = prng_below(rng, from->ops.n - n + 1);
    for (size_t i = 0; i < n; i++) {
        part[i] = from->ops.v[start + i];
        part[i].expect = (struct expect){.kind = EXPECT_NONE};
    }
    rename_results(part, n, (uint16_t)u64_max(gen_free_result(p), gen_free_result(from)));
    rename_files(part, n, p, from, rng);
    /* A full program gives up as many ops as come in. */
    if (p->ops.n + n > limit) {
        at = prng_below(rng, p->ops.n - u64_min(n, p->ops.n) + 1);
        prog_remove(p, at, u64_min(n, p->ops.n - at));
    }
    for (size_t i = 0; i < n && r == 0; i++) {
        r = prog_insert(p, at + i, &part[i]);
    }
    prog_fixup(p);
    gen_tame(p);
    return r;
}
