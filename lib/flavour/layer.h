/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ABI of a translation layer: both flavours implement it, and so does a shared object given as
 * so:PATH, which exports `const struct layer_ops twinmap_layer`. Self-contained together with
 * host/host.h.
 *
 * Conventions. Addresses are guest addresses. prot and flags are the numbers of the layer's own
 * guest system (abi/abi.h: linux_mapflag, freebsd_mapflag, msync and madvise alike); mremap flags
 * are Linux's. A call that fails returns LAYER_FAILED (address calls) or -1, with errno (numbers of
 * the system twinmap runs on) written by this call. No argument of mmap, munmap, mprotect, mremap,
 * msync, madvise may crash the layer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* A table of version 1, which ends before copy, is taken too. */
#define LAYER_ABI_VERSION 2
#define LAYER_SYMBOL "twinmap_layer"
#define LAYER_FAILED UINT64_MAX

/* Everything a layer is told when a program starts. */
struct layer_setup {
    uint32_t size; /* sizeof(struct layer_setup) of the caller */
    unsigned bits;
    uint64_t guest_page;  /* T */
    uint64_t host_page;   /* H */
    uint64_t real_page;   /* R */
    uint64_t guest_base;  /* host address of guest address 0 */
    uint64_t reserved_va; /* 0, or the placeholder is already laid out over [0, reserved_va) */
    uint64_t window_last; /* last guest address the guest may use */
    uint64_t min_addr;    /* lowest address mmap may place at (Linux) */
    struct host *host;    /* all contact with the system */
    void *arg;            /* passed to the hooks below; each may be NULL */
    /* guest addresses, inclusive */
    void (*tb_invalidate)(void *arg, uint64_t start, uint64_t last);
    void (*log)(void *arg, const char *line); /* NULL: logging is off and free */
};

/* One run of the page-flag table, for dumps and checkers. */
struct layer_run {
    uint64_t start;
    uint64_t last;
    uint8_t flags; /* PAGE_READ 1, WRITE 2, EXEC 4, VALID 8, WRITE_ORG 0x10 */
    uint8_t kind;  /* 0 anonymous, 1 file, 2 guard */
    uint8_t shared;
    uint8_t snapshot; /* a copy that stands for a shared object */
    uint64_t object;
    uint64_t offset;
};

struct layer_counters {
    uint64_t locks;   /* times mmap_lock took the mutex (depth 0 to 1), fork_start included */
    uint64_t unlocks; /* times it was released, fork_end included */
    uint64_t lookups; /* page-flag look-ups */
    int depth;        /* of the calling thread */
};

struct layer; /* the layer's own state, opaque here */

struct layer_ops {
    uint32_t abi_version; /* LAYER_ABI_VERSION */
    const char *name;     /* as on the command line */
    const char *system;   /* "linux" or "freebsd" */

    /* New layer; NULL without memory. destroy takes NULL. */
    struct layer *(*create)(void);
    void (*destroy)(struct layer *l);
    /*
     * Begin with empty tables under SETUP (copied). 0 or a negative errno if it cannot work so. May
     * be called again at any time, also after a call was left by longjmp with the lock held.
     */
    int (*start)(struct layer *l, const struct layer_setup *setup);

    uint64_t (*mmap)(struct layer *l, uint64_t start, uint64_t len, int prot, uint32_t flags,
                     int fd, uint64_t offset);
    int (*munmap)(struct layer *l, uint64_t start, uint64_t len);
    int (*mprotect)(struct layer *l, uint64_t start, uint64_t len, int prot);
    /* NULL where the system has no such call. */
    uint64_t (*mremap)(struct layer *l, uint64_t old_addr, uint64_t old_size, uint64_t new_size,
                       uint32_t flags, uint64_t new_addr);
    int (*msync)(struct layer *l, uint64_t start, uint64_t len, uint32_t flags);
    int (*madvise)(struct layer *l, uint64_t start, uint64_t len, uint32_t advice);

    void (*mmap_lock)(struct layer *l);
    void (*mmap_unlock)(struct layer *l);
    bool (*have_mmap_lock)(struct layer *l);
    /* 0, or -EDEADLK under the caller's own lock, with nothing changed. */
    int (*mmap_fork_start)(struct layer *l);
    void (*mmap_fork_end)(struct layer *l, bool child);

    /*
     * The translator made code from the page at ADDR: it becomes TB-protected if it was writable.
     * 0, or -1 if the page is not VALID with X.
     */
    int (*translate)(struct layer *l, uint64_t addr);
    /*
     * The fault handler met a store at ADDR: 1 if it was a TB-protected page and the store may be
     * retried, 0 if the fault is the guest's.
     */
    int (*page_unprotect)(struct layer *l, uint64_t addr);

    /*
     * Call EMIT for each run in order, under the lock; stops at the first non-zero answer and
     * returns it.
     */
    int (*page_dump)(struct layer *l, int (*emit)(void *arg, const struct layer_run *run),
                     void *arg);
    void (*counters)(struct layer *l, struct layer_counters *ret);

    /*
     * Since version 2. TO, which create made, whatever is in it, becomes a second layer in the
     * state of FROM as the child of a fork has it: mmap_fork_start was called for FROM, so for TO
     * mmap_fork_end with CHILD comes next. 0, or -ENOMEM with TO good for start and copy only.
     * NULL: programs that fork cannot run on a simulated host, which forks within one process.
     */
    int (*copy)(struct layer *to, const struct layer *from);
};

/* Whether there is a copy; a table of version 1 is not looked at behind its end. */
static inline bool layer_can_copy(const struct layer_ops *ops)
{
    return ops->abi_version >= 2 && ops->copy;
}
