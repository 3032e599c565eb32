/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the FreeBSD personality: what its files offer each other. Names are fbsd_noun_verb.
 * "A.n" is a section of the project's notes; functions named there are the kernel's.
 */
#pragma once

#include "vm/vm_int.h"

/* No rule decides: a check that was passed. */
#define FBSD_PASSED VM_RULE_COUNT

#define FBSD_2GIB ((uint64_t)1 << 31)

enum {
    FBSD_PROT_KNOWN = ABI_PROT_RWX | ABI_PROT_RWX << ABI_PROT_MAX_SHIFT,
    FBSD_ALIGNED_SUPER = 1,
    FBSD_RELEASE_GAP_RIGHTS = 14, /* since when a stack's gap remembers rights of its own */
};

/* A map that passed every check that needs no look at the address space. */
struct fbsd_map {
    uint64_t addr; /* FIXED: start of the range; else the hint as given */
    uint64_t size; /* of the range: whole pages */
    uint64_t rem;  /* what the result has beyond the range's start */
    uint64_t offset;
    uint64_t align; /* 0: none but pages */
    uint32_t flags;
    uint8_t prot, max_prot;
    bool fixed, excl, guard, stack, anon, shared, super, low;
    const struct vm_open_file *file; /* NULL: anonymous */
};

/* Shared helpers (freebsd.c) */

static inline uint64_t fbsd_reg(const struct vm_proc *p, uint64_t v)
{
    return vm_p(p)->bits == 32 ? (uint32_t)v : v;
}
/* vm_map_min of A.2. */
static inline uint64_t fbsd_min(const struct vm_proc *p)
{
    return u64_max(vm_p(p)->min_addr, vm_p(p)->page);
}
/* A.2: [ADDR, ADDR + LEN) within user space; LEN may be 0, ADDR then the end of it. */
bool fbsd_range_valid(const struct vm_proc *p, uint64_t addr, uint64_t len);

/*
 * [ADDR, ADDR + LEN) rounded outward as mprotect, msync and minherit do: sizes that round to 2^bits
 * are 0 in a register.
 */
enum fbsd_end {
    FBSD_END_OK,
    FBSD_END_TOP, /* at 2^bits, above user space: the kernel's sum is 0, which it calls a wrap */
    FBSD_END_WRAPS,
};
enum fbsd_end fbsd_widen(const struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t *start,
                         uint64_t *size);
/*
 * True if the call has been answered by RULE, the refusal of a range that wraps. A range that ends
 * at FBSD_END_TOP names every byte without a wrap, and layers may take it as such: both are allowed
 * then, the kernel's refusal is the default.
 */
bool fbsd_refuse_wrap(struct vm_proc *p, enum fbsd_end end, enum vm_rule rule,
                      const struct vm_answer *seen, struct vm_reply *ret);
/* [START, START + SIZE), SIZE not 0, clipped to user space; false if nothing remains. */
bool fbsd_clip(const struct vm_proc *p, uint64_t start, uint64_t size, struct range *ret);
/* A success of value 0 by RULE; true if it is to be done. */
bool fbsd_settle(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                 struct vm_reply *ret);
/* Whether R has a page without an area, within params.known or outside alone. */
enum fbsd_hole { FBSD_HOLE_NONE, FBSD_HOLE_KNOWN, FBSD_HOLE_FOREIGN };
enum fbsd_hole fbsd_hole(const struct vm_proc *p, struct range r);
/*
 * A call whose range R must be mapped whole: true if it has been answered by RULE. Where the hole
 * is somebody else's memory perhaps, a success is allowed too.
 */
bool fbsd_refuse_hole(struct vm_proc *p, struct range r, enum vm_rule rule,
                      const struct vm_answer *seen, struct vm_reply *ret);

/* freebsd_mmap.c, freebsd_attr.c */
enum vm_rule fbsd_map_check(struct vm_proc *p, const struct vm_mmap_args *a, struct fbsd_map *ret);
/* Its attributes; *RET holds a reference to its object. 0 or -ENOMEM. */
int fbsd_map_attr(struct vm_proc *p, const struct fbsd_map *m, struct vm_area_attr *ret);
void fbsd_attr(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret);
int fbsd_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
              struct vm_reply *ret);

/* freebsd_place.c */
enum fbsd_place {
    FBSD_PLACE_ONE,  /* exactly the place found */
    FBSD_PLACE_ANY,  /* the place found, or another legal one */
    FBSD_PLACE_NONE, /* the kernel finds none; somewhere else there may be one */
};
enum fbsd_place fbsd_place_find(struct vm_proc *p, const struct fbsd_map *m, uint64_t *ret);
/* The range at AT is one that the map may get. */
bool fbsd_place_fits(const struct vm_proc *p, const struct fbsd_map *m, uint64_t at);
bool fbsd_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len);

/* freebsd_stack.c */
/* A stack of SIZE bytes has no room for more than its guard. */
bool fbsd_stack_small(const struct vm_proc *p, uint64_t size);
/* Lay a stack over R, which is free. Needs room for two areas. */
void fbsd_stack_insert(struct vm_proc *p, struct range r, const struct vm_area_attr *attr);
bool fbsd_stack_grow(struct vm_proc *p, uint64_t at);
/* Whether it would, nothing being done. */
bool fbsd_stack_may_grow(struct vm_proc *p, uint64_t at);

/* freebsd_range.c, freebsd_protect.c, freebsd_advise.c: the other calls */
int fbsd_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
                struct vm_reply *ret);
int fbsd_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                  const struct vm_answer *seen, struct vm_reply *ret);
int fbsd_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
               const struct vm_answer *seen, struct vm_reply *ret);
int fbsd_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
                 const struct vm_answer *seen, struct vm_reply *ret);
int fbsd_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
                 const struct vm_answer *seen, struct vm_reply *ret);
int fbsd_minherit(struct vm_proc *p, uint64_t addr, uint64_t len, int inherit,
                  const struct vm_answer *seen, struct vm_reply *ret);
