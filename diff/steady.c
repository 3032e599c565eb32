/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steady.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "op/text.h"

void steady_free(struct steady *s)
{
    judge_result_free(&s->first);
    buf_free(&s->where);
    *s = STEADY_INIT;
}

/* What the targets showed at each op, one string per op and run; NULL where it did not come. */
struct shown {
    char **v;
    size_t n_ops, n_targets;
};

static void shown_free(struct shown *s)
{
    for (size_t i = 0; s->v && i < s->n_ops * s->n_targets; i++) {
        free(s->v[i]);
    }
    free(s->v);
    *s = (struct shown){0};
}

static int note_record(struct shown *s, size_t target, const struct prog *p, const struct record *r)
{
    for (size_t i = 0; i < r->steps.n; i++) {
        const struct record_step *x = &r->steps.v[i];
        struct buf text = BUF_INIT;
        char **slot;

        if (x->what != RECORD_OP || x->step.op >= p->ops.n) {
            continue;
        }
        slot = &s->v[target * s->n_ops + x->step.op];
        if (*slot) {
            continue; /* a child that runs the rest: the parent's was first */
        }
        record_print_outcome(r, x, (enum op_kind)p->ops.v[x->step.op].kind, &text);
        if (buf_failed(&text) || !(*slot = strdup(buf_text(&text)))) {
            buf_free(&text);
            return -ENOMEM;
        }
        buf_free(&text);
    }
    return 0;
}

static int show(struct judge *j, const struct prog *p, struct shown *ret, struct err *e)
{
    const struct record *r = NULL;
    size_t n = 0;
    int rc = judge_records(j, p, &r, &n, e);

    *ret = (struct shown){.n_ops = p->ops.n, .n_targets = n};
    if (rc < 0) {
        return rc;
    }
    ret->v = calloc(n * p->ops.n + 1, sizeof(*ret->v));
    rc = ret->v ? 0 : -ENOMEM;
    for (size_t t = 0; rc == 0 && t < n; t++) {
        rc = note_record(ret, t, p, &r[t]);
    }
    return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

static const char *said(const char *outcome)
{
    return strncmp(outcome, " = ", 3) == 0 ? outcome + 3 : "done";
}

/* The first op that A and B show differently, in words; false if there is none. */
static bool differ(const struct shown *a, const struct shown *b, const struct prog *p,
                   struct buf *out)
{
    for (size_t op = 0; op < a->n_ops; op++) {
        for (size_t t = 0; t < a->n_targets && t < b->n_targets; t++) {
            const char *x = a->v[t * a->n_ops + op];
            const char *y = b->v[t * b->n_ops + op];

            /* what one run did not come to differs because of an op before it */
            if (x && y && strcmp(x, y) != 0) {
                buf_fmt(out, "op %zu, ", op + 1);
                op_print(&p->ops.v[op], out);
                buf_fmt(out, ": %s in one run, %s in another", said(x), said(y));
                return true;
            }
        }
    }
    return false;
}

/* Runs that show what each op did, until one differs from the first. */
static int find_step(struct judge *j, const struct prog *p, unsigned runs, struct buf *out,
                     struct err *e)
{
    struct shown first = {0};
    int rc = show(j, p, &first, e);
    bool found = false;

    for (unsigned i = 1; rc == 0 && !found && i < runs; i++) {
        struct shown next = {0};

        rc = show(j, p, &next, e);
        found = rc == 0 && differ(&first, &next, p, out);
        shown_free(&next);
    }
    shown_free(&first);
    return rc;
}

/* Without records that tell: by where the findings are. */
static void by_verdict(const struct steady *s, size_t bad_op, const struct prog *p, struct buf *out)
{
    if (bad_op < p->ops.n) {
        buf_fmt(out, "op %zu, ", bad_op + 1);
        op_print(&p->ops.v[bad_op], out);
        buf_fmt(out, ": a finding in %u of %u runs", s->hits, s->runs);
    } else {
        buf_fmt(out, "none of the ops: what is there at the end");
    }
}

int steady_judge(struct judge *j, const struct prog *p, unsigned runs, struct steady *ret,
                 struct err *e)
{
    struct judge_result r = JUDGE_RESULT_INIT;
    size_t bad_op = p->ops.n;
    int rc = 0;

    *ret = STEADY_INIT;
    for (ret->runs = 0; rc == 0 && ret->runs < runs; ret->runs++) {
        bool finding;

        rc = judge_run(j, p, &r, e);
        finding = rc == 0 && r.verdict == JUDGE_FINDING;
        bad_op = finding ? u64_min(bad_op, r.bad_op) : bad_op;
        if (finding && ret->hits > 0 &&
            strcmp(buf_text(&r.signature), buf_text(&ret->first.signature)) == 0) {
            ret->hits++;
        } else if (rc == 0 && ret->hits == 0) {
            struct judge_result old = ret->first;

            ret->hits = finding;
            ret->first = r;
            r = old;
        }
    }
    if (rc == 0 && ret->hits > 0 && ret->hits < runs) {
        rc = find_step(j, p, 2 * runs, &ret->where, e);
        rc = rc == -ENOMEM ? rc : 0; /* records that cannot be had do not tell */
        if (ret->where.len == 0) {
            by_verdict(ret, bad_op, p, &ret->where);
        }
    }
    judge_result_free(&r);
    return rc;
}
