/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One op: the layer called under guard with its resolved values, the answer read by the layer's
 * conventions. What the op means is the layer's business.
 */
#include <errno.h>
#include <signal.h>

#include "exec/runner_impl.h"

static struct op_resolver resolver(const struct runner *r)
{
    return (struct op_resolver){.system = r->spec.system,
                                .bits = r->res->space.bits,
                                .n_files = r->prog->files.n,
                                .mremap = r->spec.layer->mremap != NULL};
}

/* The arguments as the layer gets them: a file of the program is a descriptor of this process. */
static bool resolve(const struct runner *r, const struct op_resolver *how, const struct op *op,
                    struct op_args *ret)
{
    const struct op_desc *d = &op_descs[op->kind];

    if (!op_resolve(how, op, &r->results, ret)) {
        return false;
    }
    for (unsigned i = 0; ret->file >= 0 && i < d->n_args; i++) {
        if (d->arg[i] == ARG_FD) {
            ret->arg[i] = (uint64_t)(int64_t)r->fds[ret->file];
        }
    }
    return true;
}

/* errno is the layer's until something else is called: read first. */
static void answer_addr(struct runner *r, struct trace_step *s, uint64_t ret)
{
    int err = errno;

    if (ret == LAYER_FAILED || guest_register(r, ret) == guest_register(r, LAYER_FAILED)) {
        s->outcome =
            (struct outcome){.kind = OUTCOME_FAIL, .err = abi_errno_from_host(err), .value = ret};
        return;
    }
    s->outcome = (struct outcome){.kind = OUTCOME_OK, .value = ret};
}

static void answer_zero(struct trace_step *s, int ret)
{
    int err = errno;

    if (ret != 0) {
        s->outcome = (struct outcome){
            .kind = OUTCOME_FAIL, .err = abi_errno_from_host(err), .value = (uint64_t)(int64_t)ret};
        return;
    }
    s->outcome = (struct outcome){.kind = OUTCOME_OK};
}

/* The layer's call itself; runs under guard. */
static void call_layer(struct runner *r, struct trace_step *s)
{
    const struct layer_ops *ops = r->spec.layer;
    const uint64_t *a = s->args.arg;

    errno = 0;
    switch ((enum op_kind)r->prog->ops.v[s->op].kind) {
    case OP_mmap:
        answer_addr(r, s,
                    ops->mmap(r->layer, a[0], a[1], (int)a[2], (uint32_t)a[3], (int)a[4], a[5]));
        break;
    case OP_munmap:
        answer_zero(s, ops->munmap(r->layer, a[0], a[1]));
        break;
    case OP_mprotect:
        answer_zero(s, ops->mprotect(r->layer, a[0], a[1], (int)a[2]));
        break;
    case OP_mremap:
        answer_addr(r, s, ops->mremap(r->layer, a[0], a[1], a[2], (uint32_t)a[3], a[4]));
        break;
    case OP_msync:
        answer_zero(s, ops->msync(r->layer, a[0], a[1], (uint32_t)a[2]));
        break;
    case OP_madvise:
        answer_zero(s, ops->madvise(r->layer, a[0], a[1], (uint32_t)a[2]));
        break;
    default:
        break;
    }
}

struct dump {
    struct runner *r;
    uint64_t last;
    bool any;
};

static int collect_run(void *arg, const struct layer_run *run)
{
    struct dump *d = arg;

    if (run->start > run->last || (d->any && run->start <= d->last)) {
        d->r->broken_dump = "the page dump is out of order";
        return -EINVAL;
    }
    d->any = true;
    d->last = run->last;
    return region_vec_push(regions_next(&d->r->flags),
                           (struct region){.r = {run->start, run->last},
                                           .prot = run->flags & PAGE_BITS,
                                           .flags = run->flags,
                                           .kind = run->kind,
                                           .shared = run->shared,
                                           .snapshot = run->snapshot,
                                           .object = run->object,
                                           .offset = run->offset});
}

struct entry {
    struct runner *r;
    struct trace_step *s;
    runner_fn *fn;
    bool collect;
    int rc; /* of the page dump */
};

static void enter(void *arg)
{
    struct entry *e = arg;
    struct runner *r = e->r;
    struct dump d = {.r = r};

    e->fn(r, e->s);
    if (e->collect) {
        r->spec.layer->counters(r->layer, &r->counters);
        region_vec_clear(regions_next(&r->flags));
        e->rc = r->spec.layer->page_dump(r->layer, collect_run, &d);
        r->spec.layer->counters(r->layer, &r->counters_dumped);
    }
}

static bool guarded(struct runner *r, struct entry *e)
{
    int signal = host_catch_call(enter, e, runner_hang_ms(r), NULL);

    if (signal != 0) {
        e->s->outcome = (struct outcome){.kind = signal == SIGALRM ? OUTCOME_HANG : OUTCOME_CRASH,
                                         .signal = signal};
    }
    return signal == 0;
}

bool runner_guard(struct runner *r, struct trace_step *s, runner_fn *fn)
{
    struct entry e = {.r = r, .s = s, .fn = fn};

    return guarded(r, &e);
}

bool runner_enter(struct runner *r, struct trace_step *s, runner_fn *fn)
{
    struct entry e = {.r = r, .s = s, .fn = fn, .collect = true};

    r->flags_fresh = guarded(r, &e);
    if (!r->flags_fresh) {
        return false;
    }
    if (e.rc == -ENOMEM) {
        r->no_memory = true;
    } else if (e.rc != 0 && !r->broken_dump) {
        r->broken_dump = "the page dump failed";
    }
    region_normalise(regions_next(&r->flags), REGION_MASK_ALL);
    s->lock.depth_after = r->counters.depth;
    s->lock.locks = r->counters.locks - r->counters_before.locks;
    s->lock.unlocks = r->counters.unlocks - r->counters_before.unlocks;
    s->lock.lookups = r->counters.lookups - r->counters_before.lookups;
    return true;
}

static int run_op(struct runner *r, struct trace_step *s)
{
    switch ((enum op_kind)r->prog->ops.v[s->op].kind) {
    case OP_store:
        return runner_store(r, s);
    case OP_load:
        return runner_load(r, s);
    case OP_exec:
        runner_exec(r, s);
        return 0;
    case OP_wait: /* its child is gone: runner_fork.c */
        s->outcome = (struct outcome){.kind = OUTCOME_OK};
        return 0;
    default:
        runner_enter(r, s, call_layer);
        return 0;
    }
}

static void host_fail(struct runner *r, const struct op *op, struct trace_step *s)
{
    r->fail_nth = op->arg[0].num;
    r->fail_err = abi_errno_to_host((int)op->arg[1].num);
    s->outcome = (struct outcome){.kind = OUTCOME_OK};
}

static void set_result(struct runner *r, const struct op *op, const struct outcome *o)
{
    op_results_put(&r->results, op, o->kind == OUTCOME_OK, o->value);
}

int runner_step(struct runner *r, size_t at)
{
    const struct op *op = &r->prog->ops.v[at];
    struct trace_step *s = runner_new_step(r, at);
    struct op_resolver how = resolver(r);
    uint64_t nth = r->fail_nth;
    uint64_t expected = 0;
    bool judge_value;
    int rc;

    if (op->kind == OP_host_fail) {
        host_fail(r, op, s);
        runner_record_step(r, s, regions_now(&r->flags), NULL);
        return 0;
    }
    r->fail_nth = 0;
    if (!resolve(r, &how, op, &s->args)) {
        s->outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
        r->res->n_skipped++;
        set_result(r, op, &s->outcome);
        runner_record_step(r, s, regions_now(&r->flags), NULL);
        return 0;
    }
    judge_value = op_resolve_value(&how, &op->expect.value, &r->results, &expected);
    runner_begin_step(r);
    host_fault_arm(&r->fault, nth, r->fail_err);
    rc = run_op(r, s);
    host_fault_arm(&r->fault, 0, 0);
    if (rc < 0 || r->over) {
        return rc;
    }
    set_result(r, op, &s->outcome);
    return runner_judge(r, s, judge_value ? &expected : NULL);
}
