/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_report.h"

#include <inttypes.h>

#include "op/text.h"

enum { POISONED_PERCENT_MAX = 1 }; /* more is worth a warning */

static const struct op *op_of(const struct diff_pair *d, const struct prog *p)
{
    const struct record_step *s = &d->a.steps.v[d->bad];

    return s->what == RECORD_OP ? &p->ops.v[s->step.op] : NULL;
}

static const char *state_name(const struct record_step *s)
{
    return s->what == RECORD_BORN ? "born" : "done";
}

static void print_outcome_word(const struct outcome *o, struct buf *out)
{
    const char *name = NULL;

    switch ((enum outcome_kind)o->kind) {
    case OUTCOME_OK:
        name = "ok";
        break;
    case OUTCOME_FAIL:
        name = abi_errno_name(o->err);
        break;
    case OUTCOME_SIGNAL:
        name = outcome_signal_name(o->signal);
        break;
    case OUTCOME_CRASH:
        name = "crash";
        break;
    case OUTCOME_HANG:
        name = "hang";
        break;
    default:
        name = "skipped";
        break;
    }
    buf_str(out, name ? name : "other");
}

void diff_signature(const struct diff_pair *d, const struct prog *p, struct buf *out)
{
    const struct record_step *s = &d->a.steps.v[d->bad];
    const struct op *op = op_of(d, p);

    buf_fmt(out, "%s/%s/", compare_what_name(d->result.what),
            op ? op_descs[op->kind].name : state_name(s));
    if (op) {
        print_outcome_word(&s->step.outcome, out);
        buf_str(out, "_by_");
        print_outcome_word(&d->b.steps.v[d->bad].step.outcome, out);
    } else {
        buf_str(out, "state");
    }
    buf_fmt(out, "/%s/%s", d->a.maker, d->b.maker);
}

static void print_program(const struct diff_pair *d, const struct prog *p, struct buf *out)
{
    struct prog head = *p; /* borrows the arrays */
    unsigned depth = 0;

    head.config = d->a.config;
    prog_print_head(&head, out);
    for (size_t i = 0; i <= d->bad && i < d->a.steps.n; i++) {
        const struct record_step *s = &d->a.steps.v[i];
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
        record_print_outcome(&d->a, s, (enum op_kind)op->kind, out);
        if (i == d->bad) {
            buf_fmt(out, "    # <== %s", compare_what_name(d->result.what));
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

static void print_allowed(const struct diff_pair *d, const struct op *op, struct buf *out)
{
    if (op && d->bad < d->b.steps.n && d->b.steps.v[d->bad].refused) {
        buf_fmt(out, "%s:", d->a.maker);
        record_print_outcome(&d->a, &d->a.steps.v[d->bad], (enum op_kind)op->kind, out);
        buf_fmt(out, "\n%s allows: %s\n", d->b.maker, follower_allowed(d->follower));
    }
}

void diff_report(const struct diff_pair *d, const struct prog *p, const char *what, struct buf *out)
{
    const struct op *op = op_of(d, p);

    buf_str(out, "twinmap-finding: ");
    diff_signature(d, p, out);
    buf_fmt(out, "\ndifference: %s: %s\n", op ? op_descs[op->kind].name : "state",
            buf_text(&d->result.text));
    print_allowed(d, op, out);
    buf_fmt(out, "window: @0 is 0x%" PRIx64 "\n", d->a.place.window);
    buf_fmt(out, "\nprogram up to the step, with what %s showed:\n", d->a.maker);
    print_program(d, p, out);
    if (d->bad > 0) {
        print_regions(&d->a, d->bad - 1, "before the step", out);
    }
    print_regions(&d->a, d->bad, "after the step", out);
    print_regions(&d->b, d->bad, "after the step", out);
    buf_str(out, "\ntwinmap diff --on ");
    buf_word(out, d->model.text);
    buf_str(out, " --on ");
    buf_word(out, d->lead.text);
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
            " poisoned (%.2f %%",
            c->programs, c->steps, c->findings, diff_counts_poisoned(c), share(c));
    print_reasons(c, out);
    buf_fmt(out, "), %" PRIu64 " steps and %" PRIu64 " programs skipped", c->skipped, c->not_run);
    if (seconds > 0) {
        buf_fmt(out, "; %.1f s, %.0f programs/s", seconds, (double)c->programs / seconds);
    }
    buf_str(out, "\n");
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
    for (int i = 0; i < RECORD_POISON_COUNT; i++) {
        if (c->poisoned[i]) {
            json_object_object_add(poisoned, record_poison_text((enum record_poison)i),
                                   json_object_new_uint64(c->poisoned[i]));
        }
    }
    json_object_object_add(o, "poisoned", poisoned);
    json_object_object_add(o, "poisoned_percent", json_object_new_double(share(c)));
    json_object_object_add(o, "seconds", json_object_new_double(seconds));
    return o;
}
