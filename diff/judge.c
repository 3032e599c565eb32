/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff_report.h"
#include "diff_set.h"
#include "signature.h"
#include "target_list.h"

struct judge {
    struct target_spec *specs;
    size_t n;
    struct run_options options;
    struct target_list single;   /* one target */
    struct run_result result;    /* of it */
    struct diff_set set;         /* several */
    struct recorder **recorders; /* for judge_records, opened then */
    struct record *records;
};

void judge_result_free(struct judge_result *r)
{
    buf_free(&r->reason);
    buf_free(&r->signature);
    *r = JUDGE_RESULT_INIT;
}

static int open_targets(struct judge *j, struct err *e)
{
    return j->n == 1 ? target_list_add(&j->single, j->specs[0].text, e)
                     : diff_set_open(&j->set, j->specs, j->n, &j->options, e);
}

int judge_open(struct judge **ret, const struct target_spec *specs, size_t n_specs,
               const struct run_options *o, struct err *e)
{
    struct judge *j = calloc(1, sizeof(*j));
    int rc;

    if (!j || (j->specs = calloc(n_specs, sizeof(*specs))) == NULL) {
        free(j);
        return err_set(e, -ENOMEM, "out of memory");
    }
    memcpy(j->specs, specs, n_specs * sizeof(*specs));
    j->n = n_specs;
    j->options = *o;
    rc = open_targets(j, e);
    if (rc < 0) {
        judge_close(j);
        return rc;
    }
    *ret = j;
    return 0;
}

void judge_switch_off(struct judge *j, uint64_t rules)
{
    j->set.rules_off = rules;
}

struct judge *judge_close(struct judge *j)
{
    if (j) {
        target_list_free(&j->single);
        run_result_free(&j->result);
        diff_set_close(&j->set);
        for (size_t i = 0; i < j->n && j->records; i++) {
            recorder_close(j->recorders[i]);
            record_free(&j->records[i]);
        }
        free(j->recorders);
        free(j->records);
        free(j->specs);
        free(j);
    }
    return NULL;
}

static void take_finding(const struct prog *p, const struct run_result *r, struct judge_result *ret)
{
    ret->verdict = JUDGE_FINDING;
    buf_str(&ret->reason, buf_text(&r->reason));
    run_signature(p, r, &ret->signature);
    ret->bad_op = r->bad_step < r->n_steps ? r->steps[r->bad_step].op : p->ops.n;
    ret->has_where = r->has_range;
    ret->where = r->where;
}

static int run_single(struct judge *j, const struct prog *p, struct judge_result *ret,
                      struct err *e)
{
    const struct run_result *r = &j->result;
    int rc = target_list_run(&j->single, 0, p, &j->options, &j->result, e);

    if (rc < 0) {
        return rc;
    }
    ret->config = r->config;
    if (r->verdict == RUN_FINDING) {
        take_finding(p, r, ret);
    } else if (r->verdict == RUN_SKIP) {
        ret->verdict = JUDGE_SKIP;
        buf_str(&ret->reason, buf_text(&r->reason));
    }
    return 0;
}

static void take_difference(const struct diff_set *d, const struct prog *p,
                            struct judge_result *ret)
{
    const struct record *lead = diff_set_lead(d);
    const struct record_step *s = d->bad < lead->steps.n ? &lead->steps.v[d->bad] : NULL;

    ret->verdict = JUDGE_FINDING;
    buf_str(&ret->reason, buf_text(&d->result.text));
    signature_of(d, p, &ret->signature);
    ret->bad_op = s && s->what == RECORD_OP ? s->step.op : p->ops.n;
    ret->has_where = d->result.has_where && d->result.where.start >= lead->place.window;
    ret->where = (struct range){d->result.where.start - lead->place.window,
                                d->result.where.last - lead->place.window};
}

static int run_several(struct judge *j, const struct prog *p, struct judge_result *ret,
                       struct err *e)
{
    struct diff_set *d = &j->set;
    int rc = diff_set_run(d, p, e);

    if (rc < 0) {
        return rc;
    }
    ret->config = diff_set_lead(d)->config;
    if (rc == 1 && d->own) {
        take_finding(p, recorder_result(d->v[d->other].recorder), ret);
    } else if (rc == 1) {
        take_difference(d, p, ret);
    } else if (d->skipped) {
        ret->verdict = JUDGE_SKIP;
        buf_str(&ret->reason, buf_text(&d->why));
    }
    return 0;
}

int judge_run(struct judge *j, const struct prog *p, struct judge_result *ret, struct err *e)
{
    ret->verdict = JUDGE_PASS;
    ret->bad_op = p->ops.n;
    ret->has_where = false;
    ret->config = p->config;
    buf_clear(&ret->reason);
    buf_clear(&ret->signature);
    return j->n == 1 ? run_single(j, p, ret, e) : run_several(j, p, ret, e);
}

static int open_recorders(struct judge *j, struct err *e)
{
    if (!j->records) {
        j->recorders = calloc(j->n, sizeof(struct recorder *));
        j->records = calloc(j->n, sizeof(*j->records));
    }
    if (!j->recorders || !j->records) {
        free(j->records);
        j->records = NULL;
        return err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < j->n; i++) {
        int rc = j->recorders[i] ? 0 : recorder_open(&j->recorders[i], &j->specs[i], e);

        if (rc < 0) {
            return rc;
        }
        recorder_judge_by(j->recorders[i], &j->options, true);
    }
    return 0;
}

int judge_records(struct judge *j, const struct prog *p, const struct record **ret, size_t *n,
                  struct err *e)
{
    int rc = open_recorders(j, e);

    for (size_t i = 0; rc == 0 && i < j->n; i++) {
        rc = recorder_record(j->recorders[i], p, &j->records[i], e);
    }
    *ret = j->records;
    *n = j->n;
    return rc;
}

void judge_report(struct judge *j, const struct prog *p, const char *what, struct buf *out)
{
    if (j->n == 1) {
        run_print_report(p, &j->result, j->specs[0].text, what, out);
    } else {
        diff_report(&j->set, p, what, out);
    }
}

void judge_command(const struct judge *j, const char *what, struct buf *out)
{
    buf_str(out, j->n == 1 ? "twinmap run" : "twinmap diff");
    for (size_t i = 0; i < j->n; i++) {
        buf_str(out, " --on ");
        buf_word(out, j->specs[i].text);
    }
    buf_fmt(out, " %s", what);
}
