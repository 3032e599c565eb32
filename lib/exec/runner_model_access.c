/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's own accesses against the model. What is not as the model has it is looked at page by
 * page: each page that the layer grants and the kernel does not must be excused, and what was
 * stored there goes where the layer's host page has it.
 */
#include "exec/runner_model.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* One page's part of an access. */
struct part {
    struct range r;
    enum limit_page page; /* by the kernel */
    int signal;           /* that the kernel raises, 0 none */
    const struct region *map;
};

static bool is_store(const struct runner *r, const struct trace_step *s)
{
    return r->prog->ops.v[s->op].kind == OP_store;
}

/* What the kernel makes of the page at AT. R_MAP is scratch and what PART->map points to. */
static int look_at(struct runner *r, bool write, struct part *p)
{
    struct runner_model *rm = r->model;
    struct vm_fault fault = {0};
    int rc;

    rc = model_map(r, p->r);
    p->map = rm->map.n > 0 ? &rm->map.v[0] : NULL;
    p->signal = 0;
    p->page = LIMIT_PAGE_GRANTED;
    if (rc < 0 || vm_accessible(model_proc(rm->m), p->r.start, write, &fault)) {
        return rc;
    }
    p->signal = fault.signal;
    p->page = !p->map                        ? LIMIT_PAGE_UNMAPPED
              : p->map->kind == REGION_GUARD ? LIMIT_PAGE_GUARD
              : fault.signal == SIGBUS       ? LIMIT_PAGE_PAST_EOF
                                             : LIMIT_PAGE_REFUSED;
    return 0;
}

static enum limit_id excuse(const struct runner *r, const struct inv_ctx *ctx, const struct part *p,
                            bool write, bool granted)
{
    struct limit_ctx limits = model_limits(r, ctx);
    struct limit_access a = {.at = p->r.start, .write = write, .granted = granted, .page = p->page};

    if (p->page == LIMIT_PAGE_PAST_EOF) {
        a.object = p->map->object;
        a.offset = p->map->offset + (p->r.start - p->map->r.start);
        a.size = model_file_size(r, p->map->object);
    }
    return limit_access(&limits, &a);
}

static int finding(struct runner *r, const struct trace_step *s, const struct part *p,
                   const char *says, const char *must)
{
    struct inv_violation v = {
        .id = INV_MODEL_OUTCOME, .has_range = true, .where = p->r, .text = BUF_INIT};

    buf_fmt(&v.text, "%s: %s at 0x%" PRIx64 ", where the guest's kernel %s",
            op_descs[r->prog->ops.v[s->op].kind].name, says, p->r.start, must);
    return runner_finding(r, s, &v);
}

static const char *kernel_says(const struct part *p)
{
    switch (p->page) {
    case LIMIT_PAGE_UNMAPPED:
        return "raises SIGSEGV, nothing is mapped";
    case LIMIT_PAGE_REFUSED:
        return "raises SIGSEGV by the page's rights";
    case LIMIT_PAGE_GUARD:
        return "raises SIGSEGV, it is a guard";
    case LIMIT_PAGE_PAST_EOF:
        return "raises SIGBUS, it lies past EOF";
    case LIMIT_PAGE_GRANTED:
        break;
    }
    return "grants the access";
}

/* ---- where a store to a page goes that the guest does not have ---- */

/* The shared object that the host shows at free page AT, as a region of the books; NULL: none. */
static const struct region *slack_of(const struct runner *r, const struct inv_ctx *ctx, gaddr at)
{
    const struct region_vec *f = ctx->flags_before;
    struct range page = range_widen((struct range){at, at}, r->res->space.host_page);
    const struct region *host = ctx->host_before ? region_find(ctx->host_before, at) : NULL;

    if (ctx->host_before && (!host || !host->shared)) {
        return NULL;
    }
    for (size_t i = region_lower_bound(f, page.start); i < f->n && f->v[i].r.start <= page.last;
         i++) {
        const struct region *g = &f->v[i];

        if (g->shared && !g->snapshot && g->offset + (at - g->r.start) <= INT64_MAX) {
            return g;
        }
    }
    return NULL;
}

/* Another map shows the LEN bytes at OFFSET of G's object: done there. */
static bool store_other(struct runner *r, const struct inv_ctx *ctx, const struct region *g,
                        uint64_t offset, uint64_t len, uint8_t value)
{
    const struct region_vec *f = ctx->flags_before;
    uint8_t bytes[512];

    memset(bytes, value, sizeof(bytes));
    for (size_t i = 0; i < f->n; i++) {
        const struct region *o = &f->v[i];

        if (!o->shared || o->snapshot || o->object != g->object || offset < o->offset ||
            offset + len > o->offset + range_len(o->r)) {
            continue;
        }
        for (uint64_t n = 0; n < len; n += sizeof(bytes)) {
            (void)vm_poke(model_proc(r->model->m), o->r.start + (offset - o->offset) + n, bytes,
                          u64_min(sizeof(bytes), len - n));
        }
        return true;
    }
    return false;
}

static int guard_again(struct vm_proc *p, struct range page)
{
    const struct vm_mmap_args a = {
        .addr = page.start,
        .len = range_len(page),
        .flags = FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED,
        .fd = -1,
    };

    return vm_force_mmap(p, &a);
}

/*
 * Stored through slack, or a GUARD that is as soft: the object's page has it, and so have all maps
 * that show it.
 */
static int store_slack(struct runner *r, const struct inv_ctx *ctx, struct range at, bool guard,
                       uint8_t value)
{
    const struct region *g = slack_of(r, ctx, at.start);
    struct vm_proc *p = model_proc(r->model->m);
    struct region other;
    struct range page = range_widen(at, r->res->space.guest_page);
    uint64_t offset;
    uint8_t bytes[512];
    int rc = 0;

    if (!g) {
        return 0;
    }
    offset = g->offset + (page.start - g->r.start);
    if (store_other(r, ctx, g, offset + (at.start - page.start), range_len(at), value)) {
        return 0;
    }
    r->model->tainted |= model_file(r, g->object) < 0;
    memset(bytes, value, sizeof(bytes));
    /* A map of the same page, made for a moment where nothing is: on the model alone. */
    other = (struct region){.r = page, .object = g->object, .offset = offset};
    rc = model_show(r, &other);
    for (uint64_t i = at.start; rc == 0 && i <= at.last; i += sizeof(bytes)) {
        (void)vm_poke(p, i, bytes, u64_min(sizeof(bytes), at.last - i + 1)); /* or past EOF */
    }
    if (rc == 0) {
        rc = guard ? guard_again(p, page) : vm_force_unmap(p, page);
    }
    return rc;
}

/* The books have a copy at AT that stands for memory that the model still shares. */
static bool copied_from_shared(const struct runner *r, const struct inv_ctx *ctx, uint64_t at)
{
    const struct region *book = region_find(ctx->flags_after, at);

    return book && book->snapshot && vm_shared(model_proc(r->model->m), at);
}

static int store_part(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx,
                      const struct part *p)
{
    uint8_t value = (uint8_t)s->args.arg[2];
    const struct op op = {.kind = OP_store};
    const struct model_outcome ok = {.kind = MODEL_OK};
    struct op_args args = {.file = -1};

    if (p->page == LIMIT_PAGE_PAST_EOF) {
        return 0;
    }
    if (p->page == LIMIT_PAGE_UNMAPPED || p->page == LIMIT_PAGE_GUARD) {
        return store_slack(r, ctx, p->r, p->page == LIMIT_PAGE_GUARD, value);
    }
    if (copied_from_shared(r, ctx, p->r.start)) {
        return 0; /* the copy alone has it, and what its bytes are is excused */
    }
    args.arg[0] = p->r.start;
    args.arg[1] = range_len(p->r);
    args.arg[2] = value;
    return model_force(r->model->m, &op, &args, &ok);
}

/* ---- judging ---- */

/* The layer granted the access to P. */
static int judge_granted(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                         const struct part *p)
{
    bool write = is_store(r, s);
    enum limit_id id;

    if (p->page != LIMIT_PAGE_GRANTED) {
        id = excuse(r, ctx, p, write, true);
        if (id == LIMIT_NONE) {
            return finding(r, s, p, "succeeded", kernel_says(p));
        }
        model_excuse(s, id);
    } else if (!write) {
        for (uint64_t at = p->r.start; !r->over && at <= p->r.last; at += VIEW_CHUNK) {
            int rc = model_judge_chunk(r, s, ctx, at, r->bytes + (at - s->args.arg[0]),
                                       u64_min(VIEW_CHUNK, p->r.last - at + 1));

            if (rc < 0) {
                return rc;
            }
        }
    }
    return write && !r->over ? model_lost(r, store_part(r, s, ctx, p)) : 0;
}

/* The layer raised a signal at P. */
static int judge_refused(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                         const struct part *p)
{
    enum limit_id id;

    if (p->signal == s->outcome.signal) {
        return 0;
    }
    id = excuse(r, ctx, p, is_store(r, s), false);
    if (id == LIMIT_NONE) {
        return finding(r, s, p, s->outcome.signal == SIGBUS ? "SIGBUS" : "SIGSEGV", kernel_says(p));
    }
    model_excuse(s, id);
    return 0;
}

/* Page by page, up to where the layer's guest got. */
static int judge_pages(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                       struct range all)
{
    bool fault = s->outcome.kind == OUTCOME_SIGNAL;
    uint64_t page = r->res->space.guest_page;
    uint64_t at = all.start;

    for (;;) {
        struct part p = {.r = {at, u64_min(all.last, at | (page - 1))}};
        bool here = fault && s->outcome.has_at && range_has(p.r, s->outcome.at);
        int rc;

        if (here && s->outcome.at > at) {
            p.r.last = s->outcome.at - 1;
            here = false;
        }
        rc = look_at(r, is_store(r, s), &p);
        if (rc < 0) {
            return model_lost(r, rc);
        }
        rc = here ? judge_refused(r, s, ctx, &p) : judge_granted(r, s, ctx, &p);
        if (rc < 0 || here || r->over || !r->model->on || p.r.last == all.last) {
            return rc;
        }
        at = p.r.last + 1;
    }
}

static int judge_other(struct runner *r, const struct trace_step *s, const struct model_verdict *v)
{
    struct inv_violation found = {.id = INV_MODEL_OUTCOME, .text = BUF_INIT};
    enum op_kind kind = r->prog->ops.v[s->op].kind;

    buf_fmt(&found.text, "%s:", op_descs[kind].name);
    outcome_print(&s->outcome, kind, &found.text);
    buf_str(&found.text, ", the guest's kernel allows ");
    model_print_allowed(v, kind, &found.text);
    return runner_finding(r, s, &found);
}

/*
 * limit:eof-growth-unseen: what lies behind EOF's real page is zero in a private map that nobody
 * has stored to, whatever other maps have put there. Before R is stored to the model has it so.
 */
static int zero_tails(struct runner *r, struct trace_step *s, struct range all)
{
    const struct space *space = &r->res->space;
    struct vm_proc *p = model_proc(r->model->m);
    int rc = model_map(r, range_widen(all, space->guest_page));

    for (size_t i = 0; rc >= 0 && i < r->model->map.n; i++) {
        const struct region *g = &r->model->map.v[i];
        uint64_t size = g->kind == REGION_FILE ? model_file_size(r, g->object) : 0;
        uint64_t first = u64_align_up_wrap(size, space->real_page);
        uint64_t past = u64_align_up_wrap(size, space->guest_page);
        uint64_t at = g->r.start + (first - g->offset);

        if (g->shared || first >= past || first < g->offset || !range_has(g->r, at) ||
            vm_private_copy(p, at) || !vm_accessible(p, at, true, NULL)) {
            continue;
        }
        model_excuse(s, LIMIT_ID_EOF_GROWTH_UNSEEN);
        memset(r->model->bytes, 0, past - first);
        rc = vm_poke(p, at, r->model->bytes, past - first);
    }
    return rc == -ENOMEM ? rc : 0;
}

/*
 * The pages at the ends of a store that have no copy of their own yet: what else they hold then is
 * the file's to the kernel, but may have been the host page's own copy before.
 */
static void note_copies(struct runner *r, const struct trace_step *s)
{
    struct runner_model *rm = r->model;
    uint64_t page = r->res->space.guest_page;
    struct range all;

    rm->n_copied = 0;
    if (!is_store(r, s) ||
        !guest_range_valid(&r->res->space, s->args.arg[0], s->args.arg[1], &all)) {
        return;
    }
    rm->stored = all;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = u64_align_down(i ? all.last : all.start, page);

        if (!vm_private_copy(model_proc(rm->m), at)) {
            rm->copied[rm->n_copied++] = at;
        }
    }
}

int model_judge_access(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct op_args args = model_args(r, s);
    struct model_outcome seen = model_seen(s);
    struct model_verdict v;
    struct range all;
    int rc = 0;

    note_copies(r, s);
    if (op->kind == OP_store && r->res->space.real_page < r->res->space.guest_page &&
        !(r->opt.limits_off & limit_bit(LIMIT_ID_EOF_GROWTH_UNSEEN)) &&
        guest_range_valid(&r->res->space, s->args.arg[0], s->args.arg[1], &all)) {
        rc = zero_tails(r, s, all);
    }
    rc = rc < 0 ? rc : model_step(r->model->m, op, &args, &seen, &v);

    if (rc < 0) {
        return model_lost(r, rc);
    }
    if (v.undefined) {
        s->poisoned = true;
    }
    if (v.allowed) {
        return 0;
    }
    if (op->kind == OP_exec ||
        !guest_range_valid(&r->res->space, s->args.arg[0], s->args.arg[1], &all)) {
        return judge_other(r, s, &v);
    }
    return judge_pages(r, s, ctx, all);
}
