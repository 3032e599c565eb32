/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One argument of one op: by a byte or a page over an edge, onto an edge, another flag, another
 * file.
 */
#include "op/gen_impl.h"

/* V towards a boundary of pages, windows and widths. */
static uint64_t nudge(struct gen *g, uint64_t v)
{
    const struct gen_world *w = &g->world;
    uint64_t unit = prng_chance(g->rng, 1, 2) ? w->page : w->host_page;

    switch (prng_below(g->rng, 10)) {
    case 0:
        return v + 1;
    case 1:
        return v - 1;
    case 2:
        return v + unit;
    case 3:
        return v - unit;
    case 4:
        return u64_align_down(v, unit);
    case 5:
        return u64_align_up_wrap(v, unit);
    case 6: /* by a byte over or short of the edge */
        return u64_align_up_wrap(v, unit) + prng_below(g->rng, 3) - 1;
    case 7:
        return v + prng_between(g->rng, 1, 8) * w->page;
    case 8:
        return v - prng_between(g->rng, 1, 8) * w->page;
    default:
        return v ^ UINT64_C(1) << prng_below(g->rng, 40);
    }
}

static void change_addr(struct gen *g, struct value *v)
{
    const struct gen_world *w = &g->world;

    switch (prng_below(g->rng, 10)) {
    case 0:
    case 1:
    case 2:
        *v = gen_span_pick(g).addr;
        break;
    case 3: /* around both ends of the window, 2^32 and 2^64 */
        *v = (struct value){VALUE_WINDOW, 0, w->window_last + 1 - prng_below(g->rng, 4) * w->page};
        break;
    case 4:
        *v = (struct value){
            VALUE_NUM, 0,
            prng_chance(g->rng, 1, 2) ? 0 : (UINT64_C(1) << 32) - prng_below(g->rng, 3) * w->page};
        break;
    default:
        v->num = nudge(g, v->num);
        break;
    }
}

static void change_len(struct gen *g, const struct op *op, struct value *v)
{
    const struct gen_world *w = &g->world;
    uint64_t start = op->arg[0].num;

    switch (prng_below(g->rng, 8)) {
    case 0:
        v->num = gen_len_pick(g);
        break;
    case 1: /* up to the next host page's edge */
        v->num = (start | (w->host_page - 1)) - start + 1;
        break;
    case 2: /* up to the end of the window */
        v->num = w->window_last - start + 1 - prng_below(g->rng, 2) * w->page;
        break;
    case 3: /* up to the end of the file, or to the page with it */
        if (op->kind == OP_mmap && op->arg[4].base == VALUE_FILE) {
            v->num = g->p->files.v[op->arg[4].ref].size - op->arg[5].num;
            break;
        }
        v->num = 0;
        break;
    default:
        v->num = nudge(g, v->num);
        break;
    }
}

static void change_offset(struct gen *g, const struct op *op, struct value *v)
{
    const struct gen_world *w = &g->world;
    uint64_t size = op->arg[4].base == VALUE_FILE ? g->p->files.v[op->arg[4].ref].size : 0;

    switch (prng_below(g->rng, 5)) {
    case 0: /* congruent to the address */
        v->num = u64_align_down(v->num, w->host_page) + (op->arg[0].num & (w->host_page - 1));
        break;
    case 1:
        v->num = u64_align_down(size, w->page) + prng_below(g->rng, 2) * w->page;
        break;
    case 2:
        v->num = prng_below(g->rng, 16) * w->page;
        break;
    default:
        v->num = nudge(g, v->num);
        break;
    }
}

static void change_mapflags(struct gen *g, struct value *v)
{
    uint64_t legal = gen_flags_of(g->o->system);
    unsigned bit;

    if (prng_chance(g->rng, 1, 4)) {
        v->num ^= prng_chance(g->rng, 1, 2) ? ABI_MAP_SHARED | ABI_MAP_PRIVATE : ABI_MAP_FIXED;
        return;
    }
    if (g->o->system == ABI_FREEBSD && prng_chance(g->rng, 1, 8)) {
        v->num = (v->num & ~(uint64_t)ABI_MAP_ALIGNED_MASK) |
                 ABI_MAP_ALIGNED(prng_between(g->rng, 0, 24));
        return;
    }
    do {
        bit = (unsigned)prng_below(g->rng, ABI_MAP_ALIGNED_SHIFT);
    } while (!(legal >> bit & 1));
    v->num ^= UINT64_C(1) << bit;
}

static void change_fd(struct gen *g, struct value *v)
{
    if (g->p->files.n > 0 && prng_chance(g->rng, 3, 4)) {
        *v = (struct value){VALUE_FILE, (uint16_t)prng_below(g->rng, g->p->files.n), 0};
    } else {
        *v = (struct value){VALUE_NUM, 0, UINT64_MAX};
    }
}

static void change_prot(struct gen *g, struct value *v)
{
    v->num = prng_chance(g->rng, 1, 2) ? v->num ^ UINT64_C(1) << prng_below(g->rng, 3)
                                       : gen_prot_pick(g);
}

static void change_value(struct gen *g, const struct op *op, enum arg_kind kind, struct value *v)
{
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        change_addr(g, v);
        break;
    case ARG_LEN:
        change_len(g, op, v);
        break;
    case ARG_ACCESS:
        v->num =
            prng_chance(g->rng, 1, 2) ? UINT64_C(1) << prng_below(g->rng, 8) : nudge(g, v->num);
        break;
    case ARG_PROT:
        change_prot(g, v);
        break;
    case ARG_MAPFLAGS:
        change_mapflags(g, v);
        break;
    case ARG_MREMAPFLAGS:
    case ARG_MSYNCFLAGS:
        v->num ^= UINT64_C(1) << prng_below(g->rng, 3);
        break;
    case ARG_ADVICE:
        v->num = gen_advice_pick(g);
        break;
    case ARG_FD:
        change_fd(g, v);
        break;
    case ARG_OFFSET:
        change_offset(g, op, v);
        break;
    case ARG_BYTE:
        v->num = prng_between(g->rng, 1, 255);
        break;
    case ARG_COUNT:
        v->num = prng_between(g->rng, 1, 6);
        break;
    case ARG_ERRNO:
        v->num = prng_chance(g->rng, 1, 2) ? ABI_ENOMEM : ABI_EACCES;
        break;
    default:
        break;
    }
}

void mutate_arg(struct gen *g, size_t at)
{
    struct op *op = &g->p->ops.v[at];
    unsigned n = op_args_used(op);
    unsigned i;

    if (n > 0) {
        i = (unsigned)prng_below(g->rng, n);
        change_value(g, op, (enum arg_kind)op_descs[op->kind].arg[i], &op->arg[i]);
    }
}
