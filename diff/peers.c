/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "peers_int.h"

struct peers *peers_new(void)
{
    return calloc(1, sizeof(struct peers));
}

struct peers *peers_free(struct peers *p)
{
    if (p) {
        rename_free(&p->rename);
        apart_free(&p->apart);
        object_names_free(&p->names);
        for (size_t i = 0; i < PROG_FORKS_MAX; i++) {
            rename_free(&p->parents[i].rename);
            region_vec_free(&p->parents[i].pages);
            object_names_free(&p->parents[i].names);
        }
        region_vec_free(&p->x);
        region_vec_free(&p->y);
        free(p);
    }
    return NULL;
}

const char *peers_begin(struct peers *p, const struct prog *prog, const struct record *a,
                        const struct record *b, uint64_t rules_off)
{
    p->prog = prog;
    p->a = a;
    p->b = b;
    p->rules_off = rules_off;
    rename_clear(&p->rename);
    apart_clear(&p->apart);
    p->names.n = 0;
    p->depth = 0;
    p->before_a = p->before_b = 0;
    p->seen = false;
    return a->place.page != b->place.page   ? "the guest's pages differ in size"
           : a->place.bits != b->place.bits ? "the guest's addresses differ in width"
                                            : NULL;
}

/* ---- forks ---- */

static int enter_child(struct peers *p)
{
    struct peers_parent *parent = &p->parents[p->depth];

    if (p->depth == PROG_FORKS_MAX) {
        return 0;
    }
    p->depth++;
    parent->before_a = p->before_a;
    parent->before_b = p->before_b;
    return rename_copy(&parent->rename, &p->rename) < 0 ||
                   region_vec_copy(&parent->pages, &p->apart.pages) < 0 ||
                   object_names_copy(&parent->names, &p->names) < 0
               ? -ENOMEM
               : 0;
}

static int leave_child(struct peers *p)
{
    struct peers_parent *parent;

    if (p->depth == 0) {
        return 0;
    }
    parent = &p->parents[--p->depth];
    p->before_a = parent->before_a;
    p->before_b = parent->before_b;
    p->seen = false;
    return rename_copy(&p->rename, &parent->rename) < 0 ||
                   region_vec_copy(&p->apart.pages, &parent->pages) < 0 ||
                   object_names_copy(&p->names, &parent->names) < 0
               ? -ENOMEM
               : 0;
}

/* ---- verdicts ---- */

static int found(struct compare_result *ret, enum compare_what what)
{
    ret->verdict = COMPARE_FINDING;
    ret->what = what;
    return buf_failed(&ret->text) ? -ENOMEM : 0;
}

static enum rule_id excusing_rule(const struct peers *p, size_t i, enum compare_what what)
{
    const struct record_step *x = &p->a->steps.v[i];
    struct rule_ctx c = {
        .prog = p->prog,
        .op = &p->prog->ops.v[x->step.op],
        .a = p->a,
        .b = p->b,
        .x = x,
        .y = &p->b->steps.v[i],
        .before_a = peers_before(p, p->a),
        .before_b = peers_before(p, p->b),
        .what = what,
        .off = p->rules_off,
    };

    return x->what == RECORD_OP ? rule_excuse(&c) : RULE_NONE;
}

bool peers_excused(const struct peers *p, size_t i, enum compare_what what,
                   struct compare_result *ret)
{
    const struct record_step *x = &p->a->steps.v[i];
    uint64_t limits = x->step.excused | p->b->steps.v[i].step.excused;
    bool op = x->what == RECORD_OP;
    enum rule_id rule;

    ret->what = what;
    if (op && what != COMPARE_OUTCOME && !peers_is_named(p, ret->where)) {
        return false; /* lost bytes, mappings that the op does not speak of: never excused */
    }
    rule = excusing_rule(p, i, what);
    if (rule == RULE_NONE && limits == 0) {
        return false;
    }
    ret->verdict = COMPARE_EXCUSED;
    ret->rules |= rule == RULE_NONE ? 0 : rule_bit(rule);
    ret->limits |= rule == RULE_NONE ? limits : 0;
    return true;
}

static int poisoned(struct peers *p, size_t i, enum record_poison why, struct compare_result *ret)
{
    ret->verdict = COMPARE_POISONED;
    ret->poison = why;
    return peers_part(p, i);
}

/* ---- outcomes ---- */

static const char *ended(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_CRASH  ? "crashed"
           : s->step.outcome.kind == OUTCOME_HANG ? "hung"
                                                  : NULL;
}

/* The first byte that could not be accessed, on both sides if both know it. */
static bool same_fault(const struct peers *p, const struct record_step *x,
                       const struct record_step *y)
{
    uint64_t at = peers_shift(p, y->at);
    bool known;

    if (!x->has_at || !y->has_at || x->at - x->step.args.arg[0] == y->at - y->step.args.arg[0]) {
        return true;
    }
    (void)rename_piece(&p->rename, (struct range){at, at}, &at, &known);
    return known && at == x->at;
}

/* Nothing was mapped where R's target has put what it chose the place of. */
static bool was_free(const struct peers *p, const struct record *r, const struct record_step *s,
                     unsigned len)
{
    struct region_vec before = peers_before(p, r);
    struct range made;
    size_t i;

    if (!range_from_len(s->step.outcome.value, u64_max(s->step.args.arg[len], 1), &made)) {
        return false;
    }
    made = range_widen(made, r->place.page);
    i = region_lower_bound(&before, made.start);
    return i == before.n || before.v[i].r.start > made.last;
}

/* Where R's target put it: where the op says, or where nothing was. */
static bool is_legal_place(const struct peers *p, const struct record *r,
                           const struct record_step *s)
{
    const struct op *op = &p->prog->ops.v[s->step.op];
    uint64_t at = s->step.outcome.value;
    const uint64_t *a = s->step.args.arg;

    if (op->kind == OP_mmap) {
        return op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE) ? at == a[0]
                                                                          : was_free(p, r, s, 1);
    }
    return op->arg[3].num & ABI_MREMAP_FIXED ? at == a[4] : at == a[0] || was_free(p, r, s, 2);
}

static bool same_outcome(const struct peers *p, const struct record_step *x,
                         const struct record_step *y)
{
    const struct outcome *a = &x->step.outcome;
    const struct outcome *b = &y->step.outcome;
    bool address = op_descs[p->prog->ops.v[x->step.op].kind].result == OP_RESULT_ADDR;

    if (a->kind != b->kind) {
        return false;
    }
    switch ((enum outcome_kind)a->kind) {
    case OUTCOME_OK:
        return address ? is_legal_place(p, p->a, x) && is_legal_place(p, p->b, y)
                       : a->value == b->value && a->mixed == b->mixed;
    case OUTCOME_FAIL:
        return a->err == b->err;
    case OUTCOME_SIGNAL:
        return a->signal == b->signal && same_fault(p, x, y);
    default:
        return true;
    }
}

static void print_outcomes(const struct peers *p, const struct record_step *x,
                           const struct record_step *y, struct buf *out)
{
    enum op_kind kind = (enum op_kind)p->prog->ops.v[x->step.op].kind;

    buf_fmt(out, "%s answers", p->a->maker);
    record_print_outcome(p->a, x, kind, out);
    buf_fmt(out, ", %s", p->b->maker);
    record_print_outcome(p->b, y, kind, out);
}

/* Each is right or wrong by its own results alone: the op uses one that only one of them has. */
static bool lacks_result(const struct peers *p, const struct record_step *x)
{
    const struct op *op = &p->prog->ops.v[x->step.op];

    for (unsigned i = 0; i < op_descs[op->kind].n_args; i++) {
        if (op->arg[i].base == VALUE_RESULT) {
            return true;
        }
    }
    return false;
}

/* Refused on both sides, and not half done: what it names is what it was. */
static bool changed_nothing(const struct peers *p, const struct record_step *x,
                            const struct record_step *y)
{
    enum op_kind kind = (enum op_kind)p->prog->ops.v[x->step.op].kind;

    return (kind == OP_munmap || kind == OP_msync) && x->step.outcome.kind == OUTCOME_FAIL &&
           y->step.outcome.kind == OUTCOME_FAIL;
}

static int differ(struct peers *p, size_t i, struct compare_result *ret)
{
    const struct record_step *x = &p->a->steps.v[i];
    const struct record_step *y = &p->b->steps.v[i];
    bool skipped =
        x->step.outcome.kind == OUTCOME_SKIPPED || y->step.outcome.kind == OUTCOME_SKIPPED;

    print_outcomes(p, x, y, &ret->text);
    if (skipped && lacks_result(p, x)) {
        return poisoned(p, i, RECORD_APART, ret);
    }
    if (peers_excused(p, i, COMPARE_OUTCOME, ret)) {
        return changed_nothing(p, x, y) ? 0 : peers_part(p, i);
    }
    if (skipped && p->a->place.system == p->b->place.system) {
        return poisoned(p, i, RECORD_UNSAID, ret);
    }
    if (peers_meets_apart(p, i)) {
        return poisoned(p, i, RECORD_APART, ret);
    }
    return found(ret, COMPARE_OUTCOME);
}

/*
 * What is written where the two differ, or past what is mapped, is not the same on both sides, and
 * an mprotect may have stopped early on one.
 */
static int part_written(struct peers *p, size_t i)
{
    enum op_kind kind = (enum op_kind)p->prog->ops.v[p->a->steps.v[i].step.op].kind;
    bool slack = (p->a->steps.v[i].step.excused | p->b->steps.v[i].step.excused) != 0;

    return (kind == OP_store || kind == OP_madvise || kind == OP_mprotect) &&
                   (slack || peers_touches_apart(p))
               ? peers_part(p, i)
               : 0;
}

/* What a store reached of shared files. */
static int note_store(struct peers *p, size_t i)
{
    const struct record_step *x = &p->a->steps.v[i];
    struct region_vec mapped = peers_before(p, p->a);
    struct range r;

    return p->prog->ops.v[x->step.op].kind == OP_store &&
                   range_from_len(x->step.args.arg[0], x->step.args.arg[1], &r)
               ? apart_stored(&p->apart, &mapped, r)
               : 0;
}

/* Both did the same: but for what a rule says of the pages from then on. */
static int settle(struct peers *p, size_t i, struct compare_result *ret)
{
    enum rule_id rule = excusing_rule(p, i, COMPARE_BYTES);
    int rc = peers_settle(p, i);

    if (rc < 0 || rule == RULE_NONE || !(rule_descs[rule].between & RULE_LASTS)) {
        return rc;
    }
    ret->verdict = COMPARE_EXCUSED;
    ret->rules |= rule_bit(rule);
    return peers_part(p, i);
}

/* Layers say what is mapped after every step, but for a child of a real fork. */
static bool is_unseen(const struct record *r, const struct record_step *s)
{
    return r->place.host_page != 0 && !s->has_regions;
}

/* A layer's child process that nobody could look into, and what it shares with its parent. */
static int unseen(struct peers *p, struct compare_result *ret)
{
    const struct range all = {0, UINT64_MAX};
    struct region_vec a = peers_before(p, p->a);

    ret->verdict = COMPARE_POISONED;
    ret->poison = RECORD_UNSEEN;
    p->seen = false;
    return apart_objects(&p->apart, &a, all, NULL, NULL);
}

/*
 * One of the two, and not the other, has made a stack that grows into whatever lies below it, or
 * both have, each where something else lies below: from here on nobody can say what is where.
 */
static bool grows_alone(const struct peers *p, size_t i)
{
    const struct record_step *x = &p->a->steps.v[i];
    const struct op *op = &p->prog->ops.v[x->step.op];
    bool a = p->a->place.host_page == 0; /* stacks of layers are plain memory */
    bool b = p->b->place.host_page == 0;

    bool placed = (op->arg[3].num & ABI_MAP_GROWSDOWN) &&
                  !(op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE));

    return op->kind == OP_mmap && (op->arg[3].num & (ABI_MAP_GROWSDOWN | ABI_MAP_STACK)) &&
           (a != b || p->a->place.system != p->b->place.system || (a && b && placed)) &&
           ((a && x->step.outcome.kind == OUTCOME_OK) ||
            (b && p->b->steps.v[i].step.outcome.kind == OUTCOME_OK));
}

/*
 * What the next op's host calls are is up to each layer, and so is which of them fails: from here
 * on they are judged by themselves alone.
 */
static bool is_fault(const struct peers *p, size_t i)
{
    return p->prog->ops.v[p->a->steps.v[i].step.op].kind == OP_host_fail &&
           (p->a->place.host_page != 0 || p->b->place.host_page != 0);
}

static int compare_op(struct peers *p, size_t i, struct compare_result *ret)
{
    const struct record_step *x = &p->a->steps.v[i];
    const struct record_step *y = &p->b->steps.v[i];
    int rc;

    if (is_unseen(p->a, x) || is_unseen(p->b, y)) {
        return unseen(p, ret);
    }
    if (grows_alone(p, i)) {
        ret->verdict = COMPARE_POISONED;
        ret->poison = RECORD_GROWN;
        return 0;
    }
    if (is_fault(p, i)) {
        ret->verdict = COMPARE_POISONED;
        ret->poison = RECORD_FAULT;
        return 0;
    }

    if (ended(x) || ended(y)) {
        buf_fmt(&ret->text, "%s %s", ended(x) ? p->a->maker : p->b->maker,
                ended(x) ? ended(x) : ended(y));
        return found(ret, COMPARE_OUTCOME);
    }
    peers_name(p, i);
    if (x->poison || y->poison) {
        return poisoned(p, i, (enum record_poison)(x->poison ? x->poison : y->poison), ret);
    }
    if (x->step.outcome.kind == OUTCOME_SKIPPED && y->step.outcome.kind == OUTCOME_SKIPPED) {
        ret->verdict = COMPARE_SKIPPED;
        return 0;
    }
    if (!p->named.same) {
        rc = poisoned(p, i, RECORD_ELSEWHERE, ret); /* by what was the same before it, */
        rc = rc < 0 ? rc : peers_rename(p, i);
        return rc < 0 ? rc : peers_part(p, i); /* and by what is after it */
    }
    if (!same_outcome(p, x, y)) {
        rc = differ(p, i, ret);
    } else {
        rc = x->step.poisoned || y->step.poisoned ? poisoned(p, i, RECORD_UNDEFINED, ret)
                                                  : settle(p, i, ret);
    }
    rc = rc < 0 ? rc : part_written(p, i);
    rc = rc < 0 ? rc : note_store(p, i);
    return rc < 0 || ret->verdict == COMPARE_FINDING ? rc : peers_state(p, i, ret);
}

int peers_step(struct peers *p, size_t i, struct compare_result *ret)
{
    struct buf text = ret->text;
    const struct record_step *x, *y;
    int rc;

    *ret = (struct compare_result){.verdict = COMPARE_SAME, .text = text};
    buf_clear(&ret->text);
    if (i >= p->a->steps.n || i >= p->b->steps.n) {
        buf_fmt(&ret->text, "%s has no step where %s has one",
                i >= p->a->steps.n ? p->a->maker : p->b->maker,
                i >= p->a->steps.n ? p->b->maker : p->a->maker);
        return found(ret, COMPARE_LENGTH);
    }
    x = &p->a->steps.v[i];
    y = &p->b->steps.v[i];
    if (x->what != y->what || (x->what == RECORD_OP && x->step.op != y->step.op)) {
        buf_fmt(&ret->text, "%s and %s go on with different ops", p->a->maker, p->b->maker);
        return found(ret, COMPARE_LENGTH);
    }
    p->named.n = 0;
    rc = x->what == RECORD_BORN ? enter_child(p) : 0;
    rc = rc < 0 ? rc : x->what == RECORD_OP ? compare_op(p, i, ret) : peers_state(p, i, ret);
    p->before_a = x->has_regions ? i + 1 : p->before_a;
    p->before_b = y->has_regions ? i + 1 : p->before_b;
    if (rc == 0 && x->what == RECORD_DONE) {
        rc = leave_child(p);
    }
    return rc;
}
