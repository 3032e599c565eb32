/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "diff_gen.h"
#include "diff_report.h"
#include "exec/agent.h"
#include "exec/kernel.h"
#include "pool.h"
#include "signature.h"

enum {
    AHEAD = 12,     /* programs that targets may run before they are compared */
    CHUNK = 64,     /* seeds that a worker takes at once */
    STEER_MAX = 16, /* times that a program is steered round what is known */
    SIGNATURES_MAX = 200,
};

_Static_assert((int)AHEAD <= (int)KERNEL_RING && (int)AHEAD <= (int)AGENT_RING,
               "what is made can be handed over");

/* What all workers have to know. */
struct job {
    const struct diff_plan *plan;
    uint64_t n, seed;
    time_t until; /* 0: no limit */
};

static bool is_new(struct buf *seen, const struct buf *signature)
{
    struct buf line = BUF_INIT;
    bool fresh;

    buf_fmt(&line, "\n%s\n", buf_text(signature));
    fresh = !buf_failed(&line) && !strstr(buf_text(seen), line.data);
    if (fresh) {
        buf_str(seen, line.data);
    }
    buf_free(&line);
    return fresh;
}

/* A finding for the parent, if it is the first of its signature here. */
static void leave_finding(const struct diff_set *d, const struct prog *p, const struct job *job,
                          uint64_t item, struct buf *seen, struct pool *pool)
{
    struct buf signature = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf what = BUF_INIT;
    struct buf program = BUF_INIT;
    struct buf fields = BUF_INIT;

    signature_of(d, p, &signature);
    if (is_new(seen, &signature)) {
        buf_fmt(&what, "%s--random 1 --seed %" PRIu64, job->plan->command, job->seed + item);
        diff_report(d, p, buf_text(&what), &text);
        pool_field(&fields, buf_text(&signature));
        pool_field(&fields, buf_text(&text));
        diff_print_program(d, p, &program);
        pool_field(&fields, buf_text(&program));
        pool_put(pool, item, &fields);
    }
    buf_free(&signature);
    buf_free(&text);
    buf_free(&what);
    buf_free(&program);
    buf_free(&fields);
}

struct queue {
    struct prog prog[AHEAD];
    uint64_t made, run;      /* since the worker's start */
    uint64_t item[AHEAD];    /* its seed, counted from the first */
    unsigned steered[AHEAD]; /* how often */
    struct prog again;       /* a program that was steered and goes on, if there is one */
    uint64_t again_item;
    unsigned again_steered;
    uint64_t *hits; /* of what is known */
};

static time_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* What the program of SEED is made of: each system has its turn. */
static struct diff_gen recipe(const struct diff_set *d, uint64_t seed, struct prog_config *native)
{
    enum abi_system lead = d->v[d->lead].spec.system;
    struct diff_gen how = {.system = lead, .peers = diff_set_has_peers(d), .faults = true};

    for (size_t i = 0; i < d->n; i++) {
        how.faults &= d->v[i].spec.kind == TARGET_LAYER;
        if (!how.native && d->v[i].recorder && recorder_native(d->v[i].recorder, native)) {
            how.native = native;
        }
        how.systems |= d->v[i].spec.system != lead;
    }
    if (how.systems && seed % 2) {
        how.system = lead == ABI_LINUX ? ABI_FREEBSD : ABI_LINUX;
    }
    return how;
}

/* Program AT is one that goes on, or a new one. 1; 0 if there is none; or a negative errno. */
static int make(const struct job *job, struct pool *pool, struct queue *q, size_t at,
                struct diff_set *d, struct err *e)
{
    struct prog_config native;
    struct diff_gen how;
    uint64_t seed;

    q->steered[at] = q->again_steered;
    if (q->again_steered > 0) {
        struct prog p = q->prog[at];

        q->prog[at] = q->again;
        q->again = p;
        q->item[at] = q->again_item;
        q->again_steered = 0;
        return 1;
    }
    if ((job->until && now() >= job->until) || !pool_next(pool, &q->item[at])) {
        return 0;
    }
    seed = job->seed + q->item[at];
    how = recipe(d, seed, &native);
    how.seeds = job->plan->seeds;
    how.n_seeds = job->plan->n_seeds;
    return diff_generate(&q->prog[at], &how, seed) < 0 ? err_set(e, -ENOMEM, "out of memory") : 1;
}

/* Make programs and let the leader run them, as many as may be on their way. */
static int fill_queue(const struct job *job, struct pool *pool, struct queue *q, struct diff_set *d,
                      struct err *e)
{
    while (q->made - q->run < AHEAD) {
        struct prog *p = &q->prog[q->made % AHEAD];
        int rc = make(job, pool, q, q->made % AHEAD, d, e);

        if (rc <= 0) {
            return rc;
        }
        q->made++;
        rc = diff_set_ahead(d, p, e);
        if (rc == -EAGAIN) {
            return 0; /* a leader that runs nothing ahead */
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* The program at AT goes on without the op that showed the last finding. 0 or -ENOMEM. */
static int steer(struct queue *q, size_t at, const struct diff_set *d)
{
    const struct record *lead = diff_set_lead(d);

    if (q->steered[at] == STEER_MAX || d->own || d->bad >= lead->steps.n ||
        lead->steps.v[d->bad].what != RECORD_OP) {
        return 0;
    }
    if (prog_copy(&q->again, &q->prog[at]) < 0) {
        return -ENOMEM;
    }
    prog_remove(&q->again, lead->steps.v[d->bad].step.op, 1);
    prog_fixup(&q->again);
    q->again_item = q->item[at];
    q->again_steered = q->again.ops.n > 0 ? q->steered[at] + 1 : 0;
    return 0;
}

/* Whether the finding of the program at AT is a known one; then it is counted as such. */
static bool is_known(const struct job *job, struct queue *q, size_t at, struct diff_set *d)
{
    struct buf signature = BUF_INIT;
    size_t known;

    if (!job->plan->known) {
        return false;
    }
    signature_of(d, &q->prog[at], &signature);
    known = known_find(job->plan->known, buf_text(&signature));
    buf_free(&signature);
    if (known == KNOWN_NONE) {
        return false;
    }
    q->hits[known]++;
    d->counts.known++;
    d->counts.findings--;
    return true;
}

static int run_queue(const struct job *job, struct pool *pool, struct diff_set *d, uint64_t *hits,
                     struct err *e)
{
    struct queue *q = calloc(1, sizeof(*q));
    struct buf seen = BUF_INIT;
    int rc = q ? 0 : err_set(e, -ENOMEM, "out of memory");

    for (size_t i = 0; q && i < AHEAD; i++) {
        q->prog[i] = PROG_INIT;
    }
    if (q) {
        q->again = PROG_INIT;
        q->hits = hits;
    }
    while (rc >= 0 && (rc = fill_queue(job, pool, q, d, e)) == 0 && q->run < q->made) {
        size_t at = q->run++ % AHEAD;

        rc = diff_set_run(d, &q->prog[at], e);
        if (rc != 1) {
            continue;
        }
        if (!is_known(job, q, at, d)) {
            leave_finding(d, &q->prog[at], job, q->item[at], &seen, pool);
        }
        rc = job->plan->steer ? steer(q, at, d) : 0;
    }
    for (size_t i = 0; q && i < AHEAD; i++) {
        prog_free(&q->prog[i]);
    }
    if (q) {
        prog_free(&q->again);
    }
    free(q);
    buf_free(&seen);
    return rc < 0 ? rc : 0;
}

/* One worker. Its counts are left behind the last seed, then those of what is known. */
static int work(struct pool *pool, void *arg, struct err *e)
{
    const struct job *job = arg;
    const struct diff_plan *plan = job->plan;
    size_t n_known = plan->known ? plan->known->n : 0;
    uint64_t *hits = calloc(n_known + 1, sizeof(*hits));
    struct diff_set d = {0};
    struct buf counts = BUF_INIT;
    int rc = hits ? diff_set_open(&d, plan->specs, plan->n_specs, &plan->options, e)
                  : err_set(e, -ENOMEM, "out of memory");

    d.rules_off = plan->rules_off;
    rc = rc < 0 ? rc : run_queue(job, pool, &d, hits, e);
    buf_add(&counts, &d.counts, sizeof(d.counts));
    if (hits) {
        buf_add(&counts, hits, n_known * sizeof(*hits));
    }
    pool_put(pool, job->n, &counts);
    buf_free(&counts);
    diff_set_close(&d);
    free(hits);
    return rc;
}

static void finding_free(struct diff_finding *f)
{
    free(f->signature);
    free(f->text);
    free(f->program);
}

void diff_findings_free(struct diff_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        finding_free(&f->v[i]);
    }
    free(f->v);
    *f = (struct diff_findings){0};
}

/* The first of each signature, and so that of the lowest seed. */
static bool is_wanted(const struct diff_findings *f, const char *signature)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->v[i].signature, signature) == 0) {
            return false;
        }
    }
    return f->n < SIGNATURES_MAX;
}

static int take_finding(struct diff_findings *to, const struct pool_result *r, uint64_t seed,
                        struct err *e)
{
    size_t at = 0;
    const char *signature = pool_next_field(&r->text, &at);
    struct diff_finding x = {.seed = seed + r->item};

    if (!is_wanted(to, signature)) {
        return 0;
    }
    x.signature = strdup(signature);
    x.text = strdup(pool_next_field(&r->text, &at));
    x.program = strdup(pool_next_field(&r->text, &at));
    if (!x.signature || !x.text || !x.program || vec_reserve(to, to->n + 1) < 0) {
        finding_free(&x);
        return err_set(e, -ENOMEM, "out of memory");
    }
    to->v[to->n++] = x;
    return 0;
}

static void take_counts(const struct diff_plan *plan, const struct pool_result *r,
                        struct diff_counts *counts, uint64_t *hits)
{
    const char *at = r->text.data + sizeof(*counts);
    struct diff_counts c;

    memcpy(&c, r->text.data, sizeof(c));
    diff_counts_add(counts, &c);
    for (size_t i = 0; plan->known && i < plan->known->n && r->text.len > sizeof(c); i++) {
        uint64_t more;

        memcpy(&more, at + i * sizeof(more), sizeof(more));
        hits[i] += more;
    }
}

int diff_random(const struct diff_plan *plan, uint64_t n, uint64_t seed, unsigned jobs,
                struct diff_counts *counts, uint64_t *hits, struct diff_findings *findings,
                struct err *e)
{
    struct job job = {
        .plan = plan, .n = n, .seed = seed, .until = plan->seconds ? now() + plan->seconds : 0};
    struct pool_work w = {.n = n, .chunk = CHUNK, .jobs = jobs, .run = work, .arg = &job};
    struct pool_results results = {0};
    int rc = pool_run(&w, &results, e);

    for (size_t i = 0; i < results.n && rc == 0; i++) {
        const struct pool_result *r = &results.v[i];

        if (r->item == n) {
            take_counts(plan, r, counts, hits);
        } else {
            rc = take_finding(findings, r, seed, e);
        }
    }
    pool_results_free(&results);
    return rc;
}
