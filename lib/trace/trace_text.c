/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outcomes as text, in program syntax where there is one. */
#include "trace/trace.h"

#include <inttypes.h>
#include <signal.h>

static void print_ok(const struct outcome *o, enum op_kind kind, struct buf *out)
{
    switch (op_descs[kind].result) {
    case OP_RESULT_ADDR:
        buf_fmt(out, " = @0x%" PRIx64, o->value);
        break;
    case OP_RESULT_BYTE:
        if (o->mixed) {
            buf_str(out, " = ok");
        } else {
            buf_fmt(out, " = 0x%" PRIx64, o->value);
        }
        break;
    case OP_RESULT_ZERO:
        /* An access has no return value: it happened, or it faulted. */
        buf_str(out, kind == OP_store || kind == OP_exec ? " = ok" : " = 0");
        break;
    case OP_RESULT_NONE:
        break;
    }
}

static void print_fail(const struct outcome *o, struct buf *out)
{
    const char *name = o->err > 0 ? abi_errno_name(o->err) : NULL;

    buf_str(out, " = -1");
    if (name) {
        buf_fmt(out, " %s", name);
    } else if (o->err == 0) {
        buf_str(out, " # errno not written");
    } else {
        buf_fmt(out, " # errno %d", o->err);
    }
    if (o->value != UINT64_MAX) {
        buf_fmt(out, "%s returned 0x%" PRIx64, name ? " #" : ",", o->value);
    }
}

const char *outcome_signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGABRT:
        return "SIGABRT";
    case SIGILL:
        return "SIGILL";
    case SIGFPE:
        return "SIGFPE";
    case SIGTRAP:
        return "SIGTRAP";
    default:
        return NULL;
    }
}

/* The two signals a program can expect are syntax, any other one is a comment. */
static void print_signal(int signal, const char *prefix, struct buf *out)
{
    const char *name = outcome_signal_name(signal);

    if (name) {
        buf_fmt(out, "%s%s", prefix, name);
    } else {
        buf_fmt(out, "%ssignal %d", prefix, signal);
    }
}

void outcome_print(const struct outcome *o, enum op_kind kind, struct buf *out)
{
    switch ((enum outcome_kind)o->kind) {
    case OUTCOME_NOT_RUN:
        buf_str(out, " # not run");
        break;
    case OUTCOME_SKIPPED:
        buf_str(out, " # skipped");
        break;
    case OUTCOME_OK:
        print_ok(o, kind, out);
        break;
    case OUTCOME_FAIL:
        print_fail(o, out);
        break;
    case OUTCOME_SIGNAL:
        print_signal(o->signal, o->signal == SIGSEGV || o->signal == SIGBUS ? " = " : " # ", out);
        break;
    case OUTCOME_CRASH:
        print_signal(o->signal, " # crash: ", out);
        break;
    case OUTCOME_HANG:
        buf_str(out, " # hang");
        break;
    }
}
