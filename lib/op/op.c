/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/op.h"

#include <string.h>

/* ARG_NONE in front, because an op without arguments must not leave an empty list. */
#define COUNT_ARGS(...) (sizeof((uint8_t[]){ARG_NONE, __VA_ARGS__}) - 1)

const struct op_desc op_descs[OP_KIND_COUNT] = {
#define OP(name, result, ...) {#name, OP_RESULT_##result, COUNT_ARGS(__VA_ARGS__), {__VA_ARGS__}},
#include "op/op.def"
#undef OP
};

enum op_kind op_kind_parse(const char *name, size_t len)
{
    unsigned k = 0;

    while (k < OP_KIND_COUNT &&
           (strlen(op_descs[k].name) != len || memcmp(op_descs[k].name, name, len) != 0)) {
        k++;
    }
    return (enum op_kind)k;
}

unsigned op_args_used(const struct op *op)
{
    const struct op_desc *d = &op_descs[op->kind];
    unsigned n = d->n_args;

    if (n > 1 && d->arg[n - 1] == ARG_ADDR_OPT &&
        !(op->arg[n - 2].num & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP))) {
        n--;
    }
    return n;
}
