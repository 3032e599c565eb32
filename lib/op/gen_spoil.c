/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalid arguments on purpose, one per op: what the checks at the head of every call have to
 * catch.
 */
#include "op/gen_impl.h"

static void spoil_addr(struct gen *g, struct value *addr)
{
    const struct gen_world *w = &g->world;
    uint64_t top = w->window_last + 1;

    switch (prng_below(g->rng, 6)) {
    case 0:
    case 1:
        addr->num += prng_between(g->rng, 1, w->page - 1);
        break;
    case 2:
        addr->num -= 1;
        break;
    case 3: /* just behind the window, by an absolute address */
        *addr = (struct value){VALUE_NUM, 0, top + prng_below(g->rng, 3) * w->page};
        break;
    case 4:
        *addr = (struct value){VALUE_NUM, 0, -w->page * prng_between(g->rng, 1, 4)};
        break;
    default:
        addr->num += w->page / 2;
        break;
    }
}

static void spoil_len(struct gen *g, struct value *len, const struct value *addr)
{
    const struct gen_world *w = &g->world;

    switch (prng_below(g->rng, 6)) {
    case 0:
    case 1:
        len->num = 0;
        break;
    case 2:
        len->num = UINT64_MAX - prng_below(g->rng, 2 * w->page);
        break;
    case 3: /* over the end of the window by a page */
        len->num = w->window_last - addr->num + 1 + w->page;
        break;
    case 4: /* wraps around 2^64 */
        len->num = w->page - addr->num;
        break;
    default:
        len->num = UINT64_C(1) << prng_between(g->rng, 40, 63);
        break;
    }
}

static void spoil_mapflags(struct gen *g, uint64_t *flags)
{
    /* Bits no flag of the system has. */
    static const uint64_t unknown[ABI_SYSTEM_COUNT][2] = {{0x400, 0x800000}, {0x80, 0x8000}};
    uint64_t types = ABI_MAP_SHARED | ABI_MAP_PRIVATE;

    switch (prng_below(g->rng, 4)) {
    case 0:
        *flags &= ~types;
        break;
    case 1:
        *flags |= types;
        break;
    case 2:
        if (g->o->system == ABI_FREEBSD) {
            *flags = prng_chance(g->rng, 1, 2)
                         ? (*flags & ~(uint64_t)ABI_MAP_FIXED) | ABI_MAP_EXCL
                         : (*flags & ~(uint64_t)ABI_MAP_ALIGNED_MASK) |
                               ABI_MAP_ALIGNED(prng_chance(g->rng, 1, 2) ? 3 : 70);
            break;
        }
        *flags = (*flags & ~types) | ABI_MAP_GROWSDOWN | ABI_MAP_SHARED;
        break;
    default:
        *flags |= unknown[g->o->system][prng_below(g->rng, 2)] << ABI_MAP_RAW_SHIFT;
        *flags |= g->o->system == ABI_LINUX ? types : 0; /* only this type looks at them */
        break;
    }
}

static void spoil_fd(struct gen *g, struct op *op)
{
    if (op->arg[4].base == VALUE_FILE) {
        op->arg[4] = (struct value){VALUE_NUM, 0, prng_chance(g->rng, 1, 2) ? UINT64_MAX : 1000};
    } else if (prng_chance(g->rng, 1, 2)) {
        op->arg[3].num &= ~(uint64_t)ABI_MAP_ANONYMOUS;
    } else {
        op->arg[4] = (struct value){VALUE_NUM, 0, 77};
    }
}

/* Rights that no map has; those that a guard may not have, and a stack without one that it must. */
static void spoil_prot(struct gen *g, struct op *op)
{
    uint64_t *prot = &op->arg[2].num;
    bool one = prng_chance(g->rng, 1, 2);

    if (op->arg[3].num & ABI_MAP_GUARD) {
        *prot |= one ? ABI_PROT_READ : ABI_PROT_EXEC;
    } else if (g->o->system == ABI_FREEBSD && (op->arg[3].num & ABI_MAP_STACK)) {
        *prot &= ~(uint64_t)(one ? ABI_PROT_READ : ABI_PROT_WRITE);
    } else {
        *prot |= one ? 0x10 : 0x40000000;
    }
}

static void spoil_mmap(struct gen *g, struct op *op)
{
    uint64_t page = g->world.page;

    switch (prng_below(g->rng, 6)) {
    case 0:
        spoil_addr(g, &op->arg[0]);
        op->arg[3].num |= ABI_MAP_FIXED;
        break;
    case 1:
        spoil_len(g, &op->arg[1], &op->arg[0]);
        break;
    case 2:
        spoil_prot(g, op);
        break;
    case 3:
        spoil_mapflags(g, &op->arg[3].num);
        break;
    case 4:
        spoil_fd(g, op);
        break;
    default:
        op->arg[5].num = prng_chance(g->rng, 1, 2)
                             ? op->arg[5].num + prng_between(g->rng, 1, page - 1)
                             : -page * prng_between(g->rng, 1, 4);
        break;
    }
}

static void spoil_mremap(struct gen *g, struct op *op)
{
    switch (prng_below(g->rng, 6)) {
    case 0:
        spoil_addr(g, &op->arg[0]);
        break;
    case 1:
        spoil_len(g, &op->arg[1], &op->arg[0]);
        break;
    case 2:
        spoil_len(g, &op->arg[2], &op->arg[0]);
        break;
    case 3:
        op->arg[3].num |= UINT64_C(8) << prng_below(g->rng, 20);
        break;
    case 4: /* FIXED without MAYMOVE */
        op->arg[3].num = ABI_MREMAP_FIXED;
        op->arg[4] = (struct value){VALUE_WINDOW, 0, gen_fixed_pick(g, op->arg[2].num)};
        break;
    default: /* onto itself, or unaligned */
        op->arg[3].num = ABI_MREMAP_FIXED | ABI_MREMAP_MAYMOVE;
        op->arg[4] = op->arg[0];
        if (prng_chance(g->rng, 1, 2)) {
            spoil_addr(g, &op->arg[4]);
        }
        break;
    }
}

/* The third argument of a range op. */
static void spoil_word(struct gen *g, struct op *op)
{
    if (op->kind == OP_mprotect) {
        op->arg[2].num |= prng_chance(g->rng, 1, 2) ? 0x10 : 0x80000000;
    } else if (op->kind == OP_msync) {
        op->arg[2].num = prng_chance(g->rng, 1, 2) ? ABI_MS_SYNC | ABI_MS_ASYNC
                                                   : UINT64_C(0x40) << ABI_MAP_RAW_SHIFT;
        if (g->o->system == ABI_FREEBSD) {
            op->arg[2].num = ABI_MS_ASYNC | ABI_MS_INVALIDATE;
        }
    } else if (op->kind == OP_madvise) {
        op->arg[2].num = prng_chance(g->rng, 1, 2) ? 99 : 1000;
    }
}

void gen_spoil(struct gen *g, struct op *op)
{
    switch (op->kind) {
    case OP_mmap:
        spoil_mmap(g, op);
        break;
    case OP_mremap:
        spoil_mremap(g, op);
        break;
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
        switch (prng_below(g->rng, op->kind == OP_munmap ? 2 : 3)) {
        case 0:
            spoil_addr(g, &op->arg[0]);
            break;
        case 1:
            spoil_len(g, &op->arg[1], &op->arg[0]);
            break;
        default:
            spoil_word(g, op);
            break;
        }
        break;
    default:
        break;
    }
}
