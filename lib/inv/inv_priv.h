/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: a step decoded once, walks over region vectors, and how a
 * violation is said. Nobody else includes this.
 */
#pragma once

#include "inv/inv.h"
#include "inv/ledger.h"

/* A step and what its op asks for, decoded once for all checks. */
struct inv_view {
    const struct inv_ctx *ctx;
    const struct space *space;
    const struct trace_step *step;
    const struct outcome *out;
    enum op_kind kind;
    bool is_linux;
    uint64_t guest_page, host_page; /* T, H */
    struct range window;

    bool ok, failed, signal; /* at most one; none: the op did not run to an end */
    size_t n_failed;         /* host calls of the step that failed, rejected hints not counted */
    /*
     * Why no kernel of this system lets this call succeed, judged from its arguments alone; NULL if
     * one may.
     */
    const char *must_fail;

    int prot;    /* mmap, mprotect: R, W, X */
    bool fixed;  /* mmap, mremap: the guest names the place */
    bool placed; /* mmap, mremap: the layer chose (or would have to choose) the place */
    bool excl;   /* EXCL, FIXED_NOREPLACE */
    bool anon, shared, guard; /* mmap: what kind of memory */
    bool keep_old;            /* mremap: old_size 0 or DONTUNMAP leave the old range mapped */
    uint64_t offset;          /* mmap of a file: as given, else 0 */
    uint64_t rem;             /* BSD: offset mod T, which the result carries */
    uint64_t align;           /* mmap: alignment asked for in bytes, 0 none */
    uint64_t block;           /* placed: bytes of the H-rounded block, 0 if that wraps */

    /*
     * Guest pages that the call names, or that it mapped; not cut to the window. mremap: the new
     * range.
     */
    bool has_range;
    struct range range;
    /* mremap: the old range. */
    bool has_from;
    struct range from;
};

void inv_view_init(struct inv_view *v, const struct inv_ctx *ctx);

static inline uint64_t inv_arg(const struct inv_view *v, unsigned i)
{
    return v->step->args.arg[i];
}

/* The guest pages the call names, cut to the window; false if none lies in it. */
bool inv_range_in_window(const struct inv_view *v, struct range *ret);
/* R widened to host pages and cut to the window. */
struct range inv_host_pages(const struct inv_view *v, struct range r);
/* Lowest address that a placed map may have. */
gaddr inv_lowest(const struct inv_view *v);
/*
 * Part of the window that the host can back: guest_base 0 leaves the lowest addresses to the
 * kernel.
 */
struct range inv_backed(const struct inv_view *v);

/* A placed block fits into whole host pages that are free before the step: *RET. */
bool inv_room_left(const struct inv_view *v, struct range *ret);
/* A host call of the step failed with ERR. */
bool inv_host_said(const struct inv_view *v, int err);

/* True if every page of R is VALID in FLAGS; else the first that is not in *HOLE (may be NULL). */
bool inv_all_valid(const struct region_vec *flags, struct range r, uint64_t *hole);
bool inv_any_valid(const struct region_vec *flags, struct range r);

/*
 * A host call as guest addresses: the range it speaks of. False for calls without one (fstat,
 * pread).
 */
bool inv_call_range(const struct inv_view *v, const struct trace_call *c, struct range *ret);
/* A map that may only look for room: not FIXED, or FIXED that replaces nothing; no rights. */
bool inv_call_is_probe(const struct trace_call *c);

/* Walking a vector upwards. */
struct inv_cursor {
    const struct region_vec *v;
    size_t i;
};

static inline struct inv_cursor inv_cursor(const struct region_vec *v, uint64_t at)
{
    return (struct inv_cursor){v, region_lower_bound(v, at)};
}

/*
 * What holds AT, NULL for nothing; *LAST is lowered to the last address for which that stays true.
 * AT must not decrease from call to call.
 */
static inline const struct region *inv_at(struct inv_cursor *c, uint64_t at, uint64_t *last)
{
    const struct region *r;

    while (c->i < c->v->n && c->v->v[c->i].r.last < at) {
        c->i++;
    }
    if (c->i == c->v->n) {
        return NULL;
    }
    r = &c->v->v[c->i];
    if (r->r.start > at) {
        *last = u64_min(*last, r->r.start - 1);
        return NULL;
    }
    *last = u64_min(*last, r->r.last);
    return r;
}

/* Flags of a run, 0 for a free page. */
static inline uint8_t inv_flags(const struct region *r)
{
    return r ? r->flags : 0;
}

static inline bool inv_tb_protected(uint8_t flags)
{
    return (flags & (PAGE_WRITE | PAGE_WRITE_ORG)) == PAGE_WRITE_ORG;
}

/* layer.md 1.4 rule 3: the host rights a page with these flags needs. */
static inline uint8_t inv_need(uint8_t flags)
{
    return (uint8_t)((flags & (PAGE_READ | PAGE_EXEC) ? REGION_R : 0) |
                     (flags & PAGE_WRITE ? REGION_W : 0));
}

/* Flags as "rw- VALID|WRITE_ORG". */
#define INV_FLAGS_TEXT 40
const char *inv_flags_text(uint8_t flags, char buf[INV_FLAGS_TEXT]);
const char *inv_prot_text(unsigned prot, char buf[4]);

/* Say what is wrong; always true, so that a check ends with it. */
__attribute__((format(printf, 2, 3))) bool inv_say(struct inv_violation *ret, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) bool inv_say_at(struct inv_violation *ret, struct range where,
                                                      const char *fmt, ...);

/* The checks: true if violated, with *RET filled. */
typedef bool inv_fn(const struct inv_view *v, struct inv_violation *ret);
inv_fn inv_no_abort, inv_confinement, inv_lock_balance, inv_errno_set, inv_cost_bounded;
inv_fn inv_flag_domain, inv_success_effect, inv_failure_effect, inv_placement_legal,
    inv_tb_invalidated;
inv_fn inv_host_agrees_eq, inv_host_agrees_lt, inv_host_agrees_gt, inv_reservation_whole,
    inv_no_leak;
inv_fn inv_contents_preserved, inv_sharing_kept, inv_fork_consistent;
