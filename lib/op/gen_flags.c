/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Map flags: which a system has, which are drawn how often, and which must not meet great lengths.
 */
#include "op/gen_impl.h"

/* What a map may fill at once. */
#define FILLED_MAX (UINT64_C(1) << 20)
#define FLAGS_FILLING (ABI_MAP_POPULATE | ABI_MAP_LOCKED | ABI_MAP_HUGETLB | ABI_MAP_PREFAULT_READ)

static const struct {
    uint64_t neutral;
    uint32_t system[ABI_SYSTEM_COUNT];
} rows[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {neutral, {linux_value, freebsd_value}},
#include "abi/mapflag.def"
#undef MAPFLAG
};

/* Drawn as part of the placement or the kind of map, never as an extra. */
#define FLAGS_STRUCTURAL \
    (ABI_MAP_SHARED | ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS | \
     ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL | ABI_MAP_GUARD)

uint64_t gen_flags_of(enum abi_system system)
{
    uint64_t flags = 0;

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        flags |= rows[i].system[system] ? rows[i].neutral : 0;
    }
    return flags;
}

/* One in how many maps has FLAG. */
static unsigned rarity(uint64_t flag)
{
    switch (flag) {
    case ABI_MAP_NORESERVE:
    case ABI_MAP_STACK:
        return 10;
    case ABI_MAP_GROWSDOWN:
    case ABI_MAP_POPULATE:
    case ABI_MAP_LOCKED:
        return 30;
    case ABI_MAP_HUGETLB:
    case ABI_MAP_SYNC:
    case ABI_MAP_32BIT:
        return 80;
    default:
        return 40;
    }
}

uint64_t gen_flags_extra(struct gen *g)
{
    uint64_t legal = gen_flags_of(g->o->system) & ~(uint64_t)FLAGS_STRUCTURAL & ~g->w.mapflags_off;
    uint64_t flags = 0;

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if ((legal & rows[i].neutral) && prng_chance(g->rng, 1, rarity(rows[i].neutral))) {
            flags |= rows[i].neutral;
        }
    }
    return flags;
}

void gen_tame(struct prog *p)
{
    bool locked = false;

    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];

        if (op->kind != OP_mmap) {
            continue;
        }
        if (op->arg[1].num > FILLED_MAX) {
            op->arg[3].num &= ~(uint64_t)FLAGS_FILLING;
        }
        locked |= (op->arg[3].num & ABI_MAP_LOCKED) != 0;
    }
    /* A locked map that grows is filled too. */
    for (size_t i = 0; locked && i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];

        if (op->kind == OP_mremap && op->arg[2].num > FILLED_MAX) {
            op->arg[2].num = FILLED_MAX;
        }
    }
}
