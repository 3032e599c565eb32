/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One op: its values resolved as the guest's registers would hold them, its flags in the guest
 * system's numbers, the layer called under guard, the answer read by the layer's conventions. What
 * the op means is the layer's business.
 */
#include <errno.h>
#include <signal.h>

#include "exec/runner_impl.h"

/* Descriptors above every process's limit: surely closed. */
enum { FD_CLOSED = 0x40000000 };

static bool resolve_value(const struct runner *r, const struct value *v, uint64_t *ret)
{
    switch ((enum value_base)v->base) {
    case VALUE_NUM:
    case VALUE_WINDOW:
        *ret = v->num;
        return true;
    case VALUE_RESULT:
        if (v->ref >= PROG_RESULTS_MAX || !r->results.set[v->ref]) {
            return false;
        }
        *ret = r->results.value[v->ref] + v->num;
        return true;
    default:
        return false;
    }
}

static bool resolve_fd(const struct runner *r, const struct value *v, struct trace_args *args,
                       uint64_t *ret)
{
    int64_t number = (int64_t)v->num;

    if (v->base == VALUE_FILE) {
        if (v->ref >= r->prog->files.n) {
            return false;
        }
        args->file = v->ref;
        *ret = (uint64_t)(int64_t)r->fds[v->ref];
        return true;
    }
    *ret = number < 0 ? UINT64_MAX : FD_CLOSED + (v->num & 0xffffff);
    return true;
}

/* A word of flags in the numbers of the layer's own system; false if that system cannot say it. */
static bool resolve_flags(const struct runner *r, enum arg_kind kind, uint64_t v, uint64_t *ret)
{
    uint32_t word = (uint32_t)v;
    int rc = 0;

    switch (kind) {
    case ARG_MAPFLAGS:
        rc = abi_mapflags_to_system(r->spec.system, v, &word);
        break;
    case ARG_MSYNCFLAGS:
        rc = abi_msync_to_system(r->spec.system, v, &word);
        break;
    case ARG_ADVICE:
        rc = abi_advice_to_system(r->spec.system, v, &word);
        break;
    default:
        rc = guest_register(r, v) > UINT32_MAX ? -ENOTSUP : 0;
    }
    *ret = word;
    return rc == 0;
}

static bool resolve_arg(const struct runner *r, enum arg_kind kind, const struct value *v,
                        struct trace_args *args, uint64_t *ret)
{
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
    case ARG_LEN:
    case ARG_ACCESS:
        if (!resolve_value(r, v, ret)) {
            return false;
        }
        *ret = guest_register(r, *ret);
        return true;
    case ARG_PROT:
    case ARG_MAPFLAGS:
    case ARG_MREMAPFLAGS:
    case ARG_MSYNCFLAGS:
    case ARG_ADVICE:
        return resolve_flags(r, kind, v->num, ret);
    case ARG_FD:
        return resolve_fd(r, v, args, ret);
    default:
        *ret = v->num;
        return true;
    }
}

/* False if the op cannot be said on this target or uses a result that does not exist. */
static bool resolve(const struct runner *r, const struct op *op, struct trace_step *s)
{
    const struct op_desc *d = &op_descs[op->kind];

    if (op->kind == OP_mremap && !r->spec.layer->mremap) {
        return false;
    }
    for (unsigned i = 0; i < d->n_args; i++) {
        if (!resolve_arg(r, (enum arg_kind)d->arg[i], &op->arg[i], &s->args, &s->args.arg[i])) {
            return false;
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

/* Number of this system for a neutral one; they are the same on Linux. */
static int host_errno(uint64_t neutral)
{
    for (int n = 1; n < 256; n++) {
        if (abi_errno_from_host(n) == (int)neutral) {
            return n;
        }
    }
    return (int)neutral;
}

static void host_fail(struct runner *r, const struct op *op, struct trace_step *s)
{
    r->fail_nth = op->arg[0].num;
    r->fail_err = host_errno(op->arg[1].num);
    s->outcome = (struct outcome){.kind = OUTCOME_OK};
}

static void set_result(struct runner *r, const struct op *op, const struct outcome *o)
{
    if (op->result >= PROG_RESULTS_MAX) {
        return;
    }
    r->results.set[op->result] = o->kind == OUTCOME_OK;
    r->results.value[op->result] = o->value;
    r->results.used = u64_max(r->results.used, op->result + 1u);
}

int runner_step(struct runner *r, size_t at)
{
    const struct op *op = &r->prog->ops.v[at];
    struct trace_step *s = runner_new_step(r, at);
    uint64_t nth = r->fail_nth;
    uint64_t expected = 0;
    bool judge_value;
    int rc;

    if (op->kind == OP_host_fail) {
        host_fail(r, op, s);
        return 0;
    }
    r->fail_nth = 0;
    if (!resolve(r, op, s)) {
        s->outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
        r->res->n_skipped++;
        set_result(r, op, &s->outcome);
        return 0;
    }
    judge_value = resolve_value(r, &op->expect.value, &expected);
    runner_begin_step(r);
    host_fault_arm(&r->fault, nth, r->fail_err);
    rc = run_op(r, s);
    host_fault_arm(&r->fault, 0, 0);
    if (rc < 0) {
        return rc;
    }
    set_result(r, op, &s->outcome);
    return runner_judge(r, s, judge_value ? &expected : NULL);
}
