/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits: the differences between a layer and the guest's kernel that are excused, each with a
 * reason. Pure functions over what a step left behind and over what the kernel would show, both as
 * plain values. No rule ever excuses that bytes got lost: pages the op did not name, and bytes a
 * program stored to a private map, are never excused.
 */
#pragma once

#include "inv/inv.h"

enum limit_where {
    LIMIT_GT = 1, /* H > T */
    LIMIT_LT = 2, /* R < T */
    LIMIT_LINUX = 4,
    LIMIT_FREEBSD = 8,
    LIMIT_PROBE = 16, /* reserved_va off */
    LIMIT_BASED = 32, /* guest_base above 0 */
};

enum limit_id {
#define LIMIT(id, name, where, scope, reason) LIMIT_ID_##id,
#include "inv/limit.def"
#undef LIMIT
    LIMIT_COUNT,
    LIMIT_NONE = LIMIT_COUNT, /* nothing excuses it */
};

struct limit_desc {
    const char *name; /* as in layer.md section 12: "subpage-prot" */
    unsigned where;   /* enum limit_where, all of which must hold */
    const char *scope;
    const char *reason;
};
extern const struct limit_desc limit_descs[LIMIT_COUNT];
enum limit_id limit_find(const char *name); /* LIMIT_NONE if unknown */

/* Bit of a limit in a set of them. */
static inline uint64_t limit_bit(enum limit_id id)
{
    return UINT64_C(1) << id;
}

struct limit_ctx {
    const struct inv_ctx *step; /* memory is not used; ledger: only what the host keeps, or NULL */
    /* What the program had mapped and gave up, to tell apart two limits; NULL: not known. */
    const struct region_vec *left;
    uint64_t off; /* set of limits that do not count */
};

/* What the guest's kernel may answer to a call, as plain values. */
struct limit_allowed {
    bool may_succeed;
    bool place_legal; /* what was returned is a free and legal place at page T */
    size_t n_errs;
    const int *errs; /* neutral */
};

/* Why a call may have ended as it did although ALLOWED does not hold it. */
enum limit_id limit_outcome(const struct limit_ctx *c, const struct limit_allowed *allowed);
/*
 * Why the effect of a call that succeeded is not a kernel's, judged before anything is compared:
 * a stack that is plain memory, an advice without effect, a map where no process may map.
 */
enum limit_id limit_effect(const struct limit_ctx *c);

enum limit_page {
    LIMIT_PAGE_GRANTED,  /* the kernel grants the access */
    LIMIT_PAGE_UNMAPPED, /* nothing is mapped */
    LIMIT_PAGE_REFUSED,  /* mapped without the right */
    LIMIT_PAGE_GUARD,
    LIMIT_PAGE_PAST_EOF,
};
struct limit_access {
    gaddr at;
    bool write;
    bool granted;         /* by the layer */
    enum limit_page page; /* by the kernel */
    uint64_t object;      /* PAST_EOF: the file, the page's offset in it, its size */
    uint64_t offset;
    uint64_t size;
};
/* Why the layer treats a guest's access to one page otherwise than the kernel. */
enum limit_id limit_access(const struct limit_ctx *c, const struct limit_access *a);

/* Why WHERE is KERNEL by the kernel and BOOK by the page flags; NULL: nothing is mapped. */
enum limit_id limit_mapping(const struct limit_ctx *c, struct range where,
                            const struct region *kernel, const struct region *book);

struct limit_bytes {
    gaddr at;          /* first byte that differs */
    bool file, shared; /* by the kernel */
    bool own;          /* the page holds bytes of its own: stored to a private map */
    bool stored;       /* so does the real page: the program stored to it through this map */
    bool follows;      /* what is there is what the file has at OFFSET now */
    uint8_t have;      /* what is there */
    uint64_t offset;   /* of AT in the object */
    uint64_t size;     /* of the file */
    bool changed;      /* the byte at OFFSET of the file is not what it was at the start */
};
/* What lies at AT is nobody's to mend: the host refused an undo there (layer.md 1.4, rule 5). */
bool limit_stuck(const struct limit_ctx *c, gaddr at);
/* Why a byte that the guest could read is not the kernel's. */
enum limit_id limit_bytes(const struct limit_ctx *c, const struct limit_bytes *b);
