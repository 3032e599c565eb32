/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a program reaches, by its record. A map whose place the program chose lies in the window,
 * or at an absolute address: what is beside it is known. A map that the system placed is an island:
 * what is beside it elsewhere is anything, so ops must stay on it, and on what of it is still
 * mapped once another map may have been placed in its holes.
 */
#include "repro_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum {
    DEPTH_MAX = PROG_FORKS_MAX + 1,
    HARMFUL_FIRST = 100, /* advice that harms the machine, or marks pages for good */
    HARMFUL_LAST = 103,
};
#define NO_STEP SIZE_MAX
#define LOWEST UINT64_C(0x10000)       /* below it no system has anything of a program */
#define FILL_MAX (UINT64_C(64) << 20)  /* bytes that one op may fill at once */
#define LARGE (UINT64_C(1) << 40)      /* maps of this size meet the limits of an address space, */
#define EVERYWHERE (UINT64_C(1) << 47) /* of this size those of every one */

enum domain { DOMAIN_WINDOW, DOMAIN_ABSOLUTE, DOMAIN_ISLAND };

struct home {
    uint8_t domain; /* enum domain */
    uint16_t island;
};

struct island {
    struct range extent;
    size_t placed; /* maps that were placed before it, itself included */
    bool moved;    /* it may be elsewhere now, or not */
};

struct walk {
    const struct repro *r;
    const struct record_place *place;
    struct repro_steps *steps;
    struct repro_space *out;
    struct home names[PROG_RESULTS_MAX];
    struct {
        struct island *v;
        size_t n, cap;
    } islands;
    size_t placed;
    size_t latest[DEPTH_MAX + 1]; /* step, of each process that is not over */
    unsigned depth;
    /* The current step. */
    const struct op *op;
    struct repro_step *step;
    const uint64_t *a;
    bool failed; /* no memory */
};

static uint64_t page_up(const struct walk *w, uint64_t len)
{
    return u64_align_up_wrap(len, w->place->page);
}

/* What this process has mapped before the current step. */
static struct region_vec mapped(const struct walk *w)
{
    size_t i = w->latest[w->depth];

    return i == NO_STEP ? REGION_VEC_INIT : record_regions(w->r->record, i);
}

/* The first address from AT on that is not mapped, LIMIT at most. */
static uint64_t first_hole(const struct walk *w, uint64_t at, uint64_t limit)
{
    struct region_vec all = mapped(w);

    for (size_t i = region_lower_bound(&all, at); i < all.n && all.v[i].r.start <= at && at < limit;
         i++) {
        at = all.v[i].r.last + 1;
    }
    return u64_min(at, limit);
}

static struct home home_of(const struct walk *w, const struct value *v)
{
    switch ((enum value_base)v->base) {
    case VALUE_WINDOW:
        return (struct home){.domain = DOMAIN_WINDOW};
    case VALUE_RESULT:
        return w->names[v->ref];
    default:
        return (struct home){.domain = DOMAIN_ABSOLUTE};
    }
}

static void name(struct walk *w, struct home home)
{
    if (w->op->result < PROG_RESULTS_MAX) {
        w->names[w->op->result] = home;
    }
}

/* R is needed in DOMAIN_ABSOLUTE: kept in order, merged. */
static void want_free(struct walk *w, struct range r)
{
    struct range low = {0, LOWEST - 1};

    if (r.last <= low.last || r.start > w->place->last) {
        return;
    }
    r = range_widen((struct range){u64_max(r.start, LOWEST), u64_min(r.last, w->place->last)},
                    w->place->page);
    for (size_t i = w->out->free.n; i-- > 0;) {
        struct range *f = &w->out->free.v[i];

        if (f->start <= r.last + 1 && r.start <= f->last + 1) {
            r = (struct range){u64_min(f->start, r.start), u64_max(f->last, r.last)};
            memmove(f, f + 1, (--w->out->free.n - i) * sizeof(*f));
        }
    }
    if (vec_reserve(&w->out->free, w->out->free.n + 1) < 0) {
        w->failed = true;
        return;
    }
    w->out->free.v[w->out->free.n++] = r;
}

static void want_window(struct walk *w, struct range r)
{
    struct repro_space *s = w->out;

    s->window = s->has_window ? (struct range){u64_min(s->window.start, r.start),
                                               u64_max(s->window.last, r.last)}
                              : r;
    s->has_window = true;
}

/* Whether part of R, on island I, is or may be another map's that was placed later. */
static bool is_reused(const struct walk *w, const struct island *i, struct range r)
{
    if (w->placed == i->placed) {
        return false;
    }
    for (const struct island *k = i + 1; k < w->islands.v + w->islands.n; k++) {
        if (range_overlaps(k->extent, r)) {
            return true;
        }
    }
    return first_hole(w, r.start, r.last) < r.last;
}

static void visit_island(struct walk *w, const struct island *i, struct range r)
{
    w->out->room |= i->moved || !range_contains(i->extent, r) || is_reused(w, i, r);
}

/*
 * The current op looks at R, or changes it, by an address of HOME. Whatever goes on outside the
 * record's room was stopped at its end there, and is by what is mapped everywhere else.
 */
static void visit(struct walk *w, struct home home, struct range r)
{
    uint64_t room = w->place->within.last;

    if (home.domain == DOMAIN_ISLAND) {
        visit_island(w, &w->islands.v[home.island], r);
    } else if (r.start > room) {
        w->out->pinned |= home.domain == DOMAIN_WINDOW;
    } else if (home.domain == DOMAIN_WINDOW) {
        want_window(w, (struct range){r.start, u64_min(r.last, room)});
    } else {
        w->out->pinned |= w->place->window == 0;
        want_free(w, (struct range){r.start, u64_min(r.last, room)});
    }
}

/* [ADDR, ADDR + LEN) in whole pages, and whether the system has no such addresses. */
static struct range pages(const struct walk *w, uint64_t addr, uint64_t len, bool *beyond)
{
    uint64_t page = w->place->page;
    struct range r = {addr, addr};

    *beyond = len > 0 && (!range_from_len(addr, len, &r) || r.last > w->place->last);
    if (*beyond) {
        r = (struct range){addr, addr < w->place->last ? w->place->last : UINT64_MAX};
    }
    return range_widen(r, page);
}

/*
 * An op that a system can refuse for its range alone then looks at nothing; any other goes from
 * mapping to mapping up to a hole.
 */
static void visit_arg(struct walk *w, unsigned arg, uint64_t len, bool refused)
{
    struct home home = home_of(w, &w->op->arg[arg]);
    bool beyond;
    struct range r = pages(w, w->a[arg], len, &beyond);

    if (beyond && home.domain == DOMAIN_WINDOW && len <= w->place->last) {
        w->out->pinned = true;
    }
    if (beyond && refused) {
        if (home.domain != DOMAIN_ISLAND || len > w->place->last) {
            return;
        }
    } else if (!refused) {
        r.last = u64_min(r.last, first_hole(w, r.start, r.last) | (w->place->page - 1));
    }
    visit(w, home, r);
}

/* The system chose: a new island. */
static void land(struct walk *w, uint64_t len)
{
    struct range r;

    w->placed++;
    if (!range_from_len(w->step->seen->step.outcome.value, page_up(w, len), &r) ||
        w->islands.n > UINT16_MAX) {
        w->out->room = true;
        return;
    }
    if (vec_reserve(&w->islands, w->islands.n + 1) < 0) {
        w->failed = true;
        return;
    }
    w->islands.v[w->islands.n++] = (struct island){.extent = r, .placed = w->placed};
    name(w, (struct home){DOMAIN_ISLAND, (uint16_t)(w->islands.n - 1)});
    w->out->room |= w->step->expect.kind == EXPECT_VALUE;
}

static bool ok(const struct walk *w)
{
    return w->step->seen->step.outcome.kind == OUTCOME_OK;
}

/* A place that was asked for, not ordered, by argument ARG. */
static void walk_hint(struct walk *w, unsigned arg, uint64_t len)
{
    uint64_t hint = u64_max(u64_align_down(w->a[arg], w->place->page), w->place->min_addr);
    uint64_t got = w->step->seen->step.outcome.value;
    struct home home = home_of(w, &w->op->arg[arg]);
    struct range r;

    if (w->a[arg] == 0 || !ok(w)) {
        w->out->room |= w->a[arg] != 0 && home.domain == DOMAIN_ISLAND;
    } else if (got >= hint && got - hint <= w->place->page) {
        if (range_from_len(got, page_up(w, len), &r)) {
            visit(w, home, r);
        }
        name(w, home);
        return;
    } else if (home.domain != DOMAIN_ABSOLUTE) {
        visit_arg(w, arg, len, true);
    }
    if (ok(w)) {
        land(w, len);
    }
}

static void walk_mmap(struct walk *w)
{
    bool is_linux = w->place->system == ABI_LINUX;

    if (w->step->fixed) {
        visit_arg(w, 0, w->a[1], true);
        name(w, home_of(w, &w->op->arg[0]));
        return;
    }
    w->out->room |= page_up(w, w->a[1]) >= LARGE && w->a[1] < EVERYWHERE;
    w->out->room |= is_linux && (w->a[3] & LINUX_MAP_GROWSDOWN);
    walk_hint(w, 0, w->a[1]);
}

/* A map of the window grows: over what is beside it, which is known, or elsewhere. */
static void grow_known(struct walk *w, uint64_t new_len)
{
    bool moved = ok(w) && w->step->seen->step.outcome.value != w->a[0];

    w->out->pinned |= new_len >= LARGE;
    visit_arg(w, 0, new_len, true);
    if (moved) {
        land(w, new_len);
    } else {
        name(w, home_of(w, &w->op->arg[0]));
    }
}

/* An island grows. Only its own pages behind the range are known to be in the way. */
static void grow_island(struct walk *w, struct home home, uint64_t old_len, uint64_t new_len)
{
    struct island *i = &w->islands.v[home.island];
    uint64_t behind = w->a[0] + old_len;
    bool blocked = range_has(i->extent, behind) && first_hole(w, behind, behind + 1) > behind;

    if (!blocked) {
        w->out->room |= !ok(w) || !(w->a[3] & ABI_MREMAP_MAYMOVE);
        i->moved = true;
    }
    if (ok(w)) {
        land(w, new_len);
    }
}

static void walk_mremap(struct walk *w)
{
    struct home home = home_of(w, &w->op->arg[0]);
    uint64_t old_len = page_up(w, w->a[1]);
    uint64_t new_len = page_up(w, w->a[2]);

    visit_arg(w, 0, w->a[1], true);
    if (w->a[3] & ABI_MREMAP_FIXED) {
        visit_arg(w, 4, w->a[2], true);
        name(w, home_of(w, &w->op->arg[4]));
    } else if (w->a[3] & ABI_MREMAP_DONTUNMAP) {
        walk_hint(w, 4, w->a[2]);
    } else if (old_len == 0) {
        if (ok(w)) {
            land(w, new_len);
        }
    } else if (new_len <= old_len) {
        name(w, home);
    } else if (home.domain == DOMAIN_ISLAND) {
        grow_island(w, home, old_len, new_len);
    } else {
        grow_known(w, new_len);
    }
}

static void walk_op(struct walk *w)
{
    switch ((enum op_kind)w->op->kind) {
    case OP_mmap:
        walk_mmap(w);
        break;
    case OP_mremap:
        walk_mremap(w);
        break;
    case OP_munmap:
    case OP_madvise:
        visit_arg(w, 0, w->a[1], true);
        break;
    case OP_mprotect:
    case OP_msync:
    case OP_store:
    case OP_load:
        visit_arg(w, 0, w->a[1], false);
        break;
    default:
        break;
    }
}

/* What no target that is a real system runs, whatever the record is of. */
static const char *dangerous(const struct walk *w)
{
    bool is_linux = w->place->system == ABI_LINUX;
    uint64_t huge = LINUX_MAP_HUGETLB | LINUX_MAP_ANONYMOUS;
    uint64_t fills = LINUX_MAP_POPULATE | LINUX_MAP_LOCKED;

    if (w->op->kind == OP_madvise && w->a[2] >= HARMFUL_FIRST && w->a[2] <= HARMFUL_LAST) {
        return record_poison_text(RECORD_HARMFUL);
    }
    if (w->op->kind != OP_mmap || !is_linux) {
        return NULL;
    }
    if ((w->a[3] & huge) == huge) {
        return record_poison_text(RECORD_BEYOND);
    }
    return (w->a[3] & fills) && w->a[1] > FILL_MAX && w->a[1] < EVERYWHERE
               ? record_poison_text(RECORD_BIG)
               : NULL;
}

/* Whether a process elsewhere may have addresses that the record's place has not. */
static bool is_short(const struct walk *w)
{
    return w->place->last < (w->place->bits == 32 ? UINT32_MAX : EVERYWHERE - 1);
}

/* Whether [ADDR, ADDR + LEN) ends among these. */
static bool is_far(const struct walk *w, uint64_t addr, uint64_t len)
{
    uint64_t last = w->place->last;
    uint64_t limit = w->place->bits == 32 ? UINT32_MAX : EVERYWHERE - 1;

    return is_short(w) && len <= limit && addr <= limit && len - 1 <= limit - addr &&
           (addr > last || (len > 0 && len - 1 > last - addr));
}

static bool is_placed(const struct walk *w)
{
    return op_descs[w->op->kind].result == OP_RESULT_ADDR && !w->step->fixed;
}

/*
 * An op that failed in the record for an address space that is not that of a process. Only one that
 * does all or nothing can be left out for it.
 */
static const char *elsewhere(const struct walk *w)
{
    bool to = w->op->kind == OP_mremap && (w->a[3] & ABI_MREMAP_FIXED);
    bool whole = w->op->kind == OP_munmap || w->op->kind == OP_mmap || w->op->kind == OP_mremap;
    bool full = is_placed(w) && w->step->seen->step.outcome.err == ABI_ENOMEM;

    if (w->place->window != 0 || ok(w)) {
        return NULL;
    }
    if ((whole && !is_placed(w) && is_far(w, w->a[0], w->a[1])) ||
        (to && is_far(w, w->a[4], w->a[2]))) {
        return "it reaches beyond the address space of the record";
    }
    if (full && is_short(w) && u64_max(w->a[1], w->a[2]) < EVERYWHERE) {
        return "the address space of the record has no room for it";
    }
    return w->op->kind == OP_mmap && w->step->fixed && w->a[0] < w->place->min_addr
               ? "it lies below the lowest address of the record"
               : NULL;
}

/* 0, or -ENOTSUP: what is left out here must have changed nothing in the record. */
static int weed(struct walk *w, struct err *e)
{
    const char *why = dangerous(w);

    w->out->pinned |= w->place->window == 0 && ok(w) && w->a[0] > 0 &&
                      w->a[0] < w->place->min_addr &&
                      home_of(w, &w->op->arg[0]).domain == DOMAIN_WINDOW;
    why = why ? why : elsewhere(w);
    if (why && ok(w)) {
        return err_set(e, -ENOTSUP, "op %zu, %s: %s", (size_t)(w->step - w->steps->v) + 1,
                       op_descs[w->op->kind].name, why);
    }
    w->step->left_out = why;
    return 0;
}

static int walk_step(struct walk *w, size_t i, struct err *e)
{
    const struct record_step *s = &w->r->record->steps.v[i];
    int rc = 0;

    if (s->what == RECORD_BORN && w->depth < DEPTH_MAX) {
        w->depth++;
    } else if (s->what == RECORD_DONE && w->depth > 0) {
        w->depth--;
        return 0;
    } else if (s->what == RECORD_OP && s->step.op < w->steps->n) {
        w->op = &w->r->prog->ops.v[s->step.op];
        w->step = &w->steps->v[s->step.op];
        w->a = s->step.args.arg;
        if (!w->step->left_out && op_descs[w->op->kind].n_args > 0) {
            rc = weed(w, e);
        }
        if (rc == 0 && !w->step->left_out) {
            walk_op(w);
        }
    }
    w->latest[w->depth] = i;
    return rc;
}

int repro_space_find(struct repro_space *space, const struct repro *r, struct repro_steps *s,
                     struct err *e)
{
    struct walk w = {.r = r, .place = &r->record->place, .steps = s, .out = space};
    int rc = 0;

    *space = (struct repro_space){0};
    for (size_t i = 0; i <= DEPTH_MAX; i++) {
        w.latest[i] = NO_STEP;
    }
    for (size_t i = 0; rc == 0 && i < r->record->steps.n; i++) {
        rc = walk_step(&w, i, e);
    }
    space->pinned |= space->has_window && range_len(space->window) - 1 >= LARGE;
    if (rc == 0 && w.failed) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    free(w.islands.v);
    if (rc < 0) {
        repro_space_free(space);
    }
    return rc;
}

void repro_space_free(struct repro_space *s)
{
    free(s->free.v);
    *s = (struct repro_space){0};
}
