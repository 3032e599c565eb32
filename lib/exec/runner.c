/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner's lifecycle, and the loop over a program's ops. */
#include "exec/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "exec/runner_model.h"

void run_result_free(struct run_result *r)
{
    buf_free(&r->reason);
    buf_free(&r->said);
    buf_free(&r->calls);
    region_vec_free(&r->flags_before);
    region_vec_free(&r->flags_after);
    region_vec_free(&r->host_after);
    *r = RUN_RESULT_INIT;
}

/* As new, memory kept. */
static void result_clear(struct run_result *r)
{
    struct run_result keep = *r;

    *r = RUN_RESULT_INIT;
    r->reason = keep.reason;
    r->said = keep.said;
    r->calls = keep.calls;
    r->flags_before = keep.flags_before;
    r->flags_after = keep.flags_after;
    r->host_after = keep.host_after;
    buf_clear(&r->reason);
    buf_clear(&r->said);
    buf_clear(&r->calls);
    region_vec_clear(&r->flags_before);
    region_vec_clear(&r->flags_after);
    region_vec_clear(&r->host_after);
}

static int open_parts(struct runner *r, struct err *e)
{
    const struct machine_ops *machine = machine_find(r->spec.host);
    int rc = host_catch_install(e);

    if (rc < 0) {
        return rc;
    }
    if (!machine) {
        return err_set(e, -ENOENT, "unknown host '%s'", r->spec.host);
    }
    r->layer = r->spec.layer->create();
    r->ledger = inv_ledger_new();
    r->bytes = malloc(PROG_ACCESS_MAX);
    if (!r->layer || !r->ledger || !r->bytes || runner_model_open(r) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    rc = machine->open(&r->machine, e);
    if (rc < 0) {
        return rc;
    }
    host_guard_init(&r->guard, r->machine->host);
    host_fault_init(&r->fault, &r->guard.host);
    host_record_init(&r->record, &r->fault.host);
    return fork_report_open(r, e);
}

int runner_open(struct runner **ret, const struct target_spec *spec, struct err *e)
{
    struct runner *r = spec->layer ? calloc(1, sizeof(*r)) : NULL;
    int rc;

    if (!spec->layer) {
        return err_set(e, -EINVAL, "target '%s' has no layer to run", spec->text);
    }
    if (!r) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    r->spec = *spec;
    r->layer_trusted = layer_find(spec->layer->name) == spec->layer;
    rc = open_parts(r, e);
    if (rc < 0) {
        runner_close(r);
        return rc;
    }
    *ret = r;
    return 0;
}

static void free_regions(struct runner_regions *p)
{
    region_vec_free(&p->v[0]);
    region_vec_free(&p->v[1]);
}

struct runner *runner_close(struct runner *r)
{
    if (!r) {
        return NULL;
    }
    runner_fork_sim_close(r);
    if (r->layer) {
        r->spec.layer->destroy(r->layer);
    }
    machine_close(r->machine);
    host_record_free(&r->record);
    inv_ledger_free(r->ledger);
    runner_model_close(r);
    fork_report_close(r);
    region_vec_free(&r->view);
    free_regions(&r->flags);
    free_regions(&r->host);
    free(r->bytes);
    free(r->steps.v);
    free(r->tbs.v);
    free(r->kept.v);
    free(r);
    return NULL;
}

void runner_keep_calls(struct runner *r, bool on)
{
    r->keep = on;
}

size_t runner_calls(const struct runner *r, const struct trace_call **ret)
{
    *ret = r->kept.v;
    return r->kept.n;
}

const struct region_vec *runner_flags(const struct runner *r)
{
    return &r->flags.v[r->flags.now];
}

/* Hook: widened at the limit, because a layer that never stops must not take all memory. */
static void tb_invalidate(void *arg, uint64_t start, uint64_t last)
{
    struct runner *r = arg;

    if (r->tbs.n == TBS_MAX || vec_reserve(&r->tbs, r->tbs.n + 1) < 0) {
        struct range *end = r->tbs.n ? &r->tbs.v[r->tbs.n - 1].r : NULL;

        if (end) {
            *end = (struct range){u64_min(end->start, start), u64_max(end->last, last)};
        }
        return;
    }
    r->tbs.v[r->tbs.n++].r = (struct range){start, last};
}

static void log_line(void *arg, const char *line)
{
    struct runner *r = arg;

    r->opt.log(r->opt.log_arg, line);
}

struct start {
    struct runner *r;
    struct layer_setup setup;
    int rc;
};

static void start_layer(void *arg)
{
    struct start *s = arg;
    const struct layer_ops *ops = s->r->spec.layer;

    s->rc = ops->start(s->r->layer, &s->setup);
    ops->counters(s->r->layer, &s->r->counters);
    s->r->counters_dumped = s->r->counters;
}

/*
 * 0, or 1 if the layer cannot work under this configuration (skipped) or fell over it (a finding).
 */
static int begin_layer(struct runner *r)
{
    const struct space *space = &r->res->space;
    struct start s = {
        .r = r,
        .setup =
            {
                .size = sizeof(s.setup),
                .bits = space->bits,
                .guest_page = space->guest_page,
                .host_page = space->host_page,
                .real_page = space->real_page,
                .guest_base = space->guest_base,
                .reserved_va = space->reserved_va,
                .window_last = space->window_last,
                .min_addr = space->min_addr,
                .host = &r->record.host,
                .arg = r,
                .tb_invalidate = tb_invalidate,
                .log = r->opt.log ? log_line : NULL,
            },
    };
    int signal = host_catch_call(start_layer, &s, runner_hang_ms(r), NULL);

    if (signal != 0) {
        return runner_finding_text(r, NULL, INV_NO_ABORT,
                                   "the layer's start was ended by signal %d (%s)", signal,
                                   strsignal(signal));
    }
    if (s.rc < 0) {
        r->res->verdict = RUN_SKIP;
        buf_fmt(&r->res->reason, "the layer cannot work so: %s", strerror(-s.rc));
        return 1;
    }
    return 0;
}

static void forget(struct runner *r)
{
    op_results_clear(&r->results);
    r->over = false;
    r->steps.n = 0;
    r->tbs.n = 0;
    r->kept.n = 0;
    r->fail_nth = 0;
    r->judged = NO_STEP;
    r->process = 0;
    r->n_processes = 1;
    r->fork_depth = 0;
    r->broken_dump = NULL;
    r->no_memory = false;
    r->watch_failed = false;
    r->host_known = false;
    r->flags_fresh = false;
    r->host_fresh = false;
    r->has_window = false;
    region_vec_clear(regions_now(&r->flags));
    region_vec_clear(regions_now(&r->host));
}

/*
 * Files that the program's stores, its children's included, may have reached. After a finding
 * nothing is known. MAP_SHARED, which may be given as a bit without a name, is the same number on
 * every system.
 */
static void end_files(struct runner *r)
{
    const struct machine_ops *machine = r->machine->ops;

    for (size_t i = 0; r->over && i < r->prog->files.n; i++) {
        machine->stored(r->machine, i);
    }
    for (size_t i = 0; i < r->steps.n; i++) {
        const struct op *op = &r->prog->ops.v[r->steps.v[i].op];

        if (op->kind == OP_mmap && r->steps.v[i].args.file >= 0 &&
            (r->steps.v[i].args.arg[3] & LINUX_MAP_SHARED)) {
            machine->stored(r->machine, (size_t)r->steps.v[i].args.file);
        }
    }
}

/* The layer's way to the host, with the bounds and the page size of this program. */
static void begin_host(struct runner *r)
{
    const struct space *space = &r->res->space;
    struct host *const decorators[] = {&r->guard.host, &r->fault.host, &r->record.host};

    for (size_t i = 0; i < ARRAY_LEN(decorators); i++) {
        decorators[i]->page = r->machine->host->page;
        decorators[i]->min_addr = r->machine->host->min_addr;
    }
    host_guard_begin(&r->guard, g2h(space, 0), g2h(space, space->window_last));
    host_record_clear(&r->record);
    host_fault_arm(&r->fault, 0, 0);
}

/*
 * Everything a program finds when it starts. 0, 1 if there is nothing to run, or a negative errno.
 */
static int begin(struct runner *r)
{
    int rc = runner_configure(r);

    if (rc != 0) {
        return rc;
    }
    rc = r->machine->ops->files(r->machine, r->prog->files.v, r->prog->files.n, r->fds, r->err);
    if (rc < 0) {
        return rc;
    }
    begin_host(r);
    inv_ledger_reset(r->ledger, r->prog, &r->res->space);
    if (vec_reserve(&r->steps, r->prog->ops.n) < 0) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    rc = begin_layer(r);
    rc = rc != 0 ? rc : runner_model_begin(r);
    runner_record_begin(r);
    return rc != 0 || r->opt.maps == MAP_CHECK_NONE ? rc : runner_baseline(r);
}

struct trace_step *runner_new_step(struct runner *r, size_t at)
{
    struct trace_step *s = &r->steps.v[r->steps.n++];

    if (r->process != 0) {
        fork_report_beat(r);
    }
    *s = (struct trace_step){.op = at, .process = r->process, .args.file = -1};
    s->lock.depth_before = r->counters.depth;
    s->lock.depth_after = r->counters.depth;
    return s;
}

void runner_begin_step(struct runner *r)
{
    host_record_clear(&r->record);
    r->tbs.n = 0;
    r->flags_fresh = false;
    r->host_fresh = false;
    r->counters_before = r->counters_dumped;
}

int runner_loop(struct runner *r, size_t at, size_t stop)
{
    int rc = 0;

    while (rc == 0 && at < stop && !r->over) {
        if (r->prog->ops.v[at].kind == OP_fork) {
            rc = runner_fork(r, at, stop, &at);
        } else {
            rc = runner_step(r, at++);
        }
    }
    return rc;
}

/* The program from its start to the end of its last process. */
static int run(struct runner *r)
{
    int rc = begin(r);

    if (rc == 0) {
        rc = runner_loop(r, 0, r->prog->ops.n);
    }
    return rc != 0 || r->over ? rc : runner_judge_end(r);
}

/* What of the steps was excused, and what could not be compared. */
static void count_limits(const struct runner *r)
{
    for (size_t i = 0; i < r->steps.n; i++) {
        const struct trace_step *s = &r->steps.v[i];

        for (unsigned k = 0; s->excused && k < LIMIT_COUNT; k++) {
            r->res->excused[k] += (s->excused & limit_bit((enum limit_id)k)) != 0;
        }
        r->res->n_poisoned += s->poisoned;
    }
}

int runner_run(struct runner *r, const struct prog *p, const struct run_options *o,
               struct run_result *ret, struct err *e)
{
    struct err ignored;
    int rc;

    result_clear(ret);
    r->prog = p;
    r->opt = *o;
    r->res = ret;
    r->err = e ? e : &ignored;
    ret->layer = r->spec.layer->name;
    forget(r);
    if (r->watched) {
        record_clear(r->watched);
    }
    rc = run(r);
    if (rc == 0 && r->watch_failed) {
        rc = err_set(r->err, -ENOMEM, "out of memory");
    }
    if (r->watched) {
        r->watched->skipped = ret->verdict == RUN_SKIP;
        buf_str(&r->watched->reason, ret->verdict == RUN_SKIP ? buf_text(&ret->reason) : "");
    }
    ret->n_steps = r->steps.n;
    ret->steps = r->steps.v;
    count_limits(r);
    if (r->has_window) {
        int left;

        end_files(r);
        left = r->machine->ops->leave(r->machine, r->err);
        rc = rc < 0 ? rc : left;
    }
    return rc < 0 ? rc : 0;
}
