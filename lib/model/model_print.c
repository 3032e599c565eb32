/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict's set in program syntax, for reports. */
#include <inttypes.h>
#include <signal.h>

#include "model/model_int.h"

static void print_errno(int err, struct buf *out)
{
    const char *name = abi_errno_name(err);

    if (name) {
        buf_fmt(out, "-1 %s", name);
    } else {
        buf_fmt(out, "-1 # errno %d", err);
    }
}

static void print_success(const struct model_verdict *v, enum op_kind kind, struct buf *out)
{
    if (op_descs[kind].result != OP_RESULT_ADDR) {
        buf_str(out, "0");
    } else if (v->reply.any_place) {
        buf_str(out, "ok at any free place");
    } else if (v->reply.took.err == 0) {
        buf_fmt(out, "@0x%" PRIx64, v->reply.took.value);
    } else {
        buf_str(out, "ok");
    }
}

static void print_call(const struct model_verdict *v, enum op_kind kind, struct buf *out)
{
    const char *between = "= ";

    if (v->reply.may_succeed) {
        buf_str(out, between);
        print_success(v, kind, out);
        between = ", or ";
    }
    for (unsigned i = 0; i < v->reply.n_errs; i++) {
        buf_str(out, between);
        print_errno(v->reply.errs[i], out);
        between = ", or ";
    }
}

static void print_access(const struct model_outcome *took, enum op_kind kind, struct buf *out)
{
    if (took->kind == MODEL_SIGNAL) {
        buf_fmt(out, "= %s", took->signal == SIGBUS ? "SIGBUS" : "SIGSEGV");
        if (took->has_at) {
            buf_fmt(out, " at @0x%" PRIx64, took->at);
        }
    } else if (kind == OP_load && took->mixed) {
        buf_fmt(out, "= ok, bytes not all equal, first 0x%" PRIx64, took->value);
    } else if (kind == OP_load) {
        buf_fmt(out, "= 0x%" PRIx64, took->value);
    } else {
        buf_str(out, "= ok");
    }
}

void model_print_allowed(const struct model_verdict *v, enum op_kind kind, struct buf *out)
{
    if (kind == OP_store || kind == OP_load || kind == OP_exec) {
        print_access(&v->took, kind, out);
    } else {
        print_call(v, kind, out);
    }
}
