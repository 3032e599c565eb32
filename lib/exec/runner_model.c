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

/* In no set of answers: asks a model for its set without doing anything. */
enum { NO_ANSWER = -1 };

/* What sets a model apart from a kernel's when a real child's steps are repeated. */
#define REPEATABLE limit_bit(LIMIT_ID_PLACEMENT_ADDRESS)

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
        .known = {0, s->window_last},
        .fill = fill,
        .fill_arg = r,
        .identity = rm->identity,
    };

    rm->on = r->opt.model;
    region_vec_clear(&rm->left);
    if (!rm->on) {
        return 0;
    }
    for (size_t i = 0; i < r->prog->files.n; i++) {
        struct host_stat st = {0};
        int rc = host_fstat(r->machine->host, r->fds[i], &st);

        if (rc < 0) {
            return err_set(r->err, rc, "fstat: %s", strerror(-rc));
        }
        rm->identity[i] = st.object;
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

/* ---- what a step touches ---- */

void model_touch(struct runner *r, struct range pages)
{
    struct runner_model *rm = r->model;
    const struct space *s = &r->res->space;
    struct range wide = range_widen(pages, s->host_page);
    struct range *last = rm->n_touched ? &rm->touched[rm->n_touched - 1] : NULL;

    if (wide.start > s->window_last) {
        return;
    }
    wide.last = u64_min(wide.last, s->window_last);
    for (size_t i = 0; i < rm->n_touched; i++) {
        if (range_contains(rm->touched[i], wide)) {
            return;
        }
    }
    if (rm->n_touched < TOUCHED_MAX) {
        rm->touched[rm->n_touched++] = wide;
    } else {
        *last = (struct range){u64_min(last->start, wide.start), u64_max(last->last, wide.last)};
    }
}

static void touch_bytes(struct runner *r, uint64_t start, uint64_t len)
{
    struct range pages;

    if (start <= r->res->space.window_last &&
        range_from_len(start, u64_min(len, r->res->space.window_last - start + 1), &pages)) {
        model_touch(r, pages);
    }
}

static void touch_host(struct runner *r, uint64_t addr, uint64_t len)
{
    if (h2g_valid(&r->res->space, addr)) {
        touch_bytes(r, h2g(&r->res->space, addr), len);
    }
}

static void touch_call(struct runner *r, const struct trace_call *c)
{
    switch ((enum call_kind)c->kind) {
    case CALL_MAP:
        touch_host(r, c->err ? c->addr : c->result, c->len);
        break;
    case CALL_REMAP:
        touch_host(r, c->err ? c->addr2 : c->result, c->len2);
        __attribute__((fallthrough));
    case CALL_UNMAP:
    case CALL_ADVISE:
    case CALL_WRITE:
        touch_host(r, c->addr, c->len);
        break;
    default:
        break;
    }
}

static void touched_by(struct runner *r, const struct trace_step *s)
{
    const uint64_t *a = s->args.arg;
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    bool ok = s->outcome.kind == OUTCOME_OK;

    r->model->n_touched = 0;
    r->model->budget = PAGES_PER_STEP;
    if (kind != OP_wait && kind != OP_fork) {
        touch_bytes(r, a[0], u64_max(a[1], 1));
    }
    if (kind == OP_mmap && ok) {
        touch_bytes(r, s->outcome.value, u64_max(a[1], 1));
    }
    if (kind == OP_mremap) {
        touch_bytes(r, ok ? s->outcome.value : a[4], u64_max(a[2], 1));
    }
    for (size_t i = 0; i < s->calls.n; i++) {
        touch_call(r, &s->calls.v[i]);
    }
}

/* PART, but for what LEFT has already. */
static int add_left(struct region_vec *left, struct range part)
{
    size_t n = left->n;
    uint64_t at = part.start;
    int rc = 0;

    for (size_t i = region_lower_bound(left, at); rc == 0 && i < n && at <= part.last; i++) {
        struct range have = left->v[i].r;

        if (have.start > part.last) {
            break;
        }
        if (have.start > at) {
            rc = region_vec_push(left, (struct region){.r = {at, have.start - 1}});
        }
        if (have.last >= part.last) {
            return rc;
        }
        at = have.last + 1;
    }
    return rc < 0 ? rc : region_vec_push(left, (struct region){.r = {at, part.last}});
}

/*
 * What was mapped where the step has changed something. Only free pages are looked up there, so
 * that a page that stays or comes back does no harm. 0 or a negative errno.
 */
static int note_left(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx)
{
    const struct region_vec *before = ctx->flags_before;
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    int rc = 0;

    if (r->res->space.host_page == r->res->space.guest_page || before == ctx->flags_after ||
        (kind != OP_munmap && kind != OP_mremap && kind != OP_mmap)) {
        return 0;
    }
    for (size_t t = 0; t < r->model->n_touched; t++) {
        struct range within = r->model->touched[t];

        for (size_t i = region_lower_bound(before, within.start);
             rc == 0 && i < before->n && before->v[i].r.start <= within.last; i++) {
            rc = add_left(&r->model->left, range_cut(before->v[i].r, within));
            region_normalise(&r->model->left, 0);
        }
    }
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

/* ---- calls ---- */

static int outcome_finding(struct runner *r, const struct trace_step *s,
                           const struct model_verdict *v)
{
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    struct inv_violation found = {.id = INV_MODEL_OUTCOME, .text = BUF_INIT};
    struct buf got = BUF_INIT;

    outcome_print(&s->outcome, kind, &got);
    buf_fmt(&found.text, "%s:%s, the guest's kernel allows ", op_descs[kind].name, buf_text(&got));
    model_print_allowed(v, kind, &found.text);
    buf_free(&got);
    return runner_finding(r, s, &found);
}

static bool place_legal(const struct runner *r, const struct trace_step *s)
{
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    uint64_t page = r->res->space.guest_page;
    uint64_t into = s->outcome.value & (page - 1);
    uint64_t len = s->args.arg[kind == OP_mremap ? 2 : 1];

    return s->outcome.kind == OUTCOME_OK && (kind == OP_mmap || kind == OP_mremap) &&
           vm_place_legal(model_proc(r->model->m), s->outcome.value - into, len + into);
}

/* The pages that the op names: the books say what became of them. */
static int adopt(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx)
{
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    const uint64_t *a = s->args.arg;
    struct range within;
    int rc = 0;

    if (guest_range_valid(&r->res->space, a[0], u64_max(a[1], 1), &within)) {
        rc = model_adopt(r->model->m, range_widen(within, r->res->space.guest_page),
                         ctx->flags_after);
    }
    if (rc == 0 && kind == OP_mremap && (a[3] & ABI_MREMAP_FIXED) &&
        guest_range_valid(&r->res->space, a[4], a[2], &within)) {
        rc = model_adopt(r->model->m, range_widen(within, r->res->space.guest_page),
                         ctx->flags_after);
    }
    return rc;
}

/* The same call as a plain map at the place it was given. */
static int force_plain(struct runner *r, uint32_t flags, int64_t file, struct range at,
                       uint64_t offset, uint8_t prot)
{
    const struct op op = {.kind = OP_mmap};
    const struct model_outcome seen = {.kind = MODEL_OK, .value = at.start};
    struct op_args args = {.file = file};

    args.arg[0] = at.start;
    args.arg[1] = range_len(at);
    args.arg[2] = prot;
    args.arg[3] = flags;
    args.arg[4] = (uint64_t)file;
    args.arg[5] = offset;
    return model_force(r->model->m, &op, &args, &seen);
}

static int plain_stack(struct runner *r, const struct trace_step *s)
{
    bool linux_guest = r->spec.system == ABI_LINUX;
    uint32_t flags = (uint32_t)s->args.arg[3];
    bool anon = !linux_guest || (flags & LINUX_MAP_ANONYMOUS);
    struct range pages;

    if (!guest_range_valid(&r->res->space, s->outcome.value, s->args.arg[1], &pages)) {
        return 0;
    }
    flags = linux_guest ? (flags & ~(uint32_t)LINUX_MAP_GROWSDOWN) | LINUX_MAP_FIXED
                        : (flags & FREEBSD_MAP_SHARED ? FREEBSD_MAP_SHARED : FREEBSD_MAP_PRIVATE) |
                              FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_FIXED;
    return force_plain(r, flags, anon ? -1 : s->args.file,
                       range_widen(pages, r->res->space.guest_page), anon ? 0 : s->args.arg[5],
                       s->args.arg[2] & ABI_PROT_RWX);
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

int model_show(struct runner *r, const struct region *g)
{
    const uint32_t flags = LINUX_MAP_SHARED | LINUX_MAP_FIXED; /* numbered alike on FreeBSD */
    int64_t file = model_file(r, g->object);

    return file < 0 ? 0 : force_plain(r, flags, file, g->r, g->offset, REGION_R | REGION_W);
}

/* Where the books have a copy of a shared file map, the model's map becomes a private one. */
static int follow_snapshots(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                            struct range within)
{
    const struct region_vec *books = ctx->flags_after;
    const uint32_t flags = LINUX_MAP_PRIVATE | LINUX_MAP_FIXED; /* numbered alike on FreeBSD */
    int rc = 0;

    if (r->opt.limits_off & limit_bit(LIMIT_ID_SHARED_RO_SNAPSHOT)) {
        return 0;
    }
    for (size_t i = region_lower_bound(books, within.start);
         rc == 0 && i < books->n && books->v[i].r.start <= within.last; i++) {
        const struct region *b = &books->v[i];
        struct range part = range_cut(b->r, within);
        int64_t file = b->snapshot ? model_file(r, b->object) : -1;

        if (file < 0 || model_map(r, part) < 0 || r->model->map.n == 0 ||
            !r->model->map.v[0].shared) {
            continue;
        }
        model_excuse(s, LIMIT_ID_SHARED_RO_SNAPSHOT);
        rc = force_plain(r, flags, file, part, b->offset + (part.start - b->r.start), b->prot);
    }
    return rc;
}

/* What was seen happened, excused by ID. */
static int follow(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx,
                  enum limit_id id)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct op_args args = model_args(r, s);
    struct model_outcome seen = model_seen(s);
    int rc;

    if (id == LIMIT_ID_STACK_PLAIN && s->outcome.kind == OUTCOME_OK) {
        return plain_stack(r, s);
    }
    rc = model_force(r->model->m, op, &args, &seen);
    return rc == 0 && s->outcome.kind == OUTCOME_FAIL ? adopt(r, s, ctx) : rc;
}

/* Whether the set of answers holds what was seen, although nothing was done. */
static bool in_set(const struct model_verdict *v, const struct model_outcome *seen)
{
    for (unsigned i = 0; seen->kind == MODEL_FAIL && i < v->reply.n_errs; i++) {
        if (v->reply.errs[i] == seen->err) {
            return true;
        }
    }
    return seen->kind == MODEL_OK && v->reply.may_succeed;
}

static int judge_call(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct limit_ctx limits = model_limits(r, ctx);
    enum limit_id effect = limit_effect(&limits);
    bool ok = s->outcome.kind == OUTCOME_OK;
    bool ask = effect == LIMIT_ID_ADVICE_IGNORED || (effect == LIMIT_ID_STACK_PLAIN && !ok);
    struct op_args args = model_args(r, s);
    struct model_outcome seen = model_seen(s);
    struct model_outcome nothing = {.kind = MODEL_FAIL, .err = NO_ANSWER};
    struct model_verdict v;
    struct limit_allowed allowed;
    enum limit_id id;
    int rc = model_step(r->model->m, op, &args, ask ? &nothing : &seen, &v);

    if (rc < 0) {
        return model_lost(r, rc);
    }
    if (v.allowed || (ask && in_set(&v, &seen))) {
        if (effect != LIMIT_NONE) {
            model_excuse(s, effect);
        }
        return effect == LIMIT_ID_STACK_PLAIN && ok ? model_lost(r, plain_stack(r, s)) : 0;
    }
    allowed = (struct limit_allowed){.may_succeed = v.reply.may_succeed,
                                     .place_legal = place_legal(r, s),
                                     .n_errs = v.reply.n_errs,
                                     .errs = v.reply.errs};
    id = limit_outcome(&limits, &allowed);
    if (id == LIMIT_NONE) {
        return outcome_finding(r, s, &v);
    }
    model_excuse(s, id);
    return model_lost(r, follow(r, s, ctx, id));
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
        return judge_call(r, s, ctx);
    }
}

/* Two host calls refused: an undo was, too, and what a call names may hold anything. */
static int forget_bytes(struct runner *r, const struct trace_step *s)
{
    size_t refused = 0;
    int rc = 0;

    for (size_t i = 0; i < s->calls.n; i++) {
        refused += s->calls.v[i].err != 0;
    }
    if (refused < 2 || s->outcome.kind != OUTCOME_FAIL) {
        return 0;
    }
    for (unsigned i = 0; i < 5 && rc == 0; i += 4) {
        bool moves = r->prog->ops.v[s->op].kind == OP_mremap;
        struct range pages;

        if ((i == 0 || moves) &&
            guest_range_valid(&r->res->space, s->args.arg[i], s->args.arg[i ? 2 : 1], &pages)) {
            rc = vm_undefine(model_proc(r->model->m), range_widen(pages, r->res->space.guest_page));
        }
    }
    return rc;
}

/* What processes share, after one of them is gone. */
static void touch_shared(struct runner *r, const struct inv_ctx *ctx)
{
    for (size_t i = 0; i < ctx->flags_after->n; i++) {
        if (ctx->flags_after->v[i].shared) {
            model_touch(r, ctx->flags_after->v[i].r);
        }
    }
}

static int judge_touched(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    struct runner_model *rm = r->model;
    bool whole = ctx->flags_after->n <= PAGES_PER_STEP;
    int rc =
        whole ? model_judge_mappings(r, s, ctx, (struct range){0, r->res->space.window_last}) : 0;

    for (size_t i = 0; rc == 0 && !r->over && rm->on && i < rm->n_touched; i++) {
        rc = whole ? 0 : model_judge_mappings(r, s, ctx, rm->touched[i]);
        if (rc == 0 && !r->over && r->opt.contents) {
            rc = model_judge_bytes(r, s, ctx, rm->touched[i]);
        }
    }
    return rc;
}

int runner_model_judge(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    struct runner_model *rm = r->model;
    int rc;

    if (!rm->on || (s->outcome.kind != OUTCOME_OK && s->outcome.kind != OUTCOME_FAIL &&
                    s->outcome.kind != OUTCOME_SIGNAL)) {
        return 0;
    }
    touched_by(r, s);
    rc = note_left(r, s, ctx);
    rc = rc < 0 ? rc : judge_op(r, s, ctx);
    if (rc < 0 || r->over || !rm->on) {
        return rc;
    }
    rc = forget_bytes(r, s);
    for (size_t i = 0; rc == 0 && i < rm->n_touched; i++) {
        rc = follow_snapshots(r, s, ctx, rm->touched[i]);
    }
    if (rc < 0) {
        return model_lost(r, rc);
    }
    if (r->prog->ops.v[s->op].kind == OP_wait) {
        touch_shared(r, ctx);
    }
    rc = judge_touched(r, s, ctx);
    rm->inexact = false;
    return rc;
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
    }
    while (f.depth > 0) {
        end_child(r, &f);
    }
    return model_lost(r, rc);
}
