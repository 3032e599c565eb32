/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the Linux personality: what its files offer each other. Names are linux_noun_verb.
 * "C.n" is a section of the project's notes; functions named in rules_linux.def are the kernel's.
 */
#pragma once

#include "vm/vm_int.h"

/* No rule decides: a check that was passed. */
#define LINUX_PASSED VM_RULE_COUNT

enum {
    LINUX_MAP_DROPPABLE = 8,
    LINUX_MAP_ABOVE4G = 0x80,
    LINUX_HUGE_SHIFT = 26, /* of the page size's logarithm beside MAP_HUGETLB */
    LINUX_PROT_GROWS = ABI_PROT_GROWSDOWN | ABI_PROT_GROWSUP,
    LINUX_RELEASE_SEVERAL = 617, /* mremap moves several areas, and checks before it unmaps */
};
#define LINUX_PMD_SIZE ((uint64_t)2 << 20)

static inline unsigned linux_release(const struct vm_proc *p)
{
    return vm_p(p)->release ? vm_p(p)->release : LINUX_RELEASE_SEVERAL;
}
static inline uint64_t linux_reg(const struct vm_proc *p, uint64_t v)
{
    return vm_p(p)->bits == 32 ? (uint32_t)v : v;
}
/* LEN <= TASK_SIZE. */
static inline bool linux_len_in_task(const struct vm_proc *p, uint64_t len)
{
    return len == 0 || len - 1 <= vm_p(p)->last;
}
/* The lowest address that this process may map at. */
static inline uint64_t linux_lowest(const struct vm_proc *p)
{
    const struct vm_params *par = vm_p(p);

    if (par->privileged) {
        return 0;
    }
    return par->fixed_min ? par->fixed_min : par->min_addr;
}
/*
 * [ADDR, ADDR + ru(LEN)): false if it is empty or wraps. A range that ends exactly at 2^32 does
 * not, though a kernel's sum is 0: no kernel has memory there, a window of 2^32 bytes does.
 */
bool linux_range(const struct vm_proc *p, uint64_t addr, uint64_t len, struct range *ret);

/* A success of value 0 by RULE; true if it is to be done. */
bool linux_settle(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                  struct vm_reply *ret);
/*
 * RULE refuses, but a success may be as well, because of memory that nobody here knows: of value 0,
 * or with ret->any_place of any legal place. True if the call is to succeed.
 */
bool linux_settle_doubt(struct vm_proc *p, enum vm_rule rule, uint64_t len,
                        const struct vm_answer *seen, struct vm_reply *ret);
/* Memory outside params.known within R: what looks like a hole there may be somebody's. */
static inline bool linux_foreign(const struct vm_proc *p, struct range r)
{
    return !range_contains(vm_p(p)->known, r);
}
/* The first hole in R, or false. */
bool linux_first_hole(const struct vm_proc *p, struct range r, struct range *ret);
/* R's holes lie outside params.known, all of them. */
bool linux_hole_in_doubt(const struct vm_proc *p, struct range r);

/* Whether vm.max_map_count admits N areas more. */
enum linux_room { LINUX_ROOM, LINUX_ROOM_MAYBE, LINUX_ROOM_NONE };
enum linux_room linux_room(const struct vm_proc *p, uint64_t more);
/* The same for taking R away: it splits an area in two. */
enum linux_room linux_room_punch(const struct vm_proc *p, struct range r);
/* A and B, side by side, are one: kernels merge what they can unless both sides were touched. */
bool linux_likely_one(const struct vm_proc *p, const struct vm_area *a, const struct vm_area *b);
bool linux_any_locked(const struct vm_proc *p, struct range r);
/* Bytes mapped within R. */
uint64_t linux_mapped_in(const struct vm_proc *p, struct range r);
/* MORE bytes mapped, after LESS were unmapped, exceed bytes_max. */
bool linux_over_limit(const struct vm_proc *p, uint64_t less, uint64_t more);

/*
 * The pages of R are faulted in as for a store where they may be written: those of private file
 * maps become copies, up to the end of the file. Nothing else looks different from before.
 */
void linux_populate(struct vm_proc *p, struct range r);
/* All areas of R, side by side, are one: a kernel made or showed them so. */
void linux_join(struct vm_proc *p, struct range r);

/* One request that commits to BYTES is refused (params.commit_max). */
static inline bool linux_over_commit(const struct vm_proc *p, uint64_t bytes)
{
    return vm_p(p)->commit_max != 0 && bytes > vm_p(p)->commit_max;
}

/* linux_mmap.c */
int linux_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
               struct vm_reply *ret);
void linux_attr(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret);

/* linux_place.c */
enum linux_place {
    LINUX_PLACE_ONE,   /* exactly the place found */
    LINUX_PLACE_ANY,   /* the place found, or another legal one */
    LINUX_PLACE_DOUBT, /* none in what is known; elsewhere there may be one */
    LINUX_PLACE_NONE,
};
/* FLAGS as of mmap; huge_hint: a file, whose hint may be ignored for the sake of alignment. */
struct linux_want {
    uint64_t hint; /* whole pages; 0: none */
    uint64_t len;
    bool low;
    bool huge_hint;
};
enum linux_place linux_place_find(struct vm_proc *p, const struct linux_want *w, uint64_t *ret);
bool linux_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len);

/* linux_grow.c */
bool linux_grow(struct vm_proc *p, uint64_t at);
bool linux_may_grow(struct vm_proc *p, uint64_t at);
/* VM_AREA_EXEC_ONLY if memory given these rights is under such a key, else 0. */
uint16_t linux_exec_only(const struct vm_proc *p, uint64_t prot);
bool linux_may_access(struct vm_proc *p, const struct vm_area *a, uint64_t at, bool write);

int linux_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
                 struct vm_reply *ret);
/* The checks of munmap's own arguments: true and the range in *RET, or false (EINVAL). */
bool linux_munmap_range(const struct vm_proc *p, uint64_t addr, uint64_t len, struct range *ret);
int linux_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                   const struct vm_answer *seen, struct vm_reply *ret);
int linux_mremap(struct vm_proc *p, const struct vm_mremap_args *a, const struct vm_answer *seen,
                 struct vm_reply *ret);
int linux_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
                const struct vm_answer *seen, struct vm_reply *ret);
int linux_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
                  const struct vm_answer *seen, struct vm_reply *ret);
int linux_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
                  const struct vm_answer *seen, struct vm_reply *ret);
