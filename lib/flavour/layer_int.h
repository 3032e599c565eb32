/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the translation layer: its state, the view of the page flags that host rights are
 * computed from, and the contracts of all functions that one file of the layer offers to another.
 * Compiled once per flavour.
 *
 * Common rules. Functions that take a layer demand mmap_lock unless said otherwise. They return 0
 * or a negative errno and never write errno; only the public calls do (layer_fail). Ranges of guest
 * pages lie in the window. "Host page" is H, `hull` is a range widened to whole host pages.
 * "Prepare, then commit": whoever changes the page flags reserves the changes (pageflags_reserve)
 * before the first host call.
 */
#pragma once

#include "flavour/flavour_name.h"

#include "abi/abi.h"
#include "flavour/flavour.h"
#include "flavour/layer.h"
#include "flavour/lock.h"
#include "host/host.h"
#include "pageflags/pageflags.h"
#include "space/space.h"

/* What a flavour is, where a fact is enough; what needs code is a flavour_* function. */
struct flavour_facts {
    const char *name;
    const char *system;
    int err_conflict; /* FIXED_NOREPLACE, EXCL over a mapping: EEXIST on Linux, ENOMEM on FreeBSD */
    bool page_zero;   /* guest page 0 belongs to the window (Linux) */
    bool holes_fail;  /* mprotect: ENOMEM at a hole, after the pages before it changed (Linux) */
    uint32_t placeholder_flags; /* HOST_MAP_NORESERVE on Linux, beside PRIVATE|ANON|FIXED */
};
extern const struct flavour_facts flavour_facts;

/*
 * A scratch buffer beyond this is refused with ENOMEM: only file bytes that must be copied need
 * one.
 */
#define SCRATCH_MAX ((uint64_t)64 << 20)
/* Page-flag changes that mmap, munmap, mprotect make at most beside those that grow with runs. */
#define FLAG_CHANGES 16

struct layer {
    struct mmap_lock lock;
    struct layer_setup setup;
    struct space space;
    struct host *host;
    struct pageflags *flags;
    gaddr lowest;        /* lowest address a map without FIXED may get: H-aligned, never 0 */
    gaddr first;         /* lowest guest address that counts as inside the window: 0, or T on BSD */
    gaddr unmapped_base; /* TASK_UNMAPPED_BASE */
    gaddr mmap_next_start; /* moved only by the placement searches */
    uint64_t next_object;  /* fresh identities for shared anonymous memory */
    uint64_t tb_epoch;     /* moves on with every TB invalidation and every new TB protection */
};

/* layer.c */

struct layer *layer_create(void);
void layer_destroy(struct layer *l);
int layer_start(struct layer *l, const struct layer_setup *setup);
int layer_copy(struct layer *to, const struct layer *from);
/*
 * errno := -R (a negative errno); returns -1. For address calls write `return
 * (uint64_t)layer_fail(r)`.
 */
int layer_fail(int r);
/*
 * [START, START + LEN - 1] is a non-empty range of the window (page 0 not, on BSD), computed
 * without wrap: true and the range in *RET.
 */
bool layer_range(const struct layer *l, gaddr start, uint64_t len, struct range *ret);
/*
 * Tell the embedder that mapping, bytes or X changed in R. After the page flags, before unlock,
 * once per call.
 */
void layer_tb_invalidate(struct layer *l, struct range r);
/*
 * LEN bytes of zeroed memory in *RET, to be freed; -ENOMEM, also if LEN is above SCRATCH_MAX. LEN
 * 0: NULL.
 */
int layer_scratch(uint64_t len, uint8_t **ret);
/* Runs that have a page in R. */
size_t layer_count_runs(const struct layer *l, struct range r);
/*
 * LEN rounded up to T into *RET; false if that passes the guest's address space ("rounds to 0"), or
 * LEN is 0.
 */
bool layer_round_len(const struct layer *l, uint64_t len, uint64_t *ret);
/* Last address of the guest's address space: 2^bits - 1. */
static inline gaddr layer_last(const struct layer *l)
{
    return l->space.bits == 32 ? UINT32_MAX : UINT64_MAX;
}
/* A fresh identity for a shared anonymous object; never that of a file (top bit set). */
uint64_t layer_new_object(struct layer *l);

/* R widened to whole host pages. */
static inline struct range layer_hull(const struct layer *l, struct range r)
{
    return range_widen(r, l->space.host_page);
}

/* Flags of a page with these RIGHTS. */
static inline uint8_t layer_page_flags(uint8_t rights)
{
    return rights | PAGE_VALID | (rights & PAGE_WRITE ? PAGE_WRITE_ORG : 0);
}

/* need(g), layer.md 1.4 rule 3: host R if F has R or X, host W if F has W, never host X. */
static inline int layer_need(uint8_t flags)
{
    return (flags & (PAGE_READ | PAGE_EXEC) ? HOST_R : 0) | (flags & PAGE_WRITE ? HOST_W : 0);
}

/*
 * view.c: the page flags as they will be, so that host rights are known before anything changes
 * (layer.md 1.2 rule 3)
 */

enum view_change {
    VIEW_SAME,   /* the table as it is */
    VIEW_FREE,   /* r becomes free */
    VIEW_RIGHTS, /* pages of r that are VALID get `flags` as rights (guards keep none): mprotect */
    VIEW_NEW,    /* all of r gets `flags` as its flags: mmap */
};

struct view {
    const struct pageflags *pf;
    enum view_change change;
    struct range r;
    uint8_t flags; /* RIGHTS: R, W, X, and WRITE_ORG with W; NEW: VALID beside them */
    bool lift;     /* TB-protected pages count as writable: their TBs are dropped by this call */
};

/*
 * The first stretch of equal flags (not 0) whose last is >= AT; it may begin before AT. False if
 * none.
 */
bool view_next(const struct view *v, gaddr at, struct range *r, uint8_t *flags);
/*
 * union(p) of the host page that begins at P: what its VALID pages need (R if R or X, W if W),
 * without W if one is TB-protected; -1 if no page of it is VALID (the host page is empty).
 */
int view_union(const struct layer *l, const struct view *v, gaddr p);
/*
 * The longest stretch of host pages [AT, *LAST], not beyond LAST_MAX, with one answer of
 * view_union, in *PROT. AT begins, LAST_MAX ends a host page. Cost: runs, not pages; stretches may
 * come out shorter than they could be, never wrong.
 */
void view_stretch(const struct layer *l, const struct view *v, gaddr at, gaddr last_max,
                  gaddr *last, int *prot);

/* host_util.c: host calls with rights by the book */

/*
 * Give every live host page that R touches the rights of view TO where they differ from those of
 * view FROM (what the host has now); host pages empty in either view are left alone. On failure
 * everything is as before.
 */
int hostprot_change(struct layer *l, const struct view *from, const struct view *to,
                    struct range r);
/*
 * Set the rights of all live host pages that R touches again from the table. After a failed step.
 * 0, or the first error: -ENOMEM means that a mapping is gone.
 */
int hostprot_restore(struct layer *l, struct range r);
/*
 * host_map with FIXED over the guest range R (multiples of R's host page). FLAGS beside FIXED. A
 * refused LOCKED wish is tried again without it.
 */
int host_map_at(struct layer *l, struct range r, int prot, uint32_t flags, int fd, uint64_t offset);
/* Make whole host pages R empty again: placeholder under reserved_va, else holes. */
int host_release(struct layer *l, struct range r);
/* The same on the way back from a failure: once more if it fails, because nobody else will. */
void host_release_surely(struct layer *l, struct range r);

/*
 * linux.c, bsd.c: argument checks in the order of the guest system; no host call but fstat, nothing
 * changes
 */

/* A request to mmap after the checks: host constants, whole guest pages. */
struct mmap_req {
    bool fixed;
    bool noreplace;  /* with fixed: FIXED_NOREPLACE, EXCL; no page of the range is VALID */
    bool file;       /* a descriptor is mapped */
    bool shared;     /* MAP_SHARED (file: stat.writable need not hold) */
    bool guard;      /* BSD: MAP_GUARD */
    gaddr start;     /* FIXED: the range's first page; else the hint, 0 none */
    uint64_t len;    /* multiple of T, not 0 */
    uint8_t rights;  /* PAGE_READ, WRITE, EXEC */
    uint32_t wishes; /* HOST_MAP_NORESERVE, LOCKED, POPULATE, NOCORE */
    uint8_t extra;   /* enum page_extra that are no wishes */
    int fd;
    uint64_t offset; /* file: multiple of T; else 0 */
    uint64_t rem;    /* BSD: what an unaligned file offset adds to the result */
    uint64_t align;  /* BSD: MAP_ALIGNED(n) in bytes; 0 none */
    gaddr
        /* last address a placed block may reach: window_last, or below 2 GiB with MAP_32BIT */
        place_last;
    struct host_stat stat; /* file */
};

/* layer.md 6.1. */
int flavour_check_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                       uint64_t offset, struct mmap_req *ret);

/* What the pages of REQ will be; a fresh identity for shared anonymous memory. */
struct page_info mmap_req_info(struct layer *l, const struct mmap_req *req);

/* mprotect and munmap after the checks. */
struct range_req {
    bool nothing;   /* success without doing anything */
    struct range r; /* whole guest pages in the window */
    uint8_t rights; /* mprotect */
    bool
        /* mprotect, Linux: the range leaves the window behind r: ENOMEM after r has changed */
        hole_after;
};
int flavour_check_mprotect(struct layer *l, gaddr start, uint64_t len, int prot,
                           struct range_req *ret);
int flavour_check_munmap(struct layer *l, gaddr start, uint64_t len, struct range_req *ret);

/* sync_linux.c, sync_bsd.c */

struct msync_req {
    bool nothing;
    struct range r;
    uint32_t flags;  /* enum host_sync_flag */
    bool hole_after; /* Linux: the range leaves the window behind r */
    bool whole_run;  /* BSD, length 0: sync the mapping that holds r.start */
};
int flavour_check_msync(struct layer *l, gaddr start, uint64_t len, uint32_t flags,
                        struct msync_req *ret);

/* The public calls: take the lock, log, check, do, write errno. */

uint64_t target_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                     uint64_t offset);
int target_munmap(struct layer *l, gaddr start, uint64_t len);
int target_mprotect(struct layer *l, gaddr start, uint64_t len, int prot);
uint64_t target_mremap(struct layer *l, gaddr old_addr, uint64_t old_size, uint64_t new_size,
                       uint32_t flags, gaddr new_addr);
int target_msync(struct layer *l, gaddr start, uint64_t len, uint32_t flags);
int target_madvise(struct layer *l, gaddr start, uint64_t len, uint32_t advice);
/* The flavour's part of it, under mmap_lock. 0 or a negative errno. */
int flavour_madvise(struct layer *l, gaddr start, uint64_t len, uint32_t advice);

/*
 * frag.c: mmap_frag, part of one live host page gets new contents (layer.md 4). Only under h_gt_g.
 */

struct frag {
    struct range r;       /* guest pages of one host page; other pages of it are VALID */
    struct range hull;    /* that host page */
    const uint8_t *bytes; /* contents from r.start; the caller's */
    size_t n_bytes;       /* what is not covered is zero */
    bool untouched;       /* a guard: page flags only, the bytes stay */
    uint8_t flags;        /* flags the pages get */
    uint8_t *saved;       /* the old bytes, for undo */
    bool started;         /* there is something to undo: rights, ... */
    bool written;         /* ... and bytes */
};

/*
 * May the pages outside R of the host page of HULL stay beside new pages that are private memory
 * (SHARED false) or shared anonymous (SHARED true)? 0 or -EINVAL. Changes nothing.
 */
int mmap_frag_check(struct layer *l, struct range r, struct range hull, bool shared);
/* Fill in place: host rights and bytes as they must be. On failure everything is as before. */
int mmap_frag(struct layer *l, struct frag *f);
/* Take back what mmap_frag did; its page flags were not committed. */
void mmap_frag_undo(struct layer *l, struct frag *f);
/*
 * After success of the whole call: neighbours whose TBs were dropped have W again, exchanged ones
 * are copies.
 */
void mmap_frag_commit(struct layer *l, struct frag *f);
void mmap_frag_free(struct frag *f);

/* place.c, probe.c: room for a map without FIXED (layer.md 5) */

struct place_req {
    gaddr start;    /* hint; 0: mmap_next_start */
    uint64_t size;  /* bytes, rounded up to H by the search */
    uint64_t align; /* bytes, a power of two; 0 none */
    gaddr last;     /* no byte of the block beyond; window_last if nothing special */
};

/*
 * A free block. reserved_va: placeholder, known from the page flags alone. Otherwise the block is
 * now mapped PROT_NONE on the host and belongs to the caller, who replaces it or gives it back
 * (mmap_release_vma). -ENOMEM.
 */
int mmap_find_vma(struct layer *l, const struct place_req *req, gaddr *ret);
int mmap_find_vma_reserved(struct layer *l, const struct place_req *req, gaddr *ret);
int mmap_find_vma_probe(struct layer *l, const struct place_req *req, gaddr *ret);
/* The block of mmap_find_vma is not needed, whatever was mapped over it since: empty again. */
void mmap_release_vma(struct layer *l, gaddr start, uint64_t size);

/* mmap_fixed.c, mmap_commit.c: a FIXED map as at most three pieces (layer.md 6.3) */

enum piece_kind {
    PIECE_FILL, /* a fragment beside neighbours: mmap_frag */
    PIECE_COPY, /* whole host pages replaced by anonymous memory that is filled */
    PIECE_ANON, /* whole host pages replaced by fresh anonymous memory */
    PIECE_FILE, /* whole host pages mapped from the file */
};

struct piece {
    enum piece_kind kind;
    bool edge;         /* part of a host page only */
    struct range r;    /* guest pages */
    struct range hull; /* their host pages */
    struct page_info info;
    const uint8_t *bytes; /* FILL, COPY: contents, zeros behind them */
    size_t n_bytes;
    uint8_t *own;     /* memory of bytes, if the piece's own */
    struct frag frag; /* FILL */
    bool live;        /* some page of hull was VALID: once replaced it cannot come back */
    bool changed;     /* the host has the new contents, or a part of them */
};

struct map_plan {
    struct range r;
    struct page_info info;      /* of r.start; the pieces' follow from it */
    const struct mmap_req *req; /* NULL: map_bytes */
    bool file;                  /* whole host pages are mapped from the file */
    bool copy;                  /* contents are bytes, nothing is mapped from a file */
    uint32_t flags;             /* wishes, NOREPLACE for host pages that must be empty */
    struct piece pieces[3];     /* in order of address */
    unsigned n;
    bool lost; /* it failed, and pages of r are free now */
};

/*
 * Do the host's part of all pieces, then the page flags. On failure everything is as before, but
 * for pieces whose old contents were gone already: those are free, and lost is set.
 */
int map_commit(struct layer *l, struct map_plan *plan);

/*
 * Map at req->start, replacing what is there (layer.md 6.3). Page flags and one TB invalidation
 * included.
 */
int mmap_fixed(struct layer *l, const struct mmap_req *req);
/*
 * Replace R by private memory (info->shared && !info->snapshot: shared anonymous memory) that holds
 * BYTES, then zeros, with page flags INFO: the copy of mremap. Fragments obey mmap_frag's rules
 * (-EINVAL before any change). Page flags are set; the caller invalidates TBs, after a failure too.
 * On failure R is as before, or pages of it are free.
 */
int map_bytes(struct layer *l, struct range r, const struct page_info *info, const uint8_t *bytes,
              size_t n_bytes);

/* mmap_placed.c */

/* Map where there is room (layer.md 6.2); *RET the guest address of the byte at req->offset. */
int mmap_placed(struct layer *l, const struct mmap_req *req, gaddr *ret);

/* mmap_file.c */

/*
 * Host-map R (whole real host pages) from the file at OFFSET with PROT, EOF splice included
 * (layer.md 6.4). EXTRA: host map flags. On failure *CHANGED tells whether a part of R is replaced
 * already.
 */
int map_file(struct layer *l, struct range r, const struct mmap_req *req, uint64_t offset, int prot,
             uint32_t extra, bool *changed);
/*
 * Note in the page flags of PAGES, just set to INFO, which page got the splice: it is a copy in
 * part, and mremap must not grow it. Reserved by the caller.
 */
void map_file_mark(struct layer *l, struct range pages, const struct page_info *info,
                   const struct mmap_req *req);
/*
 * The bytes [OFFSET, OFFSET + LEN) of the file that exist, in fresh memory *RET of *N bytes (both 0
 * past EOF). Behind N is zero. -ENOMEM above SCRATCH_MAX; the descriptor's error.
 */
int file_bytes_read(struct layer *l, const struct mmap_req *req, uint64_t offset, uint64_t len,
                    uint8_t **ret, size_t *n);

/* munmap.c */

/*
 * Free the guest pages of R as target_munmap does: kept edge host pages lose rights, all others
 * become placeholder or holes, page flags are updated; the caller invalidates TBs. Reserves its
 * flag changes itself. On failure as before, but for host pages that are gone already (reserved_va
 * off, several pieces): F is 0 there.
 */
int munmap_range(struct layer *l, struct range r);
/*
 * Lay the placeholder over the host pages R touches, except those with VALID pages outside R
 * (layer.md 7). Page flags do not change. Only under reserved_va.
 */
int mmap_reserve(struct layer *l, struct range r);

/*
 * tb.c: TB protection. Store faults on a host page that lacks W because a *neighbour* is
 * TB-protected come here too.
 */

int layer_translate(struct layer *l, gaddr addr);
int layer_page_unprotect(struct layer *l, gaddr addr);
/*
 * TB-protected pages in the host pages that R touches lose their TBs (tb_invalidate is called if
 * there are any) and have W again in F. Host rights are not touched: follow with hostprot_restore
 * or a change of your own. Reserves itself; -ENOMEM with nothing changed.
 */
int tb_lift(struct layer *l, struct range r);

/* log.c, dump.c, hooks.c: off by default, errno untouched, no lock needed */

void log_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
              uint64_t offset);
/* "name(A, B, ...)": N arguments as given. */
void log_call(struct layer *l, const char *name, const uint64_t *args, size_t n);
/* RESULT as returned, with errno if FAILED. */
void log_result(struct layer *l, const char *name, uint64_t result, bool failed);

int layer_page_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run),
                    void *arg);
void layer_counters(struct layer *l, struct layer_counters *ret);
void layer_lock(struct layer *l);
void layer_unlock(struct layer *l);
bool layer_have_lock(struct layer *l);
int layer_fork_start(struct layer *l);
void layer_fork_end(struct layer *l, bool child);
