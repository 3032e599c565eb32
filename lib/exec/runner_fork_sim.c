/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork() on a machine that forks within this process: the layer is copied, the host begins a child,
 * and the child's part of the program is run here before the parent goes on, in the order of real
 * processes (runner_fork.c). What a process has to itself is put away for the time of its child;
 * steps, their numbers and the verdict are the program's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exec/runner_model.h"

/* What a process has to itself, and what its child will be made of, kept for later programs. */
struct runner_parent {
    struct layer *copy;
    struct inv_ledger *copy_ledger;

    struct layer *layer;
    struct inv_ledger *ledger;
    struct trace_step step; /* the fork, as the parent sees it */
    struct op_results results;
    struct region_vec flags, host;
    struct region_vec left, parts; /* of its model */
    bool host_known;
    struct layer_counters counters, counters_dumped;
    int64_t judged;
    unsigned process;
    size_t n_kept;
};

static struct runner_parent *slot(struct runner *r)
{
    struct runner_parent **p = &r->parents[r->fork_depth];

    if (!*p) {
        *p = calloc(1, sizeof(**p));
    }
    if (*p && !(*p)->copy) {
        (*p)->copy = r->spec.layer->create();
    }
    if (*p && !(*p)->copy_ledger) {
        (*p)->copy_ledger = inv_ledger_new();
    }
    return *p && (*p)->copy && (*p)->copy_ledger ? *p : NULL;
}

void runner_fork_sim_close(struct runner *r)
{
    for (size_t i = 0; i < PROG_FORKS_MAX; i++) {
        struct runner_parent *p = r->parents[i];

        if (!p) {
            continue;
        }
        if (p->copy) {
            r->spec.layer->destroy(p->copy);
        }
        inv_ledger_free(p->copy_ledger);
        region_vec_free(&p->flags);
        region_vec_free(&p->host);
        region_vec_free(&p->left);
        region_vec_free(&p->parts);
        free(p);
        r->parents[i] = NULL;
    }
}

static void call_copy(struct runner *r, struct trace_step *s)
{
    (void)s;
    r->copied = r->spec.layer->copy(r->parents[r->fork_depth]->copy, r->layer);
}

/* The parent's own, out of the child's way. */
static int put_away(struct runner *r, struct runner_parent *p, const struct trace_step *s)
{
    int rc = region_vec_copy(&p->flags, regions_now(&r->flags));

    rc = rc < 0 ? rc : region_vec_copy(&p->host, regions_now(&r->host));
    rc = rc < 0 ? rc : region_vec_copy(&p->left, &r->model->left);
    rc = rc < 0 ? rc : region_vec_copy(&p->parts, &r->model->parts);
    if (rc < 0) {
        return err_set(r->err, rc, "out of memory");
    }
    p->layer = r->layer;
    p->ledger = r->ledger;
    p->step = *s;
    op_results_copy(&p->results, &r->results);
    p->host_known = r->host_known;
    p->counters = r->counters;
    p->counters_dumped = r->counters_dumped;
    p->judged = r->judged;
    p->process = r->process;
    p->n_kept = r->kept.n;
    return 0;
}

/* Back to the parent; there is room for what was there before. */
static int take_back(struct runner *r, struct runner_parent *p, struct trace_step *s)
{
    int rc = region_vec_copy(regions_now(&r->flags), &p->flags);

    r->layer = p->layer;
    r->ledger = p->ledger;
    if (!r->over) {
        *s = p->step;
    }
    op_results_copy(&r->results, &p->results);
    rc = rc < 0 ? rc : region_vec_copy(regions_now(&r->host), &p->host);
    rc = rc < 0 ? rc : region_vec_copy(&r->model->left, &p->left);
    rc = rc < 0 ? rc : region_vec_copy(&r->model->parts, &p->parts);
    r->host_known = p->host_known;
    r->flags_fresh = false;
    r->host_fresh = false;
    r->counters = p->counters;
    r->counters_dumped = p->counters_dumped;
    r->fail_nth = 0; /* it was for the op after it, which was the fork */
    r->judged = p->judged;
    r->process = p->process;
    r->kept.n = p->n_kept;
    r->fork_depth--;
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

/* The child: its part of the program, judged to its end. */
static int run_child(struct runner *r, struct trace_step *s, size_t at, size_t stop)
{
    int rc = runner_end_fork(r, s, true);

    if (rc == 0 && !r->over) {
        rc = runner_loop(r, at + 1, stop);
    }
    return rc != 0 || r->over ? rc : runner_judge_end(r);
}

/* From here to take_back the runner is the child. */
static int begin_child(struct runner *r, struct runner_parent *p)
{
    int rc = r->machine->ops->fork(r->machine);

    if (rc < 0) {
        return err_set(r->err, rc, "cannot fork: %s", strerror(-rc));
    }
    r->layer = p->copy;
    r->ledger = p->copy_ledger;
    inv_ledger_inherit(r->ledger, p->ledger, &r->res->space);
    r->process = r->n_processes++;
    r->fork_depth++;
    host_record_clear(&r->record);
    r->tbs.n = 0;
    return runner_model_fork(r);
}

int runner_fork_sim(struct runner *r, struct trace_step *s, size_t at, size_t stop)
{
    struct layer_counters before = r->counters_before;
    struct runner_parent *p = slot(r);
    int rc, back;

    if (!p) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    if (!runner_guard(r, s, call_copy)) {
        return runner_judge(r, s, NULL);
    }
    if (r->copied < 0) {
        return err_set(r->err, r->copied, "the layer cannot be copied: %s", strerror(-r->copied));
    }
    rc = runner_end_fork(r, s, false);
    if (rc < 0 || r->over) {
        return rc;
    }
    rc = put_away(r, p, s);
    rc = rc < 0 ? rc : begin_child(r, p);
    if (rc < 0) {
        return rc;
    }
    r->counters_before = before;
    rc = r->over ? 0 : run_child(r, s, at, stop);
    runner_model_wait(r);
    r->machine->ops->exit(r->machine);
    back = take_back(r, p, s);
    return rc < 0 ? rc : back;
}
