/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of mmap: what is mapped, how it is shared, where it is put, which part of the file. */
#include "op/gen_impl.h"

enum placing { PLACING_FIXED, PLACING_NULL, PLACING_HINT, PLACING_KEEP, PLACING_COUNT };

static bool flag_off(const struct gen *g, uint64_t flag)
{
    return (g->w.mapflags_off & flag) != 0;
}

/*
 * Congruent to AT modulo the host page as often as not, and often so that the map reaches the end
 * of the file.
 */
static uint64_t offset_pick(struct gen *g, const struct value *at, uint64_t len, uint64_t size)
{
    const struct gen_world *w = &g->world;
    uint64_t eof_page = u64_align_down(size, w->page);
    uint64_t pages = u64_align_up_wrap(len, w->page) / w->page;
    uint64_t offset;

    switch (prng_below(g->rng, 6)) {
    case 0:
    case 1:
        offset = 0;
        break;
    case 2: /* the last page of the map is the one with the end of the file */
        offset = eof_page - u64_min(eof_page / w->page, pages - 1) * w->page;
        break;
    case 3: /* the end lies inside, or before the start */
        offset = eof_page + prng_below(g->rng, 3) * w->page;
        offset -= u64_min(offset / w->page, prng_below(g->rng, pages + 1)) * w->page;
        break;
    default:
        offset = prng_below(g->rng, 12) * w->page;
        break;
    }
    if (prng_chance(g->rng, 1, 2)) {
        offset = u64_align_down(offset, w->host_page) + (at->num & (w->host_page - 1));
    }
    return u64_align_down(offset, w->page);
}

/* No FreeBSD map has all the rights and the descriptor a guard or a stack may not have. */
static void suit_own_kinds(struct gen *g, struct op *op)
{
    uint64_t *flags = &op->arg[3].num;

    if (g->o->system != ABI_FREEBSD) {
        return;
    }
    if (!flag_off(g, ABI_MAP_GUARD) && prng_chance(g->rng, 1, 12)) {
        *flags &= ABI_MAP_FIXED | ABI_MAP_EXCL | ABI_MAP_32BIT | ABI_MAP_ALIGNED_MASK;
        *flags |= ABI_MAP_GUARD;
        op->arg[2].num = 0;
    } else if (*flags & ABI_MAP_STACK) {
        op->arg[2].num |= ABI_PROT_READ | ABI_PROT_WRITE;
        if (op->arg[2].num >> ABI_PROT_MAX_SHIFT) {
            op->arg[2].num |= ABI_PROT_RWX << ABI_PROT_MAX_SHIFT;
        }
    } else {
        return;
    }
    op->arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
    op->arg[5].num = 0;
}

static void place(struct gen *g, struct op *op)
{
    static const uint16_t weight[PLACING_COUNT] = {54, 20, 12, 14};
    const struct gen_area *a = gen_area_pick(g, 0);
    uint64_t len = op->arg[1].num;
    uint64_t *flags = &op->arg[3].num;
    enum placing how = (enum placing)gen_weighted(g->rng, weight, PLACING_COUNT);

    if (how == PLACING_NULL) {
        op->arg[0] = (struct value){VALUE_NUM, 0, 0};
    } else if (a && a->base == VALUE_RESULT && prng_chance(g->rng, 1, 3)) {
        op->arg[0] = gen_addr_of(a, a->r.start + prng_below(g->rng, 6) * g->world.page);
    } else {
        op->arg[0] = (struct value){VALUE_WINDOW, 0, gen_fixed_pick(g, len)};
    }
    if (how == PLACING_HINT && prng_chance(g->rng, 1, 8)) {
        op->arg[0].num += prng_below(g->rng, g->world.page);
    }
    if (how == PLACING_FIXED) {
        *flags |= ABI_MAP_FIXED;
    } else if (how == PLACING_KEEP && g->o->system == ABI_FREEBSD) {
        *flags |= ABI_MAP_FIXED | (flag_off(g, ABI_MAP_EXCL) ? 0 : ABI_MAP_EXCL);
    } else if (how == PLACING_KEEP) {
        *flags |= flag_off(g, ABI_MAP_FIXED_NOREPLACE) ? ABI_MAP_FIXED : ABI_MAP_FIXED_NOREPLACE;
        *flags |= prng_chance(g->rng, 1, 4) ? ABI_MAP_FIXED : 0;
    }
    if (g->o->system == ABI_FREEBSD && prng_chance(g->rng, 1, how == PLACING_FIXED ? 30 : 6)) {
        *flags |= ABI_MAP_ALIGNED(prng_chance(g->rng, 1, 4) ? 1 : prng_between(g->rng, 16, 22));
    }
}

/* A length that has to do with the end of file F. */
static uint64_t len_by_file(struct gen *g, const struct prog_file *f)
{
    uint64_t size = u64_max(1, u64_min(f->size, g->world.page * 40));

    switch (prng_below(g->rng, 4)) {
    case 0:
        return size;
    case 1:
        return u64_align_up_wrap(size, g->world.page) + g->world.page;
    default:
        return gen_len_pick(g);
    }
}

void gen_mmap_draw(struct gen *g, struct op *op)
{
    bool shared = prng_chance(g->rng, 2, 5);
    size_t n_files = g->p->files.n;
    uint16_t file = 0;
    bool anon = n_files == 0 || prng_chance(g->rng, 11, 20);

    op->arg[1].num = gen_len_pick(g);
    op->arg[2].num = gen_prot_pick(g);
    op->arg[3].num = (shared ? ABI_MAP_SHARED : ABI_MAP_PRIVATE) | gen_flags_extra(g);
    op->arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
    if (shared && g->o->system == ABI_LINUX && prng_chance(g->rng, 1, 16)) {
        op->arg[3].num |= ABI_MAP_PRIVATE; /* both: MAP_SHARED_VALIDATE */
    }
    if (!anon) {
        file = (uint16_t)prng_below(g->rng, n_files);
        op->arg[1].num = len_by_file(g, &g->p->files.v[file]);
        op->arg[4] = (struct value){VALUE_FILE, file, 0};
    } else {
        op->arg[3].num |= ABI_MAP_ANONYMOUS;
    }
    place(g, op);
    if (!anon) {
        op->arg[5].num = offset_pick(g, &op->arg[0], op->arg[1].num, g->p->files.v[file].size);
    }
    suit_own_kinds(g, op);
}
