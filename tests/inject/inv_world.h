/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hand-made steps for the invariants: a small window drawn as rulers, one character per page
 * beginning at 0x10000, the calls and invalidations of one op, and memory that can be read.
 * Everything not drawn is free, and on the host placeholder or hole as reserved_va says.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "inv/inv.h"
#include "inv/ledger.h"

enum {
    WORLD_START = 0x10000, /* where rulers begin */
    WORLD_SIZE = 0x100000, /* of the window */
    WORLD_CALLS = 128,
    WORLD_TBS = 8,
    WORLD_REGIONS = 64,
    WORLD_FILE = 0x8000, /* bytes of f0 at most */
};
#define WORLD_BASE UINT64_C(0x70000000) /* guest_base */

struct world {
    struct space space;
    struct op op;
    struct prog_file files[2];
    struct prog prog;
    struct trace_step step;
    struct region flags[2][WORLD_REGIONS], host[2][WORLD_REGIONS];
    struct region_vec flags_before, flags_after, host_before, host_after;
    struct trace_call calls[WORLD_CALLS];
    struct trace_tb tbs[WORLD_TBS];
    uint8_t memory[WORLD_SIZE - WORLD_START];
    uint8_t file[WORLD_FILE];
    uint64_t unreadable; /* address of a page that peek refuses, 0 none */
    struct inv_memory reader;
    struct inv_ledger *ledger;
    struct inv_ctx ctx;
};

/*
 * Page sizes T, H, R; reserved_va on or off; f0 is RDWR with WORLD_FILE bytes of pattern, f1 the
 * same read-only.
 */
void world_init(struct world *w, uint64_t guest, uint64_t host, uint64_t real, bool reserved);
void world_free(struct world *w);

/*
 * Guest pages: '.' free, 'n' VALID, 'r', 'w' rw, 'x' r-x, 'X' rwx, 'o' -w-, 't' TB-protected (r-x
 * with WRITE_ORG), 'g' guard; private anonymous, or a file's: 'F' r-- private, 'P' rw- private, 'R'
 * r-- shared, 'S' rw- shared, 'Z' r-- snapshot; 'A' rw- shared anonymous.
 */
void world_flags(struct world *w, const char *before, const char *after);
/*
 * Real host pages: '.' hole, '-' none, 'r', 'w' rw, 'o' -w-, 'x' r-x; files: 'F' r--, 'P' rw-, 'R'
 * r-- shared, 'S' rw- shared.
 */
void world_host(struct world *w, const char *before, const char *after);

/*
 * The op of the step, with its arguments as the layer got them; the outcome is success with VALUE.
 */
void world_op(struct world *w, enum op_kind kind, uint64_t value, size_t n, const uint64_t *arg);
#define WORLD_OP(w, kind, value, ...) \
    world_op((w), (kind), (value), sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), \
             (uint64_t[]){__VA_ARGS__})
void world_fails(struct world *w, int err);
/* One more host call at guest address AT; one more invalidation. */
struct trace_call *world_call(struct world *w, enum call_kind kind, uint64_t at, uint64_t len,
                              int prot, uint32_t flags);
void world_tb(struct world *w, uint64_t first, uint64_t last);
/* From now on contents are looked at: the memory as it is drawn in W->memory and W->file. */
void world_contents(struct world *w);
uint8_t *world_at(struct world *w, uint64_t at);

/*
 * Nothing fires, and the ledger learns the step; exactly ID fires. NAME is printed when that is not
 * so.
 */
void check_world_holds(struct world *w, const char *name);
void world_fires(struct world *w, enum inv_id id, const char *name);
