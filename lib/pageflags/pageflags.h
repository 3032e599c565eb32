/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest page-flag table and the backing book as one interval map: runs of guest pages that
 * agree. Cost grows with the number of runs touched, never with bytes or pages. Ranges are whole
 * guest pages; the caller holds mmap_lock. Flags are enum page_flag (region/region.h); a page not
 * in any run has flags 0 and is free.
 */
#pragma once

#include "region/region.h"

struct pageflags; /* opaque */

/* What a guest asked for that page flags do not hold; pages that differ are two mappings. */
enum page_extra {
    PAGE_LOCKED = 1, /* held in memory: advice may not drop it */
    PAGE_NORESERVE = 2,
    PAGE_NEVER_WRITE = 4, /* shared, and its descriptor does not allow to write */
    PAGE_NOHUGE = 8,      /* Linux MAP_STACK */
};

/* What one guest page is. */
struct page_info {
    uint8_t flags; /* PAGE_VALID always set */
    uint8_t kind;  /* enum region_kind: ANON, FILE, GUARD */
    bool shared;
    bool snapshot;   /* a copy that stands for a shared object */
    bool copied;     /* file bytes that were read in: the host page is anonymous */
    uint8_t extra;   /* enum page_extra */
    uint64_t object; /* identity of file or shared object, 0 for private anonymous memory */
    uint64_t offset; /* of the page in its object; a run's is that of its first page */
};

struct page_run {
    struct range r;
    struct page_info info;
};

/*
 * An empty table of guest pages of PAGE bytes; NULL without memory. Free takes NULL and returns
 * NULL.
 */
struct pageflags *pageflags_new(uint64_t page);
struct pageflags *pageflags_free(struct pageflags *pf);
/* Forget every run and set another page size; memory is kept. */
void pageflags_reset(struct pageflags *pf, uint64_t page);
/*
 * TO becomes what FROM is, page size and count of look-ups included; its memory is kept, nothing is
 * reserved. 0, or -ENOMEM with TO empty.
 */
int pageflags_copy(struct pageflags *to, const struct pageflags *from);

/*
 * Make sure that the next N changes (set, unset, update: each one call) cannot fail. 0 or -ENOMEM,
 * table unchanged. "Prepare, then commit": call it before the first host call.
 */
int pageflags_reserve(struct pageflags *pf, size_t n);

/*
 * Replace whatever R held by INFO (offset that of r.start). Needs a reservation. Equal neighbours
 * merge.
 */
void pageflags_set(struct pageflags *pf, struct range r, const struct page_info *info);
/* Free R. Needs a reservation. */
void pageflags_unset(struct pageflags *pf, struct range r);
/*
 * flags := (flags & ~CLEAR) | SET on the pages of R that are in a run; holes stay holes. Needs a
 * reservation.
 */
void pageflags_update(struct pageflags *pf, struct range r, uint8_t clear, uint8_t set);

/* Flags of the page that holds AT, 0 if free. */
uint8_t pageflags_get(const struct pageflags *pf, uint64_t at);
/* The run that holds AT. */
bool pageflags_lookup(const struct pageflags *pf, uint64_t at, struct page_run *ret);
/* The first run whose last >= AT (it may hold AT); the last run whose start <= AT. */
bool pageflags_next(const struct pageflags *pf, uint64_t at, struct page_run *ret);
bool pageflags_prev(const struct pageflags *pf, uint64_t at, struct page_run *ret);
/* True if any page, every page of R is in a run. */
bool pageflags_any(const struct pageflags *pf, struct range r);
bool pageflags_all(const struct pageflags *pf, struct range r);
/*
 * QEMU's page_check_range: 0 if every page is VALID with all rights of WANT, else -1; length 0
 * gives 0. A TB-protected page (WRITE_ORG without W) counts as writable.
 */
int page_check_range(const struct pageflags *pf, uint64_t start, uint64_t len, uint8_t want);

/*
 * Free room for LEN bytes (a multiple of UNIT) in WITHIN, at a multiple of ALIGN (a power of two,
 * at least UNIT), such that no page of any UNIT block it touches is in a run. From the top down or
 * from the bottom up. False if nothing fits. Cost: a few nodes per gap of LEN bytes or more that is
 * in the way (misaligned), not runs or pages.
 */
bool pageflags_find_free(const struct pageflags *pf, struct range within, uint64_t len,
                         uint64_t unit, uint64_t align, bool from_top, uint64_t *ret);

size_t pageflags_count(const struct pageflags *pf); /* runs */
/* Look-ups made since the table was created: what the cost-bounded invariant reads. */
uint64_t pageflags_lookups(const struct pageflags *pf);
/* Append all runs as regions, in order. 0 or -ENOMEM. */
int pageflags_dump(const struct pageflags *pf, struct region_vec *out);
/*
 * NULL, or what is wrong with the table itself: order, overlap, alignment, unmerged neighbours,
 * flag domain.
 */
const char *pageflags_check(const struct pageflags *pf);
