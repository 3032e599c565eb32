/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values into registers. What cannot be said in the guest system's numbers is refused here, before
 * anybody is called: whether a value is legal is for who is called to say.
 */
#include "op/resolve.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"

void op_results_clear(struct op_results *r)
{
    memset(r->set, 0, r->used * sizeof(r->set[0]));
    r->used = 0;
}

void op_results_copy(struct op_results *to, const struct op_results *from)
{
    op_results_clear(to);
    memcpy(to->value, from->value, from->used * sizeof(from->value[0]));
    memcpy(to->set, from->set, from->used * sizeof(from->set[0]));
    to->used = from->used;
}

void op_results_put(struct op_results *r, const struct op *op, bool ok, uint64_t value)
{
    if (op->result >= PROG_RESULTS_MAX) {
        return;
    }
    r->set[op->result] = ok;
    r->value[op->result] = value;
    r->used = u64_max(r->used, op->result + 1u);
}

/* Lowest bits, as many as a guest register has. */
static uint64_t to_register(const struct op_resolver *how, uint64_t v)
{
    return how->bits == 32 ? (uint32_t)v : v;
}

bool op_resolve_value(const struct op_resolver *how, const struct value *v,
                      const struct op_results *r, uint64_t *ret)
{
    switch ((enum value_base)v->base) {
    case VALUE_NUM:
        *ret = v->num;
        return true;
    case VALUE_WINDOW:
        *ret = how->window + v->num;
        return true;
    case VALUE_RESULT:
        if (v->ref >= PROG_RESULTS_MAX || !r->set[v->ref]) {
            return false;
        }
        *ret = r->value[v->ref] + v->num;
        return true;
    default:
        return false;
    }
}

static bool resolve_fd(const struct op_resolver *how, const struct value *v, struct op_args *args,
                       uint64_t *ret)
{
    if (v->base == VALUE_FILE) {
        if (v->ref >= how->n_files) {
            return false;
        }
        args->file = v->ref;
        *ret = v->ref;
        return true;
    }
    *ret = (int64_t)v->num < 0 ? UINT64_MAX : OP_FD_CLOSED + (v->num & 0xffffff);
    return true;
}

/* A word of flags in the numbers of the guest's system; false if that system cannot say it. */
static bool resolve_flags(const struct op_resolver *how, enum arg_kind kind, uint64_t v,
                          uint64_t *ret)
{
    uint32_t word = (uint32_t)v;
    int rc = 0;

    switch (kind) {
    case ARG_MAPFLAGS:
        rc = abi_mapflags_to_system(how->system, v, &word);
        break;
    case ARG_MSYNCFLAGS:
        rc = abi_msync_to_system(how->system, v, &word);
        break;
    case ARG_ADVICE:
        rc = abi_advice_to_system(how->system, v, &word);
        break;
    default:
        rc = to_register(how, v) > UINT32_MAX ? -ENOTSUP : 0;
    }
    *ret = word;
    return rc == 0;
}

static bool resolve_arg(const struct op_resolver *how, enum arg_kind kind, const struct value *v,
                        const struct op_results *r, struct op_args *args, uint64_t *ret)
{
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
    case ARG_LEN:
    case ARG_ACCESS:
        if (!op_resolve_value(how, v, r, ret)) {
            return false;
        }
        *ret = to_register(how, *ret);
        return true;
    case ARG_PROT:
    case ARG_MAPFLAGS:
    case ARG_MREMAPFLAGS:
    case ARG_MSYNCFLAGS:
    case ARG_ADVICE:
        return resolve_flags(how, kind, v->num, ret);
    case ARG_FD:
        return resolve_fd(how, v, args, ret);
    default:
        *ret = v->num;
        return true;
    }
}

bool op_resolve(const struct op_resolver *how, const struct op *op, const struct op_results *r,
                struct op_args *ret)
{
    const struct op_desc *d = &op_descs[op->kind];

    *ret = (struct op_args){.file = -1};
    if (op->kind == OP_mremap && !how->mremap) {
        return false;
    }
    for (unsigned i = 0; i < d->n_args; i++) {
        if (!resolve_arg(how, (enum arg_kind)d->arg[i], &op->arg[i], r, ret, &ret->arg[i])) {
            return false;
        }
    }
    return true;
}
