/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that wrap a host. Built inside out: record(fault(guard(real))). */
#pragma once

#include "host/host.h"
#include "region/call.h"

/*
 * guard: refuses with -EFAULT, before it is made, every call that would change or reach memory outside WINDOW, host address 0-based
 * range; map without FIXED may land elsewhere and its block may be unmapped again.
 */
struct host_guard {
    struct host host; /* first: a host_guard is a host */
    struct host *inner;
    uint64_t first, last; /* the window's image, inclusive host addresses */
    uint64_t probe_addr, probe_len; /* block the host chose outside; 0 none */
    unsigned refused;     /* calls refused since the last reset of this counter */
};
void host_guard_init(struct host_guard *g, struct host *inner);

/* fault: fails the N-th call (counted from 1) that can fail, once, with ERR; never reaches the inner host. */
struct host_fault_injector {
    struct host host;
    struct host *inner;
    uint64_t fail_at; /* 0: off */
    int err;          /* positive errno of this system */
    uint64_t count;   /* calls since host_fault_arm */
    bool fired;
};
void host_fault_init(struct host_fault_injector *f, struct host *inner);
void host_fault_arm(struct host_fault_injector *f, uint64_t nth, int err);

/* record: the list of calls since the last clear, memory reused. */
struct host_recorder {
    struct host host;
    struct host *inner;
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
