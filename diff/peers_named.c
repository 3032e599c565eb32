/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an op names on either side, and what becomes of it where the two come apart. */
#include "base/int.h"
#include "exec/rangeset.h"
#include "peers_int.h"

/* The pages of the LEN bytes at START; all there are where they wrap. */
static struct range pages_of(uint64_t start, uint64_t len, uint64_t page)
{
    struct range r;

    if (!range_from_len(start, u64_max(len, 1), &r)) {
        r = (struct range){0, UINT64_MAX};
    }
    return range_widen(r, page);
}

static void add(struct peers *p, uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    struct named *n = &p->named;

    n->a[n->n] = pages_of(a, a_len, p->a->place.page);
    n->b[n->n] = pages_of(peers_shift(p, b), b_len, p->a->place.page);
    n->n++;
}

/* Argument ADDR with the length in argument LEN (-1: one byte). */
static void add_args(struct peers *p, const struct record_step *x, const struct record_step *y,
                     int addr, int len)
{
    const uint64_t *a = x->step.args.arg;
    const uint64_t *b = y->step.args.arg;

    add(p, a[addr], len < 0 ? 1 : a[len], b[addr], len < 0 ? 1 : b[len]);
}

static bool old_size(const struct peers *p, const struct record_step *s)
{
    return u64_align_up_wrap(s->step.args.arg[1], p->a->place.page) != 0;
}

static void add_op(struct peers *p, const struct op *op, const struct record_step *x,
                   const struct record_step *y)
{
    const uint64_t fixed = ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL;

    switch ((enum op_kind)op->kind) {
    case OP_mmap:
        if (op->arg[3].num & fixed) {
            add_args(p, x, y, 0, 1);
        }
        break;
    case OP_mremap:
        /* an old size of 0 is a second map of what is there */
        add_args(p, x, y, 0, old_size(p, x) || old_size(p, y) ? 1 : 2);
        if (op->arg[3].num & ABI_MREMAP_FIXED) {
            add_args(p, x, y, 4, 2);
        }
        break;
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
    case OP_store:
    case OP_load:
        add_args(p, x, y, 0, 1);
        break;
    case OP_exec:
        add_args(p, x, y, 0, -1);
        break;
    default:
        break;
    }
}

static bool did(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_OK;
}

/* Where the op's result lies, at whatever length it was asked for. */
static void add_result(struct peers *p, const struct op *op, const struct record_step *x,
                       const struct record_step *y)
{
    unsigned len = op->kind == OP_mmap ? 1 : 2;
    struct named *n = &p->named;

    if (op_descs[op->kind].result != OP_RESULT_ADDR || (!did(x) && !did(y))) {
        return;
    }
    n->a[n->n] = pages_of(did(x) ? x->step.outcome.value : peers_shift(p, y->step.outcome.value),
                          x->step.args.arg[len], p->a->place.page);
    n->b[n->n] = pages_of(
        peers_shift(p, did(y) ? y->step.outcome.value
                              : x->step.outcome.value - p->a->place.window + p->b->place.window),
        y->step.args.arg[len], p->a->place.page);
    n->n++;
}

/* Nothing of V, what the target of PLACE has mapped, lies in R, where something could. */
static bool is_free(const struct region_vec *v, const struct record_place *place, struct range r)
{
    size_t i = region_lower_bound(v, r.start);

    /* page 0 is no place like any other */
    return (i == v->n || v->v[i].r.start > r.last) && range_contains(place->within, r) &&
           r.start - place->window >= place->page;
}

/*
 * Whether A of the first and B of the second hold the same, page for page: one and the same, or
 * nothing on both sides, for what is free may be anywhere.
 */
static bool alike(struct peers *p, struct range a, struct range b)
{
    struct region_vec mine = peers_before(p, p->a);
    struct region_vec other = peers_before(p, p->b);

    if (a.last - a.start != b.last - b.start) {
        return false;
    }
    for (;;) {
        uint64_t at;
        bool known;
        uint64_t len = rename_piece(&p->rename, b, &at, &known);

        if (!known || at != a.start) {
            struct range in_a = {a.start, a.start + (len - 1)};
            struct range in_b = peers_unshift(p, (struct range){b.start, b.start + (len - 1)});

            p->named.exact = false;
            if (!is_free(&mine, &p->a->place, in_a) || !is_free(&other, &p->b->place, in_b)) {
                return false;
            }
        }
        if (len - 1 >= b.last - b.start) {
            return true;
        }
        a.start += len;
        b.start += len;
    }
}

static bool skipped(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_SKIPPED;
}

static bool is_all(struct range r)
{
    return r.start == 0 && r.last == UINT64_MAX;
}

/* A range that wraps and is refused names nothing. */
static void drop_wrapped(struct named *n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n->n; i++) {
        if (!is_all(n->a[i]) && !is_all(n->b[i])) {
            n->a[kept] = n->a[i];
            n->b[kept++] = n->b[i];
        }
    }
    n->n = kept;
}

void peers_name(struct peers *p, size_t at)
{
    const struct record_step *x = &p->a->steps.v[at];
    const struct record_step *y = &p->b->steps.v[at];
    const struct op *op = &p->prog->ops.v[x->step.op];
    struct named *n = &p->named;

    n->n = 0;
    n->same = true;
    n->exact = true;
    add_op(p, op, x, y);
    for (unsigned i = 0; i < n->n; i++) {
        /* who skips an op names nothing: what the other names is meant */
        if (skipped(x)) {
            n->a[i] = n->b[i];
        } else if (skipped(y)) {
            n->b[i] = n->a[i];
        } else {
            n->same &= alike(p, n->a[i], n->b[i]);
        }
    }
    if (x->step.outcome.kind == OUTCOME_FAIL && y->step.outcome.kind == OUTCOME_FAIL &&
        op->kind != OP_mprotect) {
        drop_wrapped(n);
    }
    add_result(p, op, x, y);
}

bool peers_is_named(const struct peers *p, struct range where)
{
    for (unsigned i = 0; i < p->named.n; i++) {
        if (range_contains(p->named.a[i], where)) {
            return true;
        }
    }
    return false;
}

/* R, addresses of the second, are not compared: where the first has the same, and there. */
static int part_second(struct peers *p, struct range r)
{
    int rc = 0;

    for (;;) {
        uint64_t at;
        bool known;
        uint64_t len = rename_piece(&p->rename, r, &at, &known);

        rc = rangeset_add(&p->apart.pages, (struct range){at, at + (len - 1)});
        if (rc < 0 || len - 1 >= r.last - r.start) {
            return rc;
        }
        r.start += len;
    }
}

static uint64_t first_name(const void *arg, uint64_t object)
{
    return object_names_first(arg, object);
}

/* What is shared in the host pages of WHERE, addresses of one side, around its step I. */
static int part_objects(struct peers *p, const struct record *r, size_t i, struct range where)
{
    bool second = r == p->b;
    struct range wide = range_widen(where, u64_max(r->place.host_page, r->place.page));
    struct region_vec before = peers_before(p, r);
    struct region_vec after = peers_after(p, r, i);
    int rc = apart_objects(&p->apart, &before, wide, second ? first_name : NULL, &p->names);

    return rc < 0 ? rc
                  : apart_objects(&p->apart, &after, wide, second ? first_name : NULL, &p->names);
}

int peers_part(struct peers *p, size_t i)
{
    int rc = 0;

    p->seen = false;
    for (unsigned k = 0; rc == 0 && k < p->named.n; k++) {
        rc = rangeset_add(&p->apart.pages, p->named.a[k]);
        rc = rc < 0 ? rc : part_second(p, p->named.b[k]);
        rc = rc < 0 ? rc : part_objects(p, p->a, i, p->named.a[k]);
        rc = rc < 0 ? rc : part_objects(p, p->b, i, peers_unshift(p, p->named.b[k]));
    }
    return rc;
}

static bool overlaps(const struct region_vec *set, struct range r)
{
    size_t i = region_lower_bound(set, r.start);

    return i < set->n && set->v[i].r.start <= r.last;
}

bool peers_touches_apart(const struct peers *p)
{
    for (unsigned k = 0; k < p->named.n; k++) {
        if (overlaps(&p->apart.pages, p->named.a[k])) {
            return true;
        }
    }
    return false;
}

bool peers_meets_apart(const struct peers *p, size_t i)
{
    uint64_t page = p->a->place.page;

    for (unsigned k = 0; k < p->named.n; k++) {
        struct range r = p->named.a[k];

        if (peers_page_hidden(p, i, r.start) ||
            peers_page_hidden(p, i, u64_align_down(r.last, page))) {
            return true;
        }
    }
    return peers_touches_apart(p);
}

/* What R has mapped in WHERE, its own addresses, after step I, is its own affair from now on. */
static int part_mapped(struct peers *p, const struct record *r, size_t i, struct range where)
{
    struct region_vec mapped = peers_after(p, r, i);
    int rc = 0;

    for (size_t k = region_lower_bound(&mapped, where.start);
         rc == 0 && k < mapped.n && mapped.v[k].r.start <= where.last; k++) {
        struct range cut = range_cut(mapped.v[k].r, where);

        rc = r == p->b ? part_second(p, peers_shift_range(p, cut))
                       : rangeset_add(&p->apart.pages, cut);
    }
    return rc;
}

/*
 * The pair OLD has lost LEN bytes from OFFSET on to what was placed since: what either side still
 * has there has no counterpart, and what lies at the same numbers on the other side shows again.
 */
static int part_lost(struct peers *p, size_t i, const struct rename_pair *old, uint64_t offset,
                     uint64_t len)
{
    struct range a = {old->a + offset, old->a + offset + (len - 1)};
    struct range b = {old->b + offset, old->b + offset + (len - 1)};
    int rc = part_mapped(p, p->a, i, a);

    rc = rc < 0 ? rc : part_mapped(p, p->a, i, b);
    rc = rc < 0 ? rc : part_mapped(p, p->b, i, peers_unshift(p, a));
    return rc < 0 ? rc : part_mapped(p, p->b, i, peers_unshift(p, b));
}

/* Where the pair OLD, one side of which begins at START, loses to NEW. */
static int part_cut(struct peers *p, size_t i, const struct rename_pair *old, uint64_t start,
                    struct range new)
{
    struct range was = {start, start + (old->len - 1)};
    struct range cut;

    if (!range_overlaps(was, new)) {
        return 0;
    }
    cut = range_cut(was, new);
    return part_lost(p, i, old, cut.start - start, range_len(cut));
}

int peers_rename(struct peers *p, size_t i)
{
    const struct record_step *x = &p->a->steps.v[i];
    const struct op *op = &p->prog->ops.v[x->step.op];
    const struct named *n = &p->named;
    struct rename old = RENAME_INIT;
    struct range a, b;
    int rc;

    if (op_descs[op->kind].result != OP_RESULT_ADDR || !did(x) || !did(&p->b->steps.v[i])) {
        return 0;
    }
    a = n->a[n->n - 1];
    b = n->b[n->n - 1];
    p->seen = false;
    rc = rename_copy(&old, &p->rename);
    rc = rc < 0 ? rc : rename_put(&p->rename, a.start, b.start, range_len(a));
    for (size_t k = 0; rc == 0 && k < old.pairs.n; k++) {
        const struct rename_pair *o = &old.pairs.v[k];

        if (o->a - o->b != a.start - b.start) { /* else what is cut is paired again */
            rc = part_cut(p, i, o, o->a, a);
            rc = rc < 0 ? rc : part_cut(p, i, o, o->b, b);
        }
    }
    rename_free(&old);
    return rc;
}

/* Nothing is left of what a munmap named: one that wraps to nothing takes nothing. */
static bool is_gone(const struct peers *p, size_t i)
{
    struct region_vec a = peers_after(p, p->a, i);
    struct region_vec b = peers_after(p, p->b, i);

    return p->named.n > 0 && !overlaps(&a, p->named.a[0]) &&
           !overlaps(&b, peers_unshift(p, p->named.b[0]));
}

/* V has no hole in R. */
static bool is_covered(const struct region_vec *v, struct range r)
{
    const struct region *g;

    while ((g = region_find(v, r.start)) != NULL && g->r.last < r.last) {
        r.start = g->r.last + 1;
    }
    return g != NULL;
}

/* Both have mapped all of what it makes anew: a move leaves what faces a hole of its source. */
static bool makes_all(const struct peers *p, enum op_kind kind)
{
    struct region_vec a = peers_before(p, p->a);
    struct region_vec b = peers_before(p, p->b);

    return kind == OP_mmap ||
           (is_covered(&a, p->named.a[0]) && is_covered(&b, peers_unshift(p, p->named.b[0])));
}

int peers_settle(struct peers *p, size_t i)
{
    const struct record_step *x = &p->a->steps.v[i];
    enum op_kind kind = (enum op_kind)p->prog->ops.v[x->step.op].kind;
    bool moves = kind == OP_mremap && did(x) && did(&p->b->steps.v[i]);
    bool stays = !old_size(p, x) || (x->step.args.arg[3] & ABI_MREMAP_DONTUNMAP);
    bool was = moves && overlaps(&p->apart.pages, p->named.a[0]);
    struct range made = p->named.n ? p->named.a[p->named.n - 1] : (struct range){0, 0};
    int rc = moves && !stays && p->named.exact ? rangeset_cut(&p->apart.pages, p->named.a[0]) : 0;

    rc = rc < 0 ? rc : peers_rename(p, i);
    if (rc < 0 || !did(x) || !did(&p->b->steps.v[i])) {
        return rc;
    }
    if (((moves || kind == OP_mmap) && makes_all(p, kind)) ||
        (kind == OP_munmap && p->named.exact && is_gone(p, i))) {
        rc = rangeset_cut(&p->apart.pages, made);
    }
    /* what had come apart is so at its new place, too */
    return rc == 0 && was ? rangeset_add(&p->apart.pages, made) : rc;
}
