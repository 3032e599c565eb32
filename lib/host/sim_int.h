/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the simulated hosts: sim.c has their life, sim_calls.c their calls. */
#pragma once

#include "host/sim.h"

#define SIM_PROCS_MAX 16 /* a process and its line of descendants */

struct sim_host {
    struct host host; /* first: a sim_host is a host */
    enum abi_system system;
    struct vm *vm;
    struct vm_proc *procs[SIM_PROCS_MAX]; /* each the child of the one before */
    unsigned n_procs;                     /* 0: no begin yet */
    struct region_vec regions;            /* of one look at the map, memory reused */
};

static inline struct vm_proc *sim_current(const struct sim_host *s)
{
    return s->procs[s->n_procs - 1];
}

extern const struct host_ops sim_linux_ops;
extern const struct host_ops sim_freebsd_ops;
