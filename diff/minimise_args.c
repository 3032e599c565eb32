/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One argument at a time, from its simplest value on until one still fails. What stands first in a
 * list is what different programs shall end in.
 */
#include "minimise_int.h"

enum { PLACES_MAX = 4 }; /* edges that an address is moved to */
#define LEN_MAX \
    (UINT64_C(1) << 40) /* lengths above are invalid on purpose: the largest of all do */

/* Argument K of op I is V. */
static bool ask_num(struct minimiser *m, size_t i, unsigned k, uint64_t v)
{
    minimise_trial(m)->ops.v[i].arg[k].num = v;
    return minimise_ask(m);
}

/*
 * The first of N values that still fails; none behind the present one is tried. False if it is none
 * of them after all.
 */
static bool ask_list(struct minimiser *m, size_t i, unsigned k, const uint64_t *v, size_t n)
{
    for (size_t x = 0; x < n; x++) {
        if (m->best.ops.v[i].arg[k].num == v[x] || ask_num(m, i, k, v[x])) {
            return true;
        }
    }
    return false;
}

/* Each bit of BITS that is set goes, if it may. */
static void drop_bits(struct minimiser *m, size_t i, unsigned k, uint64_t bits)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t one = UINT64_C(1) << bit;
        uint64_t now = m->best.ops.v[i].arg[k].num;

        if (now & bits & one) {
            ask_num(m, i, k, now & ~one);
        }
    }
}

/* Argument K of op I, N of UNIT now and too small at LOW of them, as small as bisecting gets it. */
static void bisect(struct minimiser *m, size_t i, unsigned k, uint64_t unit, uint64_t low)
{
    uint64_t high = m->best.ops.v[i].arg[k].num / unit;

    while (high > low && high - low > 1) {
        uint64_t mid = low + (high - low) / 2;

        if (ask_num(m, i, k, mid * unit)) {
            high = mid;
        } else {
            low = mid;
        }
    }
}

/* Below a page nothing is gained: one page, else whole ones, as few as it goes. */
static void shrink_len(struct minimiser *m, size_t i, unsigned k)
{
    uint64_t page = minimise_page(&m->best);
    uint64_t len = m->best.ops.v[i].arg[k].num;
    uint64_t whole;

    if (len == page || ask_num(m, i, k, page) || len == 0) {
        return;
    }
    if (len > LEN_MAX) {
        ask_num(m, i, k, 0 - page);
        return;
    }
    if (u64_align_up(len, page, &whole) && whole != len) {
        ask_num(m, i, k, whole);
    }
    if (m->best.ops.v[i].arg[k].num % page == 0) {
        bisect(m, i, k, page, 1);
    }
}

static void shrink_access(struct minimiser *m, size_t i, unsigned k)
{
    uint64_t len = m->best.ops.v[i].arg[k].num;

    if (len != 1 && !ask_num(m, i, k, 1)) {
        bisect(m, i, k, 1, 1);
    }
}

/* An address goes to the start of its page, to where another op begins or ends below. */
static void lower_addr(struct minimiser *m, size_t i, unsigned k)
{
    uint64_t page = minimise_page(&m->best);
    struct value v = m->best.ops.v[i].arg[k];
    uint64_t lowest = v.base == VALUE_WINDOW && v.num >= MINIMISE_BASE ? MINIMISE_BASE : 0;
    struct minimise_edges e;

    if (v.base != VALUE_WINDOW && v.base != VALUE_RESULT) {
        return;
    }
    if (ask_num(m, i, k, u64_align_down(v.num, page))) {
        v.num = u64_align_down(v.num, page);
    }
    if (v.num <= lowest || ask_num(m, i, k, lowest) || v.num > INT64_MAX) {
        return;
    }
    minimise_edges(&m->best, (struct minimise_space){v.base, v.ref}, &e);
    for (size_t x = 0; x < u64_min(e.n, PLACES_MAX); x++) {
        if (e.v[x] > lowest && e.v[x] < v.num && ask_num(m, i, k, e.v[x])) {
            return;
        }
    }
}

/* What is only a hint is none, if that does. */
static void drop_hint(struct minimiser *m, size_t i)
{
    const struct op *op = &m->best.ops.v[i];

    if (op->kind == OP_mmap && !(op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE))) {
        minimise_trial(m)->ops.v[i].arg[0] = (struct value){VALUE_NUM, 0, 0};
        minimise_ask(m);
    }
}

/* Address and length together: the head of a range goes, its end stays. */
static void drop_head(struct minimiser *m, size_t i)
{
    uint64_t page = minimise_page(&m->best);
    const struct op *op = &m->best.ops.v[i];

    if (minimise_has(op, 0, ARG_ADDR) && minimise_has(op, 1, ARG_LEN) &&
        op->arg[0].base != VALUE_NUM && op->arg[1].num > page && op->arg[1].num % page == 0) {
        struct prog *p = minimise_trial(m);

        p->ops.v[i].arg[0].num += p->ops.v[i].arg[1].num - page;
        p->ops.v[i].arg[1].num = page;
        minimise_ask(m);
    }
}

static void simplify_prot(struct minimiser *m, size_t i, unsigned k)
{
    static const uint64_t simple[] = {0, ABI_PROT_READ, ABI_PROT_READ | ABI_PROT_WRITE};

    if (!ask_list(m, i, k, simple, ARRAY_LEN(simple))) {
        drop_bits(m, i, k, ~(uint64_t)0);
    }
}

/* Op I, an mmap, as FLAGS say; anonymous maps have no file. */
static bool ask_flags(struct minimiser *m, size_t i, uint64_t flags)
{
    struct op *op = &minimise_trial(m)->ops.v[i];

    op->arg[3].num = flags;
    if (flags & ABI_MAP_ANONYMOUS) {
        op->arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
        op->arg[5].num = 0;
    }
    return minimise_ask(m);
}

/* FLAGS without OFF and with ON, if it is a change. */
static void ask_instead(struct minimiser *m, size_t i, uint64_t off, uint64_t on)
{
    uint64_t flags = m->best.ops.v[i].arg[3].num;

    if (flags & off) {
        ask_flags(m, i, (flags & ~off) | on);
    }
}

/* Private, fixed and anonymous all at once, then one after the other, without what else is set. */
static void simplify_mapflags(struct minimiser *m, size_t i)
{
    const uint64_t fixed = ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE;
    const uint64_t usual = ABI_MAP_SHARED | MINIMISE_FLAGS;
    const uint64_t over_nothing = ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL;
    uint64_t flags = m->best.ops.v[i].arg[3].num;

    if (flags == MINIMISE_FLAGS) {
        ask_flags(m, i, flags); /* whatever file it names */
        return;
    }
    if ((flags & fixed) && ask_flags(m, i, MINIMISE_FLAGS)) {
        return;
    }
    if (flags & fixed) {
        ask_instead(m, i, over_nothing, ABI_MAP_FIXED);
    }
    ask_instead(m, i, ABI_MAP_GUARD, ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS);
    ask_instead(m, i, ~usual, 0);
    drop_bits(m, i, 3, ~usual);
    ask_instead(m, i, ABI_MAP_SHARED, ABI_MAP_PRIVATE);
    if (m->best.ops.v[i].arg[3].num & ABI_MAP_SHARED) {
        ask_instead(m, i, ABI_MAP_PRIVATE, 0); /* a type of its own, together */
    }
    ask_flags(m, i, m->best.ops.v[i].arg[3].num | ABI_MAP_ANONYMOUS);
}

/* Descriptors that are none: -1. */
static void simplify_fd(struct minimiser *m, size_t i, unsigned k)
{
    if (m->best.ops.v[i].arg[k].base == VALUE_NUM) {
        ask_num(m, i, k, UINT64_MAX);
    }
}

static void lower_offset(struct minimiser *m, size_t i, unsigned k)
{
    uint64_t page = minimise_page(&m->best);
    uint64_t now = m->best.ops.v[i].arg[k].num;

    if (now == 0 || ask_num(m, i, k, 0)) {
        return;
    }
    if (ask_num(m, i, k, u64_align_down(now, page)) || now % page == 0) {
        bisect(m, i, k, page, 0);
    }
}

static void simplify_number(struct minimiser *m, size_t i, unsigned k, enum arg_kind kind)
{
    static const uint64_t bytes[] = {1, 2, 3};
    static const uint64_t counts[] = {1, 2, 3, 4};
    static const uint64_t errnos[] = {ABI_ENOMEM};
    static const uint64_t syncs[] = {ABI_MS_SYNC};
    static const uint64_t advice[] = {ABI_MADV_NORMAL, ABI_MADV_DONTNEED};

    switch (kind) {
    case ARG_BYTE:
        ask_list(m, i, k, bytes, ARRAY_LEN(bytes));
        break;
    case ARG_COUNT:
        ask_list(m, i, k, counts, ARRAY_LEN(counts));
        break;
    case ARG_ERRNO:
        ask_list(m, i, k, errnos, ARRAY_LEN(errnos));
        break;
    case ARG_MSYNCFLAGS:
        if (!ask_list(m, i, k, syncs, ARRAY_LEN(syncs))) {
            drop_bits(m, i, k, ~(uint64_t)0);
        }
        break;
    default:
        ask_list(m, i, k, advice, ARRAY_LEN(advice));
        break;
    }
}

static void simplify_arg(struct minimiser *m, size_t i, unsigned k)
{
    enum arg_kind kind = op_descs[m->best.ops.v[i].kind].arg[k];

    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        drop_hint(m, i);
        lower_addr(m, i, k);
        break;
    case ARG_LEN:
        shrink_len(m, i, k);
        break;
    case ARG_ACCESS:
        shrink_access(m, i, k);
        break;
    case ARG_PROT:
        simplify_prot(m, i, k);
        break;
    case ARG_MAPFLAGS:
        simplify_mapflags(m, i);
        break;
    case ARG_MREMAPFLAGS:
        drop_bits(m, i, k, ~(uint64_t)0);
        break;
    case ARG_FD:
        simplify_fd(m, i, k);
        break;
    case ARG_OFFSET:
        lower_offset(m, i, k);
        break;
    default:
        simplify_number(m, i, k, kind);
        break;
    }
}

/* Lengths that are equal and hang together: a page for all of them, or as few as it goes. */
static bool ask_lens(struct minimiser *m, uint64_t from, uint64_t to)
{
    struct prog *p = minimise_trial(m);

    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < op_args_used(&p->ops.v[i]); k++) {
            if (minimise_has(&p->ops.v[i], k, ARG_LEN) && p->ops.v[i].arg[k].num == from) {
                p->ops.v[i].arg[k].num = to;
            }
        }
    }
    return minimise_ask(m);
}

/* Whether more than one argument of P is this length. */
static bool is_shared_len(const struct prog *p, uint64_t len)
{
    unsigned n = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < op_args_used(&p->ops.v[i]); k++) {
            n += minimise_has(&p->ops.v[i], k, ARG_LEN) && p->ops.v[i].arg[k].num == len;
        }
    }
    return n > 1;
}

static void shrink_lens(struct minimiser *m)
{
    uint64_t page = minimise_page(&m->best);

    for (size_t i = 0; i < m->best.ops.n; i++) {
        uint64_t len = m->best.ops.v[i].arg[1].num;
        uint64_t low = page;

        if (!minimise_has(&m->best.ops.v[i], 1, ARG_LEN) || len <= page || len % page != 0 ||
            len > LEN_MAX || !is_shared_len(&m->best, len) || ask_lens(m, len, page)) {
            continue;
        }
        while (len - low > page) {
            uint64_t mid = low + u64_align_down((len - low) / 2, page);

            if (ask_lens(m, len, mid)) {
                len = mid;
            } else {
                low = mid;
            }
        }
    }
}

void minimise_args(struct minimiser *m)
{
    shrink_lens(m);
    for (size_t i = 0; i < m->best.ops.n; i++) {
        for (unsigned k = 0; k < op_args_used(&m->best.ops.v[i]); k++) {
            simplify_arg(m, i, k);
        }
        drop_head(m, i);
    }
}
