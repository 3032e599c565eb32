/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a model, with or without somebody to follow. Both walk the same steps in the same order:
 * those of the record, or those that the program's forks make.
 */
#include "exec/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exec/machine.h"
#include "model/model.h"
#include "op/resolve.h"

enum {
    WINDOW_BITS = 42, /* of a 64-bit window without reserved_va: what every target can offer */
    EDGE_PAGES = 4,   /* as others do when a process is done */
    DIGESTS_MAX = 256,
};
#define MIN_ADDR UINT64_C(0x10000)

struct follower {
    struct model *model;
    struct op_resolver how;
    struct op_results results[PROG_FORKS_MAX + 1]; /* of each process that is not over */
    unsigned depth;
    struct model_verdict verdict;
    struct buf allowed;
    struct region_vec now;
    uint64_t identity[PROG_FILES_MAX];
    /* The current program. */
    const struct prog *prog;
    const struct record_place *place;
    struct record *ret;
    unsigned n_processes;
    unsigned process;
    bool over;
    struct err *err;
};

struct follower *follower_new(void)
{
    struct follower *f = calloc(1, sizeof(*f));

    if (!f) {
        return NULL;
    }
    f->model = model_new();
    for (size_t i = 0; i < PROG_FILES_MAX; i++) {
        f->identity[i] = record_file_object(i);
    }
    return f->model ? f : follower_free(f);
}

struct follower *follower_free(struct follower *f)
{
    if (f) {
        f->model = model_free(f->model);
        buf_free(&f->allowed);
        region_vec_free(&f->now);
        free(f);
    }
    return NULL;
}

const char *follower_allowed(const struct follower *f)
{
    return buf_text(&f->allowed);
}

const uint64_t *follower_hits(const struct follower *f)
{
    return vm_rule_hits(model_vm(f->model));
}

static int no_memory(struct follower *f)
{
    return err_set(f->err, -ENOMEM, "out of memory");
}

static void fresh_bytes(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    const struct follower *f = arg;

    machine_fresh_bytes(index, f->prog->files.v[index].size, f->prog->files.n, offset, buf, len);
}

/* What is mapped before the first op. */
static int take(struct follower *f)
{
    const struct range *r = &f->place->taken;
    const struct vm_mmap_args a = {
        .addr = r->start,
        .len = range_len(*r),
        .flags = LINUX_MAP_PRIVATE | LINUX_MAP_FIXED | LINUX_MAP_ANONYMOUS | LINUX_MAP_NORESERVE,
        .fd = -1,
    };

    return r->last ? vm_force_mmap(model_proc(f->model), &a) : 0;
}

static int begin(struct follower *f)
{
    const struct record_place *p = f->place;
    const struct model_setup setup = {
        .system = p->system,
        .bits = p->bits,
        .page = p->page,
        .window = p->window,
        .last = p->last,
        .min_addr = p->min_addr,
        .privileged = p->privileged,
        .fixed_min = p->fixed_min,
        .may_refuse = p->may_refuse,
        .commit_max = p->commit_max,
        .stack_max = p->stack_max,
        .exec_only = p->exec_only,
        .known = p->within,
        .release = p->release,
        .fill = fresh_bytes,
        .fill_arg = f,
        .identity = f->identity,
    };

    f->how = (struct op_resolver){
        .system = p->system,
        .bits = p->bits,
        .window = p->window,
        .n_files = f->prog->files.n,
        .mremap = p->system == ABI_LINUX,
    };
    f->depth = 0;
    f->n_processes = 1;
    f->process = 0;
    f->over = false;
    op_results_clear(&f->results[0]);
    buf_clear(&f->allowed);
    if (model_begin(f->model, f->prog, &setup) < 0 || take(f) < 0) {
        return no_memory(f);
    }
    return 0;
}

static struct record_step *add(struct follower *f, enum record_what what, size_t op)
{
    struct record_step *s = record_add(f->ret, what);

    if (s) {
        s->step.op = op;
        s->step.process = f->process;
    }
    return s;
}

static int put_regions(struct follower *f, struct record_step *s)
{
    region_vec_clear(&f->now);
    if (vm_regions(model_proc(f->model), f->place->within, &f->now) < 0) {
        return no_memory(f);
    }
    for (size_t i = 0; i < f->now.n; i++) {
        struct region *r = &f->now.v[i];

        r->named = false;
        /* what is shared is known, though a FreeBSD kernel's own listing would not show it */
        r->shared = r->shared || (f->place->system == ABI_FREEBSD &&
                                  vm_shared(model_proc(f->model), r->r.start));
    }
    return record_put_regions(f->ret, s, &f->now) < 0 ? no_memory(f) : 0;
}

/* The page at AT as this model has it. */
static struct record_digest digest(struct follower *f, uint64_t at)
{
    struct vm_proc *p = model_proc(f->model);
    struct record_digest d = {.page = at};
    struct vm_fault fault = {0};
    const uint8_t *bytes;
    size_t len;

    if (!vm_accessible(p, at, false, &fault)) {
        d.bytes = RECORD_BYTES_NONE;
        d.sum = (uint64_t)fault.signal;
        return d;
    }
    switch (vm_view(p, at, &bytes, &len)) {
    case VM_BYTES_KNOWN:
        d.sum = record_sum(bytes, len);
        break;
    case VM_BYTES_LAZY:
        d.bytes = RECORD_BYTES_LAZY;
        d.sum = record_sum(bytes, len);
        break;
    case VM_BYTES_UNDEFINED:
        d.bytes = RECORD_BYTES_UNDEFINED;
        break;
    default:
        d.bytes = RECORD_BYTES_NONE;
        break;
    }
    return d;
}

/* The same pages that SEEN has. */
static int put_digests(struct follower *f, struct record_step *s, const struct record *seen,
                       const struct record_step *like)
{
    for (uint32_t i = 0; i < like->digests.n; i++) {
        struct record_digest d = digest(f, seen->digests.v[like->digests.first + i].page);

        if (record_put_digest(f->ret, s, d) < 0) {
            return no_memory(f);
        }
    }
    return 0;
}

static struct model_outcome to_model(const struct record_step *s)
{
    const struct outcome *o = &s->step.outcome;

    return (struct model_outcome){
        .kind = o->kind == OUTCOME_OK     ? MODEL_OK
                : o->kind == OUTCOME_FAIL ? MODEL_FAIL
                                          : MODEL_SIGNAL,
        .mixed = o->mixed,
        .has_at = s->has_at,
        .err = o->err,
        .signal = o->signal,
        .value = o->value,
        .at = s->at,
    };
}

static void from_model(struct record_step *s, const struct model_outcome *m)
{
    static const uint8_t kinds[] = {
        [MODEL_OK] = OUTCOME_OK, [MODEL_FAIL] = OUTCOME_FAIL, [MODEL_SIGNAL] = OUTCOME_SIGNAL};

    s->step.outcome = (struct outcome){
        .kind = kinds[m->kind],
        .mixed = m->mixed,
        .err = m->kind == MODEL_FAIL ? m->err : 0,
        .signal = m->kind == MODEL_SIGNAL ? m->signal : 0,
        .value = m->kind == MODEL_FAIL ? UINT64_MAX : m->value,
    };
    s->has_at = m->kind == MODEL_SIGNAL && m->has_at;
    s->at = m->at;
}

static void skip(struct follower *f, struct record_step *s, const struct op *op)
{
    s->step.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
    op_results_put(&f->results[f->depth], op, false, 0);
}

static void give_up(struct follower *f, struct record_step *s)
{
    s->poison = RECORD_GIVEN_UP;
    s->step.outcome = (struct outcome){.kind = OUTCOME_NOT_RUN};
    f->over = true;
}

/*
 * A map that was hinted to a place that is free, and lies at another that is free: whoever shares
 * the address space unseen may have had the first. 0 with the model as after it, or -ENOMEM.
 */
static int missed_hint(struct follower *f, const struct op *op, const struct record_step *s,
                       const struct model_outcome *was, bool *ret)
{
    const uint64_t fixed = ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE;

    *ret = f->place->emulated && !f->verdict.allowed && f->verdict.reply.may_succeed &&
           op->kind == OP_mmap && !(op->arg[3].num & fixed) && s->step.args.arg[0] != 0 &&
           was->kind == MODEL_OK &&
           vm_place_legal(model_proc(f->model), was->value, s->step.args.arg[1]);
    return *ret ? model_force(f->model, op, &s->step.args, was) : 0;
}

/* An op that calls or touches. SEEN NULL: as the model likes. */
static void call(struct follower *f, struct record_step *s, const struct op *op,
                 const struct record_step *seen)
{
    struct model_outcome was = seen ? to_model(seen) : (struct model_outcome){0};
    uint64_t unsure;
    bool missed;

    if (op->kind == OP_host_fail || (seen && seen->step.outcome.kind == OUTCOME_SKIPPED) ||
        !op_resolve(&f->how, op, &f->results[f->depth], &s->step.args)) {
        skip(f, s, op);
        return;
    }
    unsure = follower_hits(f)[VM_RULE_LINUX_UNSURE];
    if (model_step(f->model, op, &s->step.args, seen ? &was : NULL, &f->verdict) < 0) {
        give_up(f, s);
        return;
    }
    from_model(s, &f->verdict.took);
    if (seen && follower_hits(f)[VM_RULE_LINUX_UNSURE] != unsure) {
        s->poison = RECORD_UNSURE;
        f->over = true;
        return;
    }
    if (missed_hint(f, op, s, &was, &missed) < 0) {
        give_up(f, s);
        return;
    }
    if (missed) {
        s->poison = RECORD_ELSEWHERE;
    }
    s->refused = !f->verdict.allowed && !missed;
    f->over = s->refused;
    if (s->refused) {
        model_print_allowed(&f->verdict, (enum op_kind)op->kind, &f->allowed);
    } else if (f->verdict.undefined) {
        s->poison = RECORD_UNDEFINED;
    }
    if (seen && !s->refused) { /* one of several outcomes, and maybe not the first */
        s->step.outcome = seen->step.outcome;
        s->has_at = seen->has_at;
        s->at = seen->at;
    }
    op_results_put(&f->results[f->depth], op, s->step.outcome.kind == OUTCOME_OK,
                   s->step.outcome.value);
}

static bool enter_child(struct follower *f)
{
    if (f->depth == PROG_FORKS_MAX || model_fork(f->model) < 0) {
        return false;
    }
    f->results[f->depth + 1] = f->results[f->depth];
    f->depth++;
    return true;
}

static void leave_child(struct follower *f)
{
    model_wait(f->model);
    f->depth--;
}

/* A step of the record that is followed. */
static int follow(struct follower *f, const struct record *seen, size_t i)
{
    const struct record_step *like = &seen->steps.v[i];
    const struct op *op = like->what == RECORD_OP ? &f->prog->ops.v[like->step.op] : NULL;
    struct record_step *s;
    int rc = 0;

    f->process = like->step.process;
    s = add(f, (enum record_what)like->what, like->step.op);
    if (!s) {
        return no_memory(f);
    }
    if (op && (op->kind == OP_fork || op->kind == OP_wait)) {
        s->step.outcome = like->step.outcome;
    } else if (op && like->step.outcome.kind <= OUTCOME_SIGNAL) {
        call(f, s, op, like);
    } else if (op) {
        f->over = true; /* it crashed or hung: nobody follows there */
    }
    if (f->over) {
        return 0;
    }
    if (like->has_regions) {
        rc = put_regions(f, s);
    }
    rc = rc < 0 ? rc : put_digests(f, s, seen, like);
    if (rc == 0 && op && op->kind == OP_fork && like->step.outcome.kind == OUTCOME_OK) {
        if (!enter_child(f)) {
            give_up(f, s);
        }
    } else if (rc == 0 && like->what == RECORD_DONE && f->depth > 0) {
        leave_child(f);
    }
    return rc;
}

/* What a process has when it begins or is done. */
static int put_state(struct follower *f, enum record_what what, size_t op)
{
    uint64_t page = f->place->page;
    struct record_step *s = add(f, what, op);
    unsigned left = DIGESTS_MAX;

    if (!s || put_regions(f, s) < 0) {
        return no_memory(f);
    }
    for (size_t i = 0; i < f->now.n; i++) {
        const struct region *r = &f->now.v[i];
        uint64_t pages = range_len(r->r) / page;

        for (uint64_t k = 0; (r->prot & (REGION_R | REGION_W)) && k < pages && left > 0;
             k++, left--) {
            if (k == EDGE_PAGES && pages > 2 * EDGE_PAGES) {
                k = pages - EDGE_PAGES;
            }
            if (record_put_digest(f->ret, s, digest(f, r->r.start + k * page)) < 0) {
                return no_memory(f);
            }
        }
    }
    return 0;
}

static int run_ops(struct follower *f, size_t at, size_t stop);

static int run_fork(struct follower *f, size_t at, size_t stop)
{
    struct record_step *s = add(f, RECORD_OP, at);
    unsigned parent = f->process;
    int rc;

    if (!s) {
        return no_memory(f);
    }
    s->step.outcome = (struct outcome){.kind = OUTCOME_OK};
    if (!enter_child(f)) {
        give_up(f, s);
        return 0;
    }
    f->process = f->n_processes++;
    rc = put_state(f, RECORD_BORN, at);
    rc = rc < 0 ? rc : run_ops(f, at + 1, stop);
    if (rc == 0) {
        leave_child(f);
        f->process = parent;
    }
    return rc;
}

static int run_op(struct follower *f, size_t at)
{
    const struct op *op = &f->prog->ops.v[at];
    struct record_step *s = add(f, RECORD_OP, at);

    if (!s) {
        return no_memory(f);
    }
    if (op->kind == OP_wait) {
        s->step.outcome = (struct outcome){.kind = OUTCOME_OK};
        return 0;
    }
    call(f, s, op, NULL);
    return f->over ? 0 : put_regions(f, s);
}

/* The program's own order of steps: as every target has it. */
static int run_ops(struct follower *f, size_t at, size_t stop)
{
    int rc = 0;

    while (rc == 0 && at < stop && !f->over) {
        if (f->prog->ops.v[at].kind == OP_fork) {
            size_t wait = prog_wait_of(f->prog, at, stop);

            rc = run_fork(f, at, wait);
            at = wait;
        } else {
            rc = run_op(f, at++);
        }
    }
    return rc == 0 && !f->over ? put_state(f, RECORD_DONE, f->prog->ops.n) : rc;
}

int follower_run(struct follower *f, const struct prog *p, const struct record_place *place,
                 const struct record *seen, struct record *ret, struct err *e)
{
    int rc;

    record_clear(ret);
    ret->place = *place;
    f->prog = p;
    f->place = place;
    f->ret = ret;
    f->err = e;
    rc = begin(f);
    if (!seen) {
        return rc < 0 ? rc : run_ops(f, 0, p->ops.n);
    }
    for (size_t i = 0; rc == 0 && i < seen->steps.n && !f->over; i++) {
        rc = follow(f, seen, i);
    }
    return rc;
}

const char *follower_place(enum abi_system system, const struct prog_config *c,
                           struct record_place *ret)
{
    uint64_t reserved = c->value[CONFIG_RESERVED];
    bool narrow = c->value[CONFIG_BITS] == 32;
    uint64_t size = reserved ? reserved : UINT64_C(1) << (narrow ? 32 : WINDOW_BITS);

    *ret = (struct record_place){
        .system = system,
        .bits = narrow ? 32 : 64,
        .page = c->value[CONFIG_GUEST_PAGE],
        .window = 0,
        .last = size - 1,
        .min_addr = system == ABI_LINUX ? MIN_ADDR : 0,
        .within = {0, size - 1},
    };
    return size < 2 * MIN_ADDR ? "the window has no room for a program" : NULL;
}
