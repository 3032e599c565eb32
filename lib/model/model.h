/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executable kernel as an oracle: what a guest program must see. It runs a program's ops on a
 * vm of the guest's page size and says of each observed outcome whether the guest's kernel may give
 * it. Where a kernel may choose (placement, refusals), the model follows what was observed, so that
 * the rest of the program stays comparable.
 *
 * It knows nothing of host pages: limits of a layer are rules elsewhere (inv/limit.def), and once
 * one of them has excused an outcome the model is told to follow by model_force or model_adopt.
 */
#pragma once

#include "base/err.h"
#include "op/prog.h"
#include "op/resolve.h"
#include "vm/vm.h"

struct model;

struct model_setup {
    enum abi_system system;
    unsigned bits;
    uint64_t page;       /* T */
    uint64_t window;     /* address of "@0" */
    uint64_t last;       /* last address of the guest's user space */
    uint64_t min_addr;   /* mmap_min_addr */
    bool privileged;     /* may map below min_addr */
    uint64_t fixed_min;  /* as in struct vm_params */
    bool may_refuse;     /* limits of the real system may refuse a call */
    uint64_t commit_max; /* as in struct vm_params */
    uint64_t stack_max;  /* as in struct vm_params; 0: the usual */
    bool exec_only;      /* as in struct vm_params */
    struct range known;  /* where all that is mapped is the program's (vm.h) */
    unsigned release;    /* as in struct vm_params */
    uint64_t frames_max; /* as in struct vm_params; 0: 256 MiB */
    /*
     * Bytes of a program's file before any store, NULL: those of prog_file_byte; identities to
     * report, one per file, or NULL.
     */
    void (*fill)(void *arg, unsigned index, uint64_t offset, void *buf, size_t len);
    void *fill_arg;
    const uint64_t *identity;
};

enum model_kind { MODEL_OK, MODEL_FAIL, MODEL_SIGNAL };

/* What a step of a program showed. */
struct model_outcome {
    uint8_t kind; /* enum model_kind */
    bool mixed;   /* load: bytes not all equal; value is the first */
    bool has_at;  /* SIGNAL: at is known */
    int err;      /* neutral */
    int signal;
    uint64_t value;
    uint64_t at; /* SIGNAL: first byte that could not be accessed */
};

struct model_verdict {
    bool allowed;              /* the guest's kernel may show what was seen */
    bool undefined;            /* nobody can say: bytes that are undefined were read */
    struct model_outcome took; /* what the model did, or would have done if not allowed */
    struct vm_reply reply;     /* the set, for calls */
};

/* NULL without memory. Free takes NULL and returns NULL. */
struct model *model_new(void);
struct model *model_free(struct model *m);
/* Before a program. 0 or -ENOMEM. */
int model_begin(struct model *m, const struct prog *p, const struct model_setup *s);
/*
 * One op that is neither fork, wait nor host_fail. SEEN NULL: the model's own default. If what was
 * seen is not allowed nothing has changed. 0; -ENOMEM: the program needs more than frames_max, or
 * this process has no memory: the model is of no use until the next begin.
 */
int model_step(struct model *m, const struct op *op, const struct op_args *args,
               const struct model_outcome *seen, struct model_verdict *ret);
/*
 * What was seen happened although no kernel would: a failure changes nothing, a success is done
 * without its checks, an access without rights. 0 or -ENOMEM.
 */
int model_force(struct model *m, const struct op *op, const struct op_args *args,
                const struct model_outcome *seen);
/*
 * Within R the guest's books are now BOOKS (page-flag runs as regions): pages they do not have are
 * taken away, rights become theirs, pages the model does not have or has otherwise are made with
 * undefined bytes. 0 or -ENOMEM.
 */
int model_adopt(struct model *m, struct range r, const struct region_vec *books);
/* fork: the child is the current process until model_wait. 0 or -ENOMEM. */
int model_fork(struct model *m);
void model_wait(struct model *m);
/* The current process: its mappings, its bytes. */
struct vm_proc *model_proc(const struct model *m);
/* The machine: rules that were exercised. */
const struct vm *model_vm(const struct model *m);
/* "= @0x10000, or -1 ENOMEM": the set of a verdict in program syntax. */
void model_print_allowed(const struct model_verdict *v, enum op_kind kind, struct buf *out);
