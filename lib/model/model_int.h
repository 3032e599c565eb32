/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of lib/model: model.c (life, processes), model_step.c (calls), model_access.c (loads,
 * stores, code), model_follow.c (force, adopt), model_print.c. Nobody else includes this.
 */
#pragma once

#include "model/model.h"

/* What a store writes at once, and the largest page. */
enum { MODEL_CHUNK = 65536 };

struct model {
    struct vm *vm;
    struct model_setup setup;
    struct vm_proc *procs[PROG_FORKS_MAX + 1]; /* the first process, then who waits for whom */
    unsigned depth;                            /* of them, the current one */
    int fds[PROG_FILES_MAX];                   /* of the program's files */
    size_t n_files;
    bool identities;           /* files have those that books have */
    uint8_t fill[MODEL_CHUNK]; /* its first n_fill bytes are fill[0] */
    size_t n_fill;
    struct region_vec have; /* scratch */
};

/* LEN, which is not 0, bytes at ADDR, if all of them are the user's. */
static inline bool model_range(const struct model *m, uint64_t addr, uint64_t len,
                               struct range *ret)
{
    struct range r;

    if (!range_from_len(addr, len, &r) || r.last > m->setup.last) {
        return false;
    }
    *ret = r;
    return true;
}

/* The rest of the page at AT, within R. */
static inline struct range model_page_rest(const struct model *m, struct range r, uint64_t at)
{
    return (struct range){at, u64_min(r.last, at | (m->setup.page - 1))};
}

/* The arguments as vm_mmap takes them: the program's file as the vm's descriptor. */
struct vm_mmap_args model_mmap_args(const struct model *m, const struct op_args *args);
/* What was seen is what the model does. */
bool model_same(const struct model_outcome *seen, const struct model_outcome *took);

/* model_access.c: as model_step, for one kind of op. */
int model_store(struct model *m, const struct op_args *args, const struct model_outcome *seen,
                struct model_verdict *ret);
int model_load(struct model *m, const struct op_args *args, const struct model_outcome *seen,
               struct model_verdict *ret);
int model_exec(struct model *m, const struct op_args *args, const struct model_outcome *seen,
               struct model_verdict *ret);
/* LEN bytes, at most MODEL_CHUNK, all VALUE. Valid until the next call. */
const uint8_t *model_fill(struct model *m, uint8_t value, size_t len);
