/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is looked at after a step, and who judges it: page flags and host map go to the invariants,
 * the outcome to the program's expectation. Blocks that the layer's probing was given outside the
 * window must be given back within the step, unless host_fail kept it from doing so.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "exec/runner_model.h"
#include "op/text.h"

/* The same as before the step if they were not collected anew. */
const struct region_vec *runner_flags_after(struct runner *r)
{
    return r->flags_fresh ? regions_next(&r->flags) : regions_now(&r->flags);
}

static bool call_touches(const struct trace_call *c, struct range page)
{
    struct range r;

    return (range_from_len(c->addr, c->len, &r) && range_overlaps(r, page)) ||
           (c->kind == CALL_MAP && range_from_len(c->result, c->len, &r) &&
            range_overlaps(r, page)) ||
           (c->kind == CALL_REMAP && range_from_len(c->result, c->len2, &r) &&
            range_overlaps(r, page));
}

/* False if no host call of this step can have changed what lies at host address AT. */
static bool step_touched(const struct runner *r, haddr at)
{
    struct range page = range_widen((struct range){at, at}, r->res->space.host_page);

    if (!r->layer_trusted || r->record.dropped > 0) {
        return true;
    }
    for (size_t i = 0; i < r->record.n; i++) {
        if (call_touches(&r->record.v[i], page)) {
            return true;
        }
    }
    return false;
}

/*
 * Where the guest has any right, a plain copy does. To look at the rest as a debugger does costs a
 * hundred times as much, so it is looked at when a host call touched it, and again when the guest
 * may see it.
 */
static int peek(void *arg, gaddr at, void *buf, size_t len)
{
    struct runner *r = arg;
    haddr host = g2h(&r->res->space, at);
    const struct region *g = region_find(runner_flags_after(r), at);

    if (g && g->prot != 0 && host_read(r->machine->host, host, buf, len, NULL) == 0) {
        return 0;
    }
    if (g && g->prot == 0 && !step_touched(r, host)) {
        return -EAGAIN;
    }
    return host_peek(r->machine->host, host, buf, len);
}

static int64_t peek_file(void *arg, unsigned file, void *buf, size_t len, uint64_t offset)
{
    const struct runner *r = arg;

    return host_pread(r->machine->host, r->fds[file], buf, len, offset);
}

static void fresh_file(void *arg, unsigned file, uint64_t offset, void *buf, size_t len)
{
    const struct runner *r = arg;

    machine_fresh_bytes(file, r->prog->files.v[file].size, r->prog->files.n, offset, buf, len);
}

int runner_map_open(struct runner *r)
{
    return r->machine->ops->map_open(r->machine, r->opt.hostmap, r->err);
}

static void to_guest(const struct space *s, struct region_vec *v)
{
    for (size_t i = 0; i < v->n; i++) {
        v->v[i].r = (struct range){h2g(s, v->v[i].r.start), h2g(s, v->v[i].r.last)};
    }
    region_normalise(v, REGION_MASK_ALL);
}

/* The window as the host has it, in guest addresses. */
static int read_window(struct runner *r, struct region_vec *out)
{
    const struct space *s = &r->res->space;
    struct range window = {g2h(s, 0), g2h(s, s->window_last)};
    int rc = r->machine->ops->map_read(r->machine, window, out, r->err);

    to_guest(s, out);
    return rc;
}

/* The same out of ALL, the map of the whole process. */
static int cut_window(struct runner *r, const struct region_vec *all, struct region_vec *out)
{
    const struct space *s = &r->res->space;
    struct range window = {g2h(s, 0), g2h(s, s->window_last)};
    int rc = 0;

    region_vec_clear(out);
    for (size_t i = region_lower_bound(all, window.start);
         rc == 0 && i < all->n && all->v[i].r.start <= window.last; i++) {
        struct region g = all->v[i];
        struct range cut = range_cut(g.r, window);

        g.offset += g.object ? cut.start - g.r.start : 0;
        g.r = cut;
        rc = region_vec_push(out, g);
    }
    to_guest(s, out);
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

int runner_baseline(struct runner *r)
{
    int rc = runner_map_open(r);

    if (rc == 0) {
        rc = r->machine->ops->learn(r->machine, r->err);
    }
    if (rc == 0 && r->opt.maps == MAP_CHECK_OP) {
        rc = read_window(r, regions_now(&r->host));
        r->host_known = rc == 0;
    }
    return rc;
}

static void print_call(const struct runner *r, const struct trace_call *c, struct buf *out)
{
    const struct space *s = &r->res->space;
    struct trace_call shown = *c;
    bool elsewhere = false;

    /* a host-chosen place outside differs from machine to machine */
    if (c->kind == CALL_MAP && c->err == 0 && !h2g_valid(s, c->result)) {
        shown.result = s->guest_base;
        elsewhere = true;
    } else if (c->kind == CALL_UNMAP && c->err == 0 && !h2g_valid(s, c->addr)) {
        shown.addr = s->guest_base;
        elsewhere = true;
    }
    call_print(&shown, s->guest_base, out);
    buf_str(out, elsewhere ? " (a place outside the window)\n" : "\n");
}

static int fill_finding(struct runner *r, const struct region_vec *flags_after,
                        const struct region_vec *host_after)
{
    struct run_result *res = r->res;
    int rc = region_vec_copy(&res->flags_before, regions_now(&r->flags));

    rc = rc < 0 ? rc : region_vec_copy(&res->flags_after, flags_after);
    if (rc == 0 && host_after) {
        rc = region_vec_copy(&res->host_after, host_after);
    } else if (rc == 0 && runner_map_open(r) == 0) {
        rc = read_window(r, &res->host_after);
    }
    for (size_t i = 0; i < r->record.n; i++) {
        print_call(r, &r->record.v[i], &res->calls);
    }
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

int runner_finding(struct runner *r, const struct trace_step *s, struct inv_violation *v)
{
    struct run_result *res = r->res;

    if (r->opt.blind && v->id != INV_NO_ABORT && !r->broken_dump) {
        buf_free(&v->text);
        return 0;
    }
    r->over = true;
    res->verdict = RUN_FINDING;
    res->violated = v->id;
    res->bad_step = s ? (size_t)(s - r->steps.v) : 0;
    res->has_range = v->has_range;
    res->where = v->where;
    res->owed = v->owed;
    buf_clear(&res->reason);
    buf_str(&res->reason, buf_text(&v->text));
    buf_free(&v->text);
    return fill_finding(r, runner_flags_after(r), r->host_fresh ? regions_next(&r->host) : NULL);
}

int runner_finding_text(struct runner *r, const struct trace_step *s, enum inv_id id,
                        const char *fmt, ...)
{
    struct inv_violation v = {.id = id, .text = BUF_INIT};
    char text[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    buf_str(&v.text, text);
    return runner_finding(r, s, &v);
}

static bool changes_map(const struct trace_call *c)
{
    return !c->refused && !c->injected &&
           (c->kind == CALL_MAP || c->kind == CALL_UNMAP || c->kind == CALL_PROTECT ||
            c->kind == CALL_REMAP);
}

/*
 * A built-in layer has no other way to the host than the recorder, so the map can be what it was.
 */
static bool host_may_differ(const struct runner *r)
{
    if (!r->layer_trusted || r->record.dropped > 0 || !r->host_known) {
        return true;
    }
    for (size_t i = 0; i < r->record.n; i++) {
        if (changes_map(&r->record.v[i])) {
            return true;
        }
    }
    return false;
}

static int collect_host(struct runner *r)
{
    int rc;

    if (r->host_fresh || r->opt.maps != MAP_CHECK_OP || !host_may_differ(r)) {
        return 0;
    }
    rc = read_window(r, regions_next(&r->host));
    r->host_fresh = rc == 0;
    return rc;
}

/* What was after this step is before the next. */
static void accept_step(struct runner *r)
{
    r->flags.now ^= r->flags_fresh;
    r->host.now ^= r->host_fresh;
    r->flags_fresh = false;
    r->host_fresh = false;
}

/* The host map as it is after the step; NULL: it is not read. */
static const struct region_vec *host_after(struct runner *r)
{
    return r->host_fresh                 ? regions_next(&r->host)
           : r->opt.maps == MAP_CHECK_OP ? regions_now(&r->host)
                                         : NULL;
}

static struct inv_ctx context(struct runner *r, const struct trace_step *s,
                              const struct inv_memory *memory)
{
    bool op = r->opt.maps == MAP_CHECK_OP;
    bool real = r->machine->ops->real;

    return (struct inv_ctx){
        .space = &r->res->space,
        .system = r->spec.system,
        .prog = r->prog,
        .step = s,
        .flags_before = regions_now(&r->flags),
        .flags_after = runner_flags_after(r),
        .host_before = op ? regions_now(&r->host) : NULL,
        .host_after = host_after(r),
        /* with the model contents are its business; on a simulated host always */
        .memory = r->opt.contents && real && !r->opt.model ? memory : NULL,
        .ledger = r->ledger,
        .real_host = real,
        .no_remap = !r->machine->host->caps.remap,
    };
}

static int keep_calls(struct runner *r)
{
    if (vec_reserve(&r->kept, r->kept.n + r->record.n) < 0) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < r->record.n; i++) {
        if (!r->record.v[i].injected) {
            r->kept.v[r->kept.n++] = r->record.v[i];
        }
    }
    return 0;
}

/*
 * A block the host chose outside the window and the layer kept. It is given back here, whoever is
 * to blame.
 */
static bool probe_kept(struct runner *r)
{
    uint64_t len = r->guard.probe_len;
    bool excused = r->fault.fired;

    if (len == 0) {
        return false;
    }
    host_guard_begin(&r->guard, r->guard.first, r->guard.last);
    return !excused;
}

static int judge_expectation(struct runner *r, const struct trace_step *s, const uint64_t *expected)
{
    const struct op *op = &r->prog->ops.v[s->op];
    struct buf want = BUF_INIT;
    struct buf got = BUF_INIT;
    int rc;

    if (op->expect.kind == EXPECT_NONE || (op->expect.kind == EXPECT_VALUE && !expected) ||
        !outcome_mismatch(&s->outcome, &op->expect, expected ? *expected : 0, op->kind)) {
        return 0;
    }
    expect_print(&op->expect, op->kind, &want);
    outcome_print(&s->outcome, op->kind, &got);
    /* both begin with " = " */
    rc = runner_finding_text(r, s, INV_EXPECTATION, "%s: expected %s, got %s",
                             op_descs[op->kind].name, buf_text(&want) + 3, buf_text(&got) + 3);
    buf_free(&want);
    buf_free(&got);
    return rc;
}

/*
 * V is violated. What a guest would see of it says more, and is the same however the layer's books
 * and the host come apart: an outcome that is not allowed, bytes that are lost.
 */
static int effect_finding(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                          struct inv_violation *v)
{
    int rc = 0;

    if (v->id >= INV_SUCCESS_EFFECT && !r->opt.blind) {
        rc = runner_model_sees(r, s, ctx);
    }
    if (rc < 0 || (r->over && r->res->verdict == RUN_FINDING &&
                   (v->id != INV_PLACEMENT_LEGAL || r->res->owed))) {
        buf_free(&v->text);
        return rc;
    }
    buf_clear(&r->res->calls);
    return runner_finding(r, s, v);
}

/* The invariants over S. 0 with r->over set after a finding. */
static int judge_invariants(struct runner *r, struct trace_step *s)
{
    const struct inv_memory memory = {
        .arg = r, .peek = peek, .file = peek_file, .fresh = fresh_file};
    struct inv_violation v = {.text = BUF_INIT};
    struct inv_ctx ctx = context(r, s, &memory);
    int rc;

    if (r->no_memory) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    if (r->broken_dump) {
        return runner_finding_text(r, s, INV_FLAG_DOMAIN, "%s", r->broken_dump);
    }
    rc = inv_check(&ctx, &v);
    if (rc < 0) {
        return err_set(r->err, rc, "out of memory");
    }
    if (rc > 0) {
        return effect_finding(r, s, &ctx, &v);
    }
    if (probe_kept(r)) {
        return runner_finding_text(
            r, s, INV_OUTSIDE_UNCHANGED,
            "%s: a block that the host placed outside the window stays mapped",
            op_descs[r->prog->ops.v[s->op].kind].name);
    }
    return runner_model_judge(r, s, &ctx);
}

int runner_judge(struct runner *r, struct trace_step *s, const uint64_t *expected)
{
    int rc = collect_host(r);

    s->calls.v = r->record.v;
    s->calls.n = r->record.n;
    s->n_calls = r->record.n;
    s->tbs.v = r->tbs.v;
    s->tbs.n = r->tbs.n;
    rc = rc < 0 ? rc : judge_invariants(r, s);
    if (rc == 0 && !r->over) {
        rc = judge_expectation(r, s, expected);
    }
    if (rc == 0 && r->keep) {
        rc = keep_calls(r);
    }
    s->calls.n = 0;
    s->calls.v = NULL;
    s->tbs.n = 0;
    s->tbs.v = NULL;
    r->judged = s - r->steps.v;
    if (rc == 0 && r->watched) {
        runner_record_step(r, s, runner_flags_after(r), host_after(r));
    }
    if (rc == 0 && !r->over) {
        accept_step(r);
    }
    return rc;
}

static bool is_state_check(enum inv_id id)
{
    unsigned needs = inv_descs[id].needs;

    return needs == (INV_NEEDS_FLAGS | INV_NEEDS_HOST);
}

/* What a state check found, under its own name, or as what a fork left behind. */
static int state_finding(struct runner *r, const struct trace_step *s, struct inv_violation *v,
                         const char *side)
{
    if (side) {
        struct buf text = BUF_INIT;

        buf_fmt(&text, "in the %s: %s: %s", side, inv_descs[v->id].name, buf_text(&v->text));
        buf_free(&v->text);
        v->text = text;
        v->id = INV_FORK_CONSISTENT;
    }
    return runner_finding(r, s, v);
}

/* Flags against host as they are now, the host's side being collected already. */
static int judge_state(struct runner *r, struct trace_step *s, const char *side)
{
    struct inv_ctx ctx = context(r, s, NULL);
    struct inv_violation v = {.text = BUF_INIT};

    ctx.host_before = NULL;
    for (int id = 0; id < INV_COUNT; id++) {
        int rc = is_state_check((enum inv_id)id) ? inv_check_one((enum inv_id)id, &ctx, &v) : 0;

        if (rc != 0) {
            return rc < 0 ? err_set(r->err, rc, "out of memory") : state_finding(r, s, &v, side);
        }
    }
    return 0;
}

int runner_judge_fork(struct runner *r, struct trace_step *s, const char *side)
{
    int rc = read_window(r, regions_next(&r->host));

    r->host_fresh = rc == 0;
    return rc < 0 ? rc : judge_state(r, s, side);
}

/* All that this process holds, S being its last step. */
static int judge_model_end(struct runner *r, struct trace_step *s)
{
    struct inv_ctx ctx;

    if (!s) {
        return 0;
    }
    ctx = context(r, s, NULL);
    return runner_model_end(r, s, &ctx);
}

int runner_judge_end(struct runner *r)
{
    struct trace_step *s = r->judged == NO_STEP ? NULL : &r->steps.v[r->judged];
    uint64_t before = s ? s->excused : 0;
    const struct region_vec *all;
    const char *what;
    int rc;

    /* what the last op was excused of is no excuse for what the end shows */
    if (s) {
        s->excused = 0;
    }
    rc = judge_model_end(r, s);
    if (rc == 0 && !r->over && r->watched) {
        runner_record_done(r, s, regions_now(&r->flags));
    }
    if (s) {
        s->excused |= before;
    }
    if (rc < 0 || r->over || r->opt.maps == MAP_CHECK_NONE) {
        return rc;
    }
    host_record_clear(&r->record);
    rc = r->machine->ops->everything(r->machine, &all, r->err);
    if (rc == 0 && r->opt.maps == MAP_CHECK_PROGRAM && s) {
        rc = cut_window(r, all, regions_next(&r->host));
        r->host_fresh = rc == 0;
        rc = rc < 0 ? rc : judge_state(r, s, NULL);
    }
    if (rc < 0 || r->over || r->process != 0) {
        return rc;
    }
    what = r->machine->ops->changed(r->machine, g2h(&r->res->space, r->res->space.window_last));
    return what ? runner_finding_text(r, s, INV_OUTSIDE_UNCHANGED, "%s", what) : 0;
}
