/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/related.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "op/law.h"

/* What is kept of one run. */
struct shown {
    struct {
        struct trace_step *v;
        size_t n, cap;
    } steps;
    struct region_vec flags; /* page flags at its end */
    struct prog_config config;
    struct space space;
    bool passed;
};

struct related {
    struct law_pair pair;
    struct shown first, second;
    struct run_result result; /* of the second run */
};

/* A difference between two runs. */
struct difference {
    size_t step; /* of the first run */
    struct buf text;
};

enum { DRAWS = 8 }; /* until a law says something */

struct related *related_new(void)
{
    return calloc(1, sizeof(struct related));
}

static void shown_free(struct shown *s)
{
    free(s->steps.v);
    region_vec_free(&s->flags);
}

struct related *related_free(struct related *x)
{
    if (x) {
        law_pair_free(&x->pair);
        shown_free(&x->first);
        shown_free(&x->second);
        run_result_free(&x->result);
        free(x);
    }
    return NULL;
}

static int keep(struct shown *to, const struct runner *r, const struct run_result *res)
{
    if (vec_reserve(&to->steps, res->n_steps) < 0 ||
        region_vec_copy(&to->flags, runner_flags(r)) < 0) {
        return -ENOMEM;
    }
    if (res->n_steps) {
        memcpy(to->steps.v, res->steps, res->n_steps * sizeof(*res->steps));
    }
    to->steps.n = res->n_steps;
    to->config = res->config;
    to->space = res->space;
    to->passed = res->verdict == RUN_PASS;
    return 0;
}

static int run(struct related *x, struct runner *r, const struct prog *p,
               const struct run_options *o, struct shown *to, struct err *e)
{
    int rc = runner_run(r, p, o, &x->result, e);

    return rc < 0 ? rc : keep(to, r, &x->result) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
}

static bool cannot_be_compared(const struct trace_step *s)
{
    return s->excused || s->poisoned;
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    return a->kind == b->kind && a->err == b->err && a->signal == b->signal &&
           a->mixed == b->mixed && (a->kind != OUTCOME_OK || a->value == b->value);
}

static bool failed_with(const struct outcome *o, int err)
{
    return o->kind == OUTCOME_FAIL && o->err == err;
}

/*
 * From here on they are different programs: a layer chose the place, or found no room for it, or
 * only one of them has low addresses that the host keeps for itself (limit min-addr-fixed).
 */
static bool parted(const struct op *op, const struct outcome *a, const struct outcome *b)
{
    if (op_descs[op->kind].result != OP_RESULT_ADDR) {
        return false;
    }
    return (a->kind == OUTCOME_OK && b->kind == OUTCOME_OK && a->value != b->value) ||
           failed_with(a, ABI_ENOMEM) != failed_with(b, ABI_ENOMEM) ||
           failed_with(a, ABI_EPERM) != failed_with(b, ABI_EPERM);
}

static void say_outcomes(const struct op *op, const struct outcome *a, const struct outcome *b,
                         struct buf *out)
{
    struct buf one = BUF_INIT;
    struct buf other = BUF_INIT;

    outcome_print(a, op->kind, &one);
    outcome_print(b, op->kind, &other);
    buf_fmt(out, "%s: '%s' in one,'%s' in the other", op_descs[op->kind].name, buf_text(&one),
            buf_text(&other));
    buf_free(&one);
    buf_free(&other);
}

/*
 * Index in the second run of step I of the first, whose ops are those of pair.a: extra steps of the
 * second are stepped over.
 */
static size_t counterpart(const struct related *x, size_t from, size_t op)
{
    size_t want = op <= x->pair.at ? op : op + x->pair.extra;

    while (from < x->second.steps.n && x->second.steps.v[from].op != want) {
        from++;
    }
    return from;
}

/* 1 with D filled at the first difference, 0 none, -1 no more can be compared. */
static int compare_steps(const struct related *x, struct difference *d)
{
    size_t k = 0;

    for (size_t i = 0; i < x->first.steps.n; i++) {
        const struct trace_step *a = &x->first.steps.v[i];
        const struct op *op = &x->pair.a.ops.v[a->op];
        const struct trace_step *b;

        k = counterpart(x, k, a->op);
        if (k == x->second.steps.n) {
            return -1;
        }
        b = &x->second.steps.v[k];
        if (cannot_be_compared(a) || cannot_be_compared(b)) {
            return -1;
        }
        if (parted(op, &a->outcome, &b->outcome)) {
            return -1;
        }
        if (!same_outcome(&a->outcome, &b->outcome)) {
            d->step = i;
            say_outcomes(op, &a->outcome, &b->outcome, &d->text);
            return 1;
        }
        k++;
    }
    return 0;
}

/* Whether the translator holds a page just now is no effect of a call: it may be stored to. */
static void only_effects(struct region_vec *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->v[i].flags & PAGE_WRITE_ORG) {
            v->v[i].flags |= PAGE_WRITE;
            v->v[i].prot |= REGION_W;
        }
        v->v[i].snapshot = false; /* how a map is backed is no effect either */
    }
}

static int compare_flags(const struct related *x, struct difference *d)
{
    const unsigned mask =
        REGION_MASK_PROT | REGION_MASK_FLAGS | REGION_MASK_KIND | REGION_MASK_SHARED;
    struct region_difference at;
    struct region_vec a = x->first.flags;
    struct region_vec b = x->second.flags;

    only_effects(&a);
    only_effects(&b);
    region_normalise(&a, mask);
    region_normalise(&b, mask);
    if (!region_diff(&a, &b, (struct range){0, UINT64_MAX}, mask, &at)) {
        return 0;
    }
    d->step = x->first.steps.n ? x->first.steps.n - 1 : 0;
    buf_fmt(&d->text, "the page flags differ in the end at 0x%" PRIx64 ": ", at.where.start);
    if (at.a) {
        region_print(at.a, &d->text);
    }
    buf_fmt(&d->text, "%s in one, ", at.a ? "" : "nothing");
    if (at.b) {
        region_print(at.b, &d->text);
    }
    buf_fmt(&d->text, "%s in the other", at.b ? "" : "nothing");
    return 1;
}

/* An extra step must succeed as the one it stands behind did. As compare_steps. */
static int compare_extra(const struct related *x, struct difference *d)
{
    for (size_t k = 0; k < x->second.steps.n; k++) {
        const struct trace_step *s = &x->second.steps.v[k];
        const struct op *op = &x->pair.b.ops.v[s->op];

        if (s->op <= x->pair.at || s->op > x->pair.at + x->pair.extra) {
            continue;
        }
        if (cannot_be_compared(s) || s->outcome.kind == OUTCOME_SKIPPED) {
            return -1;
        }
        if (s->outcome.kind != OUTCOME_OK) {
            d->step = u64_min(k, x->first.steps.n) - 1;
            buf_fmt(&d->text, "the extra %s", op_descs[op->kind].name);
            outcome_print(&s->outcome, op->kind, &d->text);
            return 1;
        }
    }
    return 0;
}

static int compare(const struct related *x, struct difference *d)
{
    int rc = compare_extra(x, d);

    rc = rc != 0 ? rc : compare_steps(x, d);

    return rc == 0 ? compare_flags(x, d) : rc;
}

static int report(struct difference *d, enum inv_id id, const char *what, struct run_result *ret)
{
    ret->verdict = RUN_FINDING;
    ret->violated = id;
    ret->bad_step = d->step;
    ret->has_range = false;
    buf_clear(&ret->reason);
    buf_fmt(&ret->reason, "%s: %s", what, buf_text(&d->text));
    return 0;
}

/* A free range of one page or some, beside what is mapped if there is anything. */
static bool free_range(const struct shown *s, const struct space *space, struct prng *rng,
                       struct range *ret)
{
    uint64_t len = space->guest_page * prng_between(rng, 1, 5);
    uint64_t at = u64_align_up_wrap(u64_max(space->min_addr, 0x10000), space->guest_page);

    if (s->flags.n) {
        at = s->flags.v[prng_below(rng, s->flags.n)].r.last + 1;
    }
    if (at == 0 || !guest_range_valid(space, at, len, ret)) {
        return false;
    }
    for (size_t i = 0; i < s->flags.n; i++) {
        if (range_overlaps(s->flags.v[i].r, *ret)) {
            return false;
        }
    }
    return true;
}

/* A pair by some law about an op that succeeded. 1 made, 0 none found, or -ENOMEM. */
static int draw_law(struct related *x, const struct prog *p, const struct run_result *ret,
                    struct prng *rng, enum law *which)
{
    for (int i = 0; i < DRAWS && x->first.steps.n > 0; i++) {
        enum law law = (enum law)prng_below(rng, LAW_COUNT);
        const struct trace_step *s =
            &x->first.steps.v[law == LAW_MAP_UNMAP ? x->first.steps.n - 1
                                                   : prng_below(rng, x->first.steps.n)];
        struct range free = {0, 0};
        int rc;

        if (s->outcome.kind != OUTCOME_OK || s->process != 0 ||
            (law == LAW_MAP_UNMAP && !free_range(&x->first, &ret->space, rng, &free))) {
            continue;
        }
        *which = law;
        rc = law_apply(law, p, s->op, ret->space.guest_page, free, &x->pair);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int law_relative(struct related *x, struct runner *r, const struct prog *p,
                        const struct run_options *o, struct prng *rng, struct run_result *ret,
                        uint64_t *pairs, struct err *e)
{
    struct difference d = {.text = BUF_INIT};
    enum law law = LAW_COUNT;
    int rc = draw_law(x, p, ret, rng, &law);

    if (rc <= 0) {
        return rc < 0 ? err_set(e, rc, "out of memory") : 0;
    }
    rc = run(x, r, &x->pair.a, o, &x->first, e);
    rc = rc < 0 ? rc : run(x, r, &x->pair.b, o, &x->second, e);
    if (rc == 0 && x->first.passed && x->second.passed) {
        ++*pairs;
        rc = compare(x, &d) == 1 ? report(&d, INV_ALGEBRA, laws[law].title, ret) : 0;
    }
    buf_free(&d.text);
    return rc;
}

static void set(struct prog_config *c, enum config_key key, uint64_t value)
{
    c->value[key] = value;
    c->given |= (uint8_t)(1u << key);
}

/* Another configuration for the same guest: equal page size, width and window. */
static void draw_config(struct prog_config *c, const struct space *space, struct prng *rng)
{
    static const uint64_t pages[] = {4096, 16384, 65536};
    uint64_t whole = space->bits == 32 ? UINT64_C(1) << 32 : UINT64_C(1) << 42;

    set(c, CONFIG_HOST_PAGE, pages[prng_below(rng, ARRAY_LEN(pages))]);
    if (space->window_last == whole - 1) {
        set(c, CONFIG_RESERVED, prng_chance(rng, 1, 2) ? whole : 0);
    }
    set(c, CONFIG_GUEST_BASE, prng_chance(rng, 1, 4) ? 0 : 1);
}

static bool is_placed(const struct op *op)
{
    return op->kind == OP_mmap && !(op->arg[3].num & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE));
}

/*
 * Where a map without FIXED comes to lie is the configuration's own business, but what later ops
 * meet there is not: both runs map where the first run did.
 */
static void fix_places(const struct shown *first, struct prog *p)
{
    for (size_t i = 0; i < first->steps.n; i++) {
        const struct trace_step *s = &first->steps.v[i];
        struct op *op = &p->ops.v[s->op];

        if (s->outcome.kind == OUTCOME_OK && is_placed(op)) {
            op->arg[0] = (struct value){.base = VALUE_NUM, .num = s->outcome.value};
            op->arg[3].num |= ABI_MAP_FIXED;
        }
    }
}

/* Host calls differ between configurations, and so does which of them a host_fail would hit. */
static int comparable(struct related *x, const struct prog *p)
{
    int rc = prog_copy(&x->pair.a, p);

    if (rc < 0) {
        return rc;
    }
    prog_drop_expectations(&x->pair.a);
    fix_places(&x->first, &x->pair.a);
    for (size_t i = x->pair.a.ops.n; rc == 0 && i > 0; i--) {
        if (x->pair.a.ops.v[i - 1].kind == OP_host_fail) {
            prog_remove(&x->pair.a, i - 1, 1);
        }
    }
    x->pair.a.requires.n = 0;
    rc = rc < 0 ? rc : prog_copy(&x->pair.b, &x->pair.a);
    x->pair.at = x->pair.a.ops.n;
    x->pair.extra = 0;
    return rc;
}

static bool same_guest(const struct shown *a, const struct shown *b)
{
    return a->space.guest_page == b->space.guest_page && a->space.bits == b->space.bits &&
           a->space.window_last == b->space.window_last && a->space.min_addr == b->space.min_addr;
}

static int config_relative(struct related *x, struct runner *r, const struct prog *p,
                           const struct run_options *o, struct prng *rng, struct run_result *ret,
                           uint64_t *pairs, struct err *e)
{
    struct difference d = {.text = BUF_INIT};
    int rc = comparable(x, p);

    if (rc < 0) {
        return err_set(e, rc, "out of memory");
    }
    draw_config(&x->pair.b.config, &ret->space, rng);
    rc = run(x, r, &x->pair.a, o, &x->first, e);
    rc = rc < 0 ? rc : run(x, r, &x->pair.b, o, &x->second, e);
    if (rc == 0 && x->first.passed && x->second.passed && same_guest(&x->first, &x->second)) {
        const uint64_t *c = x->second.config.value;
        struct buf what = BUF_INIT;

        ++*pairs;
        buf_fmt(&what, "under host_page=%" PRIu64 " reserved=0x%" PRIx64 " guest_base=%" PRIu64,
                c[CONFIG_HOST_PAGE], c[CONFIG_RESERVED], c[CONFIG_GUEST_BASE]);
        rc = compare(x, &d) == 1 ? report(&d, INV_CONFIG_INDEPENDENCE, buf_text(&what), ret) : 0;
        buf_free(&what);
    }
    buf_free(&d.text);
    return rc;
}

int related_run(struct related *x, struct runner *r, const struct prog *p,
                const struct run_options *o, unsigned n, struct prng *rng, struct run_result *ret,
                uint64_t *pairs, struct err *e)
{
    for (unsigned i = 0; i < n && ret->verdict == RUN_PASS; i++) {
        int rc = keep(&x->first, r, ret);

        if (rc < 0) {
            return err_set(e, rc, "out of memory");
        }
        rc = prng_chance(rng, 1, 2) ? law_relative(x, r, p, o, rng, ret, pairs, e)
                                    : config_relative(x, r, p, o, rng, ret, pairs, e);
        if (rc < 0) {
            return rc;
        }
        rc = runner_run(r, p, o, &x->result, e);
        if (rc < 0) {
            return rc;
        }
        /* RET's steps are the runner's, and a longer relative made it move them. */
        ret->steps = x->result.steps;
        ret->n_steps = x->result.n_steps;
    }
    return 0;
}
