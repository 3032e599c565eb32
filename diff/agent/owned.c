/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emulator that has not set an address space aside shares its own with the guest: its code and
 * its memory lie in what the guest takes for holes, and are gone when a program unmaps a hole.
 * Nothing is learnt from that, so such ops are not run. Where it lies is seen in the map of the
 * system itself, under a name that emulators do not stand in for; on a system without emulator that
 * is the guest's own map, and nothing is found.
 */
#include "owned.h"

#include "maps.h"

#define SYSTEM_MAP "/proc/thread-self/maps"
#define NEAR (UINT64_C(1) << 30) /* what it may take later, beside what it has */

/* An emulator has a few bytes for each page of the guest, mapped or not, and visits them all. */
#define BIG (UINT64_C(1) << 34)

enum { OWNED_MAX = 512 };
_Static_assert(OP_mmap < OP_mremap && OP_munmap < OP_mremap && OP_mprotect < OP_mremap &&
                   OP_msync > OP_mremap,
               "calls that change what is mapped come first");

static struct {
    bool emulated;
    bool any;
    struct range safe; /* nothing of it was there, or near, at the start */
    uint64_t base;     /* the system's address of the guest's 0 */
    struct range r[OWNED_MAX];
    unsigned n;
    bool collected; /* for the op in hand */
} owned;

static bool is_anchor(const struct linux_map *m, void *arg)
{
    static const char name[] = "/memfd:" AGENT_ANCHOR;
    size_t len = sizeof(name) - 1;
    size_t i = 0;

    while (i < len && i < m->name_len && m->name[i] == name[i]) {
        i++;
    }
    if (i == len) {
        *(uint64_t *)arg = m->start;
    }
    return i < len;
}

/* The part of the row that the guest does not see: its first piece stands for it. */
static bool add_row(const struct linux_map *m, void *arg)
{
    const struct agent *a = arg;
    uint64_t at = m->start - owned.base;
    uint64_t last = m->next - 1 - owned.base;

    /* what cannot be touched is an address space that was set aside, or between two others */
    if (m->prot == 0 || m->start < owned.base || at > a->place.last || linux_map_is_gate(m)) {
        return true;
    }
    for (size_t i = region_lower_bound(&a->now, at); at <= last && i < a->now.n; i++) {
        if (a->now.v[i].r.start > at) {
            break;
        }
        at = a->now.v[i].r.last + 1;
    }
    if (at <= last && owned.n < OWNED_MAX) {
        owned.r[owned.n++] = (struct range){at, last};
    }
    return true;
}

/* A->now is all that the guest sees afterwards. */
static void collect(struct agent *a)
{
    owned.n = 0;
    owned.collected = true;
    if (maps_read(a, (struct range){0, UINT64_MAX})) {
        (void)maps_each(SYSTEM_MAP, add_row, a);
    }
}

void owned_find(struct agent *a)
{
    const struct record_place *p = &a->place;
    uint64_t anchor = 0;

    owned.safe = p->within;
    (void)maps_each(SYSTEM_MAP, is_anchor, &anchor);
    if (anchor < (uintptr_t)agent_anchor) {
        return; /* not found: this is no view that could help */
    }
    owned.base = anchor - (uintptr_t)agent_anchor;
    collect(a);
    owned.emulated = owned.base != 0 || owned.n > 0;
    for (unsigned i = 0; i < owned.n; i++) {
        const struct range *r = &owned.r[i];

        if (!range_overlaps(*r, p->within)) {
            continue;
        }
        owned.any = true;
        if (r->start > p->window) {
            owned.safe.last =
                u64_min(owned.safe.last, r->start - u64_min(NEAR, r->start - p->window));
        } else {
            owned.safe.start =
                u64_max(owned.safe.start, r->last + u64_min(NEAR, p->window - r->last));
        }
    }
}

static bool overlaps(struct agent *a, uint64_t at, uint64_t len)
{
    struct range r;

    if (!range_from_len(at, len, &r) || range_contains(owned.safe, r)) {
        return false;
    }
    collect(a);
    for (unsigned i = 0; i < owned.n; i++) {
        if (range_overlaps(owned.r[i], r)) {
            return true;
        }
    }
    return false;
}

static bool reached(struct agent *a, enum op_kind kind, const uint64_t *v)
{
    switch (kind) {
    case OP_mmap:
        return (v[3] & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)) && overlaps(a, v[0], v[1]);
    case OP_mremap:
        return overlaps(a, v[0], u64_max(v[1], v[2])) ||
               ((v[3] & ABI_MREMAP_FIXED) && overlaps(a, v[4], v[2]));
    default:
        return overlaps(a, v[0], v[1]);
    }
}

/* Longer than what there is at all is refused at once. */
static bool is_big(const struct agent *a, enum op_kind kind, const uint64_t *v)
{
    uint64_t len = kind == OP_mremap ? u64_max(v[1], v[2]) : v[1];

    return kind <= OP_mremap && len > BIG && len <= a->place.last;
}

enum record_poison owned_guard(struct agent *a, enum op_kind kind, const struct op_args *args)
{
    bool foreign;

    if (owned.emulated && is_big(a, kind, args->arg)) {
        return RECORD_BIG;
    }
    if (!owned.any) {
        return RECORD_CLEAN;
    }
    owned.collected = false;
    foreign = reached(a, kind, args->arg);
    if (owned.collected) {
        (void)maps_read(a, a->place.within); /* a map is what an op costs most, if emulated */
    }
    return foreign ? RECORD_FOREIGN : RECORD_CLEAN;
}
