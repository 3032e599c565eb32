/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations and files drawn at random: all page-size relations, windows of every kind, sizes
 * around page edges.
 */
#include "op/gen_impl.h"

static void set(struct prog_config *c, enum config_key key, uint64_t value)
{
    c->value[key] = value;
    if (value == PROG_CONFIG_DEFAULT.value[key]) {
        c->given &= (uint8_t) ~(1u << key);
    } else {
        c->given |= (uint8_t)(1u << key);
    }
}

static uint64_t guest_page_pick(struct prng *rng)
{
    static const uint64_t big[] = {8192, 16384, 65536};

    return prng_chance(rng, 1, 2) ? 4096 : big[prng_below(rng, ARRAY_LEN(big))];
}

static uint64_t host_page_pick(struct prng *rng)
{
    static const uint64_t pages[] = {4096, 16384, 65536};

    return pages[prng_below(rng, ARRAY_LEN(pages))];
}

/* A window small enough to fill, or as large as the width of an address allows. */
static uint64_t reserved_pick(struct prng *rng, const struct prog_config *c)
{
    static const uint64_t sizes[] = {0x100000,  0x100000,   0x1000000,  0x1000000,
                                     0x8000000, 0x10000000, 0x40000000, UINT64_C(1) << 32};
    uint64_t host_page = config_effective_host_page(c);
    uint64_t size = sizes[prng_below(rng, ARRAY_LEN(sizes))];

    if (c->value[CONFIG_BITS] == 64 && prng_chance(rng, 1, 6)) {
        size = UINT64_C(1) << 40;
    } else if (size < 0x10000000 && prng_chance(rng, 1, 3)) {
        size += prng_between(rng, 1, 9) * host_page; /* no power of two */
    }
    return size;
}

void gen_config_draw(struct prog_config *c, struct prng *rng)
{
    *c = PROG_CONFIG_DEFAULT;
    set(c, CONFIG_GUEST_PAGE, guest_page_pick(rng));
    set(c, CONFIG_HOST_PAGE, host_page_pick(rng));
    set(c, CONFIG_BITS, prng_chance(rng, 1, 2) ? 32 : 64);
    set(c, CONFIG_RESERVED, prng_chance(rng, 1, 2) ? reserved_pick(rng, c) : 0);
    set(c, CONFIG_GUEST_BASE, prng_chance(rng, 1, 16) ? 0 : 1);
}

void gen_config_change(struct prog_config *c, struct prng *rng)
{
    switch (prng_below(rng, 9)) {
    case 0:
    case 1:
        set(c, CONFIG_GUEST_PAGE, guest_page_pick(rng));
        break;
    case 2:
    case 3:
        set(c, CONFIG_HOST_PAGE, host_page_pick(rng));
        break;
    case 4:
        set(c, CONFIG_BITS, 96 - c->value[CONFIG_BITS]);
        break;
    case 5:
        set(c, CONFIG_GUEST_BASE, !c->value[CONFIG_GUEST_BASE]);
        break;
    default:
        set(c, CONFIG_RESERVED, c->value[CONFIG_RESERVED] ? 0 : reserved_pick(rng, c));
        break;
    }
    /* What was legal for the old page sizes or the old width may not be for the new. */
    if (config_check(c, NULL) < 0) {
        set(c, CONFIG_RESERVED, reserved_pick(rng, c));
    }
}

uint64_t gen_file_size(struct prng *rng, const struct prog_config *c)
{
    uint64_t page = c->value[CONFIG_GUEST_PAGE];
    uint64_t size =
        prng_between(rng, 1, 9) * (prng_chance(rng, 1, 4) ? c->value[CONFIG_HOST_PAGE] : page);

    switch (prng_below(rng, 10)) {
    case 0:
    case 1:
        return size;
    case 2:
        return size + 1;
    case 3:
        return size - 1;
    case 4:
        return prng_below(rng, 2);
    case 5: /* so that offsets above 2^32 exist */
        return (UINT64_C(1) << 32) + size + prng_below(rng, page);
    case 6: /* ends in the real host page, not in the guest page */
        return size - u64_min(size, 4096);
    default:
        return size - prng_below(rng, u64_min(size, page));
    }
}

struct prog_file gen_file_draw(struct prng *rng, const struct prog_config *c)
{
    static const uint16_t open_weight[PROG_OPEN_COUNT] = {12, 5, 3};
    struct prog_file f;

    f.size = gen_file_size(rng, c);
    f.open = (uint8_t)gen_weighted(rng, open_weight, PROG_OPEN_COUNT);
    return f;
}
