/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/agent_steps.h"

#include <errno.h>
#include <inttypes.h>

enum { STEPS_MAX = PROG_OPS_MAX + 2 * (PROG_FORKS_MAX + 1) };

bool agent_steps_fit(const struct prog *p, const struct record_place *place, const char *name,
                     struct prog_config *c, struct buf *why)
{
    struct buf text = BUF_INIT;
    const char *unfit;

    *c = p->config;
    if (!(c->given & (1u << CONFIG_BITS))) {
        c->value[CONFIG_BITS] = place->bits;
    }
    unfit = record_unfit(p, c, place->system, &text);
    buf_clear(why);
    if (unfit) {
        buf_str(why, unfit);
    } else if (c->value[CONFIG_GUEST_PAGE] != place->page || c->value[CONFIG_BITS] != place->bits ||
               c->value[CONFIG_RESERVED] != 0) {
        buf_fmt(why, "%s has guest_page=%u bits=%u reserved=0 only", name, (unsigned)place->page,
                place->bits);
    }
    buf_free(&text);
    return why->len == 0;
}

void agent_steps_free(struct agent_steps *s)
{
    region_vec_free(&s->all);
}

void agent_steps_start(struct agent_steps *s, const struct prog *p, struct record *to,
                       const struct record_place *place)
{
    record_clear(to);
    to->place = *place;
    s->prog = p;
    s->record = to;
    s->how = (struct op_resolver){
        .system = place->system,
        .bits = place->bits,
        .window = place->window,
        .n_files = p->files.n,
        .mremap = true,
    };
    op_results_clear(&s->results[0]);
    s->depth = 0;
    s->open = false;
}

static struct record_step *last(const struct agent_steps *s)
{
    return &s->record->steps.v[s->record->steps.n - 1];
}

static int enter_child(struct agent_steps *s, struct err *e)
{
    if (s->depth == PROG_FORKS_MAX) {
        return err_set(e, -EPROTO, "BEGIN of a process too many");
    }
    op_results_copy(&s->results[s->depth + 1], &s->results[s->depth]);
    s->depth++;
    return 0;
}

static int begin(struct agent_steps *s, const struct agent_view *f, struct err *e)
{
    struct agent_begin b;
    struct record_step *step;
    int rc = agent_read_begin(f, &b, e);

    if (rc < 0) {
        return rc;
    }
    if (s->open || s->record->steps.n == STEPS_MAX || b.process > PROG_FORKS_MAX ||
        b.op > s->prog->ops.n || (b.what == RECORD_OP && b.op == s->prog->ops.n)) {
        return err_set(e, -EPROTO, "BEGIN of step %u of process %u%s", b.op, b.process,
                       s->open ? " within another step" : ", which there is none");
    }
    step = record_add(s->record, b.what);
    if (!step) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    s->open = true;
    step->step.op = b.op;
    step->step.process = b.process;
    if (b.what == RECORD_OP) {
        (void)op_resolve(&s->how, &s->prog->ops.v[b.op], &s->results[s->depth], &step->step.args);
    }
    return b.what == RECORD_BORN ? enter_child(s, e) : 0;
}

static int finish(struct agent_steps *s, const struct agent_view *f, struct err *e)
{
    struct record_step *step;
    int rc;

    if (!s->open) {
        return err_set(e, -EPROTO, "END without a BEGIN");
    }
    step = last(s);
    rc = agent_read_end(f, s->record, step, &s->all, e);
    if (rc < 0) {
        return rc;
    }
    s->open = false;
    if (step->what == RECORD_OP) {
        op_results_put(&s->results[s->depth], &s->prog->ops.v[step->step.op],
                       step->step.outcome.kind == OUTCOME_OK, step->step.outcome.value);
    } else if (step->what == RECORD_DONE) {
        s->depth -= s->depth > 0;
    }
    return 0;
}

int agent_steps_take(struct agent_steps *s, const struct agent_view *f, struct err *e)
{
    return f->type == AGENT_BEGIN ? begin(s, f, e) : finish(s, f, e);
}

/* The last op, as the last step; the program's first if there is none yet; NULL if it has none. */
static struct record_step *cut_to_op(struct agent_steps *s)
{
    struct record *r = s->record;

    while (r->steps.n > 0 && last(s)->what != RECORD_OP) {
        r->steps.n--;
    }
    s->open = false;
    if (r->steps.n > 0) {
        return last(s);
    }
    return s->prog->ops.n > 0 ? record_add(r, RECORD_OP) : NULL;
}

void agent_steps_end(struct agent_steps *s, enum outcome_kind kind, int signal)
{
    struct record_step *step = cut_to_op(s);

    if (step) {
        step->step.outcome = (struct outcome){.kind = (uint8_t)kind, .signal = signal};
        step->has_regions = false;
        step->has_at = false;
        step->poison = RECORD_CLEAN;
    }
}

void agent_steps_spoil(struct agent_steps *s)
{
    struct record_step *step = cut_to_op(s);

    if (step) {
        step->step.outcome = (struct outcome){.kind = OUTCOME_NOT_RUN};
        step->has_regions = false;
        step->poison = RECORD_GARBLED;
    }
}
