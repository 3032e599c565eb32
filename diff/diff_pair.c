/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void diff_counts_add(struct diff_counts *to, const struct diff_counts *from)
{
    to->programs += from->programs;
    to->not_run += from->not_run;
    to->steps += from->steps;
    to->skipped += from->skipped;
    to->findings += from->findings;
    for (int i = 0; i < RECORD_POISON_COUNT; i++) {
        to->poisoned[i] += from->poisoned[i];
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

int diff_pair_choose(struct diff_pair *d, const struct target_spec *specs, size_t n, struct err *e)
{
    size_t follower = n;

    if (n != 2) {
        return err_set(e, -EINVAL, "%zu targets named by --on, expected two", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (specs[i].kind == TARGET_LAYER) {
            return err_set(e, -EINVAL,
                           "--on %s: only models and the native kernel can be compared; a layer is "
                           "held against its model by twinmap run",
                           specs[i].text);
        }
        if (specs[i].kind == TARGET_MODEL && follower == n) {
            follower = i;
        }
    }
    if (follower == n) {
        return err_set(e, -EINVAL, "one of the two must be a model");
    }
    d->model = specs[follower];
    d->lead = specs[1 - follower];
    if (d->model.override.given) {
        return err_set(e, -EINVAL, "--on %s: a model that follows takes its options from the other",
                       d->model.text);
    }
    return 0;
}

int diff_pair_open(struct diff_pair *d, struct err *e)
{
    int rc = recorder_open(&d->recorder, &d->lead, e);

    if (rc < 0) {
        return rc;
    }
    d->follower = follower_new();
    d->compare = compare_new();
    return d->follower && d->compare ? 0 : err_set(e, -ENOMEM, "out of memory");
}

void diff_pair_close(struct diff_pair *d)
{
    d->recorder = recorder_close(d->recorder);
    d->follower = follower_free(d->follower);
    d->compare = compare_free(d->compare);
    record_free(&d->a);
    record_free(&d->b);
    buf_free(&d->result.text);
}

int diff_pair_ahead(struct diff_pair *d, const struct prog *p, struct err *e)
{
    return recorder_ahead(d->recorder, p, e);
}

static void count(struct diff_pair *d, size_t i)
{
    bool op = d->a.steps.v[i].what == RECORD_OP;

    switch (d->result.verdict) {
    case COMPARE_SAME:
        d->counts.steps += op;
        break;
    case COMPARE_SKIPPED:
        d->counts.skipped++;
        break;
    case COMPARE_POISONED:
        d->counts.poisoned[d->result.poison]++;
        break;
    case COMPARE_FINDING:
        d->counts.steps += op;
        d->counts.findings++;
        break;
    }
}

/* Both records, up to a finding or to where the follower gave up. */
static int compare_all(struct diff_pair *d, struct err *e)
{
    compare_begin(d->compare, &d->a, &d->b);
    for (size_t i = 0; i < d->a.steps.n; i++) {
        if (compare_step(d->compare, i, &d->result) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
        if (i < d->a.steps.n) {
            count(d, i);
        }
        if (d->result.verdict == COMPARE_FINDING) {
            d->bad = i;
            return 1;
        }
        if (d->result.verdict == COMPARE_POISONED &&
            (d->result.poison == RECORD_GIVEN_UP || d->result.poison == RECORD_UNSURE)) {
            return 0;
        }
    }
    return 0;
}

int diff_pair_run(struct diff_pair *d, const struct prog *p, struct err *e)
{
    struct record_place place;
    int rc = recorder_record(d->recorder, p, &d->a, e);

    if (rc < 0) {
        return rc;
    }
    d->counts.programs++;
    if (d->a.skipped) {
        d->counts.not_run++;
        return 0;
    }
    place = d->a.place;
    place.system = d->model.system;
    rc = follower_run(d->follower, p, &place, &d->a, &d->b, e);
    if (rc < 0) {
        return rc;
    }
    snprintf(d->b.maker, sizeof(d->b.maker), "%s", d->model.text);
    return compare_all(d, e);
}
