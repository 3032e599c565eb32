/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <string.h>

#include "base/int.h"

const struct rule_desc rule_descs[RULE_COUNT] = {
#define RULE(id, name, between, scope, source, reason) {name, between, scope, source, reason},
#include "rules.def"
#undef RULE
};

_Static_assert((int)RULE_COUNT <= 64, "a set of rules is a word");

enum rule_id rule_find(const char *name)
{
    for (int i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rule_descs[i].name, name) == 0) {
            return (enum rule_id)i;
        }
    }
    return RULE_NONE;
}

/* ---- the two sides by what they are ---- */

static bool of(const struct record *r, enum abi_system system)
{
    return r->place.system == system;
}

static const struct record_step *side(const struct rule_ctx *c, enum abi_system system)
{
    return of(c->a, system) ? c->x : c->y;
}

static const struct record_step *lin(const struct rule_ctx *c)
{
    return side(c, ABI_LINUX);
}

static const struct record_step *bsd(const struct rule_ctx *c)
{
    return side(c, ABI_FREEBSD);
}

static const struct record *bsd_record(const struct rule_ctx *c)
{
    return of(c->a, ABI_FREEBSD) ? c->a : c->b;
}

static bool did(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_OK;
}

static bool failed(const struct record_step *s, int err)
{
    return s->step.outcome.kind == OUTCOME_FAIL && s->step.outcome.err == err;
}

static bool is(const struct rule_ctx *c, enum op_kind kind)
{
    return c->op->kind == kind;
}

/* Linux refuses with ERR (0: whatever) what FreeBSD does. */
static bool linux_alone(const struct rule_ctx *c, int err)
{
    return lin(c)->step.outcome.kind == OUTCOME_FAIL && did(bsd(c)) &&
           (err == 0 || failed(lin(c), err));
}

static bool freebsd_alone(const struct rule_ctx *c, int err)
{
    return bsd(c)->step.outcome.kind == OUTCOME_FAIL && did(lin(c)) &&
           (err == 0 || failed(bsd(c), err));
}

static uint64_t page(const struct rule_ctx *c)
{
    return c->a->place.page;
}

static bool is_range_call(const struct rule_ctx *c)
{
    return is(c, OP_munmap) || is(c, OP_mprotect) || is(c, OP_msync) || is(c, OP_madvise);
}

/* The op's own words: flags and rights as programs have them, whatever a system's numbers are. */
static uint64_t word(const struct rule_ctx *c, unsigned arg)
{
    return c->op->arg[arg].num;
}

static bool has_flag(const struct rule_ctx *c, uint64_t flags)
{
    return is(c, OP_mmap) && (word(c, 3) & flags) != 0;
}

static bool is_anonymous(const struct rule_ctx *c)
{
    return has_flag(c, ABI_MAP_ANONYMOUS | ABI_MAP_STACK | ABI_MAP_GUARD);
}

/* The length rounds up to none at all. */
static bool is_empty(const struct rule_ctx *c)
{
    const uint64_t *a = bsd(c)->step.args.arg;
    uint64_t mask = bsd_record(c)->place.bits == 32 ? UINT32_MAX : UINT64_MAX;

    return ((a[1] + (a[0] & (page(c) - 1)) + (page(c) - 1)) & mask & ~(page(c) - 1)) == 0;
}

/* ---- the rules ---- */

static bool rule_NOT_THERE(const struct rule_ctx *c)
{
    return (c->x->step.outcome.kind == OUTCOME_SKIPPED) !=
           (c->y->step.outcome.kind == OUTCOME_SKIPPED);
}

static bool rule_BOTH_REFUSE(const struct rule_ctx *c)
{
    return c->what == COMPARE_OUTCOME && c->x->step.outcome.kind == OUTCOME_FAIL &&
           c->y->step.outcome.kind == OUTCOME_FAIL;
}

static bool rule_UNALIGNED(const struct rule_ctx *c)
{
    return is_range_call(c) && (lin(c)->step.args.arg[0] & (page(c) - 1)) != 0 &&
           failed(lin(c), ABI_EINVAL);
}

static bool rule_PROT_BITS(const struct rule_ctx *c)
{
    uint64_t known = ABI_PROT_RWX | (uint64_t)ABI_PROT_RWX << ABI_PROT_MAX_SHIFT;

    return (is(c, OP_mmap) || is(c, OP_mprotect)) && (word(c, 2) & ~known) != 0 &&
           failed(bsd(c), ABI_EINVAL);
}

static bool rule_PROT_MAX(const struct rule_ctx *c)
{
    return (is(c, OP_mmap) || is(c, OP_mprotect)) &&
           (word(c, 2) & (uint64_t)ABI_PROT_RWX << ABI_PROT_MAX_SHIFT) != 0;
}

static bool rule_MAP_BITS(const struct rule_ctx *c)
{
    uint64_t types = ABI_MAP_SHARED | ABI_MAP_PRIVATE;

    return is(c, OP_mmap) && freebsd_alone(c, ABI_EINVAL) &&
           ((word(c, 3) >> ABI_MAP_RAW_SHIFT) != 0 || (word(c, 3) & types) == types);
}

static bool rule_ANON_FD(const struct rule_ctx *c)
{
    const uint64_t *a = bsd(c)->step.args.arg;

    return is_anonymous(c) && freebsd_alone(c, ABI_EINVAL) && ((int)a[4] != -1 || a[5] != 0);
}

static bool rule_ANON_TYPE(const struct rule_ctx *c)
{
    return is_anonymous(c) && linux_alone(c, ABI_EINVAL) &&
           !has_flag(c, ABI_MAP_SHARED | ABI_MAP_PRIVATE);
}

static bool rule_STACK(const struct rule_ctx *c)
{
    /* a map without a descriptor is one of a file to Linux, of anonymous memory to FreeBSD */
    return has_flag(c, ABI_MAP_STACK | ABI_MAP_GROWSDOWN) &&
           (c->what != COMPARE_OUTCOME || failed(bsd(c), ABI_EINVAL) ||
            (is_anonymous(c) && did(bsd(c)) && lin(c)->step.outcome.kind == OUTCOME_FAIL));
}

static uint64_t place_of(const struct rule_ctx *c, const struct record *r,
                         const struct record_step *s)
{
    return s->step.args.arg[is(c, OP_mmap) ? 0 : 4] - r->place.window;
}

static bool rule_MAP_LOW(const struct rule_ctx *c)
{
    enum { MIN_ADDR = 65536 };
    bool moves = is(c, OP_mremap) && (word(c, 3) & ABI_MREMAP_FIXED);

    return (has_flag(c, ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE | ABI_MAP_EXCL) || moves) &&
           (c->x->step.outcome.kind == OUTCOME_FAIL || c->y->step.outcome.kind == OUTCOME_FAIL) &&
           u64_min(place_of(c, c->a, c->x), place_of(c, c->b, c->y)) < MIN_ADDR;
}

static bool rule_OUTSIDE(const struct rule_ctx *c)
{
    const struct record_place *place = &bsd_record(c)->place;
    uint64_t at = bsd(c)->step.args.arg[0];

    return (is(c, OP_mmap) || is(c, OP_munmap) || is(c, OP_madvise)) &&
           (at - place->window < page(c) || at > place->last) && freebsd_alone(c, ABI_EINVAL);
}

static bool rule_MAP_32BIT(const struct rule_ctx *c)
{
    return has_flag(c, ABI_MAP_32BIT) &&
           (linux_alone(c, ABI_ENOMEM) || freebsd_alone(c, ABI_EINVAL) ||
            freebsd_alone(c, ABI_ENOMEM));
}

static bool rule_OFFSET_INSIDE(const struct rule_ctx *c)
{
    return is(c, OP_mmap) && (lin(c)->step.args.arg[5] & (page(c) - 1)) != 0 &&
           linux_alone(c, ABI_EINVAL);
}

static bool rule_WRITE_ONLY_FILE(const struct rule_ctx *c)
{
    int64_t file = lin(c)->step.args.file;

    return is(c, OP_mmap) && file >= 0 && c->prog->files.v[file].open == PROG_WRONLY &&
           linux_alone(c, ABI_EACCES);
}

static bool rule_LENGTH_WRAPS(const struct rule_ctx *c)
{
    return is_range_call(c) && bsd(c)->step.args.arg[1] != 0 && is_empty(c) && did(bsd(c));
}

/* Linux has nothing somewhere in what the op names. */
static bool has_holes(const struct rule_ctx *c)
{
    const struct region_vec *v = of(c->a, ABI_LINUX) ? &c->before_a : &c->before_b;
    const uint64_t *a = lin(c)->step.args.arg;
    struct range r;
    uint64_t at;

    if (!range_from_len(a[0], a[1], &r)) {
        return true;
    }
    r = range_widen(r, page(c));
    for (at = r.start;;) {
        const struct region *g = region_find(v, at);

        if (!g) {
            return true;
        }
        if (g->r.last >= r.last) {
            return false;
        }
        at = g->r.last + 1;
    }
}

static bool rule_MPROTECT_HOLES(const struct rule_ctx *c)
{
    return is(c, OP_mprotect) && linux_alone(c, ABI_ENOMEM) && has_holes(c);
}

static bool rule_MSYNC_EMPTY(const struct rule_ctx *c)
{
    return is(c, OP_msync) && is_empty(c) && freebsd_alone(c, ABI_ENOMEM);
}

static bool rule_MSYNC_FLAGS(const struct rule_ctx *c)
{
    uint64_t known = ABI_MS_ASYNC | ABI_MS_INVALIDATE | ABI_MS_SYNC;
    uint64_t flags = word(c, 2);

    return is(c, OP_msync) && ((linux_alone(c, ABI_EINVAL) &&
                                ((flags & ~known) != 0 || (flags & (ABI_MS_ASYNC | ABI_MS_SYNC)) ==
                                                              (ABI_MS_ASYNC | ABI_MS_SYNC))) ||
                               (freebsd_alone(c, ABI_EINVAL) && (flags & ABI_MS_ASYNC) &&
                                (flags & ABI_MS_INVALIDATE)));
}

static bool rule_MADVISE_HOLES(const struct rule_ctx *c)
{
    return is(c, OP_madvise) && linux_alone(c, ABI_ENOMEM) && has_holes(c);
}

static bool rule_MADVISE_NUMBER(const struct rule_ctx *c)
{
    enum { COMMON_ADVICE = 4 }; /* NORMAL to DONTNEED have one number everywhere */

    return is(c, OP_madvise) && word(c, 2) > COMMON_ADVICE && word(c, 2) < ABI_ADVICE_NAMED;
}

static bool rule_MADVISE_FREE(const struct rule_ctx *c)
{
    return is(c, OP_madvise) && word(c, 2) == ABI_MADV_FREE && linux_alone(c, ABI_EINVAL);
}

static bool rule_DONTNEED(const struct rule_ctx *c)
{
    return is(c, OP_madvise) && lin(c)->step.args.arg[2] == LINUX_MADV_DONTNEED &&
           c->what == COMPARE_BYTES;
}

/* S stopped at a page that has another right than R. */
static bool stopped_without_r(const struct record_step *s, const struct region_vec *before)
{
    const struct region *g = region_find(before, s->has_at ? s->at : s->step.args.arg[0]);

    return s->step.outcome.kind == OUTCOME_SIGNAL && g && !(g->prot & REGION_R) &&
           (g->prot & (REGION_W | REGION_X));
}

static bool rule_READ_IMPLIED(const struct rule_ctx *c)
{
    return is(c, OP_load) &&
           (stopped_without_r(c->x, &c->before_a) || stopped_without_r(c->y, &c->before_b));
}

static bool both_fail(const struct rule_ctx *c)
{
    return c->x->step.outcome.kind == OUTCOME_FAIL && c->y->step.outcome.kind == OUTCOME_FAIL;
}

static bool rule_FAILURE_KEEPS(const struct rule_ctx *c)
{
    bool one_layer = (c->a->place.host_page != 0) != (c->b->place.host_page != 0);

    return (is(c, OP_mmap) || is(c, OP_mremap)) && c->what != COMPARE_OUTCOME && both_fail(c) &&
           (one_layer || c->a->place.system != c->b->place.system);
}

static bool rule_MPROTECT_HALF(const struct rule_ctx *c)
{
    return is(c, OP_mprotect) && c->what != COMPARE_OUTCOME && both_fail(c);
}

/* The last of LEN bytes at AT. */
static uint64_t last_of(uint64_t at, uint64_t len)
{
    struct range r;

    return len == 0 ? at : range_from_len(at, len, &r) ? r.last : UINT64_MAX;
}

/* The last byte that the op names on a side, from the window's start. */
static uint64_t named_last(const struct rule_ctx *c, const struct record *r,
                           const struct record_step *s)
{
    const uint64_t *a = s->step.args.arg;
    uint64_t at = a[0] - r->place.window;
    uint64_t to = a[3] & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP) ? a[4] - r->place.window : at;

    uint64_t len = is(c, OP_mmap) ? u64_align_up_wrap(a[1], page(c)) : a[1];

    return u64_max(last_of(at, len), is(c, OP_mremap) ? last_of(to, a[2]) : 0);
}

static bool rule_WINDOW(const struct rule_ctx *c)
{
    uint64_t a = c->a->place.last - c->a->place.window;
    uint64_t b = c->b->place.last - c->b->place.window;

    uint64_t last = u64_max(named_last(c, c->a, c->x), named_last(c, c->b, c->y));

    last |= page(c) - 1;
    /* above both it is no space of either: whatever they say, they both refuse */
    return a != b && last > u64_min(a, b) && (last <= u64_max(a, b) || (!did(c->x) && !did(c->y)));
}

/* The largest stretch of R's space in which nothing is mapped. */
static uint64_t largest_gap(const struct record *r, const struct region_vec *before)
{
    uint64_t from = u64_max(u64_max(r->place.min_addr, r->place.within.start), r->place.page);
    uint64_t largest = 0;

    for (size_t i = 0; i < before->n; i++) {
        const struct range *g = &before->v[i].r;

        largest = u64_max(largest, g->start > from ? g->start - from : 0);
        from = u64_max(from, g->last + 1);
    }
    return u64_max(largest, r->place.within.last >= from ? r->place.within.last - from + 1 : 0);
}

static bool no_gap(const struct record *r, const struct record_step *s,
                   const struct region_vec *before)
{
    return failed(s, ABI_ENOMEM) &&
           u64_align_up_wrap(s->step.args.arg[1], r->place.page) > largest_gap(r, before);
}

/* More than a real kernel promises at once, or a limit of its that nobody can foretell. */
static bool commits_too_much(const struct record *r, const struct record_step *s, unsigned len)
{
    uint64_t max = r->place.commit_max;

    return failed(s, ABI_ENOMEM) && (r->place.may_refuse || (max && s->step.args.arg[len] > max));
}

static bool rule_COMMIT(const struct rule_ctx *c)
{
    unsigned len = is(c, OP_mmap) ? 1 : 2;

    return (is(c, OP_mmap) || is(c, OP_mremap)) &&
           (commits_too_much(c->a, c->x, len) || commits_too_much(c->b, c->y, len));
}

static bool rule_MAP_ROOM(const struct rule_ctx *c)
{
    return is(c, OP_mmap) && (no_gap(c->a, c->x, &c->before_a) || no_gap(c->b, c->y, &c->before_b));
}

static bool no_room(const struct record *r, const struct record_step *s,
                    const struct region_vec *before, bool may_move)
{
    const uint64_t *a = s->step.args.arg;
    uint64_t behind = u64_align_up_wrap(a[0] + a[1], r->place.page);
    size_t next = region_lower_bound(before, behind);

    return failed(s, ABI_ENOMEM) && a[2] > a[1] &&
           (!(may_move) || u64_align_up_wrap(a[2], r->place.page) > largest_gap(r, before)) &&
           (behind > r->place.last || r->place.last - behind < a[2] - a[1] ||
            (next < before->n && before->v[next].r.start - behind < a[2] - a[1]));
}

static bool rule_GROWTH_ROOM(const struct rule_ctx *c)
{
    return is(c, OP_mremap) &&
           ((did(c->y) && no_room(c->a, c->x, &c->before_a, word(c, 3) & ABI_MREMAP_MAYMOVE)) ||
            (did(c->x) && no_room(c->b, c->y, &c->before_b, word(c, 3) & ABI_MREMAP_MAYMOVE)));
}

/* S, of a target where that faults, stopped at a page that can only be executed. */
static bool stopped_at_code(const struct record *r, const struct record_step *s,
                            const struct region_vec *before)
{
    const struct region *g = region_find(before, s->has_at ? s->at : s->step.args.arg[0]);

    return r->place.exec_only && s->step.outcome.kind == OUTCOME_SIGNAL && g && g->prot == REGION_X;
}

static bool rule_EXEC_ONLY(const struct rule_ctx *c)
{
    return is(c, OP_load) && c->a->place.exec_only != c->b->place.exec_only &&
           (stopped_at_code(c->a, c->x, &c->before_a) || stopped_at_code(c->b, c->y, &c->before_b));
}

/* Of what is mapped, and of more than the op names: peers_state.c and compare.c ask. */
static bool rule_LISTING(const struct rule_ctx *c)
{
    (void)c;
    return false;
}

/* ---- look-up ---- */

static unsigned between(const struct rule_ctx *c)
{
    bool layer = c->a->place.host_page != 0 || c->b->place.host_page != 0;

    return RULE_PLACERS | (layer ? RULE_LAYERS : 0) |
           (c->a->place.emulated || c->b->place.emulated ? RULE_EMULATORS : 0) |
           (c->a->place.system != c->b->place.system ? RULE_SYSTEMS : 0);
}

enum rule_id rule_excuse(const struct rule_ctx *c)
{
    static bool (*const holds[RULE_COUNT])(const struct rule_ctx *) = {
#define RULE(id, name, between, scope, source, reason) rule_##id,
#include "rules.def"
#undef RULE
    };
    unsigned are = between(c);

    for (int i = 0; i < RULE_COUNT; i++) {
        if ((rule_descs[i].between & are) && !(c->off & rule_bit((enum rule_id)i)) && holds[i](c)) {
            return (enum rule_id)i;
        }
    }
    return RULE_NONE;
}
