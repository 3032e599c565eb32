/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated hosts: a kernel in memory (vm/vm.h) behind the host contract, of any page size from 4
 * to 64 KiB. Deterministic, no system calls, nothing is mapped in this process: host addresses are
 * numbers only. Once warm nothing is allocated.
 *
 * sim-linux and sim-freebsd differ as their kernels do: placement, errno, what mprotect does at a
 * hole, whether there is mremap, whether NOREPLACE is decided by the host.
 */
#pragma once

#include "base/err.h"
#include "host/host.h"
#include "vm/vm.h"

struct sim_host;

struct sim_setup {
    uint64_t page;       /* R */
    uint64_t last;       /* last address of user space; 0: 2^47 - 4097 */
    uint64_t min_addr;   /* 0: 65536 on Linux, one page on FreeBSD */
    uint64_t areas_max;  /* map count limit; 0: none */
    uint64_t bytes_max;  /* address space limit; 0: none */
    uint64_t frames_max; /* bytes of memory in use; 0: 256 MiB. Beyond: -ENOMEM */
    bool exec_only;      /* what has X alone cannot be read (struct vm_params) */
    bool no_merge;       /* keep neighbours apart: finds out who relies on a kernel's merging */
};

int sim_host_new(struct sim_host **ret, enum abi_system system, struct err *e);
/* Takes NULL, returns NULL. */
struct sim_host *sim_host_free(struct sim_host *s);
/* An empty machine with one process and no files; everything before is gone. 0 or -errno. */
int sim_host_begin(struct sim_host *s, const struct sim_setup *setup, struct err *e);
/* The host; the same pointer always. host.page is that of the last begin. */
struct host *sim_host_host(struct sim_host *s);
/* A file, open: its descriptor or -ENOMEM. It stays open until the next begin. */
int sim_host_file(struct sim_host *s, const struct vm_file_spec *spec);
/*
 * Memory of somebody else in the current process, as the emulator's own: whole pages, readable and
 * writable. 0, -EEXIST where something is, or what a map answers.
 */
int sim_host_foreign(struct sim_host *s, uint64_t addr, uint64_t len);
/* The current process. */
struct vm_proc *sim_host_proc(struct sim_host *s);
struct vm *sim_host_vm(struct sim_host *s);
/*
 * fork: a child that is the current process until sim_host_exit, which goes back to its parent. 0,
 * or -ENOMEM: no memory, or 16 processes deep. exit is not for the first process.
 */
int sim_host_fork(struct sim_host *s);
void sim_host_exit(struct sim_host *s);
