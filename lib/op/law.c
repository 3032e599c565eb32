/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/law.h"

#include <errno.h>

const struct law_desc laws[LAW_COUNT] = {
#define LAW(id, name, title) {name, title},
#include "op/law.def"
#undef LAW
};

/* Anonymous memory without a word about how it is placed, grown, filled or backed. */
#define PLAIN_ANON (ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED)
#define PLAIN_FILE (ABI_MAP_PRIVATE | ABI_MAP_SHARED | ABI_MAP_FIXED)

void law_pair_free(struct law_pair *pair)
{
    prog_free(&pair->a);
    prog_free(&pair->b);
}

static struct value number(uint64_t v)
{
    return (struct value){.base = VALUE_NUM, .num = v};
}

static struct value moved(struct value v, uint64_t by)
{
    v.num += by;
    return v;
}

/* OP as an extra step: nobody names its result. */
static struct op extra(struct op op)
{
    op.result = OP_NO_RESULT;
    return op;
}

/* Put N extra steps behind op AT of B. */
static int insert_behind(struct law_pair *ret, const struct op *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = prog_insert(&ret->b, ret->at + 1 + i, &ops[i]);

        if (rc < 0) {
            return rc == -E2BIG ? 0 : rc;
        }
    }
    ret->extra = n;
    return 1;
}

/* The effects are compared when the op is done: what comes later may tell one mapping from two. */
static int split_map(const struct op *op, uint64_t page, struct law_pair *ret)
{
    bool anon = op->arg[3].num & ABI_MAP_ANONYMOUS;
    struct op first = *op;
    struct op second = extra(*op);
    uint64_t len = op->arg[1].num;

    if (op->kind != OP_mmap || op->arg[1].base != VALUE_NUM || len <= page ||
        !(op->arg[3].num & ABI_MAP_FIXED) ||
        (op->arg[3].num & ~(uint64_t)(anon ? PLAIN_ANON : PLAIN_FILE))) {
        return 0;
    }
    prog_remove(&ret->a, ret->at + 1, ret->a.ops.n - ret->at - 1);
    prog_remove(&ret->b, ret->at + 1, ret->b.ops.n - ret->at - 1);
    first.arg[1] = number(page);
    second.arg[0] = moved(op->arg[0], page);
    second.arg[1] = number(len - page);
    second.arg[5] = anon ? op->arg[5] : moved(op->arg[5], page);
    ret->b.ops.v[ret->at] = first;
    return insert_behind(ret, &second, 1);
}

static int again(const struct op *op, enum op_kind kind, struct law_pair *ret)
{
    const struct op same = extra(*op);

    return op->kind == kind ? insert_behind(ret, &same, 1) : 0;
}

/* Op AT is a map whose result has a name: an extra call over just what it mapped. */
static int over_map(const struct op *op, struct op call, struct law_pair *ret)
{
    if (op->kind != OP_mmap || op->result == OP_NO_RESULT || op->arg[1].num == 0 ||
        (!(op->arg[3].num & ABI_MAP_ANONYMOUS) && op->arg[5].num != 0)) {
        return 0;
    }
    call.result = OP_NO_RESULT;
    call.arg[0] = (struct value){.base = VALUE_RESULT, .ref = op->result};
    call.arg[1] = op->arg[1];
    return insert_behind(ret, &call, 1);
}

static int map_unmap(struct range free, struct law_pair *ret)
{
    const struct value at = {.base = VALUE_WINDOW, .num = free.start};
    const struct op ops[] = {
        {.kind = OP_mmap,
         .result = OP_NO_RESULT,
         .arg = {at, number(range_len(free)), number(ABI_PROT_READ | ABI_PROT_WRITE),
                 number(PLAIN_ANON), number(UINT64_MAX), number(0)}},
        {.kind = OP_munmap, .result = OP_NO_RESULT, .arg = {at, number(range_len(free))}},
    };

    return insert_behind(ret, ops, 2);
}

static int apply(enum law law, const struct op *op, uint64_t page, struct range free,
                 struct law_pair *ret)
{
    switch (law) {
    case LAW_SPLIT_MAP:
        return split_map(op, page, ret);
    case LAW_UNMAP_TWICE:
        return again(op, OP_munmap, ret);
    case LAW_PROTECT_AGAIN:
        return again(op, OP_mprotect, ret);
    case LAW_REMAP_SAME:
        return over_map(op, (struct op){.kind = OP_mremap, .arg[2] = op->arg[1]}, ret);
    case LAW_SYNC:
        return over_map(op, (struct op){.kind = OP_msync, .arg[2] = number(ABI_MS_ASYNC)}, ret);
    case LAW_MAP_UNMAP:
        return map_unmap(free, ret);
    default:
        return 0;
    }
}

int law_apply(enum law law, const struct prog *p, size_t at, uint64_t page, struct range free,
              struct law_pair *ret)
{
    const struct op op = p->ops.v[at];

    if (prog_copy(&ret->a, p) < 0) {
        return -ENOMEM;
    }
    prog_drop_expectations(&ret->a);
    if (prog_copy(&ret->b, &ret->a) < 0) {
        return -ENOMEM;
    }
    ret->at = at;
    ret->extra = 0;
    return apply(law, &op, page, free, ret);
}
