/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that hang on results become addresses of the window, so that programs can be compared
 * and moved: where a map is fixed the result is known, where it is placed the map is made a fixed
 * one.
 */
#include "minimise_int.h"

#define PLACED_ONLY (ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL | ABI_MAP_32BIT | ABI_MAP_ALIGNED_MASK)

/* Result NAME is the address AT. */
static void replace_value(struct value *v, uint16_t name, const struct value *at)
{
    if (v->base == VALUE_RESULT && v->ref == name) {
        *v = (struct value){at->base, at->ref, at->num + v->num};
    }
}

static void replace_result(struct prog *p, uint16_t name, struct value at)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            replace_value(&p->ops.v[i].arg[k], name, &at);
        }
        replace_value(&p->ops.v[i].expect.value, name, &at);
    }
}

/* Where OP puts its result if it succeeds; false if that is not said. */
static bool known_result(const struct op *op, struct value *ret)
{
    bool fixed;

    if (op->kind == OP_mmap) {
        *ret = op->arg[0];
        fixed = op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE);
    } else if (op->arg[3].num & ABI_MREMAP_FIXED) {
        *ret = op->arg[4];
        fixed = true;
    } else {
        *ret = op->arg[0];
        fixed = !(op->arg[3].num & ABI_MREMAP_MAYMOVE);
    }
    return fixed && ret->base != VALUE_RESULT;
}

/* All at once, then one by one. Numbers as addresses are of the window too. */
static bool ask_names(struct minimiser *m, size_t first, size_t n)
{
    struct prog *p = minimise_trial(m);

    for (size_t i = first; i < first + n; i++) {
        struct op *op = &p->ops.v[i];
        struct value at;

        for (unsigned k = 0; k < op_args_used(op); k++) {
            bool address = minimise_has(op, k, ARG_ADDR) || minimise_has(op, k, ARG_ADDR_OPT);

            if (address && op->arg[k].base == VALUE_NUM && op->arg[k].num != 0) {
                op->arg[k].base = VALUE_WINDOW;
            }
        }
        if (op->result != OP_NO_RESULT && known_result(op, &at)) {
            replace_result(p, op->result, at);
        }
    }
    return minimise_ask(m);
}

void minimise_names(struct minimiser *m)
{
    if (ask_names(m, 0, m->best.ops.n)) {
        return;
    }
    for (size_t i = 0; i < m->best.ops.n; i++) {
        ask_names(m, i, 1);
    }
}

/* The first address, aligned for every page size, behind all that P names in the window. */
static uint64_t free_place(const struct prog *p)
{
    struct minimise_edges e;

    minimise_edges(p, (struct minimise_space){VALUE_WINDOW, 0}, &e);
    return e.n == 0 ? MINIMISE_BASE
                    : u64_align_up_wrap(u64_max(e.v[e.n - 1], MINIMISE_BASE), MINIMISE_BASE);
}

/* Where the map may have been placed that P names by its address: around the first of these. */
static uint64_t named_place(const struct prog *p)
{
    struct minimise_edges e;

    minimise_edges(p, (struct minimise_space){VALUE_WINDOW, 0}, &e);
    return e.n == 0 ? MINIMISE_BASE
                    : u64_align_down(e.v[0], config_effective_host_page(&p->config));
}

/* Op I goes to AT, fixed. */
static bool ask_fixed(struct minimiser *m, size_t i, uint64_t at)
{
    struct prog *p = minimise_trial(m);
    struct op *op = &p->ops.v[i];
    struct value place = {VALUE_WINDOW, 0, at};

    if (op->kind == OP_mmap) {
        op->arg[3].num = (op->arg[3].num & ~(uint64_t)PLACED_ONLY) | ABI_MAP_FIXED;
        op->arg[0] = place;
    } else {
        op->arg[3].num |= ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED;
        op->arg[4] = place;
    }
    if (op->result != OP_NO_RESULT) {
        replace_result(p, op->result, place);
    }
    if (op->expect.kind == EXPECT_VALUE) {
        op->expect.value = place;
    }
    return minimise_ask(m);
}

/* The result of a move is where the memory was. */
static bool ask_unmoved(struct minimiser *m, size_t i)
{
    struct prog *p = minimise_trial(m);
    struct op *op = &p->ops.v[i];

    if (op->kind != OP_mremap || op->result == OP_NO_RESULT) {
        return false;
    }
    replace_result(p, op->result, op->arg[0]);
    return minimise_ask(m);
}

void minimise_placed(struct minimiser *m)
{
    for (size_t i = 0; i < m->best.ops.n; i++) {
        const struct op *op = &m->best.ops.v[i];
        struct value at;
        uint64_t hint = op->arg[0].num;
        bool hinted = op->arg[0].base == VALUE_WINDOW && hint % minimise_page(&m->best) == 0;

        if (op_descs[op->kind].result != OP_RESULT_ADDR || known_result(op, &at)) {
            continue;
        }
        if (ask_unmoved(m, i)) {
            continue;
        }
        if (op->kind == OP_mremap && op->result == OP_NO_RESULT) {
            continue;
        }
        if (!(op->kind == OP_mmap && hinted && ask_fixed(m, i, hint)) &&
            !ask_fixed(m, i, free_place(&m->best)) && !ask_fixed(m, i, MINIMISE_BASE)) {
            ask_fixed(m, i, named_place(&m->best));
        }
    }
}
