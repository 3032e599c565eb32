/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_report.h"

#include <inttypes.h>

#include "exec/said.h"
#include "op/text.h"
#include "signature.h"

enum { POISONED_PERCENT_MAX = 1 }; /* more is worth a warning */

static const struct record *other(const struct diff_set *d)
{
    return &d->v[d->other].record;
}

static const struct op *op_of(const struct diff_set *d, const struct prog *p)
{
    const struct record *lead = diff_set_lead(d);

    return d->bad < lead->steps.n && lead->steps.v[d->bad].what == RECORD_OP
               ? &p->ops.v[lead->steps.v[d->bad].step.op]
               : NULL;
}

static const char *state_name(const struct record_step *s)
{
    return s->what == RECORD_BORN ? "born" : "done";
}

/* What the other answered, behind the leader's own answer, where the two part. */
static void print_mark(const struct diff_set *d, enum op_kind kind, struct buf *out)
{
    const struct record *o = other(d);

    buf_fmt(out, "    # <== %s", compare_what_name(d->result.what));
    if (d->result.what == COMPARE_OUTCOME && d->bad < o->steps.n && d->v[d->other].recorder) {
        buf_fmt(out, "; %s:", o->maker);
        record_print_outcome(o, &o->steps.v[d->bad], kind, out);
    }
}

void diff_print_program(const struct diff_set *d, const struct prog *p, struct buf *out)
{
    struct prog as_used = *p; /* borrows the arrays */

    as_used.config = diff_set_lead(d)->config;
    prog_print(&as_used, out);
}

static void print_program(const struct diff_set *d, const struct prog *p, struct buf *out)
{
    const struct record *lead = diff_set_lead(d);
    struct prog head = *p; /* borrows the arrays */
    unsigned depth = 0;

    head.config = lead->config;
    prog_print_head(&head, out);
    for (size_t i = 0; i <= d->bad && i < lead->steps.n; i++) {
        const struct record_step *s = &lead->steps.v[i];
        const struct op *op;

        if (s->what != RECORD_OP) {
            depth -= s->what == RECORD_DONE && depth > 0;
            if (i == d->bad) {
                buf_fmt(out, "%*s# process %u %s    # <== %s\n", (int)(4 * depth), "",
                        s->step.process, state_name(s), compare_what_name(d->result.what));
            }
            continue;
        }
        op = &p->ops.v[s->step.op];
        buf_fmt(out, "%*s", (int)(4 * depth), "");
        op_print(op, out);
        record_print_outcome(lead, s, (enum op_kind)op->kind, out);
        if (i == d->bad) {
            print_mark(d, (enum op_kind)op->kind, out);
        }
        buf_str(out, "\n");
        depth += op->kind == OP_fork && s->step.outcome.kind == OUTCOME_OK;
    }
}

static void print_regions(const struct record *r, size_t i, const char *when, struct buf *out)
{
    struct region_vec v = i < r->steps.n ? record_regions(r, i) : REGION_VEC_INIT;

    buf_fmt(out, "\n%s, %s:\n", r->maker, when);
    if (v.n == 0) {
        buf_str(out, "  nothing mapped\n");
    }
    region_vec_print(&v, out);
}

static void print_allowed(const struct diff_set *d, const struct op *op, struct buf *out)
{
    const struct record *lead = diff_set_lead(d);
    const struct record *o = other(d);

    if (op && d->bad < o->steps.n && o->steps.v[d->bad].refused) {
        buf_fmt(out, "%s:", lead->maker);
        record_print_outcome(lead, &lead->steps.v[d->bad], (enum op_kind)op->kind, out);
        buf_fmt(out, "\n%s allows: %s\n", o->maker, follower_allowed(d->follower));
    }
}

/* What a target that ended said before. */
static void print_said(const struct record *r, size_t i, struct buf *out)
{
    if (i < r->steps.n && r->steps.v[i].step.outcome.kind >= OUTCOME_CRASH && r->said.len) {
        buf_fmt(out, "%s said: ", r->maker);
        said_line(&r->said, out);
        buf_str(out, "\n");
    }
}

static void print_difference(const struct diff_set *d, const struct prog *p, struct buf *out)
{
    const struct record *lead = diff_set_lead(d);
    const struct op *op = op_of(d, p);

    buf_str(out, "twinmap-finding: ");
    signature_of(d, p, out);
    buf_fmt(out, "\ndifference: %s: %s\n", op ? op_descs[op->kind].name : "state",
            buf_text(&d->result.text));
    print_said(lead, d->bad, out);
    print_said(other(d), d->bad, out);
    print_allowed(d, op, out);
    buf_fmt(out, "window: @0 is 0x%" PRIx64 "\n", lead->place.window);
    buf_fmt(out, "\nprogram up to the step, with what %s showed:\n", lead->maker);
    print_program(d, p, out);
    if (d->bad > 0) {
        print_regions(lead, d->bad - 1, "before the step", out);
    }
    print_regions(lead, d->bad, "after the step", out);
    print_regions(other(d), d->bad, "after the step", out);
}

void diff_report(const struct diff_set *d, const struct prog *p, const char *what, struct buf *out)
{
    if (d->own) {
        run_print_finding(p, recorder_result(d->v[d->other].recorder), d->v[d->other].spec.text,
                          out);
    } else {
        print_difference(d, p, out);
    }
    buf_str(out, "\ntwinmap diff");
    for (size_t i = 0; i < d->n; i++) {
        buf_str(out, " --on ");
        buf_word(out, d->v[i].spec.text);
    }
    buf_fmt(out, " %s\n", what);
}

static double share(const struct diff_counts *c)
{
    uint64_t poisoned = diff_counts_poisoned(c);

    return poisoned ? 100.0 * (double)poisoned / (double)(poisoned + c->steps) : 0;
}

static void print_reasons(const struct diff_counts *c, struct buf *out)
{
    const char *sep = ": ";

    for (int i = 0; i < RECORD_POISON_COUNT; i++) {
        if (c->poisoned[i]) {
            buf_fmt(out, "%s%" PRIu64 " %s", sep, c->poisoned[i],
                    record_poison_text((enum record_poison)i));
            sep = "; ";
        }
    }
}

bool diff_print_warning(const struct diff_counts *c, struct buf *out)
{
    if (share(c) <= POISONED_PERCENT_MAX) {
        return false;
    }
    buf_fmt(out, "%.2f %% of the steps could not be compared", share(c));
    print_reasons(c, out);
    return true;
}

void diff_print_counts(const struct diff_counts *c, double seconds, struct buf *out)
{
    buf_fmt(out,
            "# %" PRIu64 " programs, %" PRIu64 " steps, %" PRIu64 " findings, %" PRIu64
            " excused, %" PRIu64 " poisoned (%.2f %%",
            c->programs, c->steps, c->findings, c->excused, diff_counts_poisoned(c), share(c));
    print_reasons(c, out);
    buf_fmt(out, ")");
    if (c->known > 0) {
        buf_fmt(out, ", %" PRIu64 " known", c->known);
    }
    buf_fmt(out, ", %" PRIu64 " steps and %" PRIu64 " programs skipped", c->skipped, c->not_run);
    if (seconds > 0) {
        buf_fmt(out, "; %.1f s, %.0f programs/s", seconds, (double)c->programs / seconds);
    }
    buf_str(out, "\n");
}

void diff_print_excused(const struct diff_counts *c, struct buf *out)
{
    const char *before = "# excused: ";

    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (c->rules[i]) {
            buf_fmt(out, "%s%s %" PRIu64, before, rule_descs[i].name, c->rules[i]);
            before = ", ";
        }
    }
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (c->limits[i]) {
            buf_fmt(out, "%slimit %s %" PRIu64, before, limit_descs[i].name, c->limits[i]);
            before = ", ";
        }
    }
    buf_str(out, before[0] == ',' ? "\n" : "");
}

static struct json_object *excused_json(const struct diff_counts *c)
{
    struct json_object *o = json_object_new_object();

    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (c->rules[i]) {
            json_object_object_add(o, rule_descs[i].name, json_object_new_uint64(c->rules[i]));
        }
    }
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (c->limits[i]) {
            json_object_object_add(o, limit_descs[i].name, json_object_new_uint64(c->limits[i]));
        }
    }
    return o;
}

struct json_object *diff_counts_json(const struct diff_counts *c, double seconds)
{
    struct json_object *o = json_object_new_object();
    struct json_object *poisoned = json_object_new_object();

    json_object_object_add(o, "programs", json_object_new_uint64(c->programs));
    json_object_object_add(o, "programs_skipped", json_object_new_uint64(c->not_run));
    json_object_object_add(o, "steps", json_object_new_uint64(c->steps));
    json_object_object_add(o, "steps_skipped", json_object_new_uint64(c->skipped));
    json_object_object_add(o, "findings", json_object_new_uint64(c->findings));
    json_object_object_add(o, "known", json_object_new_uint64(c->known));
    for (int i = 0; i < RECORD_POISON_COUNT; i++) {
        if (c->poisoned[i]) {
            json_object_object_add(poisoned, record_poison_text((enum record_poison)i),
                                   json_object_new_uint64(c->poisoned[i]));
        }
    }
    json_object_object_add(o, "restarts", json_object_new_uint64(c->restarts));
    json_object_object_add(o, "excused", json_object_new_uint64(c->excused));
    json_object_object_add(o, "excused_by", excused_json(c));
    json_object_object_add(o, "poisoned", poisoned);
    json_object_object_add(o, "poisoned_percent", json_object_new_double(share(c)));
    json_object_object_add(o, "seconds", json_object_new_double(seconds));
    return o;
}
