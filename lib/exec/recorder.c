/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets by their records; those of whole systems also as the results of a run. */
#include "exec/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "exec/agent.h"
#include "exec/agent_judge.h"
#include "exec/follow.h"
#include "exec/kernel.h"
#include "exec/said.h"
#include "exec/target_agent.h"
#include "op/resolve.h"
#include "op/text.h"

struct recorder {
    struct target_spec spec;
    struct follower *model;
    struct kernel *kernel;
    struct agent *agent;
    struct runner *runner;      /* of a layer, */
    struct run_options options; /* judged by these; */
    struct run_result result;   /* what came of its last program */
    bool views;
    unsigned ahead; /* programs that the kernel or the agent runs already */
    struct record record;
    struct record model_record;  /* of a model that follows for the host's view */
    const struct record *judged; /* what is being made a result */
    struct {
        struct trace_step *v;
        size_t n, cap;
    } steps; /* of the last result */
    struct op_results results[PROG_FORKS_MAX + 1];
};

static int open_agent(struct recorder *r, struct err *e)
{
    struct agent_options o = {.name = r->spec.text,
                              .hang_ms = r->spec.agent.hang_ms,
                              .host_view = r->spec.agent.host_view,
                              .emulated = r->spec.agent.emulator};
    struct words command = WORDS_INIT;
    int rc = target_agent_command(&r->spec, &command, e);

    o.argv = command.v;
    o.arch = r->spec.agent.arch->name;
    rc = rc < 0 ? rc : agent_open(&r->agent, &o, e);
    words_free(&command);
    return rc;
}

int recorder_open(struct recorder **ret, const struct target_spec *spec, struct err *e)
{
    struct recorder *r = calloc(1, sizeof(*r));
    int rc = 0;

    if (!r) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    r->spec = *spec;
    r->options = RUN_OPTIONS_DEFAULT;
    if (spec->kind == TARGET_LAYER) {
        rc = runner_open(&r->runner, spec, e);
    } else if (spec->kind == TARGET_KERNEL) {
        rc = kernel_open(&r->kernel, e);
    } else if (spec->kind == TARGET_AGENT) {
        rc = open_agent(r, e);
        if (rc == 0 && spec->agent.host_view && (r->model = follower_new()) == NULL) {
            rc = err_set(e, -ENOMEM, "out of memory");
        }
    } else {
        r->model = follower_new();
        rc = r->model ? 0 : err_set(e, -ENOMEM, "out of memory");
    }
    if (rc < 0) {
        recorder_close(r);
        return rc;
    }
    *ret = r;
    return 0;
}

struct recorder *recorder_close(struct recorder *r)
{
    if (r) {
        kernel_close(r->kernel);
        agent_close(r->agent);
        runner_close(r->runner);
        run_result_free(&r->result);
        follower_free(r->model);
        record_free(&r->record);
        record_free(&r->model_record);
        free(r->steps.v);
        free(r);
    }
    return NULL;
}

static struct prog_config effective(const struct recorder *r, const struct prog *p)
{
    const struct prog_config *over = &r->spec.override;
    struct prog_config c = p->config;

    for (int key = 0; key < CONFIG_KEY_COUNT; key++) {
        if (over->given & (1u << key)) {
            c.value[key] = over->value[key];
        }
    }
    c.given = (1u << CONFIG_KEY_COUNT) - 1;
    return c;
}

static int skipped(struct record *ret, const struct prog_config *c, const char *why)
{
    if (why != buf_text(&ret->reason)) {
        record_clear(ret);
        buf_str(&ret->reason, why);
    }
    ret->config = *c;
    ret->skipped = true;
    return 0;
}

static int record_of_model(struct recorder *r, const struct prog *p, struct record *ret,
                           struct err *e)
{
    struct prog_config c = effective(r, p);
    struct record_place place;
    const char *why;
    int rc;

    record_clear(ret);
    why = record_unfit(p, &c, r->spec.system, &ret->reason);
    if (!why) {
        why = follower_place(r->spec.system, &c, &place);
    }
    if (why) {
        return skipped(ret, &c, why);
    }
    rc = follower_run(r->model, p, &place, NULL, ret, e);
    ret->config = c;
    return rc;
}

int recorder_ahead(struct recorder *r, const struct prog *p, struct err *e)
{
    int rc = r->kernel  ? kernel_submit(r->kernel, p, e)
             : r->agent ? agent_submit(r->agent, p, e)
                        : -EAGAIN;

    r->ahead += rc == 0;
    return rc;
}

static int record_of_kernel(struct recorder *r, const struct prog *p, struct record *ret,
                            struct err *e)
{
    if (r->ahead == 0) {
        return kernel_run(r->kernel, p, ret, e);
    }
    r->ahead--;
    return kernel_take(r->kernel, ret, e);
}

static int record_of_agent(struct recorder *r, const struct prog *p, struct record *ret,
                           struct err *e)
{
    if (r->ahead == 0) {
        return agent_run(r->agent, p, ret, e);
    }
    r->ahead--;
    return agent_take(r->agent, ret, e);
}

static int record_of_layer(struct recorder *r, const struct prog *p, struct record *ret,
                           struct err *e)
{
    int rc;

    runner_watch(r->runner, ret, r->views);
    rc = runner_run(r->runner, p, &r->options, &r->result, e);
    runner_watch(r->runner, NULL, false);
    return rc;
}

static int record(struct recorder *r, const struct prog *p, struct record *ret, struct err *e)
{
    return r->runner   ? record_of_layer(r, p, ret, e)
           : r->kernel ? record_of_kernel(r, p, ret, e)
           : r->agent  ? record_of_agent(r, p, ret, e)
                       : record_of_model(r, p, ret, e);
}

unsigned recorder_restarts(const struct recorder *r)
{
    return r->agent ? agent_starts(r->agent) - 1 : 0;
}

bool recorder_native(const struct recorder *r, struct prog_config *ret)
{
    *ret = PROG_CONFIG_DEFAULT;
    if (r->agent) {
        const struct record_place *place = agent_place(r->agent);

        ret->value[CONFIG_GUEST_PAGE] = place->page;
        ret->value[CONFIG_BITS] = place->bits;
        ret->given = 1u << CONFIG_GUEST_PAGE | 1u << CONFIG_BITS;
    }
    return r->agent || r->kernel;
}

void recorder_judge_by(struct recorder *r, const struct run_options *o, bool views)
{
    r->options = *o;
    r->views = views;
}

const struct run_result *recorder_result(const struct recorder *r)
{
    return r->runner || r->spec.agent.host_view ? &r->result : NULL;
}

static bool shift(struct range *r, const struct record_place *place)
{
    if (r->start < place->window) {
        return false;
    }
    r->start -= place->window;
    r->last -= place->window;
    return true;
}

/* The guest's regions after step I of the record, addresses relative to the window. */
static int copy_regions(const struct record *rec, size_t i, struct region_vec *out)
{
    struct region_vec all = record_regions(rec, i);

    region_vec_clear(out);
    for (size_t k = 0; k < all.n; k++) {
        struct region r = all.v[k];

        r.flags = (uint8_t)(PAGE_VALID | (r.prot & PAGE_BITS));
        if (shift(&r.r, &rec->place) && region_vec_push(out, r) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static void finding(const struct op *op, const struct record *rec, const struct record_step *s,
                    struct run_result *ret)
{
    struct buf want = BUF_INIT;
    struct buf got = BUF_INIT;

    expect_print(&op->expect, (enum op_kind)op->kind, &want);
    record_print_outcome(rec, s, (enum op_kind)op->kind, &got);
    ret->verdict = RUN_FINDING;
    ret->violated = INV_EXPECTATION;
    buf_fmt(&ret->reason, "%s: expected %s, got %s", op_descs[op->kind].name,
            want.len > 3 ? want.data + 3 : "", got.len > 3 ? got.data + 3 : "");
    buf_free(&want);
    buf_free(&got);
}

static bool has_ended(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_CRASH || s->step.outcome.kind == OUTCOME_HANG;
}

/* The target has ended or hung in the op, whatever its program expects. */
static void ended(const struct op *op, const struct record *rec, const struct record_step *s,
                  struct run_result *ret)
{
    const char *signal = outcome_signal_name(s->step.outcome.signal);

    ret->verdict = RUN_FINDING;
    ret->violated = INV_NO_ABORT;
    buf_fmt(&ret->reason, "%s: the target ", op_descs[op->kind].name);
    if (s->step.outcome.kind == OUTCOME_HANG) {
        buf_str(&ret->reason, "hung");
    } else if (s->step.outcome.signal) {
        buf_fmt(&ret->reason, "ended by %s", signal ? signal : "a signal");
    } else {
        buf_str(&ret->reason, "ended");
    }
    if (rec->said.len) {
        buf_str(&ret->reason, ": ");
        said_line(&rec->said, &ret->reason);
    }
    buf_add(&ret->said, buf_text(&rec->said), rec->said.len);
}

/* Whether S is what OP expects; the value an expectation names is looked up among RESULTS. */
static bool expected(const struct recorder *r, const struct prog *p, const struct record_step *s,
                     const struct op_results *results)
{
    const struct op *op = &p->ops.v[s->step.op];
    const struct op_resolver how = {
        .system = r->spec.system,
        .bits = r->judged->place.bits,
        .window = r->judged->place.window,
        .n_files = p->files.n,
        .mremap = true,
    };
    uint64_t value = 0;

    if (op->expect.kind == EXPECT_VALUE &&
        !op_resolve_value(&how, &op->expect.value, results, &value)) {
        return true;
    }
    return !outcome_mismatch(&s->step.outcome, &op->expect, value, (enum op_kind)op->kind);
}

/* A step of the record becomes one of the result. */
static void take_step(struct recorder *r, const struct prog *p, const struct record_step *s,
                      struct run_result *ret)
{
    struct trace_step *t = &r->steps.v[r->steps.n++];
    enum op_kind kind = (enum op_kind)p->ops.v[s->step.op].kind;

    *t = s->step;
    ret->n_skipped += t->outcome.kind == OUTCOME_SKIPPED;
    if (op_descs[kind].result == OP_RESULT_ADDR && t->outcome.kind == OUTCOME_OK) {
        t->outcome.value -= r->judged->place.window;
    }
    for (unsigned i = 0; i < op_descs[kind].n_args; i++) {
        if (op_descs[kind].arg[i] == ARG_ADDR) {
            t->args.arg[i] -= r->judged->place.window;
        }
    }
}

static bool is_lost(const struct record_step *s)
{
    return s->poison == RECORD_GIVEN_UP || s->poison == RECORD_ASTRAY ||
           s->poison == RECORD_GARBLED;
}

/* Nothing is known of a program that its target could not run to the end. */
static void given_up(const struct record *rec, const struct record_step *s, struct run_result *ret)
{
    ret->verdict = RUN_SKIP;
    if (s->poison == RECORD_GARBLED) {
        buf_add(&ret->reason, buf_text(&rec->said), strcspn(buf_text(&rec->said), "\n"));
        return;
    }
    buf_str(&ret->reason, s->poison == RECORD_GIVEN_UP
                              ? "the model needs more memory than it is given"
                              : record_poison_text((enum record_poison)s->poison));
}

static int judge(struct recorder *r, const struct prog *p, struct run_result *ret)
{
    const struct record *rec = r->judged;
    unsigned depth = 0;
    size_t before = 0;

    op_results_clear(&r->results[0]);
    for (size_t i = 0; i < rec->steps.n && ret->verdict == RUN_PASS; i++) {
        const struct record_step *s = &rec->steps.v[i];
        const struct op *op;

        if (s->what != RECORD_OP) {
            if (s->what == RECORD_BORN) {
                r->results[depth + 1] = r->results[depth];
                depth++;
            } else {
                depth -= depth > 0;
            }
            continue;
        }
        op = &p->ops.v[s->step.op];
        take_step(r, p, s, ret);
        if (is_lost(s)) {
            given_up(rec, s, ret);
        }
        if (has_ended(s)) {
            ret->bad_step = r->steps.n - 1;
            ended(op, rec, s, ret);
        } else if (!s->poison && !expected(r, p, s, &r->results[depth])) {
            ret->bad_step = r->steps.n - 1;
            finding(op, rec, s, ret);
        }
        op_results_put(&r->results[depth], op, s->step.outcome.kind == OUTCOME_OK,
                       s->step.outcome.value);
        before = ret->verdict == RUN_PASS ? i : before;
        if (ret->verdict == RUN_FINDING && copy_regions(rec, i, &ret->flags_after) < 0) {
            return -ENOMEM;
        }
    }
    if (rec->steps.n == 0) {
        return 0;
    }
    if (copy_regions(rec, before, &ret->flags_before) < 0) {
        return -ENOMEM;
    }
    return ret->verdict == RUN_FINDING ? 0 : copy_regions(rec, rec->steps.n - 1, &ret->flags_after);
}

/* As run_result_free leaves it, memory kept. */
static void clear(struct run_result *ret)
{
    struct run_result keep = *ret;

    *ret = RUN_RESULT_INIT;
    ret->reason = keep.reason;
    ret->said = keep.said;
    ret->calls = keep.calls;
    ret->flags_before = keep.flags_before;
    ret->flags_after = keep.flags_after;
    ret->host_after = keep.host_after;
    buf_clear(&ret->reason);
    buf_clear(&ret->said);
    buf_clear(&ret->calls);
    region_vec_clear(&ret->flags_before);
    region_vec_clear(&ret->flags_after);
    region_vec_clear(&ret->host_after);
}

/* What a program expects after a failed host call, nothing without a layer can show. */
static bool fails_host(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].kind == OP_host_fail) {
            return true;
        }
    }
    return false;
}

static const char *family(const struct recorder *r)
{
    return r->kernel                       ? KERNEL_NAME
           : r->agent                      ? r->spec.agent.family
           : r->spec.system == ABI_FREEBSD ? "model-freebsd"
                                           : "model-linux";
}

/* What REC, which was run, shows by the program's expectations, into RET. */
static int evaluate(struct recorder *r, const struct prog *p, const struct record *rec,
                    struct run_result *ret, struct err *e)
{
    const struct record_place *place = &rec->place;

    ret->space = (struct space){
        .bits = place->bits,
        .guest_page = place->page,
        .host_page = place->page,
        .real_page = place->page,
        .reserved_va = ret->config.value[CONFIG_RESERVED],
        .window_last = r->agent        ? place->within.last - place->window
                       : place->window ? (UINT64_C(1) << 42) - 1
                                       : place->last,
        .min_addr = place->min_addr,
    };
    r->steps.n = 0;
    r->judged = rec;
    if (vec_reserve(&r->steps, rec->steps.n) < 0 || judge(r, p, ret) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    ret->n_steps = r->steps.n;
    ret->steps = r->steps.v;
    return 0;
}

/* What the host has after the last step, addresses relative to the window. */
static int copy_host(const struct record *rec, struct region_vec *out)
{
    struct region_vec all = record_host(rec, rec->steps.n - 1);

    for (size_t i = 0; i < all.n; i++) {
        struct region g = all.v[i];

        if (shift(&g.r, &rec->place) && region_vec_push(out, g) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* What the host has for the guest of REC is what it should have, or RET says where it is not. */
static int evaluate_host(struct recorder *r, const struct prog *p, const struct record *rec,
                         struct run_result *ret, struct err *e)
{
    struct agent_verdict v = AGENT_VERDICT_INIT;
    int rc = agent_judge(r->model, p, rec, &r->model_record, &v, e);

    if (rc == 0 && v.known && !v.holds) {
        ret->verdict = RUN_FINDING;
        ret->violated = (uint64_t)sysconf(_SC_PAGESIZE) < rec->place.page ? INV_HOST_AGREES_LT
                                                                          : INV_HOST_AGREES_EQ;
        ret->bad_step = ret->n_steps; /* what comes behind them all shows it */
        ret->has_range = v.where.start >= rec->place.window;
        ret->where = v.where;
        (void)shift(&ret->where, &rec->place);
        buf_str(&ret->reason, buf_text(&v.why));
        rc = copy_regions(&r->model_record, rec->steps.n - 1, &ret->flags_before) < 0 ||
                     copy_regions(&r->model_record, rec->steps.n - 1, &ret->flags_after) < 0 ||
                     copy_host(rec, &ret->host_after) < 0
                 ? err_set(e, -ENOMEM, "out of memory")
                 : 0;
    }
    buf_free(&v.why);
    return rc;
}

int recorder_record(struct recorder *r, const struct prog *p, struct record *ret, struct err *e)
{
    int rc = record(r, p, ret, e);

    snprintf(ret->maker, sizeof(ret->maker), "%s", r->spec.text);
    if (rc < 0 || !r->spec.agent.host_view) {
        return rc;
    }
    clear(&r->result);
    r->result.layer = family(r);
    r->result.config = ret->config;
    if (ret->skipped) {
        return 0;
    }
    rc = evaluate(r, p, ret, &r->result, e);
    r->result.verdict = RUN_PASS; /* expectations are not what targets are compared by */
    buf_clear(&r->result.reason);
    return rc < 0 ? rc : evaluate_host(r, p, ret, &r->result, e);
}

int recorder_run(struct recorder *r, const struct prog *p, const struct run_options *o,
                 struct run_result *ret, struct err *e)
{
    int rc;

    if (r->runner) {
        return runner_run(r->runner, p, o, ret, e);
    }
    rc = recorder_record(r, p, &r->record, e);
    clear(ret);
    if (rc < 0) {
        return rc;
    }
    ret->layer = family(r);
    ret->config = r->record.config;
    if (r->record.skipped || fails_host(p)) {
        ret->verdict = RUN_SKIP;
        buf_str(&ret->reason, r->record.skipped ? buf_text(&r->record.reason)
                                                : "host_fail means nothing without a layer");
        return 0;
    }
    rc = evaluate(r, p, &r->record, ret, e);
    if (rc == 0 && ret->verdict == RUN_PASS && r->spec.agent.host_view) {
        rc = evaluate_host(r, p, &r->record, ret, e);
    }
    return rc;
}
