/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the minimiser only. A pass takes a copy of the smallest program so far, simplifies it and
 * asks; if the answer is yes the copy is the smallest from then on. Each pass simplifies in one
 * direction, so that passes taking turns come to an end.
 */
#pragma once

#include "base/buf.h"
#include "base/range.h"
#include "minimise.h"

/* Where fixed maps go: aligned for every page size, above what systems keep free. */
#define MINIMISE_BASE UINT64_C(0x10000)
#define MINIMISE_FLAGS (ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS)

struct minimiser {
    const struct minimise_options *o;
    struct minimise_stats *stats;
    struct err *e;
    int rc; /* negative: the world failed */
    uint64_t budget;
    bool changed;      /* something was taken since this was reset */
    struct prog best;  /* the smallest that fails */
    struct prog trial; /* the candidate */
    struct buf bytes;  /* of a candidate */
    struct {
        uint64_t *v;
        size_t n, cap; /* CAP is 0 or a power of two */
    } asked;           /* hashes of all candidates so far, open addressing */
};

/* A copy of the smallest, to be simplified. Passes only take away: it never grows. */
struct prog *minimise_trial(struct minimiser *m);
/* Whether the candidate fails too; then it is the smallest. */
bool minimise_ask(struct minimiser *m);
/* The same after a change that lets it fail a little otherwise. */
bool minimise_ask_after(struct minimiser *m, enum minimise_change change);
/*
 * Names of results counted from r0 in order, none that nobody uses; no unused files at the end, no
 * configuration that is the default. Changes nothing of what P does.
 */
void minimise_tidy(struct prog *p);

/* minimise_drop.c: whole ops. */
void minimise_cut(struct minimiser *m);       /* all behind the one that fails */
void minimise_unrelated(struct minimiser *m); /* what the last has nothing to do with */
void minimise_forks(struct minimiser *m);
void minimise_drop(struct minimiser *m); /* any, in chunks, then one by one */

/* Ops to be dropped. */
struct minimise_marks {
    bool v[PROG_OPS_MAX];
};
/* Drop them; what expects a result that goes with them expects nothing any more. */
void minimise_remove(struct prog *p, const struct minimise_marks *drop);

/* minimise_order.c: small programs that do the same become the same. */
void minimise_merge(struct minimiser *m); /* two ops in one */
void minimise_order(struct minimiser *m); /* places and ops in a fixed order */

/* minimise_head.c */
void minimise_config(struct minimiser *m);
void minimise_conditions(struct minimiser *m); /* requirements and expectations */
void minimise_files(struct minimiser *m);

/* minimise_place.c: results and absolute addresses become addresses of the window. */
void minimise_names(struct minimiser *m);  /* of fixed maps: the same address said otherwise */
void minimise_placed(struct minimiser *m); /* placed maps become fixed ones */

/* minimise_squeeze.c: all addresses move together. */
void minimise_squeeze(struct minimiser *m);

/* minimise_args.c: one argument at a time. */
void minimise_args(struct minimiser *m);

/* minimise_op.c: ops become simpler ones that do part of the same. */
void minimise_ops(struct minimiser *m);

/* minimise_span.c: which bytes the ops of a program name. */
struct minimise_space {
    uint8_t base; /* enum value_base of addresses */
    uint16_t ref;
};

struct minimise_span {
    struct minimise_space space;
    uint64_t start;
    uint64_t len;     /* 0: an address alone */
    int8_t addr, arg; /* arguments of the op it comes from; ADDR -1: the op's result */
};
enum { MINIMISE_SPANS_MAX = 4 };
/* The spans of OP; their number. Lengths that pass the end of all addresses count as 0. */
unsigned minimise_spans(const struct op *op, struct minimise_span *ret);
bool minimise_space_equal(struct minimise_space a, struct minimise_space b);

/* Edges of pages, sorted, each once. Those beyond what fits are left out. */
enum { MINIMISE_EDGES_MAX = 256 };
struct minimise_edges {
    uint64_t v[MINIMISE_EDGES_MAX];
    size_t n;
};
/* First and behind-last page of all spans of P in SPACE. */
void minimise_edges(const struct prog *p, struct minimise_space space, struct minimise_edges *ret);

static inline uint64_t minimise_page(const struct prog *p)
{
    return p->config.value[CONFIG_GUEST_PAGE];
}

/* Whether argument K of OP is there, of kind KIND. */
static inline bool minimise_has(const struct op *op, unsigned k, enum arg_kind kind)
{
    return k < op_args_used(op) && op_descs[op->kind].arg[k] == kind;
}
