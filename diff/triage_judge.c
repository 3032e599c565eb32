/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "triage_judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "lost.h"
#include "op/codec.h"
#include "pool.h"
#include "triage_work.h"

enum {
    JUDGE_SECONDS = 60, /* for one program; a layer that hangs is found in five */
    MINIMISE_SECONDS = 600,
};

/* The items: each file that is no other's duplicate. */
struct queue {
    struct triage *t;
    size_t *crash;
    size_t n;
};

static int judge_work(struct pool *pool, void *arg, struct err *e)
{
    struct queue *q = arg;
    struct triage_worker w;
    struct buf fields = BUF_INIT;
    uint64_t item;

    (void)e;
    triage_worker_init(&w, q->t);
    while (pool_next(pool, &item)) {
        buf_clear(&fields);
        triage_judge_one(&w, q->t->crashes.v[q->crash[item]].path, &fields);
        pool_put(pool, item, &fields);
    }
    buf_free(&fields);
    triage_worker_free(&w);
    return 0;
}

/* Over C the worker died. */
static void take_death(const struct triage *t, struct crash *c, const struct pool_result *r)
{
    struct prog p = PROG_INIT;
    struct err e;

    if (r->left && crash_load(&p, c->path, &e) == 0) {
        const struct target_spec *specs;
        struct target_spec own;

        size_t n = triage_specs(t, &p, &own, &specs);

        c->state = CRASH_FINDING;
        c->ops = p.ops.n;
        lost_signature(&p, triage_suspect(specs, n), &c->signature);
        buf_str(&c->why, LOST_REASON);
    } else {
        c->state = CRASH_FAILED;
        buf_str(&c->why, buf_text(&r->text));
    }
    prog_free(&p);
}

static void take_verdict(struct crash *c, const struct buf *fields)
{
    size_t at = 0;
    const char *state = pool_next_field(fields, &at);

    for (int s = 0; s < CRASH_STATE_COUNT; s++) {
        if (strcmp(crash_state_name((enum crash_state)s), state) == 0) {
            c->state = (enum crash_state)s;
        }
    }
    buf_str(&c->why, pool_next_field(fields, &at));
    buf_str(&c->signature, pool_next_field(fields, &at));
    c->ops = (size_t)strtoull(pool_next_field(fields, &at), NULL, 10);
}

/* Duplicates have what became of the first. */
static void copy_to_twins(struct crash_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct crash *c = &l->v[i];
        const struct crash *twin = &l->v[c->twin];

        if (c->twin != i) {
            c->state = twin->state;
            c->ops = twin->ops;
            buf_str(&c->why, buf_text(&twin->why));
            buf_str(&c->signature, buf_text(&twin->signature));
        }
    }
}

static int judge_queue(struct queue *q, struct err *e)
{
    struct pool_work w = {.n = q->n,
                          .jobs = q->t->jobs,
                          .apart = true,
                          .seconds = JUDGE_SECONDS,
                          .run = judge_work,
                          .arg = q};
    struct pool_results results = {0};
    int rc = pool_run(&w, &results, e);

    for (size_t i = 0; rc == 0 && i < results.n; i++) {
        const struct pool_result *r = &results.v[i];
        struct crash *c = &q->t->crashes.v[q->crash[r->item]];

        if (r->died) {
            take_death(q->t, c, r);
        } else {
            take_verdict(c, &r->text);
        }
    }
    pool_results_free(&results);
    return rc;
}

int triage_judge(struct triage *t, struct err *e)
{
    struct queue q = {.t = t, .crash = calloc(t->crashes.n + 1, sizeof(*q.crash))};
    int rc;

    if (!q.crash) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < t->crashes.n; i++) {
        if (t->crashes.v[i].state == CRASH_WAITING && t->crashes.v[i].twin == i) {
            q.crash[q.n++] = i;
        }
    }
    rc = judge_queue(&q, e);
    free(q.crash);
    copy_to_twins(&t->crashes);
    if (rc == 0 && crash_group(&t->crashes, &t->groups) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    return rc;
}

void triage_free(struct triage *t)
{
    for (size_t i = 0; i < t->findings.n; i++) {
        finding_free(&t->findings.v[i]);
    }
    free(t->findings.v);
    crash_groups_free(&t->groups);
    crash_list_free(&t->crashes);
}

bool finding_has(const struct triage *t, const struct finding *f, const struct crash *c)
{
    for (size_t i = 0; c->state == CRASH_FINDING && i < t->groups.n; i++) {
        const struct crash_group *g = &t->groups.v[i];

        if (strcmp(g->signature, buf_text(&c->signature)) == 0) {
            return g->kept && strcmp(g->kept, buf_text(&f->signature)) == 0;
        }
    }
    return false;
}

static int findings_work(struct pool *pool, void *arg, struct err *e)
{
    struct triage *t = arg;
    struct triage_worker w;
    uint64_t item;

    (void)e;
    triage_worker_init(&w, t);
    while (pool_next(pool, &item)) {
        struct finding f = {0};
        struct buf fields = BUF_INIT;

        triage_find(&w, &t->groups.v[item], &f);
        finding_put(&f, &fields);
        pool_put(pool, item, &fields);
        buf_free(&fields);
        finding_free(&f);
    }
    triage_worker_free(&w);
    return 0;
}

/* The smaller of two findings of one signature; what is settled has been held against the other. */
static bool replaces(const struct finding *a, const struct finding *b)
{
    if (a->settled != b->settled) {
        return a->settled ? a->ops_after <= b->ops_after : a->ops_after < b->ops_after;
    }
    return a->ops_after < b->ops_after ||
           (a->ops_after == b->ops_after && a->program.len < b->program.len);
}

/* Add F of G, owned from now on; groups that have become one are one finding. */
static int add_finding(struct finding_list *l, struct crash_group *g, struct finding *f)
{
    g->kept = strdup(buf_text(&f->signature));
    if (!g->kept || buf_failed(&f->program) || vec_reserve(l, l->n + 1) < 0) {
        finding_free(f);
        return -ENOMEM;
    }
    for (size_t i = 0; i < l->n; i++) {
        struct finding *other = &l->v[i];
        size_t n_files = other->n_files + f->n_files;

        if (strcmp(buf_text(&other->signature), buf_text(&f->signature)) != 0) {
            continue;
        }
        if (replaces(f, other)) {
            struct finding last = *other;

            *other = *f;
            *f = last;
        }
        other->n_files = n_files;
        finding_free(f);
        return 0;
    }
    l->v[l->n++] = *f;
    return 0;
}

/* Nothing is to be kept: each group as it is. */
static int find_plainly(struct triage *t, struct err *e)
{
    for (size_t i = 0; i < t->groups.n; i++) {
        struct crash_group *g = &t->groups.v[i];
        struct finding f = {.best = g->best, .n_files = g->n_files};

        triage_find_plainly(t, g, &f);
        if (add_finding(&t->findings, g, &f) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
    }
    return 0;
}

static int by_signature(const void *a, const void *b)
{
    return strcmp(buf_text(&((const struct finding *)a)->signature),
                  buf_text(&((const struct finding *)b)->signature));
}

int triage_findings(struct triage *t, struct err *e)
{
    struct finding_list *l = &t->findings;
    struct pool_work w = {.n = t->groups.n,
                          .jobs = t->jobs,
                          .apart = true,
                          .seconds = MINIMISE_SECONDS,
                          .run = findings_work,
                          .arg = t};
    struct pool_results results = {0};
    int rc = t->out ? pool_run(&w, &results, e) : find_plainly(t, e);

    for (size_t i = 0; rc == 0 && i < results.n; i++) {
        const struct pool_result *r = &results.v[i];
        struct crash_group *g = &t->groups.v[r->item];
        struct finding f = {0};

        if (r->died) {
            triage_find_unminimised(t, g, buf_text(&r->text), &f);
        } else {
            finding_take(&f, &r->text);
        }
        f.best = g->best;
        f.n_files = g->n_files;
        if (add_finding(l, g, &f) < 0) {
            rc = err_set(e, -ENOMEM, "out of memory");
        }
    }
    pool_results_free(&results);
    if (l->n > 1) {
        qsort(l->v, l->n, sizeof(*l->v), by_signature);
    }
    return rc;
}
