/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: what the guest's kernel may not answer must be excused by a limit, and then the model
 * follows what was seen.
 */
#include "exec/runner_model.h"

/* In no set of answers: asks a model for its set without doing anything. */
enum { NO_ANSWER = -1 };

static struct inv_violation outcome_violation(const struct runner *r, const struct trace_step *s,
                                              const struct model_verdict *v)
{
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    struct inv_violation found = {.id = INV_MODEL_OUTCOME, .text = BUF_INIT};
    struct buf got = BUF_INIT;

    if (!v->reply.may_succeed && v->reply.n_errs > 0) {
        found.owed = v->reply.errs[0];
    }
    outcome_print(&s->outcome, kind, &got);
    buf_fmt(&found.text, "%s:%s, the guest's kernel allows ", op_descs[kind].name, buf_text(&got));
    model_print_allowed(v, kind, &found.text);
    buf_free(&got);
    return found;
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

int model_show(struct runner *r, const struct region *g)
{
    const uint32_t flags = LINUX_MAP_SHARED | LINUX_MAP_FIXED; /* numbered alike on FreeBSD */
    int64_t file = model_file(r, g->object);

    return file < 0 ? 0 : force_plain(r, flags, file, g->r, g->offset, REGION_R | REGION_W);
}

/*
 * The copy of a shared file map that the books have at I, with what goes on behind it, within
 * WITHIN: a private map of the file. False if there is none; *I is behind it.
 */
static bool next_snapshot(const struct runner *r, const struct region_vec *books, size_t *i,
                          struct range within, struct region *ret)
{
    const struct region *b = &books->v[(*i)++];

    if (!b->snapshot || model_file(r, b->object) < 0) {
        return false;
    }
    *ret = *b;
    ret->r = range_cut(b->r, within);
    ret->offset += ret->r.start - b->r.start;
    for (; *i < books->n && books->v[*i].r.start <= within.last; (*i)++) {
        b = &books->v[*i];
        if (!b->snapshot || b->object != ret->object || b->prot != ret->prot ||
            b->r.start != ret->r.last + 1 || b->offset != ret->offset + range_len(ret->r)) {
            break;
        }
        ret->r.last = u64_min(b->r.last, within.last);
    }
    return true;
}

/* Where the books have a copy of a shared file map, the model's map becomes a private one. */
int model_follow_snapshots(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                           struct range within)
{
    const struct region_vec *books = ctx->flags_after;
    bool map = r->prog->ops.v[s->op].kind == OP_mmap;
    uint32_t flags = LINUX_MAP_PRIVATE | LINUX_MAP_FIXED; /* numbered alike on FreeBSD */
    struct region g;
    int rc = 0;

    if (r->opt.limits_off & limit_bit(LIMIT_ID_SHARED_RO_SNAPSHOT)) {
        return 0;
    }
    if (map && r->spec.system == ABI_LINUX) {
        flags |=
            (uint32_t)s->args.arg[3] & (LINUX_MAP_LOCKED | LINUX_MAP_NORESERVE | LINUX_MAP_STACK);
    }
    for (size_t i = region_lower_bound(books, within.start);
         rc == 0 && i < books->n && books->v[i].r.start <= within.last;) {
        if (!next_snapshot(r, books, &i, within, &g) || model_map(r, g.r) < 0 ||
            r->model->map.n == 0 || !r->model->map.v[0].shared) {
            continue;
        }
        model_excuse(s, LIMIT_ID_SHARED_RO_SNAPSHOT);
        rc = force_plain(r, flags, model_file(r, g.object), g.r, g.offset, g.prot);
    }
    return rc;
}

/* What was seen happened all the same; PLAIN: as plain memory. */
static int follow(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx,
                  bool plain)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct op_args args = model_args(r, s);
    struct model_outcome seen = model_seen(s);
    int rc;

    if (plain && s->outcome.kind == OUTCOME_OK) {
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

int model_judge_call(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct limit_ctx limits = model_limits(r, ctx);
    enum limit_id effect = limit_effect(&limits);
    bool ok = s->outcome.kind == OUTCOME_OK;
    /* What is done of it all the same is not a kernel's. */
    bool ask = effect == LIMIT_ID_ADVICE_IGNORED || (effect != LIMIT_NONE && !ok);
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
        /* Whether a kernel would have changed anything before it failed is not known. */
        if (effect != LIMIT_NONE && effect != LIMIT_ID_FAILURE_KEEPS &&
            (ok || effect != LIMIT_ID_ADVICE_IGNORED || s->outcome.err == ABI_ENOMEM)) {
            model_excuse(s, effect);
        }
        rc = effect == LIMIT_ID_STACK_PLAIN && ok ? plain_stack(r, s) : 0;
        /* Up to a snapshot a kernel would have changed rights, the layer may have. */
        rc = effect == LIMIT_ID_SHARED_RO_SNAPSHOT ? adopt(r, s, ctx) : rc;
        return model_lost(r, rc);
    }
    allowed = (struct limit_allowed){.may_succeed = v.reply.may_succeed,
                                     .place_legal = place_legal(r, s),
                                     .n_errs = v.reply.n_errs,
                                     .errs = v.reply.errs};
    id = limit_outcome(&limits, &allowed);
    if (id == LIMIT_NONE) {
        struct inv_violation found = outcome_violation(r, s, &v);

        return runner_finding(r, s, &found);
    }
    model_excuse(s, id);
    return model_lost(
        r, follow(r, s, ctx, id == LIMIT_ID_STACK_PLAIN || effect == LIMIT_ID_STACK_PLAIN));
}

/* Two host calls refused: an undo was, too, and what a call names may hold anything. */
int model_forget(struct runner *r, const struct trace_step *s)
{
    const uint64_t *a = s->args.arg;
    size_t refused = 0;
    struct range grown;
    int rc = 0;

    if (r->model->tainted && r->prog->ops.v[s->op].kind == OP_mremap &&
        s->outcome.kind == OUTCOME_OK && a[2] > a[1] &&
        guest_range_valid(&r->res->space, s->outcome.value + a[1], a[2] - a[1], &grown)) {
        return vm_undefine(model_proc(r->model->m), range_widen(grown, r->res->space.guest_page));
    }

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
