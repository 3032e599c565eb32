/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The invariants of layer.md section 13. Pure functions over what a step left behind: they see
 * regions and traces, never a layer, a table or a host.
 */
#pragma once

#include "space/space.h"
#include "trace/trace.h"

enum inv_need {
    INV_NEEDS_NOTHING = 0,
    INV_NEEDS_FLAGS = 1, /* page flags before and after */
    INV_NEEDS_HOST = 2,  /* host map of the window after the step */
    INV_NEEDS_HOST_BEFORE = 4,
    INV_NEEDS_CONTENTS = 8, /* a way to read guest bytes */
    INV_NEEDS_MODEL = 16,   /* judged by the runner, step by step, against the guest model */
    INV_NEEDS_FORK = 32,    /* the step is a fork */
    INV_NEEDS_PROGRAM = 64, /* judged by the runner at the end of a program */
    INV_NEEDS_RUNS = 128,   /* speaks of several runs: not judged in one */
};

enum inv_id {
#define INV(id, name, needs, cost, title) INV_##id,
#include "inv/inv.def"
#undef INV
    INV_COUNT,
};

struct inv_desc {
    const char *name; /* as in layer.md: "host-agrees-gt" */
    unsigned needs;
    const char *cost; /* "calls", "runs", "pages": what the check's own cost grows with */
    const char *title;
};
extern const struct inv_desc inv_descs[INV_COUNT];

/* How invariants read guest memory; addresses are guest addresses. */
struct inv_memory {
    void *arg;
    /* Whatever the rights; 0 or negative if nothing is mapped or the page lies past EOF. */
    int (*peek)(void *arg, gaddr at, void *buf, size_t len);
    /* The file's bytes now, through the descriptor. Bytes read or negative. */
    int64_t (*file)(void *arg, unsigned file, void *buf, size_t len, uint64_t offset);
    /*
     * What the file's bytes were before any store: the pattern, or zeros where a big file has none.
     * NULL: the pattern everywhere.
     */
    void (*fresh)(void *arg, unsigned file, uint64_t offset, void *buf, size_t len);
};

struct inv_ledger; /* inv/ledger.h: what the program's own calls say about contents */

/*
 * Everything a check may look at. Vectors are normalised, cut to the window and to the unit they
 * speak of; addresses are the guest's (a host address minus guest_base), but for those inside
 * struct trace_call.
 */
struct inv_ctx {
    const struct space *space;
    enum abi_system system;
    const struct prog *prog;
    const struct trace_step *step;
    const struct region_vec *flags_before;
    const struct region_vec *flags_after;
    const struct region_vec *host_before; /* NULL if not read */
    const struct region_vec *host_after;  /* NULL if not read */
    /* What the emulator itself held in the window at the program's start; NULL: nothing. */
    const struct region_vec *host_start;
    const struct inv_memory *memory; /* NULL if contents are not checked */
    /* One per program, also without memory: inv_check keeps it up to date; NULL: none. */
    struct inv_ledger *ledger;
    bool real_host; /* real kernel: refusals by rlimits and overcommit may happen */
    bool no_remap;  /* the host has no mremap: what the guest's moves is copied */
};

struct inv_violation {
    enum inv_id id;
    bool has_range;
    struct range where; /* first bad guest pages */
    int owed;           /* of an outcome: the neutral errno that it had to be, 0 none */
    struct buf text;    /* one sentence: what is, what should be */
};

/*
 * Run every invariant whose needs CTX meets, then let the ledger learn from the step. To be called
 * once for each step, in order, also for those that failed, for fork (in both processes) and for
 * wait. 0: all hold; 1: the first violation, by row order, in *RET (text to be freed with
 * buf_free). Nothing is allocated unless something is violated.
 */
int inv_check(const struct inv_ctx *ctx, struct inv_violation *ret);
/* One alone, without teaching the ledger. 0 as well if CTX does not meet its needs. */
int inv_check_one(enum inv_id id, const struct inv_ctx *ctx, struct inv_violation *ret);
enum inv_id inv_find(const char *name); /* INV_COUNT if unknown */
