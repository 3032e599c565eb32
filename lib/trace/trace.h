/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened: per step the outcome, the host calls, the TB invalidations, and the maps before
 * and after.
 */
#pragma once

#include "op/resolve.h"
#include "region/call.h"
#include "region/region.h"

enum outcome_kind {
    OUTCOME_NOT_RUN, /* the op was not reached */
    OUTCOME_SKIPPED, /* cannot be said on this target, or names a result that does not exist */
    OUTCOME_OK,      /* value: guest address, 0, or the byte a load saw */
    OUTCOME_FAIL,    /* -1; err */
    OUTCOME_SIGNAL,  /* a guest access faulted; signal */
    OUTCOME_CRASH,   /* the layer itself raised signal: never legal */
    OUTCOME_HANG,    /* the layer did not return: never legal */
};

struct outcome {
    uint8_t kind;   /* enum outcome_kind */
    bool mixed;     /* load: success, bytes not all equal; value is the first */
    bool has_at;    /* SIGNAL: at is known */
    int err;        /* neutral errno; 0 on a failure that wrote none */
    int signal;     /* SIGSEGV, SIGBUS, ... of this system */
    uint64_t value; /* on FAIL: what the call returned (all ones when it keeps the convention) */
    uint64_t at;    /* SIGNAL: first byte that could not be accessed */
};

struct trace_tb {
    struct range r; /* guest addresses */
};

struct trace_lock {
    int depth_before, depth_after;
    uint64_t locks, unlocks, lookups; /* during the step */
};

struct trace_step {
    size_t op;        /* index in the program */
    unsigned process; /* 0 the parent, counted up per fork */
    struct op_args args; /* what the layer was given: a descriptor is the real one */
    struct outcome outcome;
    struct trace_lock lock;
    uint64_t n_calls; /* host calls it made */
    uint64_t excused; /* set of limits (inv/limit.h) that excused something in it */
    bool poisoned;    /* some of it could not be compared: nobody knows what should be there */
    /* Filled while the step is being checked; of the current step only. */
    struct {
        const struct trace_call *v;
        size_t n;
    } calls;
    struct {
        const struct trace_tb *v;
        size_t n;
    } tbs;
};

/* "SIGSEGV" and the like for those a layer or a guest can raise; NULL for any other. */
const char *outcome_signal_name(int signal);

/*
 * Outcome against expectation: NULL if it holds, else a static word for what differs: "success" (it
 * failed), "failure" (it succeeded), "value", "errno", "signal", "crash", "hang". An op that was
 * skipped or not reached contradicts nothing.
 */
const char *outcome_mismatch(const struct outcome *o, const struct expect *x,
                             uint64_t expected_value, enum op_kind kind);
/*
 * " = @0x1000", " = -1 EINVAL", " = SIGSEGV" in program syntax; what has none is a comment behind
 * it, so that a printed trace is a program again: " # skipped", " = -1 # errno not written".
 * Nothing for ops without a result.
 */
void outcome_print(const struct outcome *o, enum op_kind kind, struct buf *out);
