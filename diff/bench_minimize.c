/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executions and seconds to make programs of 60 random ops small. A subject is a layer with an
 * error in it, or one of the project's own with a limit switched off, so that what the limit
 * excuses is a finding. From each, programs are drawn until some fail; each of them is minimised,
 * with a budget that leaves room for going over the bound.
 */
#include "bench_minimize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"
#include "bench.h"
#include "minimise_judge.h"
#include "op/gen.h"
#include "op/text.h"

enum {
    OPS = 60,
    FEW = 5,             /* ops left */
    BOUND = 400,         /* executions, of programs that end in FEW ops */
    BUDGET = 10 * BOUND, /* so that the bound can be broken */
    TRIES = 3000,        /* programs drawn for each start, */
    TRIES_LIMIT = 300,   /* and for those that need a limit: few do on each machine */
};

struct sample {
    size_t ops;
    uint64_t executed;
    double seconds;
};

struct bench_run {
    const struct bench_minimize *b;
    struct {
        struct sample *v;
        size_t n, cap;
    } samples;
    struct judge *judge;
    struct judge_result result;
    struct prog prog, part;
    uint64_t drawn; /* programs, by which the next is seeded */
    size_t without; /* subjects in which nothing was found */
    struct buf text;
    struct buf signatures, programs; /* that the starts of a subject end in, each once */
    size_t n_signatures, n_programs;
};

static size_t note(struct buf *seen, const char *what)
{
    struct buf item = BUF_INIT;
    size_t added = 0;

    buf_fmt(&item, "<%s>", what);
    if (!strstr(buf_text(seen), buf_text(&item))) {
        buf_str(seen, buf_text(&item));
        added = 1;
    }
    buf_free(&item);
    return added;
}

/* A program of OPS ops: parts of several, because most that are generated are shorter. */
static int draw(struct bench_run *r, enum abi_system system, struct err *e)
{
    struct gen_options o = {.system = system, .ops_max = OPS, .host_fail = true};
    struct prng rng;
    int rc;

    prng_seed(&rng, r->b->seed + r->drawn++);
    o.fork = prng_chance(&rng, 1, 16);
    rc = gen_prog(&r->prog, &rng, &o);
    o.config = &r->prog.config;
    while (rc == 0 && r->prog.ops.n < OPS) {
        rc = gen_prog(&r->part, &rng, &o);
        rc = rc < 0 ? rc : mutate_splice(&r->prog, &r->part, &rng, &o);
    }
    return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

static int add_sample(struct bench_run *r, const struct minimise_stats *s, double seconds,
                      struct err *e)
{
    if (vec_reserve(&r->samples, r->samples.n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    r->samples.v[r->samples.n++] =
        (struct sample){.ops = s->ops_after, .executed = s->executed, .seconds = seconds};
    return 0;
}

/* The program that failed, made small: a row. */
static int measure(struct bench_run *r, const char *name, struct err *e)
{
    const struct minimise_options o = {.budget = BUDGET};
    struct minimise_stats stats;
    uint64_t began = bench_ns();
    int rc = minimise_by_judge(r->judge, &r->prog, &o, &r->result, &stats, e);
    double seconds = (double)(bench_ns() - began) / 1e9;

    if (rc < 0) {
        return rc;
    }
    printf("  %-32s %3zu ops to %2zu, %4" PRIu64 " executions, %7.3f s, %s\n", name,
           stats.ops_before, stats.ops_after, stats.executed, seconds,
           buf_text(&r->result.signature));
    buf_clear(&r->text);
    prog_print(&r->prog, &r->text);
    if (r->b->show) {
        fputs(buf_text(&r->text), stdout);
    }
    r->n_signatures += note(&r->signatures, buf_text(&r->result.signature));
    r->n_programs += note(&r->programs, buf_text(&r->text));
    return add_sample(r, &stats, seconds, e);
}

static int measure_subject(struct bench_run *r, const char *name, enum abi_system system,
                           uint64_t tries, struct err *e)
{
    uint64_t found = 0;
    int rc = 0;

    r->n_signatures = r->n_programs = 0;
    buf_clear(&r->signatures);
    buf_clear(&r->programs);
    for (uint64_t i = 0; rc == 0 && found < r->b->starts && i < tries * r->b->starts; i++) {
        rc = draw(r, system, e);
        rc = rc < 0 ? rc : judge_run(r->judge, &r->prog, &r->result, e);
        if (rc == 0 && r->result.verdict == JUDGE_FINDING) {
            found++;
            rc = measure(r, name, e);
        }
    }
    if (rc == 0 && found > 1) {
        printf("  %-32s %3" PRIu64 " programs end in %zu, of %zu signatures\n", name, found,
               r->n_programs, r->n_signatures);
    }
    r->without += found == 0;
    return rc;
}

static int measure_target(struct bench_run *r, const char *target, const struct run_options *o,
                          const char *name, uint64_t tries, struct err *e)
{
    struct target_spec spec;
    int rc = target_parse(&spec, target, e);

    rc = rc < 0 ? rc : judge_open(&r->judge, &spec, 1, o, e);
    if (rc == 0) {
        rc = measure_subject(r, name, spec.system, tries, e);
        r->judge = judge_close(r->judge);
    }
    return rc;
}

/* The project's own layers, each limit off in turn. */
static int measure_limits(struct bench_run *r, struct err *e)
{
    static const char *const targets[] = {"linux,host=sim-linux", "bsd,host=sim-freebsd"};
    int rc = 0;

    for (size_t t = 0; t < ARRAY_LEN(targets); t++) {
        for (unsigned id = 0; rc == 0 && id < LIMIT_COUNT; id++) {
            struct run_options o = RUN_OPTIONS_DEFAULT;

            o.limits_off = limit_bit((enum limit_id)id);
            rc = measure_target(r, targets[t], &o, limit_descs[id].name, TRIES_LIMIT, e);
        }
    }
    r->without = 0; /* not every limit is needed on every machine */
    return rc;
}

static int by_ops(const void *a, const void *b)
{
    size_t x = ((const struct sample *)a)->ops;
    size_t y = ((const struct sample *)b)->ops;

    return (x > y) - (x < y);
}

static int by_executed(const void *a, const void *b)
{
    uint64_t x = ((const struct sample *)a)->executed;
    uint64_t y = ((const struct sample *)b)->executed;

    return (x > y) - (x < y);
}

static int by_seconds(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->seconds;
    double y = ((const struct sample *)b)->seconds;

    return (x > y) - (x < y);
}

static const struct sample *median(struct bench_run *r, int (*by)(const void *, const void *))
{
    qsort(r->samples.v, r->samples.n, sizeof(*r->samples.v), by);
    return &r->samples.v[r->samples.n / 2];
}

/* The most executions of a program that ended in FEW ops. */
static uint64_t most_executed(const struct bench_run *r)
{
    uint64_t most = 0;

    for (size_t i = 0; i < r->samples.n; i++) {
        if (r->samples.v[i].ops <= FEW) {
            most = u64_max(most, r->samples.v[i].executed);
        }
    }
    return most;
}

/* The medians, and the worst against the bound. */
static int sum_up(struct bench_run *r)
{
    uint64_t most = most_executed(r);
    size_t ops;
    uint64_t executed;
    double seconds;

    if (r->samples.n == 0) {
        printf("  nothing was found in %" PRIu64 " programs\n", r->drawn);
        return 1;
    }
    ops = median(r, by_ops)->ops;
    seconds = median(r, by_seconds)->seconds;
    executed = median(r, by_executed)->executed;
    printf("  %zu programs of %d ops: median %zu ops, %" PRIu64
           " executions, %.3f s; most of those "
           "that end in %d ops or fewer: %" PRIu64 " executions (bound %d)\n",
           r->samples.n, OPS, ops, executed, seconds, FEW, most, BOUND);
    if (r->without > 0) {
        printf("  %zu of %zu layers: nothing was found\n", r->without, r->b->n_layers);
    }
    return most > BOUND || r->without > 0;
}

int bench_minimize(const struct bench_minimize *b, struct err *e)
{
    struct bench_run r = {.b = b, .prog = PROG_INIT, .part = PROG_INIT};
    const struct run_options usual = RUN_OPTIONS_DEFAULT;
    int rc = b->n_layers == 0 ? measure_limits(&r, e) : 0;

    for (size_t i = 0; rc == 0 && i < b->n_layers; i++) {
        const char *base = strrchr(b->layers[i], '/');

        rc = measure_target(&r, b->layers[i], &usual, base ? base + 1 : b->layers[i], TRIES, e);
    }
    rc = rc < 0 ? rc : sum_up(&r);
    judge_result_free(&r.result);
    prog_free(&r.prog);
    prog_free(&r.part);
    buf_free(&r.text);
    buf_free(&r.signatures);
    buf_free(&r.programs);
    free(r.samples.v);
    return rc;
}
