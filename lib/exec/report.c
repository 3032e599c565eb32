/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people and scripts read of a run: its trace in program syntax, the report of a finding, and
 * the finding's signature. Nothing here depends on the machine: addresses are the guest's, names
 * are the project's.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "exec/runner.h"
#include "exec/said.h"
#include "op/text.h"

/*
 * What a page is, as far as it tells findings apart: rights and what is behind it differ from one
 * program to the next that shows the same error.
 */
static const char *page_class(const struct region_vec *v, uint64_t at)
{
    const struct region *g = region_find(v, at);

    return !g ? "free" : g->kind == REGION_GUARD ? "guard" : "mapped";
}

/*
 * The first bad page. What is wrong with a host page is wrong with all its guest pages: there the
 * first that the step has made something else, for which one comes first is up to the program.
 */
static uint64_t telling_page(const struct run_result *r)
{
    struct range host =
        range_widen((struct range){r->where.start, r->where.start}, u64_max(r->space.host_page, 1));
    uint64_t page = r->space.guest_page;

    for (uint64_t at = host.start;
         (inv_descs[r->violated].needs & INV_NEEDS_HOST) && r->space.host_page > page &&
         at - host.start < r->space.host_page;
         at += page) {
        if (page_class(&r->flags_before, at) != page_class(&r->flags_after, at)) {
            return at;
        }
    }
    return r->where.start;
}

static const char *signal_word(int signal)
{
    const char *name = outcome_signal_name(signal);

    return name ? name : "signal";
}

/* The outcome in one word. */
static void print_outcome_word(const struct outcome *o, struct buf *out)
{
    const char *name = abi_errno_name(o->err);

    switch ((enum outcome_kind)o->kind) {
    case OUTCOME_OK:
        buf_str(out, "ok");
        break;
    case OUTCOME_FAIL:
        buf_str(out, name ? name : o->err == 0 ? "no_errno" : "unknown_errno");
        break;
    case OUTCOME_SIGNAL:
        buf_str(out, signal_word(o->signal));
        break;
    case OUTCOME_CRASH:
        buf_fmt(out, "crash_%s", signal_word(o->signal));
        break;
    case OUTCOME_HANG:
        buf_str(out, "hang");
        break;
    default:
        buf_str(out, "not_run");
        break;
    }
}

/* Which of its assertions ended the target, if it said so. */
static void print_said_word(const struct run_result *r, struct buf *out)
{
    struct buf word = BUF_INIT;

    said_class(&r->said, &word);
    if (word.len) {
        buf_fmt(out, ":%s", buf_text(&word));
    }
    buf_free(&word);
}

static const struct trace_step *bad_step(const struct run_result *r)
{
    return r->bad_step < r->n_steps ? &r->steps[r->bad_step] : NULL;
}

void run_signature(const struct prog *p, const struct run_result *r, struct buf *out)
{
    const struct trace_step *s = bad_step(r);
    const char *owed = r->owed ? abi_errno_name(r->owed) : NULL;

    buf_fmt(out, "%s/%s/", inv_descs[r->violated].name,
            s                ? op_descs[p->ops.v[s->op].kind].name
            : r->n_steps > 0 ? "end"
                             : "start");
    if (r->has_range) {
        uint64_t at = telling_page(r);

        buf_fmt(out, "%s_to_%s", page_class(&r->flags_before, at), page_class(&r->flags_after, at));
    } else if (s) {
        print_outcome_word(&s->outcome, out);
        buf_fmt(out, "%s%s", owed ? "_not_" : "", owed ? owed : "");
        print_said_word(r, out);
    } else {
        buf_str(out, "none");
    }
    buf_fmt(out, "/%s/%s", space_relation_name(space_relation(&r->space)), r->layer);
}

/* The head with the configuration as used. */
static void print_head(const struct prog *p, const struct run_result *r, struct buf *out)
{
    struct prog head = *p; /* borrows the arrays */

    head.config = r->config;
    prog_print_head(&head, out);
}

/* Which limits excused something in S, behind its outcome. */
static void print_excused(const struct trace_step *s, struct buf *out)
{
    const char *before = "    # limit: ";

    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (s->excused & limit_bit((enum limit_id)i)) {
            buf_fmt(out, "%s%s", before, limit_descs[i].name);
            before = ", ";
        }
    }
}

/* The first N_STEPS ops with their outcomes; MARK (may be NULL) is put behind the last one. */
static void print_steps(const struct prog *p, const struct run_result *r, size_t n_steps,
                        const char *mark, struct buf *out)
{
    unsigned depth = 0;

    for (size_t i = 0; i < n_steps; i++) {
        const struct trace_step *s = &r->steps[i];
        const struct op *op = &p->ops.v[s->op];

        depth -= op->kind == OP_wait && depth > 0;
        buf_fmt(out, "%*s", (int)(4 * depth), "");
        op_print(op, out);
        outcome_print(&s->outcome, (enum op_kind)op->kind, out);
        print_excused(s, out);
        if (mark && i + 1 == n_steps) {
            buf_fmt(out, "    # <== %s", mark);
        }
        buf_str(out, "\n");
        depth += op->kind == OP_fork && s->outcome.kind == OUTCOME_OK;
    }
}

void run_print_trace(const struct prog *p, const struct run_result *r, const char *target,
                     struct buf *out)
{
    const char *relation;

    if (r->verdict == RUN_SKIP) {
        buf_fmt(out, "# skipped on %s: %s\n", target, buf_text(&r->reason));
        return;
    }
    relation = space_relation_name(space_relation(&r->space));
    print_head(p, r, out);
    print_steps(p, r, r->n_steps, NULL, out);
    buf_fmt(out, "# %s on %s, %s: %zu steps, %zu of them skipped\n",
            r->verdict == RUN_PASS ? "passed" : "failed", target, relation, r->n_steps,
            r->n_skipped);
}

/*
 * What the picture shows: the bad pages, or those that the op names. False if there is nothing to
 * show.
 */
static bool picture_mark(const struct prog *p, const struct run_result *r, struct range *ret)
{
    const struct trace_step *s = bad_step(r);
    const struct op_desc *d;

    if (r->has_range) {
        *ret = r->where;
        return true;
    }
    if (!s) {
        return false;
    }
    d = &op_descs[p->ops.v[s->op].kind];
    return d->n_args >= 2 && d->arg[0] == ARG_ADDR &&
           guest_range_valid(&r->space, s->args.arg[0], u64_max(s->args.arg[1], 1), ret);
}

static void print_picture(const struct prog *p, const struct run_result *r, struct buf *out)
{
    const struct space *s = &r->space;
    const struct region_row rows[] = {
        {"flags before", &r->flags_before},
        {"flags after", &r->flags_after},
        {"host after", &r->host_after},
    };
    struct range mark;
    struct range within;
    uint64_t margin = 2 * s->host_page;

    if (!picture_mark(p, r, &mark)) {
        return;
    }
    within = range_widen(mark, s->host_page);
    within.start -= u64_min(within.start, margin);
    within.last = s->window_last - within.last > margin ? within.last + margin : s->window_last;
    buf_str(out, "\npage flags and host map (guest addresses):\n");
    region_ruler(rows, ARRAY_LEN(rows), within, u64_min(s->guest_page, s->real_page), &mark, out);
}

/* Each line of TEXT, indented. */
static void print_indented(const char *text, struct buf *out)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        buf_str(out, "  ");
        buf_add(out, text, len);
        buf_str(out, "\n");
        text += len + (text[len] == '\n');
    }
}

static void print_violation(const struct run_result *r, const char *target, struct buf *out)
{
    const struct inv_desc *d = &inv_descs[r->violated];

    buf_fmt(out, "violation: %s\n", buf_text(&r->reason));
    buf_fmt(out, "invariant: %s: %s\n", d->name, d->title);
    buf_fmt(out, "target: %s, %s\n", target, space_relation_name(space_relation(&r->space)));
}

/* Where a configuration was moved to what this machine has, the command says so. */
static void print_target(const struct prog *p, const struct run_result *r, const char *target,
                         struct buf *out)
{
    buf_word(out, target);
    for (int key = 0; key < CONFIG_KEY_COUNT; key++) {
        const char *name = config_key_name((enum config_key)key);

        if (r->config.value[key] != p->config.value[key] && !strstr(target, name)) {
            buf_fmt(out, ",%s=%" PRIu64, name, r->config.value[key]);
        }
    }
}

void run_print_finding(const struct prog *p, const struct run_result *r, const char *target,
                       struct buf *out)
{
    size_t shown = u64_min(r->bad_step + 1, r->n_steps);
    size_t done = shown ? r->steps[shown - 1].op + 1 : 0;

    buf_str(out, "twinmap-finding: ");
    run_signature(p, r, out);
    buf_str(out, "\n");
    print_violation(r, target, out);
    buf_str(out, "\nprogram up to the step, with what happened:\n");
    print_head(p, r, out);
    print_steps(p, r, shown, inv_descs[r->violated].name, out);
    if (p->ops.n > done) {
        buf_fmt(out, "# ops not shown: %zu\n", p->ops.n - done);
    }
    print_picture(p, r, out);
    if (r->said.len) {
        buf_str(out, "\nthe target's standard error:\n");
        print_indented(buf_text(&r->said), out);
    }
    if (r->calls.len) {
        buf_str(out, "\nhost calls of this step:\n");
        print_indented(buf_text(&r->calls), out);
    }
}

void run_print_report(const struct prog *p, const struct run_result *r, const char *target,
                      const char *what, struct buf *out)
{
    run_print_finding(p, r, target, out);
    buf_str(out, "\ntwinmap run --on ");
    print_target(p, r, target, out);
    buf_fmt(out, " %s\n", what);
}
