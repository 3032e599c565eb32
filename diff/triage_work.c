/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "triage_work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "findings.h"
#include "minimise_judge.h"
#include "op/text.h"
#include "pool.h"
#include "target_list.h"
#include "triage_text.h"

enum {
    SHOW_RUNS = 3,    /* a finding that does not show in so many is not what it was, */
    FLAKY_RUNS = 10,  /* one that does not in all has so many for each candidate */
    SLOW_MS = 300,    /* a run that takes longer, as one that hangs does, */
    SLOW_BUDGET = 24, /* has no more than these for its minimising */
};

void triage_worker_init(struct triage_worker *w, const struct triage *t)
{
    *w = (struct triage_worker){.t = t, .prog = PROG_INIT, .there = PROG_INIT};
}

void triage_worker_free(struct triage_worker *w)
{
    w->judge[0] = judge_close(w->judge[0]);
    w->judge[1] = judge_close(w->judge[1]);
    judge_result_free(&w->result);
    prog_free(&w->prog);
    prog_free(&w->there);
}

size_t triage_specs(const struct triage *t, const struct prog *p, struct target_spec *own,
                    const struct target_spec **ret)
{
    struct err e;

    *ret = t->n_specs ? t->specs : own;
    if (t->n_specs == 0 && target_parse(own, prog_wants_freebsd(p) ? "bsd" : "linux", &e) < 0) {
        abort(); /* flavours are always there */
    }
    return t->n_specs ? t->n_specs : 1;
}

const struct target_spec *triage_suspect(const struct target_spec *specs, size_t n)
{
    const struct target_spec *agent = NULL;

    for (size_t i = 0; i < n; i++) {
        if (specs[i].kind == TARGET_LAYER) {
            return &specs[i];
        }
        agent = !agent && specs[i].kind == TARGET_AGENT ? &specs[i] : agent;
    }
    return agent ? agent : specs;
}

/*
 * Take the judge of P, as a crash file has it. What cannot be had here becomes the nearest that
 * can, as under an engine.
 */
static int aim(struct triage_worker *w, const struct prog *p, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct judge **j = &w->judge[w->t->n_specs == 0 && prog_wants_freebsd(p)];
    int rc = 0;

    w->n_specs = triage_specs(w->t, p, &w->own, &w->specs);
    o.adapt_config = true;
    if (!*j) {
        rc = judge_open(j, w->specs, w->n_specs, &o, e);
    }
    w->now = *j;
    return rc;
}

static enum crash_state judge_file(struct triage_worker *w, const char *path, struct err *e)
{
    static const enum crash_state states[] = {
        [JUDGE_PASS] = CRASH_HOLDS, [JUDGE_FINDING] = CRASH_FINDING, [JUDGE_SKIP] = CRASH_SKIPPED};
    int rc = crash_load(&w->prog, path, e);

    if (rc < 0) {
        return rc == -ENOMEM ? CRASH_FAILED : CRASH_UNREADABLE;
    }
    rc = aim(w, &w->prog, e);
    rc = rc < 0 ? rc : judge_run(w->now, &w->prog, &w->result, e);
    return rc < 0 ? CRASH_FAILED : states[w->result.verdict];
}

void triage_judge_one(struct triage_worker *w, const char *path, struct buf *fields)
{
    struct err e = {""};
    enum crash_state state = judge_file(w, path, &e);
    bool judged = state != CRASH_UNREADABLE && state != CRASH_FAILED;
    struct buf ops = BUF_INIT;

    buf_fmt(&ops, "%zu", w->prog.ops.n);
    pool_field(fields, crash_state_name(state));
    pool_field(fields, judged ? buf_text(&w->result.reason) : e.text);
    pool_field(fields, state == CRASH_FINDING ? buf_text(&w->result.signature) : "");
    pool_field(fields, buf_text(&ops));
    buf_free(&ops);
}

/* Whether SIGNATURE was found within some runs of P; the last run is the one that did. */
static bool show(struct triage_worker *w, const struct prog *p, const char *signature)
{
    struct err e;

    for (unsigned i = 0; i < SHOW_RUNS; i++) {
        if (judge_run(w->now, p, &w->result, &e) < 0) {
            return false;
        }
        if (w->result.verdict == JUDGE_FINDING &&
            strcmp(buf_text(&w->result.signature), signature) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Whether what is there may stay: its report and the rest are complete and of this environment, or
 * of other targets, under which it was found first.
 */
static bool is_complete(const struct triage *t, const struct finding *f,
                        const struct buf *environment)
{
    const char *slug = buf_text(&f->slug);
    struct buf was = BUF_INIT;
    struct buf report = BUF_INIT;
    bool is = finding_read(t->out, slug, "environment.txt", &was) == 0 &&
              finding_read(t->out, slug, "report.txt", &report) == 0 &&
              (strcmp(buf_text(&was), buf_text(environment)) == 0 ||
               !environment_same_targets(buf_text(&was), buf_text(environment)));

    buf_free(&was);
    buf_free(&report);
    return is;
}

static void render(struct triage_worker *w, const struct crash_group *g, const char *how,
                   const struct prog *p, struct finding *f)
{
    struct finding_source s = {.crash = &w->t->crashes.v[g->best],
                               .how = how,
                               .prog = p,
                               .judge = w->now,
                               .result = &w->result,
                               .reason = buf_text(&w->result.reason),
                               .specs = w->specs,
                               .n_specs = w->n_specs};

    f->ops_after = p->ops.n;
    finding_print(w->t, &s, f);
}

/* Whether an earlier run has left a program that fails as F does, and no larger than P. */
static bool settle(struct triage_worker *w, const struct crash_group *g, const struct prog *p,
                   struct finding *f)
{
    if (!finding_there(w->t, f, &w->there) || w->there.ops.n > p->ops.n ||
        !show(w, &w->there, buf_text(&f->signature))) {
        return false;
    }
    buf_clear(&f->environment);
    environment_print(w->specs, w->n_specs, &f->environment);
    f->ops_after = w->there.ops.n;
    f->settled = is_complete(w->t, f, &f->environment);
    if (f->settled) {
        finding_command(w->t, w->specs, w->n_specs, f);
    } else {
        render(w, g, "an earlier run's program", &w->there, f);
    }
    return true;
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* How often the worker's program fails. */
struct shows {
    unsigned hits, runs;
    bool slow;
};

/* One hit says nothing of the next run; of one that is slow it has to do. */
static struct shows count_shows(struct triage_worker *w, const char *signature)
{
    struct shows s = {0, 0, false};
    struct err e;

    while (s.runs < SHOW_RUNS && !(s.slow && s.hits)) {
        uint64_t began = now_ms();

        if (judge_run(w->now, &w->prog, &w->result, &e) < 0) {
            return s;
        }
        s.runs++;
        s.hits += w->result.verdict == JUDGE_FINDING &&
                  strcmp(buf_text(&w->result.signature), signature) == 0;
        s.slow = now_ms() - began > SLOW_MS;
    }
    return s;
}

/* Make the worker's program smaller. What was done about it, for the report, in HOW. */
static void shrink(struct triage_worker *w, const struct shows *s, const char *signature,
                   struct buf *how)
{
    struct minimise_options o = {.budget = s->slow ? SLOW_BUDGET : 0, .signature = signature};
    struct minimise_stats stats = {0};
    struct err e;
    size_t before = w->prog.ops.n;
    bool flaky = s->hits < s->runs;
    int rc;

    if (flaky) {
        o.runs = FLAKY_RUNS;
        o.needed = 1;
    }
    rc = minimise_by_judge(w->now, &w->prog, &o, &w->result, &stats, &e);
    buf_fmt(how, "%zu ops, %zu left", before, w->prog.ops.n);
    if (rc < 0) {
        buf_fmt(how, "; minimising ended early: %s", e.text);
    } else if (stats.exhausted) {
        buf_str(how, "; there was no time to try all that may be left out");
    }
    if (flaky) {
        buf_fmt(how, "; it does not show in every run");
    }
}

/* The program is as small as it gets. */
static void finish(struct triage_worker *w, const struct crash_group *g, const char *how,
                   struct finding *f)
{
    if (show(w, &w->prog, buf_text(&f->signature))) {
        render(w, g, how, &w->prog, f);
    } else {
        triage_find_unminimised(w->t, g, "made smaller it did not show again", f);
    }
}

void triage_find(struct triage_worker *w, const struct crash_group *g, struct finding *f)
{
    struct shows shows = {0, 0, false};
    struct buf how = BUF_INIT;
    struct err e;

    finding_name(f, g->signature);
    if (finding_load(w->t, g, &w->prog, &e) == 0 && aim(w, &w->prog, &e) == 0) {
        shows = count_shows(w, g->signature);
    }
    f->ops_before = w->prog.ops.n;
    if (shows.hits == 0) {
        triage_find_unminimised(w->t, g, "it showed once and not again", f);
        return;
    }
    if (!settle(w, g, &w->prog, f)) {
        shrink(w, &shows, g->signature, &how);
        if (w->result.verdict == JUDGE_FINDING) {
            finding_name(f, buf_text(&w->result.signature));
        }
        if (strcmp(buf_text(&f->signature), g->signature) == 0 || !settle(w, g, &w->prog, f)) {
            finish(w, g, buf_text(&how), f);
        }
    }
    buf_free(&how);
}
