/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging an outcome against what its program expects. */
#include "trace/trace.h"

#include <signal.h>

static const char *mismatch_signal(const struct outcome *o, int signal)
{
    if (o->kind != OUTCOME_SIGNAL) {
        return o->kind == OUTCOME_FAIL ? "success" : "failure";
    }
    return o->signal == signal ? NULL : "signal";
}

static const char *mismatch_value(const struct outcome *o, uint64_t expected, enum op_kind kind)
{
    if (o->kind != OUTCOME_OK) {
        return "success";
    }
    if (kind == OP_load && o->mixed) {
        return "value";
    }
    return o->value == expected ? NULL : "value";
}

static const char *mismatch_failure(const struct outcome *o, const struct expect *x)
{
    if (o->kind != OUTCOME_FAIL) {
        return o->kind == OUTCOME_SIGNAL ? "signal" : "failure";
    }
    return x->kind == EXPECT_FAIL || o->err == x->err ? NULL : "errno";
}

const char *outcome_mismatch(const struct outcome *o, const struct expect *x,
                             uint64_t expected_value, enum op_kind kind)
{
    if (x->kind == EXPECT_NONE || o->kind == OUTCOME_NOT_RUN || o->kind == OUTCOME_SKIPPED) {
        return NULL;
    }
    if (o->kind == OUTCOME_CRASH) {
        return "crash";
    }
    if (o->kind == OUTCOME_HANG) {
        return "hang";
    }
    switch (x->kind) {
    case EXPECT_OK:
        return o->kind == OUTCOME_OK ? NULL : "success";
    case EXPECT_VALUE:
        return mismatch_value(o, expected_value, kind);
    case EXPECT_SIGSEGV:
        return mismatch_signal(o, SIGSEGV);
    case EXPECT_SIGBUS:
        return mismatch_signal(o, SIGBUS);
    default:
        return mismatch_failure(o, x);
    }
}
