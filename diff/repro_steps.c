/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a record to expectations: what is exact, what the system chose, what was not run. */
#include "repro_steps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/vec.h"

enum { LINUX_FREE = 8, FREEBSD_FREE = 5 }; /* MADV_FREE */

/* Addresses whose bytes may be zeros any time: freed, but not yet taken. */
struct lazy {
    struct range *v;
    size_t n, cap;
};

/* Which argument decides where the map of S goes; OP_ARGS_MAX: the system did. */
static unsigned placed_by(const struct record *rec, enum op_kind kind, const struct record_step *s)
{
    const uint64_t *a = s->step.args.arg;
    uint64_t page = rec->place.page;

    if (kind == OP_mmap) {
        uint64_t fixed = rec->place.system == ABI_LINUX
                             ? LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE
                             : FREEBSD_MAP_FIXED;

        return a[3] & fixed ? 0 : OP_ARGS_MAX;
    }
    if (kind != OP_mremap) {
        return OP_ARGS_MAX;
    }
    if (a[3] & ABI_MREMAP_FIXED) {
        return 4;
    }
    if ((a[3] & ABI_MREMAP_DONTUNMAP) || a[1] == 0) {
        return OP_ARGS_MAX;
    }
    return !(a[3] & ABI_MREMAP_MAYMOVE) ||
                   u64_align_up_wrap(a[2], page) <= u64_align_up_wrap(a[1], page)
               ? 0
               : OP_ARGS_MAX;
}

/*
 * The place that OP's argument asked for, so that it comes to the address AT. An expectation is not
 * cut to 32 bits, as an argument of such a guest is.
 */
static struct value place(const struct value *arg, uint64_t at, unsigned bits)
{
    struct value v = *arg;
    uint64_t base = at - arg->num;

    v.num = bits == 32 ? at - (uint32_t)base : arg->num;
    return v;
}

static struct expect expect_success(const struct op *op, const struct record_step *s,
                                    const struct repro_step *step, unsigned bits)
{
    const struct outcome *o = &s->step.outcome;

    switch (op_descs[op->kind].result) {
    case OP_RESULT_ADDR:
        if (step->fixed && o->value == s->step.args.arg[step->where]) {
            return (struct expect){.kind = EXPECT_VALUE,
                                   .value = place(&op->arg[step->where], o->value, bits)};
        }
        return (struct expect){.kind = EXPECT_OK};
    case OP_RESULT_BYTE:
        return o->mixed ? (struct expect){.kind = EXPECT_OK}
                        : (struct expect){.kind = EXPECT_VALUE, .value = {.num = o->value}};
    case OP_RESULT_ZERO:
        return (struct expect){.kind = op->kind == OP_store || op->kind == OP_exec ? EXPECT_OK
                                                                                   : EXPECT_VALUE};
    default:
        return (struct expect){.kind = EXPECT_NONE};
    }
}

static struct expect expect_seen(const struct op *op, const struct record_step *s,
                                 const struct repro_step *step, unsigned bits)
{
    const struct outcome *o = &s->step.outcome;

    switch ((enum outcome_kind)o->kind) {
    case OUTCOME_OK:
        return expect_success(op, s, step, bits);
    case OUTCOME_FAIL:
        return o->err > 0 && abi_errno_name(o->err)
                   ? (struct expect){.kind = EXPECT_ERRNO, .err = (uint8_t)o->err}
                   : (struct expect){.kind = EXPECT_FAIL};
    case OUTCOME_SIGNAL:
        return (struct expect){.kind = o->signal == SIGSEGV  ? EXPECT_SIGSEGV
                                       : o->signal == SIGBUS ? EXPECT_SIGBUS
                                                             : EXPECT_NONE};
    default:
        return (struct expect){.kind = EXPECT_NONE};
    }
}

/* Why nobody should run the op of S; NULL: no reason. */
static const char *reason_left_out(const struct record_step *s)
{
    if (!s) {
        return "the record ends before it";
    }
    switch ((enum outcome_kind)s->step.outcome.kind) {
    case OUTCOME_CRASH:
        return "it ended the process that ran it";
    case OUTCOME_HANG:
        return "it did not return";
    case OUTCOME_OK:
    case OUTCOME_FAIL:
    case OUTCOME_SIGNAL:
        return s->poison == RECORD_ASTRAY ? record_poison_text(RECORD_ASTRAY) : NULL;
    default:
        return s->poison ? record_poison_text((enum record_poison)s->poison)
                         : "it names what is not there, or what the system cannot be told";
    }
}

static int note_lazy(struct lazy *l, const struct record *rec, const struct record_step *s)
{
    const uint64_t *a = s->step.args.arg;
    uint64_t advice = rec->place.system == ABI_LINUX ? LINUX_FREE : FREEBSD_FREE;
    struct range r;

    if (a[2] != advice || s->step.outcome.kind != OUTCOME_OK || !range_from_len(a[0], a[1], &r)) {
        return 0;
    }
    if (vec_reserve(l, l->n + 1) < 0) {
        return -ENOMEM;
    }
    l->v[l->n++] = range_widen(r, rec->place.page);
    return 0;
}

static bool is_lazy(const struct lazy *l, const struct record_step *s)
{
    struct range r;

    for (size_t i = 0; range_from_len(s->step.args.arg[0], s->step.args.arg[1], &r) && i < l->n;
         i++) {
        if (range_overlaps(l->v[i], r)) {
            return true;
        }
    }
    return false;
}

/* An address behind a result is not looked at: which result it was is the program's to follow. */
static bool contradicted(const struct op *op, const struct record *rec, const struct record_step *s)
{
    const struct value *v = &op->expect.value;
    uint64_t value = v->num + (v->base == VALUE_WINDOW ? rec->place.window : 0);

    value = v->base == VALUE_RESULT ? s->step.outcome.value : value;
    return !s->poison &&
           outcome_mismatch(&s->step.outcome, &op->expect, value, (enum op_kind)op->kind);
}

void repro_print_seen(const struct record *rec, const struct op *op, const struct repro_step *s,
                      struct buf *out)
{
    struct buf text = BUF_INIT;

    record_print_outcome(rec, s->seen, (enum op_kind)op->kind, &text);
    buf_str(out, text.len > 2 ? buf_text(&text) + 2 : "");
    buf_free(&text);
}

static int fill(struct repro_step *step, const struct op *op, const struct record *rec,
                struct lazy *lazy)
{
    const struct record_step *s = step->seen;
    int rc = 0;

    step->where = s ? placed_by(rec, (enum op_kind)op->kind, s) : OP_ARGS_MAX;
    step->fixed = step->where < OP_ARGS_MAX;
    step->expect = op->expect;
    step->left_out = reason_left_out(s);
    if (step->left_out || op_descs[op->kind].result == OP_RESULT_NONE) {
        return 0;
    }
    if (op->kind == OP_madvise) {
        rc = note_lazy(lazy, rec, s);
    }
    if (op->expect.kind != EXPECT_NONE) {
        step->contradicted = contradicted(op, rec, s);
        return rc;
    }
    if (s->poison) {
        step->silent = record_poison_text((enum record_poison)s->poison);
        return rc;
    }
    step->expect = expect_seen(op, s, step, rec->place.bits);
    if (op->kind == OP_load && step->expect.kind == EXPECT_VALUE && is_lazy(lazy, s)) {
        step->expect = (struct expect){.kind = EXPECT_OK};
    }
    return rc;
}

int repro_steps_make(struct repro_steps *steps, const struct repro *r)
{
    const struct record *rec = r->record;
    const struct prog *p = r->prog;
    struct lazy lazy = {0};
    int rc = 0;

    *steps = (struct repro_steps){.v = calloc(p->ops.n ? p->ops.n : 1, sizeof(*steps->v)),
                                  .n = p->ops.n};
    if (!steps->v) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < rec->steps.n; i++) {
        const struct record_step *s = &rec->steps.v[i];

        if (s->what == RECORD_OP && s->step.op < p->ops.n) {
            steps->v[s->step.op].seen = s;
        }
    }
    for (size_t i = 0; rc == 0 && i < p->ops.n; i++) {
        rc = fill(&steps->v[i], &p->ops.v[i], rec, &lazy);
    }
    free(lazy.v);
    if (rc < 0) {
        repro_steps_free(steps);
    }
    return rc;
}

void repro_steps_free(struct repro_steps *s)
{
    free(s->v);
    *s = (struct repro_steps){0};
}

/* What would begin or end a comment, or be read as something else, is taken apart. */
static void add_safe(char c, char before, struct buf *out)
{
    if ((before == '/' && c == '*') || (before == '*' && c == '/')) {
        buf_u8(out, ' ');
    }
    if (c < ' ' || c > '~' || (c == '?' && before == '?')) {
        c = '.';
    }
    buf_u8(out, (uint8_t)c);
}

void repro_comment(const char *text, const char *prefix, struct buf *out)
{
    bool begins = true;
    char before = 0;

    for (; text && *text; text++) {
        if (begins) {
            buf_str(out, prefix);
            before = 0;
        }
        begins = *text == '\n';
        if (!begins) {
            add_safe(*text, before, out);
            before = *text;
        } else {
            buf_u8(out, '\n');
        }
    }
    if (!begins) {
        buf_u8(out, '\n');
    }
}
