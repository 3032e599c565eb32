/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts that wrap a host. Built inside out: record(fault(guard(real))), each layer optional. peek
 * passes all of them untouched: it is a checker's call, never a layer's.
 */
#pragma once

#include "host/host.h"
#include "region/call.h"

/*
 * guard: refuses with -EFAULT, before it is made, every call that would change or reach memory
 * outside the window's image. A map without FIXED must have its hint inside (or none) and may land
 * elsewhere; that one block, a rejected probe, may be unmapped again by its exact range, and while
 * it exists no second one is let through. A remap that lets the host choose the place (MAYMOVE
 * without FIXED) is refused.
 */
struct host_guard {
    struct host host; /* first: a host_guard is a host */
    struct host *inner;
    uint64_t first, last;           /* the window's image, inclusive host addresses */
    uint64_t probe_addr, probe_len; /* block the host chose outside; probe_len 0: none */
    unsigned refused;               /* calls refused since the last reset of this counter */
};
/* Refuses everything until the window is set. */
void host_guard_init(struct host_guard *g, struct host *inner);
/*
 * Before a program: new bounds, counter 0, a probe left behind given back. True if there was one.
 */
bool host_guard_begin(struct host_guard *g, uint64_t first, uint64_t last);

/*
 * fault: fails the N-th call (counted from 1) since it was armed, once, with ERR; that call never
 * reaches the inner host. Every call counts but peek.
 */
struct host_fault_injector {
    struct host host;
    struct host *inner;
    uint64_t fail_at; /* 0: off */
    int err;          /* positive errno of this system */
    uint64_t count;   /* calls since host_fault_arm */
    bool fired;
};
void host_fault_init(struct host_fault_injector *f, struct host *inner);
/* NTH 0 switches off. */
void host_fault_arm(struct host_fault_injector *f, uint64_t nth, int err);

/*
 * record: the list of calls since the last clear, memory reused. fstat and pread have the
 * descriptor in addr2, pread the offset in len2 and the bytes read in result. Finds by itself the
 * guard and the injector it stands on, directly or one inside the other, and marks what they
 * refused or injected.
 */
struct host_recorder {
    struct host host;
    struct host *inner;
    const struct host_guard *guard;          /* NULL: none below */
    const struct host_fault_injector *fault; /* NULL: none below */
    struct trace_call *v;
    size_t n, cap;
    size_t dropped; /* calls that found no memory to be recorded in */
};
void host_record_init(struct host_recorder *r, struct host *inner);
void host_record_free(struct host_recorder *r);
static inline void host_record_clear(struct host_recorder *r)
{
    r->n = 0;
    r->dropped = 0;
}

/* H as a guard or an injector, NULL if it is another kind of host. */
const struct host_guard *host_as_guard(const struct host *h);
const struct host_fault_injector *host_as_fault(const struct host *h);
