/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void diff_counts_add(struct diff_counts *to, const struct diff_counts *from)
{
    uint64_t *a = (uint64_t *)to;
    const uint64_t *b = (const uint64_t *)from;

    _Static_assert(sizeof(*to) % sizeof(*a) == 0, "counts and nothing else");
    for (size_t i = 0; i < sizeof(*to) / sizeof(*a); i++) {
        a[i] += b[i];
    }
}

uint64_t diff_counts_poisoned(const struct diff_counts *c)
{
    uint64_t n = 0;

    for (int i = 0; i < RECORD_POISON_COUNT; i++) {
        n += c->poisoned[i];
    }
    return n;
}

/* ---- who leads, who follows ---- */

static size_t leader(const struct target_spec *specs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (specs[i].kind != TARGET_MODEL) {
            return i;
        }
    }
    return 0;
}

/* A layer's own model follows it wherever it runs, with the limits that a layer has. */
static bool follows(const struct target_spec *lead, const struct target_spec *s)
{
    return s != lead && s->kind == TARGET_MODEL && s->system == lead->system;
}

int diff_set_check(const struct target_spec *specs, size_t n, struct err *e)
{
    const struct target_spec *lead = &specs[leader(specs, n)];

    if (n < 2) {
        return err_set(e, -EINVAL, "%zu targets named by --on, expected two or more", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (follows(lead, &specs[i]) && specs[i].override.given) {
            return err_set(e, -EINVAL, "--on %s: a model that follows takes its options from %s",
                           specs[i].text, lead->text);
        }
    }
    return 0;
}

/* ---- life ---- */

int diff_set_open(struct diff_set *d, const struct target_spec *specs, size_t n,
                  const struct run_options *o, struct err *e)
{
    int rc = diff_set_check(specs, n, e);

    if (rc < 0) {
        return rc;
    }
    d->options = *o;
    d->lead = leader(specs, n);
    d->follower = follower_new();
    d->compare = compare_new();
    d->peers = peers_new();
    d->v = calloc(n, sizeof(*d->v));
    if (!d->follower || !d->compare || !d->peers || !d->v) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    d->n = n;
    for (size_t i = 0; i < n; i++) {
        d->v[i].spec = specs[i];
        if (follows(&specs[d->lead], &specs[i])) {
            continue;
        }
        rc = recorder_open(&d->v[i].recorder, &specs[i], e);
        if (rc < 0) {
            return rc;
        }
        recorder_judge_by(d->v[i].recorder, o, false);
    }
    return 0;
}

void diff_set_close(struct diff_set *d)
{
    for (size_t i = 0; i < d->n; i++) {
        recorder_close(d->v[i].recorder);
        record_free(&d->v[i].record);
    }
    free(d->v);
    follower_free(d->follower);
    compare_free(d->compare);
    peers_free(d->peers);
    buf_free(&d->result.text);
    buf_free(&d->why);
    *d = (struct diff_set){0};
}

bool diff_set_has_peers(const struct diff_set *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (i != d->lead && d->v[i].recorder) {
            return true;
        }
    }
    return false;
}

int diff_set_ahead(struct diff_set *d, const struct prog *p, struct err *e)
{
    unsigned taken = 0;

    for (size_t i = 0; i < d->n; i++) {
        int rc = d->v[i].recorder ? recorder_ahead(d->v[i].recorder, p, e) : -EAGAIN;

        if (rc < 0 && rc != -EAGAIN) {
            return rc;
        }
        d->v[i].ahead += rc == 0;
        taken += rc == 0;
    }
    d->ahead += taken > 0;
    return taken ? 0 : -EAGAIN;
}

/* ---- one program ---- */

static void count_excuses(struct diff_counts *c, const struct compare_result *r)
{
    c->excused++;
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        c->rules[i] += (r->rules & rule_bit((enum rule_id)i)) != 0;
    }
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        c->limits[i] += (r->limits & limit_bit((enum limit_id)i)) != 0;
    }
}

static void count(struct diff_set *d, size_t i)
{
    bool op = diff_set_lead(d)->steps.v[i].what == RECORD_OP;
    struct diff_counts *c = &d->counts;

    switch (d->result.verdict) {
    case COMPARE_SAME:
        c->steps += op;
        break;
    case COMPARE_SKIPPED:
        c->skipped++;
        break;
    case COMPARE_POISONED:
        c->poisoned[d->result.poison]++;
        break;
    case COMPARE_EXCUSED:
        c->steps += op;
        count_excuses(c, &d->result);
        break;
    case COMPARE_FINDING:
        c->steps += op;
        c->findings++;
        break;
    }
}

/* Behind such a step there is nothing to compare. */
static bool is_last(const struct compare_result *r)
{
    return r->verdict == COMPARE_POISONED &&
           (r->poison == RECORD_GIVEN_UP || r->poison == RECORD_UNSURE ||
            r->poison == RECORD_ASTRAY || r->poison == RECORD_GROWN || r->poison == RECORD_FAULT ||
            r->poison == RECORD_GARBLED);
}

/* Target I against the leader, step by step. */
static int compare_all(struct diff_set *d, size_t i, struct err *e)
{
    const struct record *lead = diff_set_lead(d);
    const struct record *other = &d->v[i].record;
    bool peer = d->v[i].recorder != NULL;
    size_t n = lead->steps.n > other->steps.n ? lead->steps.n : other->steps.n;

    for (size_t k = 0; k < n; k++) {
        int rc =
            peer ? peers_step(d->peers, k, &d->result) : compare_step(d->compare, k, &d->result);

        if (rc < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
        count(d, k < lead->steps.n ? k : lead->steps.n - 1);
        if (d->result.verdict == COMPARE_FINDING) {
            d->bad = k;
            d->other = i;
            return 1;
        }
        if (is_last(&d->result)) {
            return 0;
        }
    }
    return 0;
}

static int follow(struct diff_set *d, size_t i, const struct prog *p, struct err *e)
{
    const struct record *lead = diff_set_lead(d);
    struct record_place place = lead->place;
    int rc;

    if (d->v[d->lead].spec.kind == TARGET_LAYER) {
        const struct run_result *r = recorder_result(d->v[d->lead].recorder);

        d->counts.steps += r->n_steps - r->n_skipped;
        d->counts.skipped += r->n_skipped;
        return 0;
    }
    place.system = d->v[i].spec.system;
    rc = follower_run(d->follower, p, &place, lead, &d->v[i].record, e);
    if (rc < 0) {
        return rc;
    }
    snprintf(d->v[i].record.maker, sizeof(d->v[i].record.maker), "%s", d->v[i].spec.text);
    compare_begin(d->compare, lead, &d->v[i].record);
    return compare_all(d, i, e);
}

/* Target I by its own choices. 1 if it is a layer that is wrong by itself. */
static int record(struct diff_set *d, size_t i, const struct prog *p, struct err *e)
{
    struct diff_target *t = &d->v[i];
    const struct run_result *judged;
    int rc = recorder_record(t->recorder, p, &t->record, e);

    t->ahead -= t->ahead > 0;
    if (rc < 0) {
        return rc;
    }
    judged = recorder_result(t->recorder);
    if (judged && judged->verdict == RUN_FINDING) {
        d->own = true;
        d->other = i;
        d->counts.findings++;
        return 1;
    }
    return 0;
}

static int compare_peer(struct diff_set *d, size_t i, const struct prog *p, struct err *e)
{
    const struct record *other = &d->v[i].record;
    const char *why;

    if (other->skipped) {
        buf_clear(&d->why);
        buf_fmt(&d->why, "%s: %s", d->v[i].spec.text, buf_text(&other->reason));
        return 0;
    }
    why = peers_begin(d->peers, p, diff_set_lead(d), other, d->rules_off);
    if (why) {
        buf_clear(&d->why);
        buf_fmt(&d->why, "%s and %s: %s", d->v[d->lead].spec.text, d->v[i].spec.text, why);
        return 0;
    }
    d->skipped = false;
    return compare_all(d, i, e);
}

static int run_others(struct diff_set *d, const struct prog *p, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->n; i++) {
        if (i == d->lead) {
            continue;
        }
        if (!d->v[i].recorder) {
            d->skipped = false;
            rc = follow(d, i, p, e);
            continue;
        }
        rc = record(d, i, p, e);
        rc = rc != 0 ? rc : compare_peer(d, i, p, e);
    }
    return rc;
}

/* Targets that were not asked what came of P, which they ran ahead, forget it. */
static int forget_ahead(struct diff_set *d, const struct prog *p, struct err *e)
{
    int rc = 0;

    d->ahead -= d->ahead > 0;
    for (size_t i = 0; rc == 0 && i < d->n; i++) {
        struct diff_target *t = &d->v[i];

        while (rc == 0 && t->ahead > d->ahead) {
            t->ahead--;
            rc = recorder_record(t->recorder, p, &t->record, e);
        }
    }
    return rc;
}

static int run(struct diff_set *d, const struct prog *p, struct err *e)
{
    int rc;

    d->own = false;
    d->skipped = true;
    rc = record(d, d->lead, p, e);
    if (rc < 0) {
        return rc;
    }
    d->counts.programs++;
    if (rc == 0 && diff_set_lead(d)->skipped) {
        buf_clear(&d->why);
        buf_fmt(&d->why, "%s: %s", d->v[d->lead].spec.text, buf_text(&diff_set_lead(d)->reason));
    } else if (rc == 0) {
        rc = run_others(d, p, e);
    }
    d->skipped &= rc == 0;
    d->counts.not_run += d->skipped;
    return rc;
}

int diff_set_run(struct diff_set *d, const struct prog *p, struct err *e)
{
    int rc = run(d, p, e);
    int left = rc < 0 ? 0 : forget_ahead(d, p, e);

    d->counts.restarts = 0;
    for (size_t i = 0; i < d->n; i++) {
        d->counts.restarts += d->v[i].recorder ? recorder_restarts(d->v[i].recorder) : 0;
    }
    return left < 0 ? left : rc;
}
