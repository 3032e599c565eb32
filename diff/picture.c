/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/text.h"

enum { WIDTH_USUAL = 100, WIDTH_MAX = 1000 };

static const struct timeline_limits limits = {.columns = 256, .cells = 24000};

struct picture_finding picture_of_run(const struct run_result *r, const struct prog *p)
{
    return (struct picture_finding){
        .bad_op = r->bad_step < r->n_steps ? r->steps[r->bad_step].op : p->ops.n,
        .has_where = r->has_range,
        .where = r->where,
    };
}

struct picture_finding picture_of_set(const struct diff_set *d, const struct prog *p)
{
    const struct record *lead = diff_set_lead(d);
    const struct record_step *s = d->bad < lead->steps.n ? &lead->steps.v[d->bad] : NULL;
    uint64_t window = lead->place.window;

    if (d->own) {
        return picture_of_run(recorder_result(d->v[d->other].recorder), p);
    }
    return (struct picture_finding){
        .bad_op = s && s->what == RECORD_OP ? s->step.op : p->ops.n,
        .has_where = d->result.has_where && d->result.where.start >= window,
        .where = {d->result.where.start - window, d->result.where.last - window},
    };
}

static size_t width(void)
{
    const char *text = getenv("COLUMNS");
    char *rest = NULL;
    unsigned long n = text ? strtoul(text, &rest, 10) : 0;

    return n == 0 || n > WIDTH_MAX || *rest ? WIDTH_USUAL : n;
}

static int record(const struct target_spec *spec, const struct run_options *o, const struct prog *p,
                  struct record *ret, struct err *e)
{
    struct recorder *r;
    int rc = recorder_open(&r, spec, e);

    if (rc == -ENOTSUP) { /* drawn as what it is: nothing */
        snprintf(ret->maker, sizeof(ret->maker), "%s", spec->text);
        return 0;
    }
    if (rc < 0) {
        return rc;
    }
    recorder_judge_by(r, o, true);
    rc = recorder_record(r, p, ret, e);
    recorder_close(r);
    return rc;
}

static int draw(const struct record *records, size_t n, const struct prog *p,
                const struct picture_finding *f, struct buf *out)
{
    struct timeline t = TIMELINE_INIT;
    struct timeline_subject s = {.prog = p, .records = records, .n_records = n};
    int rc;

    if (f) {
        s.finding = true;
        s.bad_op = f->bad_op;
        s.has_where = f->has_where;
        s.where = f->where;
    }
    rc = timeline_build(&t, &s, &limits);
    if (rc == 0) {
        timeline_text(&t, width(), out);
    }
    timeline_free(&t);
    return rc;
}

int picture_print(const struct target_spec *specs, size_t n_specs, const struct run_options *o,
                  const struct prog *p, const struct picture_finding *f, struct buf *out,
                  struct err *e)
{
    struct record *records = calloc(n_specs, sizeof(*records));
    int rc = records ? 0 : err_set(e, -ENOMEM, "out of memory");

    for (size_t i = 0; rc == 0 && i < n_specs; i++) {
        rc = record(&specs[i], o, p, &records[i], e);
    }
    if (rc == 0 && draw(records, n_specs, p, f, out) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; records && i < n_specs; i++) {
        record_free(&records[i]);
    }
    free(records);
    return rc;
}
