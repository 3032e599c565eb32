/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the core of lib/vm: what a machine, a process, an object and a page frame are made of.
 * The personalities do not include this.
 */
#pragma once

#include "vm/pool.h"
#include "vm/tree.h"
#include "vm/vm_int.h"

#define VM_PAGE_MAX ((uint64_t)1 << 20) /* largest P */

enum vm_frame_state { VM_FRAME_KNOWN, VM_FRAME_LAZY, VM_FRAME_UNDEFINED };

/* One page of memory. Counted by the slots that show it; shared ones are copied before a store. */
struct vm_frame {
    uint8_t *data; /* P bytes, kept while the frame is free */
    struct vm_frame *next_free;
    uint32_t refs;
    uint32_t seen; /* vm_check's own count */
    uint8_t state; /* enum vm_frame_state */
    bool written;  /* of an object: differs from its fresh bytes */
};

/* All frames of a machine. */
struct vm_frames {
    struct vm_pool heads;
    struct vm_pool data;
    struct vm_frame *free;
    size_t live;
};

enum vm_object_kind {
    VM_OBJECT_ANON,
    VM_OBJECT_FILE,
    VM_OBJECT_DEVICE, /* endless; also pipes and directories, which nobody maps */
};

struct vm_object {
    struct vm *vm;
    uint32_t refs;
    uint32_t seen;  /* vm_check's own count */
    uint8_t kind;   /* enum vm_object_kind */
    uint64_t size;  /* of a file */
    uint64_t fresh; /* bytes below it are those of spec.fill until they are stored to */
    uint64_t identity;
    struct vm_file_spec spec;
    struct vm_tree pages;    /* struct vm_slot by page index */
    struct vm_object *below; /* what pages that are not held here show, or NULL: zeros */
    uint64_t below_offset;
};

struct vm_proc {
    struct vm *vm;
    struct vm_tree areas; /* struct vm_area */
    struct vm_tree pages; /* struct vm_slot by address: private pages */
    uint64_t bytes;       /* mapped, guards and gaps left out */
    struct vm_proc *next; /* of the machine */
    struct vm_proc *prev;
};

struct vm {
    struct vm_params params;
    const struct vm_personality *personality;
    struct vm_pool nodes; /* of all trees */
    struct vm_pool objects;
    struct vm_pool procs;
    struct vm_frames frames;
    struct vm_proc *first; /* process */
    struct {
        struct vm_open_file *v;
        size_t n;
        size_t cap;
    } files;
    uint64_t serial; /* of identities that were chosen here */
    uint8_t *zeros;  /* VM_PAGE_MAX bytes, never written */
    /* For slots that hold zeros, or what nobody knows. The machine's own reference keeps them. */
    struct vm_frame zero;
    struct vm_frame undefined;
    uint64_t hits[VM_RULE_COUNT];
};

/* frame.c */
void vm_frames_init(struct vm_frames *f);
void vm_frames_free(struct vm_frames *f);
/* All frames are free, of PAGE bytes from now on. */
void vm_frames_reset(struct vm_frames *f, uint64_t page);
/* A frame, known, its bytes whatever they were; NULL beyond frames_max, or without memory. */
struct vm_frame *vm_frame_new(struct vm *vm);
static inline struct vm_frame *vm_frame_get(struct vm_frame *f)
{
    f->refs++;
    return f;
}
void vm_frame_put(struct vm *vm, struct vm_frame *f);
/*
 * *F, which a slot shows, for a store of LEN bytes: its own, with the state that the
 * store leaves. 0 or -ENOMEM.
 */
int vm_frame_own(struct vm *vm, struct vm_frame **f, size_t len);

/* object.c */
/*
 * What page INDEX of O shows: 0 and *RET, NULL for zeros; -EFAULT past the end of a file; -ENOMEM.
 */
int vm_object_page(struct vm_object *o, uint64_t index, struct vm_frame **ret);
/* The same for a store of LEN bytes: *RET is O's own frame. */
int vm_object_page_own(struct vm_object *o, uint64_t index, size_t len, struct vm_frame **ret);
/* Page INDEX, which O does not hold, is F from now on. The reference goes along. 0 or -ENOMEM. */
int vm_object_page_set(struct vm_object *o, uint64_t index, struct vm_frame *f);
/* Pages [FIRST, LAST] are zero from now on. Slots for those below O's fresh bytes are reserved. */
void vm_object_punch(struct vm_object *o, uint64_t first, uint64_t last);
/* O shows nothing at INDEX: it is a file's, past its end. */
bool vm_object_past_eof(const struct vm_object *o, uint64_t index);
/* The first page of O in [*INDEX, LAST] that is not fresh: true and *INDEX its number. */
bool vm_object_next_written(const struct vm_object *o, uint64_t *index, uint64_t last);
/* Nobody knows pages [FIRST, LAST] from now on; slots are reserved. */
void vm_object_undefine(struct vm_object *o, uint64_t first, uint64_t last);
/* 0, -EINVAL of what has no size, -ENOMEM. */
int vm_object_truncate(struct vm_object *o, uint64_t size);
/* Make O, a file, SIZE bytes long, which is more than now. 0 or -ENOMEM. */
int vm_object_extend(struct vm_object *o, uint64_t size);
/* With one reference and an identity of its own. NULL without memory. */
struct vm_object *vm_object_new(struct vm *vm, enum vm_object_kind kind);

/* page.c */
static inline uint64_t vm_area_index(const struct vm_proc *p, const struct vm_area *a, uint64_t at)
{
    return (a->a.offset + (at - a->r.start)) / p->vm->params.page;
}
/* The private slot of the page at AT (a multiple of P), or NULL. */
struct vm_slot *vm_slot_of(const struct vm_proc *p, uint64_t at);
/* The first one at or behind AT. */
struct vm_slot *vm_slot_from(const struct vm_proc *p, uint64_t at);
/* What A shows at AT, whatever the rights: as vm_object_page. */
int vm_page_shown(struct vm_proc *p, const struct vm_area *a, uint64_t at, struct vm_frame **ret);
/* The same for a store of LEN bytes: a frame that may be written. */
int vm_page_own(struct vm_proc *p, struct vm_area *a, uint64_t at, size_t len,
                struct vm_frame **ret);
/* A new private page of P at AT, which has none. The reference goes along. 0 or -ENOMEM. */
int vm_slot_set(struct vm_proc *p, uint64_t at, struct vm_frame *f);
/* Slots of R go; or move, the first address of R to TO. */
void vm_slots_drop(struct vm_proc *p, struct range r);
void vm_slots_move(struct vm_proc *p, struct range r, uint64_t to);

/* area.c */
/* R is an area of P behind all others, as they are copied by fork. */
void vm_area_append(struct vm_proc *p, struct range r, const struct vm_area_attr *a);

/* vm.c */
struct vm_proc *vm_proc_new(struct vm *vm);

static inline void vm_hit_fast(struct vm *vm, enum vm_rule rule)
{
    vm->hits[rule]++;
}
