/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step: an op's arguments become a call of the machine, its set of answers a verdict. */
#include <assert.h>
#include <limits.h>

#include "model/model_int.h"

/* In no set of answers: what cannot be an answer of a call, and a failure without an errno. */
enum { NO_ERRNO = INT_MAX };

/* NULL for SEEN NULL. */
static const struct vm_answer *answer_of(const struct model_outcome *seen, struct vm_answer *a)
{
    if (!seen) {
        return NULL;
    }
    if (seen->kind == MODEL_OK) {
        *a = (struct vm_answer){.value = seen->value};
    } else if (seen->kind == MODEL_FAIL && seen->err > 0) {
        *a = (struct vm_answer){.err = seen->err};
    } else {
        *a = (struct vm_answer){.err = NO_ERRNO};
    }
    return a;
}

struct vm_mmap_args model_mmap_args(const struct model *m, const struct op_args *args)
{
    const uint64_t *a = args->arg;
    bool file = args->file >= 0 && (size_t)args->file < m->n_files;

    return (struct vm_mmap_args){.addr = a[0],
                                 .len = a[1],
                                 .prot = a[2],
                                 .flags = (uint32_t)a[3],
                                 .fd = file ? m->fds[args->file] : (int)a[4],
                                 .offset = a[5]};
}

bool model_same(const struct model_outcome *seen, const struct model_outcome *took)
{
    if (seen->kind != took->kind) {
        return false;
    }
    if (seen->kind != MODEL_SIGNAL) {
        return true;
    }
    return seen->signal == took->signal && (!seen->has_at || !took->has_at || seen->at == took->at);
}

static int call_mremap(struct vm_proc *p, const uint64_t *a, const struct vm_answer *seen,
                       struct vm_reply *ret)
{
    struct vm_mremap_args args = {.old_addr = a[0],
                                  .old_len = a[1],
                                  .new_len = a[2],
                                  .flags = (uint32_t)a[3],
                                  .new_addr = a[4]};

    return vm_mremap(p, &args, seen, ret);
}

static int call(struct model *m, const struct op *op, const struct op_args *args,
                const struct vm_answer *seen, struct vm_reply *ret)
{
    struct vm_proc *p = model_proc(m);
    const uint64_t *a = args->arg;

    switch ((enum op_kind)op->kind) {
    case OP_mmap: {
        struct vm_mmap_args map = model_mmap_args(m, args);

        return vm_mmap(p, &map, seen, ret);
    }
    case OP_munmap:
        return vm_munmap(p, a[0], a[1], seen, ret);
    case OP_mprotect:
        return vm_mprotect(p, a[0], a[1], a[2], seen, ret);
    case OP_mremap:
        return call_mremap(p, a, seen, ret);
    case OP_msync:
        return vm_msync(p, a[0], a[1], (uint32_t)a[2], seen, ret);
    case OP_madvise:
        return vm_madvise(p, a[0], a[1], (uint32_t)a[2], seen, ret);
    default:
        assert(!"an op that is no step of a model");
        return 0;
    }
}

int model_step(struct model *m, const struct op *op, const struct op_args *args,
               const struct model_outcome *seen, struct model_verdict *ret)
{
    struct vm_answer answer;
    int rc;

    *ret = (struct model_verdict){.allowed = true};
    switch ((enum op_kind)op->kind) {
    case OP_store:
        return model_store(m, args, seen, ret);
    case OP_load:
        return model_load(m, args, seen, ret);
    case OP_exec:
        return model_exec(m, args, seen, ret);
    default:
        break;
    }
    rc = call(m, op, args, answer_of(seen, &answer), &ret->reply);
    ret->allowed = ret->reply.allowed;
    ret->took = ret->reply.took.err
                    ? (struct model_outcome){.kind = MODEL_FAIL, .err = ret->reply.took.err}
                    : (struct model_outcome){.kind = MODEL_OK, .value = ret->reply.took.value};
    return rc;
}
