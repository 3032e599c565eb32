/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_gen.h"

#include <errno.h>

#include "base/int.h"
#include "op/gen.h"

enum {
    OPS_MAX = 40,
    FAULT_PROGRAMS = 6,   /* one in so many has a host call that fails, */
    FAULT_CALLS = 6,      /* one of so many */
    FORK_PROGRAMS = 10,   /* one program in so many has forks on purpose */
    TWIST_PROGRAMS = 3,   /* one in so many has odd arguments on purpose, */
    TWIST_OPS = 8,        /* in one op of so many */
    DROPPABLE = 8,        /* MAP_DROPPABLE, a type that has no name in programs */
    ADVICE_NUMBERS = 30,  /* numbers of advice that are drawn as they are */
    PIN_START = 0x400000, /* of pinned maps, */
    PIN_MAX = 0x400000,   /* none longer */
    LARGEST_PAGE = 65536,
};

/* The advice that decides what a child has. */
static uint64_t fork_advice(struct prng *rng)
{
    static const uint64_t advice[] = {ABI_MADV_DONTFORK, ABI_MADV_DOFORK, ABI_MADV_WIPEONFORK,
                                      ABI_MADV_KEEPONFORK};

    return advice[prng_below(rng, ARRAY_LEN(advice))];
}

/* One of the program's own ops of the kinds that see memory, to be done once more. */
static bool pick_access(const struct prog *p, struct prng *rng, size_t before, struct op *ret)
{
    for (int tries = 0; tries < 8 && before > 0; tries++) {
        const struct op *op = &p->ops.v[prng_below(rng, before)];

        if (op->kind == OP_store || op->kind == OP_load) {
            *ret = *op;
            ret->kind = prng_chance(rng, 1, 2) ? OP_store : OP_load;
            ret->arg[2].num = prng_between(rng, 1, 255);
            return true;
        }
    }
    return false;
}

static int insert_plain(struct prog *p, size_t at, enum op_kind kind)
{
    const struct op op = {.kind = (uint8_t)kind, .result = OP_NO_RESULT};

    return prog_insert(p, at, &op);
}

/* A fork somewhere, accesses again on both of its sides, advice for it in front. */
static int add_fork(struct prog *p, struct prng *rng)
{
    size_t at = prng_between(rng, 1, p->ops.n);
    size_t wait = prng_between(rng, at, p->ops.n);
    struct op op;
    int rc = 0;

    if (prng_chance(rng, 3, 4)) {
        rc = insert_plain(p, wait, OP_wait);
        for (unsigned n = 0; rc == 0 && n < 2 && pick_access(p, rng, at, &op); n++) {
            rc = prog_insert(p, wait + 1, &op);
        }
    }
    for (unsigned n = 0; rc == 0 && n < 3 && pick_access(p, rng, at, &op); n++) {
        rc = prog_insert(p, at, &op);
    }
    rc = rc < 0 ? rc : insert_plain(p, at, OP_fork);
    if (rc == 0 && prng_chance(rng, 1, 2)) {
        const struct op *like = &p->ops.v[prng_below(rng, at)];

        if (like->kind <= OP_munmap || like->kind == OP_mprotect) {
            op = *like;
            op.kind = OP_madvise;
            op.result = OP_NO_RESULT;
            op.arg[2] = (struct value){VALUE_NUM, 0, fork_advice(rng)};
            rc = prog_insert(p, at, &op);
        }
    }
    return rc;
}

/*
 * At AT, where a call is, one that unmaps what an earlier map has but for its ends, which have
 * fewer rights: of host pages whose ends others need as well.
 */
static int add_unmap(struct prog *p, struct prng *rng, size_t at)
{
    struct op protect = {.kind = OP_mprotect, .result = OP_NO_RESULT};
    const struct op *like = at ? &p->ops.v[prng_below(rng, at)] : NULL;
    uint64_t page = p->config.value[CONFIG_GUEST_PAGE];
    struct op op = {.kind = OP_munmap, .result = OP_NO_RESULT};
    int rc;

    if (!like || like->kind != OP_mmap || like->arg[1].num < 3 * page) {
        return 0;
    }
    op.arg[0] =
        like->result != OP_NO_RESULT ? (struct value){VALUE_RESULT, like->result, 0} : like->arg[0];
    protect.arg[0] = op.arg[0];
    protect.arg[1].num = page;
    protect.arg[2].num = prng_chance(rng, 1, 2) ? ABI_PROT_READ : 0;
    op.arg[0].num += page;
    op.arg[1].num = like->arg[1].num - prng_between(rng, 1, 2) * page;
    rc = prog_insert(p, at, &op);
    return rc < 0 ? rc : prog_insert(p, at, &protect);
}

/*
 * In front of a call in the program's later half a host call is made to fail: the earlier half is
 * what there is to be undone wrongly.
 */
static int add_fault(struct prog *p, struct prng *rng)
{
    struct op op = {.kind = OP_host_fail, .result = OP_NO_RESULT};
    size_t at = prng_between(rng, p->ops.n / 2, p->ops.n);
    size_t n = p->ops.n;
    int rc = 0;

    op.arg[0].num = prng_between(rng, 1, FAULT_CALLS);
    op.arg[1].num = ABI_ENOMEM;
    while (at < p->ops.n && p->ops.v[at].kind > OP_mremap) {
        at++;
    }
    if (prng_chance(rng, 1, 2)) {
        rc = add_unmap(p, rng, at);
        at += p->ops.n - n > 1; /* in front of the munmap itself */
    }
    return rc < 0 || at == p->ops.n ? rc : prog_insert(p, at, &op);
}

static void twist_mmap(struct op *op, struct prng *rng)
{
    static const uint64_t edges[] = {1, 0x800, 0x1000, 0x8000, 0x10000, 0x11000, 0x7ffffffff000};
    uint64_t types = ABI_MAP_SHARED | ABI_MAP_PRIVATE;
    uint64_t fixed = ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE;
    uint64_t *flags = &op->arg[3].num;

    switch (prng_below(rng, 7)) {
    case 0:
        *flags = (*flags & ~types) | (uint64_t)DROPPABLE << ABI_MAP_RAW_SHIFT;
        break;
    case 1:
        *flags = (*flags & ~types) | prng_below(rng, 16) << ABI_MAP_RAW_SHIFT;
        break;
    case 2:
        *flags |= types;
        break;
    case 3: /* a hint where none is, or nothing may be */
        *flags &= ~fixed;
        op->arg[0] = (struct value){VALUE_NUM, 0, edges[prng_below(rng, ARRAY_LEN(edges))]};
        break;
    case 4:
        op->arg[0] = (struct value){VALUE_NUM, 0, edges[prng_below(rng, ARRAY_LEN(edges))]};
        break;
    case 5:
        *flags |= ABI_MAP_GROWSDOWN;
        break;
    default:
        op->arg[2].num |= ABI_PROT_GROWSDOWN;
        break;
    }
}

static void twist_mremap(struct op *op, struct prng *rng)
{
    switch (prng_below(rng, 4)) {
    case 0: /* a tail that leaves user space */
        op->arg[1].num = prng_chance(rng, 1, 2) ? UINT64_C(1) << 47 : -op->arg[0].num;
        break;
    case 1:
        op->arg[4] = (struct value){VALUE_NUM, 0, prng_below(rng, 20) * 4096};
        op->arg[3].num |= ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED;
        break;
    case 2: /* more than there is room for */
        op->arg[2].num = UINT64_C(1) << prng_between(rng, 44, 47);
        break;
    default:
        op->arg[3].num = prng_below(rng, 8);
        op->arg[4] = op->arg[0];
        op->arg[4].num += (prng_below(rng, 16) - 8) * 4096;
        break;
    }
}

/* OP with an argument that the generator does not draw. */
static void twist(struct op *op, enum abi_system system, struct prng *rng)
{
    switch (op->kind) {
    case OP_mmap:
        twist_mmap(op, rng);
        break;
    case OP_mprotect:
        op->arg[2].num |= system == ABI_LINUX ? prng_below(rng, 4) * ABI_PROT_GROWSDOWN
                                              : prng_below(rng, 8) << ABI_PROT_MAX_SHIFT;
        break;
    case OP_mremap:
        twist_mremap(op, rng);
        break;
    case OP_madvise:
        op->arg[2].num = prng_below(rng, ADVICE_NUMBERS);
        break;
    default:
        break;
    }
}

/*
 * Every map at an address of its own: what two targets place by their own choice lies elsewhere,
 * and what is said relative to it soon means something else on each.
 */
static void pin(struct prog *p, uint64_t page)
{
    uint64_t at = PIN_START;

    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];
        uint64_t fixed = ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL;

        if (op->kind == OP_mmap && !(op->arg[3].num & fixed) && op->arg[1].num <= PIN_MAX) {
            op->arg[0] = (struct value){VALUE_WINDOW, 0, at};
            op->arg[3].num |= ABI_MAP_FIXED;
            at += u64_align_up_wrap(op->arg[1].num, page) + (i % 3) * page;
        }
    }
}

static void say_common_mmap(struct op *op)
{
    const uint64_t types = ABI_MAP_SHARED | ABI_MAP_PRIVATE;
    uint64_t *flags = &op->arg[3].num;

    *flags &= types | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED_NOREPLACE;
    if ((*flags & types) == 0 || (*flags & types) == types) {
        *flags = (*flags & ~types) | ABI_MAP_PRIVATE;
    }
    if (*flags & ABI_MAP_ANONYMOUS) {
        op->arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
        op->arg[5] = (struct value){VALUE_NUM, 0, 0};
    }
}

/*
 * Only what Linux and FreeBSD mean alike: what one of them alone does soon leaves little to
 * compare.
 */
static void say_common(struct prog *p)
{
    for (size_t i = p->ops.n; i-- > 0;) {
        struct op *op = &p->ops.v[i];

        switch ((enum op_kind)op->kind) {
        case OP_mremap:
            prog_remove(p, i, 1);
            break;
        case OP_mmap:
            op->arg[2].num &= ABI_PROT_RWX;
            say_common_mmap(op);
            break;
        case OP_mprotect:
            op->arg[2].num &= ABI_PROT_RWX;
            break;
        case OP_msync:
            op->arg[2].num = ABI_MS_ASYNC;
            break;
        case OP_madvise:
            op->arg[2].num = ABI_MADV_WILLNEED;
            break;
        default:
            break;
        }
    }
}

/* A reserved window that every host page divides: so the program can be run again anywhere. */
static void fit_window(struct prog_config *c)
{
    c->value[CONFIG_RESERVED] = u64_align_up_wrap(c->value[CONFIG_RESERVED], LARGEST_PAGE);
}

/* A seed changed a little, perhaps with a part of another one in it, under configuration C. */
static int change_seed(struct prog *p, struct prng *rng, const struct diff_gen *how,
                       const struct gen_options *o)
{
    const struct prog *other = how->seeds[prng_below(rng, how->n_seeds)];
    int rc = prog_copy(p, how->seeds[prng_below(rng, how->n_seeds)]);

    if (rc < 0) {
        return rc;
    }
    p->requires.n = 0;
    p->config = how->native ? *how->native : p->config;
    if (prng_chance(rng, 1, 3)) {
        rc = mutate_splice(p, other, rng, o);
    }
    return rc < 0 ? rc : mutate_prog(p, rng, o);
}

int diff_generate(struct prog *p, const struct diff_gen *how, uint64_t seed)
{
    const struct gen_options o = {.system = how->system, .ops_max = OPS_MAX, .config = how->native};
    struct prng rng;
    int rc;

    prng_seed(&rng, seed);
    rc = how->n_seeds > 0 && prng_chance(&rng, 1, 2) ? change_seed(p, &rng, how, &o)
                                                     : gen_prog(p, &rng, &o);
    if (rc == 0 && prng_chance(&rng, 1, TWIST_PROGRAMS)) {
        for (size_t i = 0; i < p->ops.n; i++) {
            if (prng_chance(&rng, 1, TWIST_OPS)) {
                twist(&p->ops.v[i], how->system, &rng);
            }
        }
    }
    if (rc == 0 && prng_chance(&rng, 1, FORK_PROGRAMS)) {
        for (uint64_t n = prng_between(&rng, 1, 2); n > 0 && rc == 0; n--) {
            rc = add_fork(p, &rng);
        }
    }
    if (rc == 0 && how->faults && prng_chance(&rng, 1, FAULT_PROGRAMS)) {
        rc = add_fault(p, &rng);
    }
    if (how->peers && prng_chance(&rng, 1, 2)) {
        if (how->systems && prng_chance(&rng, 2, 3)) {
            say_common(p);
        }
        pin(p, p->config.value[CONFIG_GUEST_PAGE]);
    }
    if (how->peers) {
        fit_window(&p->config);
    }
    prog_fixup(p);
    return rc == -E2BIG ? 0 : rc;
}
