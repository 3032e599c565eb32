/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ops become simpler ones that do part of the same: what goes wrong in a call that others are made
 * of goes wrong in them too, and shall have one name.
 */
#include "minimise_int.h"

static struct value moved(struct value v, uint64_t by)
{
    v.num += by;
    return v;
}

/* Op I becomes KIND over [ADDR, ADDR + LEN). */
static bool ask_op(struct minimiser *m, size_t i, enum op_kind kind, struct value addr,
                   uint64_t len)
{
    bool fails = i + 1 == m->best.ops.n;
    struct prog *p = minimise_trial(m);
    struct op *op = &p->ops.v[i];
    struct op simple = {.kind = (uint8_t)kind, .result = OP_NO_RESULT};

    simple.arg[0] = addr;
    simple.arg[1].num = len;
    if (kind == OP_mmap) {
        simple.arg[2].num = ABI_PROT_READ | ABI_PROT_WRITE;
        simple.arg[3].num = MINIMISE_FLAGS;
        simple.arg[4].num = UINT64_MAX;
        simple.result = op->result;
    }
    *op = simple;
    return minimise_ask_after(m, fails ? MINIMISE_OP : MINIMISE_NOTHING);
}

/* What is cut off, what is left behind, what is put over. */
static void simplify_mremap(struct minimiser *m, size_t i)
{
    const struct op op = m->best.ops.v[i];
    uint64_t old_len = op.arg[1].num;
    uint64_t new_len = op.arg[2].num;
    struct value to = op.arg[4];
    uint64_t kept;

    if (u64_align_up(new_len, minimise_page(&m->best), &kept) && kept < old_len &&
        ask_op(m, i, OP_munmap, moved(op.arg[0], kept), old_len - kept)) {
        return;
    }
    if (ask_op(m, i, OP_munmap, op.arg[0], old_len) || !(op.arg[3].num & ABI_MREMAP_FIXED)) {
        return;
    }
    if (!ask_op(m, i, OP_munmap, to, new_len)) {
        (void)ask_op(m, i, OP_mmap, to, new_len);
    }
}

void minimise_ops(struct minimiser *m)
{
    for (size_t i = 0; i < m->best.ops.n; i++) {
        const struct op *op = &m->best.ops.v[i];

        switch ((enum op_kind)op->kind) {
        case OP_store:
            (void)ask_op(m, i, OP_load, op->arg[0], op->arg[1].num);
            break;
        case OP_madvise:
            (void)ask_op(m, i, OP_mmap, op->arg[0], op->arg[1].num);
            break;
        case OP_mremap:
            simplify_mremap(m, i);
            break;
        default:
            break;
        }
    }
}
