/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a step may have changed something: what its op names, what the layer's host calls name,
 * widened to host pages. And what has to be remembered of earlier steps, because neither the model
 * nor the host can tell it.
 */
#include "exec/rangeset.h"
#include "exec/runner_model.h"

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

/* What an op names, by itself: its own ends are looked at, too. */
static void touch_named(struct runner *r, uint64_t start, uint64_t len)
{
    struct runner_model *rm = r->model;
    struct range pages;

    if (rm->n_touched < TOUCHED_MAX &&
        guest_range_valid(&r->res->space, start, u64_max(len, 1), &pages)) {
        rm->touched[rm->n_touched++] = range_widen(pages, r->res->space.guest_page);
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

void model_touched_by(struct runner *r, const struct trace_step *s)
{
    const uint64_t *a = s->args.arg;
    enum op_kind kind = r->prog->ops.v[s->op].kind;
    bool ok = s->outcome.kind == OUTCOME_OK;

    r->model->n_touched = 0;
    r->model->budget = PAGES_PER_STEP;
    if (kind == OP_madvise || kind == OP_mprotect || kind == OP_munmap || kind == OP_mmap ||
        kind == OP_store) {
        touch_named(r, kind == OP_mmap && ok ? s->outcome.value : a[0], a[1]);
    }
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

/*
 * What was mapped where the step has changed something. Only free pages are looked up there, so
 * that a page that stays or comes back does no harm. 0 or a negative errno.
 */
int model_note_left(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx)
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
            rc = rangeset_add(&r->model->left, range_cut(before->v[i].r, within));
        }
    }
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

/* Pages that the op names: what was stored there is gone, or elsewhere. */
static int cut_parts(struct runner *r, uint64_t start, uint64_t len)
{
    struct range pages;

    return start <= r->res->space.window_last &&
                   range_from_len(start, u64_min(len, r->res->space.window_last - start + 1),
                                  &pages)
               ? rangeset_cut(&r->model->parts, range_widen(pages, r->res->space.guest_page))
               : 0;
}

static int move_parts(struct runner *r, struct range from, uint64_t to)
{
    struct region_vec *parts = &r->model->parts;
    size_t n = parts->n;
    int rc = 0;

    /* Added behind the others, so that a move never meets what it has moved itself. */
    for (size_t i = region_lower_bound(parts, from.start);
         rc == 0 && i < n && parts->v[i].r.start <= from.last; i++) {
        struct range part = range_cut(parts->v[i].r, from);

        rc = region_vec_push(parts, (struct region){.r = {part.start - from.start + to,
                                                          part.last - from.start + to}});
    }
    region_normalise(parts, 0);
    return rc;
}

/* What a store makes a copy of: a page of the guest or of the host, whichever is smaller. */
static uint64_t part_size(const struct space *s)
{
    return u64_min(s->real_page, s->guest_page);
}

static void note_new_parts(struct runner *r, struct range stored)
{
    struct runner_model *rm = r->model;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = u64_align_down(i ? stored.last : stored.start, part_size(&r->res->space));

        if (!rangeset_has(&rm->parts, at)) {
            rm->new_parts[rm->n_new_parts++] = at;
        }
    }
}

int model_note_stores(struct runner *r, const struct trace_step *s)
{
    const struct space *space = &r->res->space;
    const uint64_t *a = s->args.arg;
    struct region_vec *parts = &r->model->parts;
    struct range pages;
    bool ok = s->outcome.kind == OUTCOME_OK;
    int rc = 0;

    r->model->n_new_parts = 0;
    if (space->host_page == space->guest_page && space->real_page == space->guest_page) {
        return 0;
    }
    switch ((enum op_kind)r->prog->ops.v[s->op].kind) {
    case OP_store:
        if (!guest_range_valid(space, a[0], a[1], &pages) ||
            (s->outcome.has_at && s->outcome.at <= pages.start)) {
            return 0;
        }
        pages.last = s->outcome.has_at ? s->outcome.at - 1 : pages.last;
        note_new_parts(r, pages);
        return rangeset_add(parts, range_widen(pages, part_size(space)));
    case OP_mmap:
        return ok ? cut_parts(r, s->outcome.value, a[1]) : 0;
    case OP_munmap:
        return ok ? cut_parts(r, a[0], a[1]) : 0;
    case OP_madvise:
        return cut_parts(r, a[0], a[1]);
    case OP_mremap:
        if (!ok || s->outcome.value == a[0]) {
            return ok && a[2] < a[1] ? cut_parts(r, a[0] + a[2], a[1] - a[2]) : 0;
        }
        rc = cut_parts(r, s->outcome.value, a[2]);
        if (rc == 0 && guest_range_valid(space, a[0], u64_min(a[1], a[2]), &pages)) {
            rc = move_parts(r, pages, s->outcome.value);
        }
        return rc < 0 ? rc : cut_parts(r, a[0], a[1]);
    default:
        return 0;
    }
}

int model_note_dropped(struct runner *r, const struct trace_step *s)
{
    const struct space *space = &r->res->space;
    struct runner_model *rm = r->model;
    struct range all;
    uint64_t at;

    rm->n_dropped = 0;
    if (r->prog->ops.v[s->op].kind != OP_madvise || r->spec.system != ABI_LINUX ||
        s->args.arg[2] != LINUX_MADV_DONTNEED ||
        !range_from_len(s->args.arg[0], u64_max(s->args.arg[1], 1), &all) ||
        all.start > space->window_last) {
        return 0;
    }
    all = range_widen(all, space->guest_page);
    all.last = u64_min(all.last, space->window_last);
    at = all.start;
    while (rm->n_dropped < PAGES_PER_STEP && vm_next_written(model_proc(rm->m), all, &at)) {
        rm->dropped[rm->n_dropped++] = u64_align_down(at, space->guest_page);
        if (all.last - at < space->guest_page) {
            return 0;
        }
        at = u64_align_down(at, space->guest_page) + space->guest_page;
    }
    /* More than can be looked at: nobody knows what they hold. */
    return rm->n_dropped == PAGES_PER_STEP && at <= all.last
               ? vm_undefine(model_proc(rm->m), (struct range){at, all.last})
               : 0;
}

/* What processes share, after one of them is gone. */
void model_touch_shared(struct runner *r, const struct inv_ctx *ctx)
{
    for (size_t i = 0; i < ctx->flags_after->n; i++) {
        if (ctx->flags_after->v[i].shared) {
            model_touch(r, ctx->flags_after->v[i].r);
        }
    }
}
