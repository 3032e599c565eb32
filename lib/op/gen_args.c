/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, lengths and other plain arguments. Addresses come from what is mapped, shifted and
 * stretched by pages of both sizes: exact, inside, across an end, beside, widened to host pages.
 */
#include "op/gen_impl.h"

unsigned gen_weighted(struct prng *rng, const uint16_t *weight, unsigned n)
{
    uint64_t sum = 0;
    uint64_t at;
    unsigned i = 0;

    for (unsigned k = 0; k < n; k++) {
        sum += weight[k];
    }
    at = prng_below(rng, sum);
    while (at >= weight[i]) {
        at -= weight[i++];
    }
    return i;
}

struct value gen_addr_of(const struct gen_area *a, uint64_t at)
{
    return (struct value){a->base, a->ref, at};
}

const struct gen_area *gen_area_pick(struct gen *g, uint8_t prot)
{
    const struct gen_world *w = &g->world;
    const struct gen_area *a = NULL;

    for (unsigned tries = 0; w->n > 0 && tries < 6; tries++) {
        a = &w->area[prng_below(g->rng, w->n)];
        if ((a->prot & prot) == prot) {
            break;
        }
    }
    return a;
}

/* 1 to MAX, small numbers far more often. */
static uint64_t few(struct gen *g, uint64_t max)
{
    uint64_t n = prng_chance(g->rng, 1, 4) ? max : u64_min(max, 4);

    return n ? prng_between(g->rng, 1, n) : 1;
}

uint64_t gen_len_pick(struct gen *g)
{
    const struct gen_world *w = &g->world;
    uint64_t len = few(g, 12) * w->page;

    if (prng_chance(g->rng, 1, 6)) {
        len = few(g, 3) * w->host_page;
    }
    if (prng_chance(g->rng, 1, 8)) {
        len -= prng_between(g->rng, 1, w->page - 1);
    }
    if (prng_chance(g->rng, 1, 40)) {
        len = UINT64_C(1) << prng_between(g->rng, 24, 31);
    }
    return len;
}

/* The first byte and the length of a range that has to do with R. */
static struct range range_near(struct gen *g, struct range r)
{
    const struct gen_world *w = &g->world;
    uint64_t pages = u64_max(1, range_len(r) / w->page);
    uint64_t a = few(g, pages) * w->page;
    uint64_t b = few(g, 4) * w->page;
    uint64_t skip = prng_below(g->rng, pages) * w->page;

    switch (prng_below(g->rng, 11)) {
    case 0: /* a prefix */
        return (struct range){r.start, r.start + a - 1};
    case 1: /* a suffix */
        return (struct range){r.last - a + 1, r.last};
    case 2: /* inside */
        return (struct range){r.start + skip, u64_min(r.last, r.start + skip + b - 1)};
    case 3: /* across the start */
        return (struct range){r.start - b, r.start + a - 1};
    case 4: /* across the end */
        return (struct range){r.last - a + 1, r.last + b};
    case 5: /* all of it and more */
        return (struct range){r.start - b, r.last + few(g, 4) * w->page};
    case 6: /* beside, in front */
        return (struct range){r.start - b, r.start - 1};
    case 7: /* beside, behind */
        return (struct range){r.last + 1, r.last + b};
    case 8: /* its host pages */
        return range_widen(r, w->host_page);
    case 9: /* what its last host page has left; nothing if it ends there */
        return r.last < (r.last | (w->host_page - 1))
                   ? (struct range){r.last + 1, r.last | (w->host_page - 1)}
                   : r;
    default:
        return r;
    }
}

static struct range range_in_arena(struct gen *g)
{
    uint64_t page = g->world.page;
    uint64_t pages = range_len(g->arena) / page;
    uint64_t at = prng_below(g->rng, pages);

    return (struct range){g->arena.start + at * page,
                          g->arena.start + (at + few(g, pages - at)) * page - 1};
}

static struct range range_at_anchor(struct gen *g)
{
    uint64_t at = g->anchor[prng_below(g->rng, GEN_ANCHORS)];
    uint64_t len = few(g, 8) * g->world.page;

    if (prng_chance(g->rng, 1, 3)) {
        return (struct range){at, at | (g->world.host_page - 1)};
    }
    return (struct range){at, u64_min(at + len - 1, g->world.window_last)};
}

/* Both ends of the window, and what may or may not be the end of it. */
static struct range range_at_window_edge(struct gen *g)
{
    const struct gen_world *w = &g->world;
    uint64_t len = prng_chance(g->rng, 1, 2) ? few(g, 4) * w->page : w->host_page;

    switch (prng_below(g->rng, 6)) {
    case 0:
        return (struct range){0, len - 1};
    case 1: /* from the lowest address a kernel may map */
        return (struct range){w->page, w->page + len - 1};
    case 2: /* where an area of 2^32 bytes stops */
        if (w->window_last >= UINT64_C(1) << 32) {
            return (struct range){(UINT64_C(1) << 32) - w->page, (UINT64_C(1) << 32) + len - 1};
        }
        return (struct range){w->window_last - w->page + 1, w->window_last};
    case 3: /* behind the end */
        return (struct range){w->window_last + 1, w->window_last + len};
    case 4: /* over the end */
        return (struct range){w->window_last - w->page + 1, w->window_last + len};
    default:
        return (struct range){w->window_last - len + 1, w->window_last};
    }
}

struct gen_span gen_span_pick(struct gen *g)
{
    struct gen_span s = {.addr = {.base = VALUE_WINDOW}};
    uint64_t how = prng_below(g->rng, 64);
    struct range r;

    s.area = how < 42 ? gen_area_pick(g, 0) : NULL;
    if (s.area) {
        r = range_near(g, s.area->r);
        s.addr = gen_addr_of(s.area, 0);
    } else if (how < 54) {
        r = range_in_arena(g);
    } else if (how < 63) {
        r = range_at_anchor(g);
    } else {
        r = range_at_window_edge(g);
    }
    s.addr.num = r.start;
    s.len = range_len(r);
    if (prng_chance(g->rng, 1, 10) && s.len >= g->world.page) {
        s.len -= prng_between(g->rng, 1, g->world.page - 1);
    }
    return s;
}

uint64_t gen_fixed_pick(struct gen *g, uint64_t len)
{
    const struct gen_world *w = &g->world;
    uint64_t room = u64_align_down(w->window_last, w->page);
    const struct gen_area *a = gen_area_pick(g, 0);
    uint64_t at;

    switch (prng_below(g->rng, 8)) {
    case 0:
    case 1:
        at = range_in_arena(g).start;
        break;
    case 2:
    case 3:
    case 4: /* beside or over an area, if that lies at a known place */
        at = a && a->base == VALUE_WINDOW ? range_near(g, a->r).start : range_in_arena(g).start;
        break;
    case 5: /* so that the range ends with a host page */
        at = u64_align_down(range_in_arena(g).last | (w->host_page - 1), w->page) + w->page - len;
        at = u64_align_down(at, w->page);
        break;
    default:
        at = g->anchor[prng_below(g->rng, GEN_ANCHORS)];
        break;
    }
    if (prng_chance(g->rng, 1, 24)) {
        at = range_at_window_edge(g).start;
    }
    return at > room && prng_chance(g->rng, 3, 4) ? room - prng_below(g->rng, 4) * w->page : at;
}

struct gen_span gen_access_pick(struct gen *g, const struct gen_area *a)
{
    const struct gen_world *w = &g->world;
    uint64_t n =
        prng_chance(g->rng, 1, 20) ? few(g, 3) * w->page : UINT64_C(1) << prng_below(g->rng, 7);
    uint64_t len = range_len(a->r);
    uint64_t at = a->r.start;

    n = u64_max(1, u64_min(u64_min(n, len), PROG_ACCESS_MAX));
    switch (prng_below(g->rng, 6)) {
    case 0:
        break;
    case 1:
        at = a->r.last - n + 1;
        break;
    case 2: /* across a page's edge */
        at += prng_below(g->rng, len / w->page + 1) * w->page - (prng_below(g->rng, n + 1));
        break;
    case 3: /* at the start of a host page */
        at = u64_align_down(at + prng_below(g->rng, len), w->host_page);
        break;
    case 4: /* around the end of the file */
        at += a->file >= 0 && (size_t)a->file < g->p->files.n
                  ? g->p->files.v[a->file].size - a->offset - n / 2
                  : prng_below(g->rng, len);
        break;
    default:
        at += u64_align_down(prng_below(g->rng, len), w->page);
        break;
    }
    if (!prng_chance(g->rng, 1, 16)) {
        at = at < a->r.start || at > a->r.last ? a->r.start : u64_min(at, a->r.last - n + 1);
    }
    return (struct gen_span){gen_addr_of(a, at), n, a};
}

uint64_t gen_prot_pick(struct gen *g)
{
    static const uint16_t weight[] = {12, 20, 4, 44, 3, 8, 2, 8}; /* by R, W, X bits */
    uint64_t prot = gen_weighted(g->rng, weight, sizeof(weight) / sizeof(weight[0]));

    if (g->o->system == ABI_FREEBSD && prng_chance(g->rng, 1, 24)) {
        prot |= prng_below(g->rng, 8) << ABI_PROT_MAX_SHIFT | prot << ABI_PROT_MAX_SHIFT;
    } else if (g->o->system == ABI_LINUX && prng_chance(g->rng, 1, 48)) {
        prot |= ABI_PROT_SEM;
    }
    return prot;
}

uint64_t gen_advice_pick(struct gen *g)
{
    static const struct {
        uint64_t neutral;
        int system[ABI_SYSTEM_COUNT];
    } rows[] = {
#define ADVICE(name, neutral, linux_value, freebsd_value) {neutral, {linux_value, freebsd_value}},
#include "abi/misc.def"
    };
    uint64_t i;

    if (prng_chance(g->rng, 1, 2)) {
        return ABI_MADV_DONTNEED;
    }
    do {
        i = prng_below(g->rng, ARRAY_LEN(rows));
    } while (rows[i].system[g->o->system] < 0);
    return rows[i].neutral;
}
