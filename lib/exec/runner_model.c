/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's life beside a run, calls, fork. A step is first asked of the model: what its kernel
 * may not answer must be excused by a limit, and then the model follows what was seen. What the
 * step touched is collected before the model changes, and compared after it.
 */
#include "exec/runner_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What sets a model apart from a kernel's when a real child's steps are repeated. */
#define REPEATABLE limit_bit(LIMIT_ID_PLACEMENT_ADDRESS)
/* What stores go astray by. */
#define SLACK \
    (limit_bit(LIMIT_ID_SUBPAGE_UNMAP) | limit_bit(LIMIT_ID_SLACK_VISIBLE) | \
     limit_bit(LIMIT_ID_GUARD_FRAG_SOFT))

static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    const struct runner *r = arg;

    machine_fresh_bytes(index, r->prog->files.v[index].size, r->prog->files.n, offset, buf, len);
}

int runner_model_open(struct runner *r)
{
    r->model = calloc(1, sizeof(*r->model));
    if (!r->model) {
        return -ENOMEM;
    }
    r->model->m = model_new();
    return r->model->m ? 0 : -ENOMEM;
}

void runner_model_close(struct runner *r)
{
    if (r->model) {
        model_free(r->model->m);
        region_vec_free(&r->model->map);
        region_vec_free(&r->model->left);
        region_vec_free(&r->model->parts);
        free(r->model);
        r->model = NULL;
    }
}

static int skip_program(struct runner *r)
{
    r->over = true;
    r->res->verdict = RUN_SKIP;
    buf_clear(&r->res->reason);
    buf_str(&r->res->reason, "the model needs more memory than it is given");
    return 0;
}

int model_lost(struct runner *r, int rc)
{
    if (rc == 0) {
        return 0;
    }
    r->model->on = false;
    /* A real child's steps are repeated in its parent, which then cannot go on either. */
    return r->process != 0 && !r->machine->ops->fork ? 0 : skip_program(r);
}

int runner_model_begin(struct runner *r)
{
    struct runner_model *rm = r->model;
    const struct space *s = &r->res->space;
    struct model_setup setup = {
        .system = r->spec.system,
        .bits = s->bits,
        .page = s->guest_page,
        .last = s->window_last,
        .min_addr = r->spec.system == ABI_LINUX ? s->min_addr : 0,
        /* asked without the check, for what a limit excuses of it decides nothing later */
        .privileged = r->spec.system == ABI_LINUX && s->guest_base > 0 &&
                      !(r->opt.limits_off & limit_bit(LIMIT_ID_MIN_ADDR_FIXED)),
        .known = {0, s->window_last},
        .fill = fill,
        .fill_arg = r,
        .identity = rm->identity,
    };

    rm->on = r->opt.model;
    rm->tainted = false;
    rm->astray = false;
    region_vec_clear(&rm->left);
    region_vec_clear(&rm->parts);
    for (size_t i = 0; (rm->on || r->watched) && i < r->prog->files.n; i++) {
        struct host_stat st = {0};
        int rc = host_fstat(r->machine->host, r->fds[i], &st);

        if (rc < 0) {
            return err_set(r->err, rc, "fstat: %s", strerror(-rc));
        }
        rm->identity[i] = st.object;
    }
    if (!rm->on) {
        return 0;
    }
    if (model_begin(rm->m, r->prog, &setup) < 0) {
        rm->on = false;
        skip_program(r);
        return 1;
    }
    return 0;
}

int model_map(struct runner *r, struct range within)
{
    struct region_vec *map = &r->model->map;
    const struct vm_proc *p = model_proc(r->model->m);
    int rc;

    region_vec_clear(map);
    rc = vm_regions(p, within, map);
    for (size_t i = 0; i < map->n; i++) {
        map->v[i].shared = map->v[i].shared || vm_shared(p, map->v[i].r.start);
    }
    return rc;
}

void model_excuse(struct trace_step *s, enum limit_id id)
{
    s->excused |= limit_bit(id);
}

struct limit_ctx model_limits(const struct runner *r, const struct inv_ctx *ctx)
{
    return (struct limit_ctx){.step = ctx, .left = &r->model->left, .off = r->opt.limits_off};
}

struct op_args model_args(const struct runner *r, const struct trace_step *s)
{
    const struct op_desc *d = &op_descs[r->prog->ops.v[s->op].kind];
    struct op_args args = s->args;

    for (unsigned i = 0; i < d->n_args; i++) {
        if (d->arg[i] == ARG_FD && args.file >= 0) {
            args.arg[i] = (uint64_t)args.file;
        }
    }
    return args;
}

struct model_outcome model_seen(const struct trace_step *s)
{
    const struct outcome *o = &s->outcome;

    return (struct model_outcome){
        .kind = o->kind == OUTCOME_OK     ? MODEL_OK
                : o->kind == OUTCOME_FAIL ? MODEL_FAIL
                                          : MODEL_SIGNAL,
        .mixed = o->mixed,
        .has_at = o->has_at,
        .err = o->err,
        .signal = o->signal,
        .value = o->value,
        .at = o->at,
    };
}

int64_t model_file(const struct runner *r, uint64_t object)
{
    for (size_t i = 0; i < r->prog->files.n; i++) {
        if (r->model->identity[i] == object) {
            return (int64_t)i;
        }
    }
    return -1;
}

uint64_t model_file_size(const struct runner *r, uint64_t object)
{
    int64_t file = model_file(r, object);

    return file < 0 ? 0 : r->prog->files.v[file].size;
}

static int judge_op(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    switch ((enum op_kind)r->prog->ops.v[s->op].kind) {
    case OP_fork:
    case OP_wait:
    case OP_host_fail:
        return 0;
    case OP_load:
    case OP_store:
    case OP_exec:
        return model_judge_access(r, s, ctx);
    default:
        return model_judge_call(r, s, ctx);
    }
}

static int judge_touched(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                         bool mappings)
{
    struct runner_model *rm = r->model;
    bool whole = mappings && ctx->flags_after->n <= PAGES_PER_STEP;
    int rc =
        whole ? model_judge_mappings(r, s, ctx, (struct range){0, r->res->space.window_last}) : 0;

    for (size_t i = 0; rc == 0 && !r->over && rm->on && i < rm->n_touched; i++) {
        rc = whole || !mappings ? 0 : model_judge_mappings(r, s, ctx, rm->touched[i]);
        if (rc == 0 && !r->over && r->opt.contents) {
            rc = model_judge_bytes(r, s, ctx, rm->touched[i]);
        }
    }
    return rc;
}

static int judge(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx, bool mappings)
{
    struct runner_model *rm = r->model;
    int rc;

    if (!rm->on || (s->outcome.kind != OUTCOME_OK && s->outcome.kind != OUTCOME_FAIL &&
                    s->outcome.kind != OUTCOME_SIGNAL)) {
        return 0;
    }
    model_touched_by(r, s);
    rc = model_note_left(r, s, ctx);
    rc = rc < 0 ? rc : model_note_stores(r, s);
    rm->n_copied = 0;
    rc = rc < 0 ? rc : model_note_dropped(r, s);
    rc = rc < 0 ? rc : judge_op(r, s, ctx);
    if (rc < 0 || r->over || !rm->on) {
        return rc;
    }
    rc = model_forget(r, s);
    for (size_t i = 0; rc == 0 && i < rm->n_touched; i++) {
        rc = model_follow_snapshots(r, s, ctx, rm->touched[i]);
    }
    if (rc < 0) {
        return model_lost(r, rc);
    }
    if (r->prog->ops.v[s->op].kind == OP_wait) {
        model_touch_shared(r, ctx);
    }
    rc = judge_touched(r, s, ctx, mappings);
    rm->budget = PAGES_PER_STEP;
    for (size_t i = 0; rc == 0 && !r->over && rm->on && r->opt.contents && i < rm->n_dropped; i++) {
        rc = model_judge_bytes(r, s, ctx, (struct range){rm->dropped[i], rm->dropped[i]});
    }
    rm->inexact = false;
    return rc;
}

int runner_model_judge(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    return judge(r, s, ctx, true);
}

int runner_model_sees(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    return judge(r, s, ctx, false);
}

/* ---- fork ---- */

int runner_model_fork(struct runner *r)
{
    return r->model->on ? model_lost(r, model_fork(r->model->m)) : 0;
}

void runner_model_wait(struct runner *r)
{
    if (r->model->on) {
        model_wait(r->model->m);
        /* What went through slack may be in pages that only others map. */
        r->model->astray |= r->model->tainted;
    }
}

static int repeat(struct runner *r, const struct trace_step *s)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct op_args args = model_args(r, s);
    struct model_outcome seen = model_seen(s);
    struct model_verdict v;
    int rc;

    if (op->kind == OP_wait || op->kind == OP_host_fail ||
        (s->excused & limit_bit(LIMIT_ID_ADVICE_IGNORED)) ||
        (s->outcome.kind != OUTCOME_OK && s->outcome.kind != OUTCOME_FAIL &&
         s->outcome.kind != OUTCOME_SIGNAL)) {
        return 0;
    }
    rc = model_step(r->model->m, op, &args, &seen, &v);
    return rc == 0 && !v.allowed ? model_force(r->model->m, op, &args, &seen) : rc;
}

/* Processes that wait for a child, outermost first; the last one runs. */
struct family {
    unsigned v[PROG_FORKS_MAX + 1];
    unsigned depth;
};

static void end_child(struct runner *r, struct family *f)
{
    model_wait(r->model->m);
    f->depth--;
}

/* PROCESS runs next: one that waited, or a new child of the one that ran. 0 or -ENOMEM. */
static int switch_to(struct runner *r, struct family *f, unsigned process)
{
    unsigned at = f->depth;
    int rc;

    while (at > 0 && f->v[at] != process) {
        at--;
    }
    if (f->v[at] == process) {
        while (f->depth > at) {
            end_child(r, f);
        }
        return 0;
    }
    rc = model_fork(r->model->m);
    if (rc == 0) {
        f->v[++f->depth] = process;
    }
    return rc;
}

int runner_model_replay(struct runner *r, size_t first)
{
    struct family f = {.v = {r->process}};
    int rc = 0;

    r->model->inexact = false;
    for (size_t i = first; r->model->on && rc == 0 && i < r->steps.n; i++) {
        const struct trace_step *s = &r->steps.v[i];

        rc = switch_to(r, &f, s->process);
        if (rc == 0 && r->prog->ops.v[s->op].kind != OP_fork) {
            rc = repeat(r, s);
        }
        r->model->inexact |= (s->excused & ~REPEATABLE) != 0;
        r->model->astray |= (s->excused & SLACK) && r->prog->ops.v[s->op].kind == OP_store;
    }
    while (f.depth > 0) {
        end_child(r, &f);
    }
    return model_lost(r, rc);
}
