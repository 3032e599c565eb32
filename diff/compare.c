/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "listing.h"
#include "rules.h"

#define MASK (REGION_MASK_PROT | REGION_MASK_KIND | REGION_MASK_SHARED | REGION_MASK_OBJECT)

struct compare {
    const struct record *a, *b;
    struct object_names objects;
    struct region_vec x, y; /* what both sides have mapped, in normal form */
};

const char *compare_what_name(enum compare_what what)
{
    static const char *const names[] = {
        [COMPARE_OUTCOME] = "outcome",
        [COMPARE_REGIONS] = "regions",
        [COMPARE_BYTES] = "bytes",
        [COMPARE_LENGTH] = "length",
    };

    return names[what];
}

struct compare *compare_new(void)
{
    return calloc(1, sizeof(struct compare));
}

struct compare *compare_free(struct compare *c)
{
    if (c) {
        object_names_free(&c->objects);
        region_vec_free(&c->x);
        region_vec_free(&c->y);
        free(c);
    }
    return NULL;
}

void compare_begin(struct compare *c, const struct record *a, const struct record *b)
{
    c->a = a;
    c->b = b;
    c->objects.n = 0;
}

void object_names_free(struct object_names *names)
{
    free(names->v);
    *names = (struct object_names){0};
}

int object_names_copy(struct object_names *to, const struct object_names *from)
{
    if (vec_reserve(to, from->n) < 0) {
        return -ENOMEM;
    }
    if (from->n) {
        memcpy(to->v, from->v, from->n * sizeof(*to->v));
    }
    to->n = from->n;
    return 0;
}

uint64_t object_names_first(const struct object_names *names, uint64_t b)
{
    for (size_t i = 0; i < names->n; i++) {
        if (names->v[i].b == b) {
            return names->v[i].a;
        }
    }
    return 0;
}

/* The second's B is met where the first has A, for the first time; 0: A is something else's. */
static uint64_t pair_names(struct object_names *names, uint64_t a, uint64_t b)
{
    for (size_t i = 0; i < names->n; i++) {
        if (names->v[i].a == a) {
            return 0;
        }
    }
    if (vec_reserve(names, names->n + 1) < 0) {
        return 0;
    }
    names->v[names->n++] = (struct object_name){a, b};
    return a;
}

void object_names_apply(struct object_names *names, const struct region_vec *a,
                        struct region_vec *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct region *r = &b->v[i];
        const struct region *other = region_find(a, r->r.start);
        uint64_t name;

        if (!r->object || r->kind != REGION_ANON) {
            continue;
        }
        name = object_names_first(names, r->object);
        if (!name && other && other->object && other->kind == REGION_ANON) {
            name = pair_names(names, other->object, r->object);
        }
        r->object = name ? name : ~r->object;
    }
}

void compare_print_side(const struct record *r, const struct region *x, struct buf *out)
{
    struct region shown;

    buf_fmt(out, "%s has ", r->maker);
    if (!x) {
        buf_str(out, "nothing");
        return;
    }
    shown = *x;
    region_print(&shown, out);
}

static int found(struct compare_result *ret, enum compare_what what)
{
    ret->verdict = COMPARE_FINDING;
    ret->what = what;
    return buf_failed(&ret->text) ? -ENOMEM : 0;
}

/* What is mapped is the same, as far as an emulator's list can show it. */
static bool is_listed_so(const struct compare *c, const struct region_difference *d,
                         struct compare_result *ret)
{
    const struct record_place *p = &c->a->place;
    bool so = p->emulated && (listing_explains(&c->y, d->where.start, d->a) ||
                              (!d->a && p->bits == 32 && listing_hides(&c->y, d->where.start)));

    ret->verdict = so ? COMPARE_EXCUSED : COMPARE_SAME;
    ret->what = COMPARE_REGIONS;
    ret->rules |= so ? rule_bit(RULE_ID_LISTING) : 0;
    return so;
}

static int compare_regions(struct compare *c, size_t i, struct compare_result *ret)
{
    struct region_vec a = record_regions(c->a, i);
    struct region_vec b = record_regions(c->b, i);
    struct range within = c->a->place.within;
    struct region_difference d;

    if (region_vec_copy(&c->x, &a) < 0 || region_vec_copy(&c->y, &b) < 0) {
        return -ENOMEM;
    }
    object_names_apply(&c->objects, &c->x, &c->y);
    region_normalise(&c->x, MASK);
    region_normalise(&c->y, MASK);
    do {
        if (!region_diff(&c->x, &c->y, within, MASK, &d)) {
            return 0;
        }
        within.start = d.where.last + 1;
    } while (is_listed_so(c, &d, ret) && d.where.last < c->a->place.within.last);
    if (ret->verdict == COMPARE_EXCUSED) {
        return 0;
    }
    ret->has_where = true;
    ret->where = d.where;
    ret->other_free = !d.b;
    buf_fmt(&ret->text, "at 0x%" PRIx64 "-0x%" PRIx64 " ", d.where.start, d.where.last);
    compare_print_side(c->a, d.a, &ret->text);
    buf_str(&ret->text, ", ");
    compare_print_side(c->b, d.b, &ret->text);
    return found(ret, COMPARE_REGIONS);
}

void compare_print_bytes(const struct record *r, const struct record_digest *d, struct buf *out)
{
    static const char *const words[] = {
        [RECORD_BYTES_KNOWN] = "bytes",
        [RECORD_BYTES_LAZY] = "zeros or bytes",
        [RECORD_BYTES_UNDEFINED] = "any bytes",
        [RECORD_BYTES_NONE] = "a fault: signal",
    };

    buf_fmt(out, "%s has %s 0x%" PRIx64, r->maker, words[d->bytes], d->sum);
}

static uint64_t sum_of_zeros(uint64_t page)
{
    static const uint8_t zeros[65536];

    return record_sum(zeros, page);
}

static bool may_be(const struct record_digest *known, const struct record_digest *d, uint64_t page)
{
    if (d->bytes == RECORD_BYTES_UNDEFINED) {
        return true;
    }
    if (d->bytes == RECORD_BYTES_LAZY && known->bytes == RECORD_BYTES_KNOWN) {
        return d->sum == known->sum || known->sum == sum_of_zeros(page);
    }
    if (d->bytes != known->bytes) {
        return false;
    }
    return d->sum == known->sum || (d->bytes == RECORD_BYTES_NONE && (!d->sum || !known->sum));
}

bool compare_same_bytes(const struct record_digest *x, const struct record_digest *y, uint64_t page)
{
    return may_be(x, y, page) || may_be(y, x, page);
}

static int compare_digests(struct compare *c, size_t i, struct compare_result *ret)
{
    const struct record_slice *a = &c->a->steps.v[i].digests;
    const struct record_slice *b = &c->b->steps.v[i].digests;
    uint64_t page = c->a->place.page;

    for (uint32_t k = 0; k < a->n && k < b->n; k++) {
        const struct record_digest *x = &c->a->digests.v[a->first + k];
        const struct record_digest *y = &c->b->digests.v[b->first + k];

        if (x->page != y->page || compare_same_bytes(x, y, page)) {
            continue;
        }
        ret->has_where = true;
        ret->where = (struct range){x->page, x->page + page - 1};
        buf_fmt(&ret->text, "in the page at 0x%" PRIx64 " ", x->page);
        compare_print_bytes(c->a, x, &ret->text);
        buf_str(&ret->text, ", ");
        compare_print_bytes(c->b, y, &ret->text);
        return found(ret, COMPARE_BYTES);
    }
    return 0;
}

static bool same_outcome(const struct record_step *x, const struct record_step *y)
{
    const struct outcome *a = &x->step.outcome;
    const struct outcome *b = &y->step.outcome;

    if (a->kind != b->kind || y->refused) {
        return false;
    }
    switch ((enum outcome_kind)a->kind) {
    case OUTCOME_OK:
        return a->value == b->value && a->mixed == b->mixed;
    case OUTCOME_FAIL:
        return a->err == b->err;
    case OUTCOME_SIGNAL:
        return a->signal == b->signal && (!x->has_at || !y->has_at || x->at == y->at);
    default:
        return a->kind == OUTCOME_SKIPPED;
    }
}

/* What neither side should ever show needs no second opinion. */
static const char *ended(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_CRASH  ? "crashed"
           : s->step.outcome.kind == OUTCOME_HANG ? "hung"
                                                  : NULL;
}

static int compare_state(struct compare *c, size_t i, struct compare_result *ret)
{
    const struct record_step *x = &c->a->steps.v[i];
    const struct record_step *y = &c->b->steps.v[i];
    int rc = x->has_regions && y->has_regions ? compare_regions(c, i, ret) : 0;

    return rc == 0 && ret->verdict != COMPARE_FINDING ? compare_digests(c, i, ret) : rc;
}

static int compare_op(struct compare *c, size_t i, struct compare_result *ret)
{
    const struct record_step *x = &c->a->steps.v[i];
    const struct record_step *y = &c->b->steps.v[i];

    if (ended(x)) {
        buf_fmt(&ret->text, "%s %s", c->a->maker, ended(x));
        return found(ret, COMPARE_OUTCOME);
    }
    if (x->poison || y->poison == RECORD_GIVEN_UP || y->poison == RECORD_UNSURE) {
        ret->verdict = COMPARE_POISONED;
        ret->poison = x->poison ? x->poison : y->poison;
        return 0;
    }
    if (y->poison) {
        int rc = compare_state(c, i, ret);

        ret->poison = y->poison;
        ret->verdict = ret->verdict == COMPARE_SAME ? COMPARE_POISONED : ret->verdict;
        return rc;
    }
    if (!same_outcome(x, y)) {
        buf_fmt(&ret->text, "%s answers what %s does not allow", c->a->maker, c->b->maker);
        return found(ret, COMPARE_OUTCOME);
    }
    ret->verdict = x->step.outcome.kind == OUTCOME_SKIPPED ? COMPARE_SKIPPED : COMPARE_SAME;
    return ret->verdict == COMPARE_SAME ? compare_state(c, i, ret) : 0;
}

int compare_step(struct compare *c, size_t i, struct compare_result *ret)
{
    struct buf text = ret->text;

    *ret = (struct compare_result){.verdict = COMPARE_SAME, .text = text};
    buf_clear(&ret->text);
    if (i >= c->a->steps.n || i >= c->b->steps.n) {
        buf_fmt(&ret->text, "%s has no step where %s has one",
                i >= c->a->steps.n ? c->a->maker : c->b->maker,
                i >= c->a->steps.n ? c->b->maker : c->a->maker);
        return found(ret, COMPARE_LENGTH);
    }
    return c->a->steps.v[i].what == RECORD_OP ? compare_op(c, i, ret) : compare_state(c, i, ret);
}
