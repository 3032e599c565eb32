/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of every op but mmap. */
#include "op/gen_impl.h"

static uint64_t pages_up(const struct gen *g, uint64_t len)
{
    return u64_align_up_wrap(len, g->world.page);
}

static uint64_t new_len_pick(struct gen *g, uint64_t len)
{
    uint64_t step = prng_between(g->rng, 1, 6) * g->world.page;

    switch (prng_below(g->rng, 8)) {
    case 0:
        return len;
    case 1:
    case 2: /* shrink, to one page at least */
        return u64_max(g->world.page, pages_up(g, len) - u64_min(pages_up(g, len), step));
    case 3:
        return len + g->world.host_page;
    case 4:
        return gen_len_pick(g);
    default:
        return len + step;
    }
}

static void mremap_draw(struct gen *g, struct op *op)
{
    static const uint16_t weight[] = {12, 44, 6, 28, 6, 4};
    static const uint64_t flags[] = {
        0,
        ABI_MREMAP_MAYMOVE,
        ABI_MREMAP_MAYMOVE, /* the whole area, the plainest case of all */
        ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED,
        ABI_MREMAP_MAYMOVE | ABI_MREMAP_DONTUNMAP,
        ABI_MREMAP_MAYMOVE | ABI_MREMAP_DONTUNMAP | ABI_MREMAP_FIXED,
    };
    unsigned how = gen_weighted(g->rng, weight, ARRAY_LEN(weight));
    const struct gen_area *a = gen_area_pick(g, 0);
    struct gen_span s = gen_span_pick(g);

    if (a && (how == 2 || prng_chance(g->rng, 1, 2))) {
        s = (struct gen_span){gen_addr_of(a, a->r.start), range_len(a->r), a};
    }
    op->arg[0] = s.addr;
    op->arg[1].num = s.len;
    op->arg[2].num = flags[how] & ABI_MREMAP_DONTUNMAP ? s.len : new_len_pick(g, s.len);
    op->arg[3].num = flags[how];
    if (flags[how] & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) {
        op->arg[4] = (struct value){VALUE_WINDOW, 0, gen_fixed_pick(g, op->arg[2].num)};
    }
    /* The same memory a second time. */
    if (s.area && s.area->shared && prng_chance(g->rng, 1, 6)) {
        op->arg[1].num = 0;
    }
}

static uint64_t msync_flags_pick(struct gen *g)
{
    static const uint64_t linux_flags[] = {
        ABI_MS_SYNC,
        ABI_MS_ASYNC,
        ABI_MS_INVALIDATE,
        ABI_MS_SYNC | ABI_MS_INVALIDATE,
        ABI_MS_ASYNC | ABI_MS_INVALIDATE,
        0,
    };
    static const uint64_t freebsd_flags[] = {ABI_MS_SYNC, ABI_MS_ASYNC, ABI_MS_INVALIDATE, 0};

    return g->o->system == ABI_LINUX ? linux_flags[prng_below(g->rng, ARRAY_LEN(linux_flags))]
                                     : freebsd_flags[prng_below(g->rng, ARRAY_LEN(freebsd_flags))];
}

static void remember(struct gen *g, const struct gen_span *s)
{
    unsigned i =
        g->n_recent < GEN_RECENT_MAX ? g->n_recent++ : (unsigned)prng_below(g->rng, GEN_RECENT_MAX);

    g->recent[i] = *s;
    g->recent[i].area = NULL; /* areas move about in their list */
}

/* Some bytes anywhere, for when nothing is mapped. */
static struct gen_span access_anywhere(struct gen *g)
{
    struct gen_span s = gen_span_pick(g);

    s.len = UINT64_C(1) << prng_below(g->rng, 7);
    return s;
}

static void store_draw(struct gen *g, struct op *op)
{
    const struct gen_area *a = gen_area_pick(g, ABI_PROT_WRITE);
    struct gen_span s;

    s = a && !prng_chance(g->rng, 1, 12) ? gen_access_pick(g, a) : access_anywhere(g);
    op->arg[0] = s.addr;
    op->arg[1].num = s.len;
    g->next_byte = (uint8_t)(g->next_byte == 255 ? 1 : g->next_byte + 1);
    op->arg[2].num = g->next_byte;
    remember(g, &s);
}

static void load_draw(struct gen *g, struct op *op)
{
    const struct gen_area *a = gen_area_pick(g, ABI_PROT_READ);
    struct gen_span s;

    if (g->n_recent > 0 && prng_chance(g->rng, 1, 2)) {
        s = g->recent[prng_below(g->rng, g->n_recent)];
    } else {
        s = a && !prng_chance(g->rng, 1, 10) ? gen_access_pick(g, a) : access_anywhere(g);
    }
    op->arg[0] = s.addr;
    op->arg[1].num = s.len;
}

static void exec_draw(struct gen *g, struct op *op)
{
    const struct gen_area *a = gen_area_pick(g, ABI_PROT_EXEC);

    op->arg[0] = a ? gen_access_pick(g, a).addr : access_anywhere(g).addr;
}

static void host_fail_draw(struct gen *g, struct op *op)
{
    static const uint64_t errnos[] = {ABI_EACCES, ABI_EAGAIN, ABI_EPERM};

    op->arg[0].num = prng_between(g->rng, 1, 4);
    op->arg[1].num = prng_chance(g->rng, 7, 8) ? ABI_ENOMEM : errnos[prng_below(g->rng, 3)];
}

static void range_draw(struct gen *g, struct op *op)
{
    struct gen_span s = gen_span_pick(g);

    op->arg[0] = s.addr;
    op->arg[1].num = s.len;
    if (op->kind == OP_mprotect) {
        op->arg[2].num = gen_prot_pick(g);
    } else if (op->kind == OP_msync) {
        op->arg[2].num = msync_flags_pick(g);
    } else if (op->kind == OP_madvise) {
        op->arg[2].num = gen_advice_pick(g);
    }
}

/* Placed maps are reached by their result alone; others now and then. */
static void name_result(struct gen *g, struct op *op)
{
    bool fixed = op->kind == OP_mmap
                     ? (op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE)) != 0
                     : (op->arg[3].num & ABI_MREMAP_FIXED) != 0;

    if ((!fixed || prng_chance(g->rng, 1, 8)) && g->next_result < PROG_RESULTS_MAX) {
        op->result = g->next_result++;
    }
}

void gen_op_draw(struct gen *g, struct op *op, enum op_kind kind)
{
    *op = (struct op){.kind = (uint8_t)kind, .result = OP_NO_RESULT};
    switch (kind) {
    case OP_mmap:
        gen_mmap_draw(g, op);
        name_result(g, op);
        break;
    case OP_mremap:
        mremap_draw(g, op);
        name_result(g, op);
        break;
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
        range_draw(g, op);
        break;
    case OP_store:
        store_draw(g, op);
        break;
    case OP_load:
        load_draw(g, op);
        break;
    case OP_exec:
        exec_draw(g, op);
        break;
    case OP_host_fail:
        host_fail_draw(g, op);
        break;
    default:
        break;
    }
}
