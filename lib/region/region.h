/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mapped, as plain data: one type for the guest's page flags, for the host map as a kernel
 * reports it and for what a program asked for, so that checkers never need the types of what they
 * check.
 */
#pragma once

#include "base/buf.h"
#include "base/range.h"

enum region_prot {
    REGION_R = 1,
    REGION_W = 2,
    REGION_X = 4,
    REGION_RWX = 7,
};

enum region_kind {
    REGION_ANON,    /* anonymous memory; on a host also what cannot be told apart from it */
    REGION_FILE,    /* file, memfd, device */
    REGION_GUARD,   /* MAP_GUARD, or a FreeBSD gd row */
    REGION_SPECIAL, /* [heap], [stack], [vdso] and the like */
    REGION_KIND_COUNT,
};

/* Page flags, numbered as QEMU numbers them (reference: accel/tcg page-protection flags). */
enum page_flag {
    PAGE_READ = 0x1,
    PAGE_WRITE = 0x2,
    PAGE_EXEC = 0x4,
    PAGE_BITS = 0x7,
    PAGE_VALID = 0x8,
    PAGE_WRITE_ORG = 0x10,
};

struct region {
    struct range r;
    uint8_t prot;    /* REGION_R|W|X; for guest pages the low three page flags */
    uint8_t flags;   /* guest pages: PAGE_*; host map: 0 */
    uint8_t kind;    /* enum region_kind */
    bool shared;     /* MAP_SHARED */
    bool snapshot;   /* guest pages: a copy that stands for a shared object */
    bool named;      /* host map: has a path or a bracketed name */
    uint64_t object; /* identity of the file or shared object, 0 for private anonymous memory */
    uint64_t offset; /* offset of r.start in the object; 0 for private anonymous memory */
};

/* Sorted by start, no two overlap. */
struct region_vec {
    struct region *v;
    size_t n;
    size_t cap;
};

#define REGION_VEC_INIT ((struct region_vec){0})

/* What region_normalise and region_diff look at besides the range. */
enum region_mask {
    REGION_MASK_PROT = 1,
    REGION_MASK_FLAGS = 2,
    REGION_MASK_KIND = 4,
    REGION_MASK_SHARED = 8,  /* shared, snapshot */
    REGION_MASK_OBJECT = 16, /* object, offset continuity, named */
    REGION_MASK_ALL = 31,
};

void region_vec_free(struct region_vec *v);
static inline void region_vec_clear(struct region_vec *v)
{
    v->n = 0;
}
/* Append; the caller keeps the order. 0 or -ENOMEM. */
int region_vec_push(struct region_vec *v, struct region r);
int region_vec_copy(struct region_vec *to, const struct region_vec *from);

/* The region that holds AT, or NULL. O(log n). */
const struct region *region_find(const struct region_vec *v, uint64_t at);
/* Index of the first region whose last is >= AT; v->n if none. O(log n). */
size_t region_lower_bound(const struct region_vec *v, uint64_t at);

/*
 * Sort, zero every field that MASK leaves out, then merge neighbours that are equal (offsets
 * continuous). Both sides of every comparison go through here, because kernels split and merge as
 * they like.
 */
void region_normalise(struct region_vec *v, unsigned mask);

struct region_difference {
    struct range where;     /* first range in which the two disagree */
    const struct region *a; /* what each side has there; NULL: nothing */
    const struct region *b;
};

/*
 * First difference between two normalised vectors within WITHIN, fields by MASK; false if there is
 * none.
 */
bool region_diff(const struct region_vec *a, const struct region_vec *b, struct range within,
                 unsigned mask, struct region_difference *ret);

/*
 * One line, no newline: "0x10000-0x13fff rw-p anon" or with page flags "... rw- VALID|WRITE_ORG";
 * what is not private and anonymous says so behind it ("file shared object 0x5+0x1000").
 */
void region_print(const struct region *r, struct buf *out);
/* One line each, indented by two blanks. */
void region_vec_print(const struct region_vec *v, struct buf *out);

/*
 * A ruler picture of WITHIN, one column per UNIT bytes, one row per vector, as the figures of the
 * layer's documentation are drawn; equal stretches are shortened if it gets too wide. MARK (may be
 * NULL) is underlined.
 */
struct region_row {
    const char *label;
    const struct region_vec *regions;
};
void region_ruler(const struct region_row *rows, size_t n_rows, struct range within, uint64_t unit,
                  const struct range *mark, struct buf *out);
