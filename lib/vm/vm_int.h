/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of lib/vm: what its files offer each other. vm.c (life, parameters), area.c (the ordered
 * set of areas), gap.c (free room), page.c (which frame lies where), frame.c (the pool of frames),
 * object.c (files and shared memory), access.c (loads, stores, views), fork.c, force.c, regions.c,
 * rules.c; linux_*.c and freebsd_*.c are the personalities. Nobody outside includes this.
 *
 * "Prepare, then commit": vm_reserve makes sure that areas and page slots are at hand before the
 * first change, so that nothing below it can fail. Ranges are whole pages unless said otherwise.
 */
#pragma once

#include "base/vec.h"
#include "vm/vm.h"

struct vm_object; /* a file, or shared anonymous memory; counted by areas and descriptors */

enum vm_inherit { VM_INHERIT_SHARE, VM_INHERIT_COPY, VM_INHERIT_NONE, VM_INHERIT_ZERO };

enum vm_area_kind {
    VM_AREA_MEMORY, /* anonymous or of an object */
    VM_AREA_GUARD,  /* FreeBSD MAP_GUARD */
    VM_AREA_GAP,    /* FreeBSD: room that a stack may grow into */
};

enum vm_area_flag {
    VM_AREA_GROWSDOWN = 1, /* Linux MAP_GROWSDOWN; FreeBSD: the grown part of a MAP_STACK */
    VM_AREA_LOCKED = 2,
    VM_AREA_NORESERVE = 4,
    VM_AREA_NOCORE = 8,      /* MAP_NOCORE, MADV_DONTDUMP */
    VM_AREA_SEQUENTIAL = 16, /* advice that splits areas */
    VM_AREA_RANDOM = 32,
    VM_AREA_NOHUGE = 64, /* Linux MAP_STACK: no huge pages */
    VM_AREA_NOSYNC = 128,
    VM_AREA_TOUCHED = 256, /* has held a private page: it may not merge (anon_vma) */
    VM_AREA_HUGE = 512,
    VM_AREA_MERGEABLE = 1024,
    VM_AREA_STACK_WX = 2048,
    VM_AREA_DROPPABLE = 4096, /* Linux MAP_DROPPABLE */
    VM_AREA_WIPE = 8192,      /* Linux MADV_WIPEONFORK, which MADV_DONTFORK only covers */
    VM_AREA_EXEC_ONLY = 16384, /* Linux: under the protection key of memory that only runs */
};

/* What an area is apart from where it lies. Equal ones side by side are compatible. */
struct vm_area_attr {
    struct vm_object *object; /* NULL: private anonymous */
    uint64_t offset;          /* in the object, of the area's first byte */
    uint16_t flags;           /* enum vm_area_flag */
    uint8_t prot;             /* ABI_PROT_* of R, W, X */
    uint8_t max_prot;         /* what mprotect may give (VM_MAY*, max_protection) */
    uint8_t kind;             /* enum vm_area_kind */
    uint8_t inherit;          /* enum vm_inherit */
    bool shared;
    uint32_t opener; /* which open made it: Linux merges file areas of one struct file only */
    uint8_t gap_prot, gap_max; /* VM_AREA_GAP: rights that growth gives */
    uint8_t books;             /* area.c's own; 0 in what others make */
};

struct vm_area {
    struct range r;
    struct vm_area_attr a; /* others change it through vm_area_change only */
};

/*
 * Areas. Pointers stay valid until the next call that changes areas of that process.
 */
struct vm_area *vm_area_find(const struct vm_proc *p, uint64_t at); /* holds AT, or NULL */
struct vm_area *vm_area_from(const struct vm_proc *p, uint64_t at); /* first with last >= AT */
struct vm_area *vm_area_next(const struct vm_proc *p, const struct vm_area *a);
struct vm_area *vm_area_prev(const struct vm_proc *p, const struct vm_area *a);
/* The last area whose start is <= AT, or NULL. */
struct vm_area *vm_area_upto(const struct vm_proc *p, uint64_t at);
/* No area, every page an area, in R. */
bool vm_area_none(const struct vm_proc *p, struct range r);
bool vm_area_all(const struct vm_proc *p, struct range r);
/* Number of areas that overlap R. */
size_t vm_area_count(const struct vm_proc *p, struct range r);
/*
 * Room for N more areas and M more page slots in this machine. 0 or -ENOMEM. Every call below takes
 * what it needs from there: split 1 area, insert 1, change and remove at most 2 each.
 */
int vm_reserve(struct vm *vm, size_t areas, size_t slots);
/* A boundary at AT, if an area holds both AT - 1 and AT. */
void vm_area_split(struct vm_proc *p, uint64_t at);
/*
 * An area that holds both AT - 1 and AT may be two from now on; books that merge always keep it
 * one.
 */
void vm_area_tear(struct vm_proc *p, uint64_t at);
/* R, which is free, becomes an area (merged with neighbours if params.merge). Takes a reference. */
void vm_area_insert(struct vm_proc *p, struct range r, const struct vm_area_attr *a);
/* R becomes free: areas cut, private pages given back. */
void vm_area_remove(struct vm_proc *p, struct range r);
/*
 * Call CHANGE for each area within R, split at R's edges first; neighbours merge afterwards where
 * params.merge. CHANGE alters a->a only.
 */
void vm_area_change(struct vm_proc *p, struct range r, void (*change)(struct vm_area *a, void *arg),
                    void *arg);
/*
 * What lies in [FROM, FROM + LEN) moves to TO, which is free: areas, private pages. Offsets go
 * along.
 */
void vm_area_move(struct vm_proc *p, uint64_t from, uint64_t len, uint64_t to);

/* Whether a kernel sees A and its next neighbour B as one area. */
enum vm_joint {
    VM_JOINT_HARD, /* two areas for certain */
    VM_JOINT_SOFT, /* a kernel may have merged them: both are allowed */
    VM_JOINT_NONE, /* one area for certain: only split in these books */
};
enum vm_joint vm_area_joint(const struct vm_proc *p, const struct vm_area *a,
                            const struct vm_area *b);
/* Make one of two that are known to be one (a kernel has shown it). */
void vm_area_join(struct vm_proc *p, struct vm_area *a, struct vm_area *b);

/*
 * Free room (gap.c): LEN bytes at a multiple of ALIGN within WITHIN with no area in it.
 * from_top: the highest, else the lowest. O(log areas) but for gaps that are misaligned.
 */
bool vm_gap_find(const struct vm_proc *p, struct range within, uint64_t len, uint64_t align,
                 bool from_top, uint64_t *ret);

/* Objects. A reference each for who holds one. */
struct vm_object *vm_object_anon(struct vm *vm); /* shared anonymous; NULL without memory */
struct vm_object *vm_object_get(struct vm_object *o);
void vm_object_put(struct vm_object *o);
struct vm_open_file { /* what a descriptor names */
    struct vm_object *object;
    struct vm_file_spec spec;
    uint32_t opener;
};
const struct vm_open_file *vm_file_of(const struct vm *vm, int fd); /* NULL: not open */
uint64_t vm_object_size(const struct vm_object *o); /* UINT64_MAX for anonymous ones without end */
/* Shared anonymous memory ends at SIZE: an access beyond is one past EOF, as Linux has it. */
void vm_object_limit(struct vm_object *o, uint64_t size);
bool vm_object_is_file(const struct vm_object *o);
uint64_t vm_object_identity(const struct vm_object *o);

/* Pages of a process */

/* Private pages of R are given back: anonymous memory is zero again, files show the file again. */
void vm_pages_drop(struct vm_proc *p, struct range r);
/* Private pages of R may from now on read as zero at any time (MADV_FREE). */
void vm_pages_lazy(struct vm_proc *p, struct range r);
/* Object pages of R punched out (MADV_REMOVE). Takes a reserved slot for each page of a file. */
void vm_pages_punch(struct vm_proc *p, struct range r);
/* R holds a page that was touched by this process. */
bool vm_pages_any(const struct vm_proc *p, struct range r);

/*
 * A fault that finds no area, or a gap: the personality may grow a stack (true: look again). Other
 * rights rules of an access are the personality's too.
 */
struct vm_personality {
    const char *name;
    bool (*grow)(struct vm_proc *p, uint64_t at);
    /* May an area of rights PROT be read (write false) or written. */
    bool (*may_access)(struct vm_proc *p, const struct vm_area *a, uint64_t at, bool write);
    /* si_code of an access past EOF, and of one to a guard. */
    int eof_code, guard_code;
    bool truncate_drops_copies; /* Linux: private copies beyond the new size are gone too */
    int (*mmap)(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
                struct vm_reply *ret);
    int (*munmap)(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
                  struct vm_reply *ret);
    int (*mprotect)(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                    const struct vm_answer *seen, struct vm_reply *ret);
    int (*mremap)(struct vm_proc *p, const struct vm_mremap_args *a, const struct vm_answer *seen,
                  struct vm_reply *ret);
    int (*msync)(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
                 const struct vm_answer *seen, struct vm_reply *ret);
    int (*madvise)(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
                   const struct vm_answer *seen, struct vm_reply *ret);
    int (*mincore)(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
                   const struct vm_answer *seen, struct vm_reply *ret);
    int (*minherit)(struct vm_proc *p, uint64_t addr, uint64_t len, int inherit,
                    const struct vm_answer *seen, struct vm_reply *ret);
    bool (*place_legal)(const struct vm_proc *p, uint64_t value, uint64_t len);
    /*
     * The attributes that a map of these arguments has, no check made (force.c). ret->object, if
     * any, is a reference for the caller, who puts it after the insert.
     */
    void (*attr)(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret);
    /* Whether grow would grow, nothing being done (vm_accessible); NULL: never. */
    bool (*may_grow)(struct vm_proc *p, uint64_t at);
};
extern const struct vm_personality vm_linux;
extern const struct vm_personality vm_freebsd;

struct vm *vm_of(const struct vm_proc *p);
static inline const struct vm_params *vm_p(const struct vm_proc *p)
{
    return vm_params_of(vm_of(p));
}

/* Bytes a process maps now, guards left out: what bytes_max limits. */
uint64_t vm_mapped_bytes(const struct vm_proc *p);

/*
 * The set of answers (reply.c). A call computes its set first, then asks whether to act:
 *
 *     vm_reply_init(ret);
 *     if (bad) {
 *         return vm_reply_fail(p, VM_RULE_X, seen, ret);     the only answer: X's errno
 *     }
 *     vm_reply_may_fail(p, VM_RULE_Y, ret);                  Y's errno is allowed as well
 *     vm_reply_value(ret, at);                               success with AT is allowed, or ...
 *     ret->any_place = true;                                 ... any legal place
 *     if (vm_reply_settle(p, len, seen, ret)) { commit at ret->took.value }
 *
 * vm_reply_fail returns 0 always, counts the rule, and leaves took and allowed filled.
 * vm_reply_settle decides took and allowed and returns true if the call is to succeed now.
 */
void vm_reply_init(struct vm_reply *ret);
int vm_reply_fail(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                  struct vm_reply *ret);
void vm_reply_may_fail(struct vm_proc *p, enum vm_rule rule, struct vm_reply *ret);
void vm_reply_value(struct vm_reply *ret, uint64_t value);
bool vm_reply_settle(struct vm_proc *p, uint64_t len, const struct vm_answer *seen,
                     struct vm_reply *ret);

/* Count that a rule was exercised: behaviours, and refusals made without vm_reply_fail. */
void vm_hit(struct vm *vm, enum vm_rule rule);

/* rd(x), ru(x) of vm-semantics.md; ru wraps. */
static inline uint64_t vm_rd(const struct vm_proc *p, uint64_t v)
{
    return u64_align_down(v, vm_p(p)->page);
}
/* Within a register of params.bits. */
static inline uint64_t vm_ru(const struct vm_proc *p, uint64_t v)
{
    uint64_t r = u64_align_up_wrap(v, vm_p(p)->page);

    return vm_p(p)->bits == 32 ? (uint32_t)r : r;
}
/* TASK_SIZE as a number; 0 stands for 2^64. */
static inline uint64_t vm_task_size(const struct vm_proc *p)
{
    return vm_p(p)->last + 1;
}
/* ADDR + LEN <= TASK_SIZE without wrap. */
static inline bool vm_in_task(const struct vm_proc *p, uint64_t addr, uint64_t len)
{
    return addr <= vm_p(p)->last && (len == 0 || len - 1 <= vm_p(p)->last - addr);
}
