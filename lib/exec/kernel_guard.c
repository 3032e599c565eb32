/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an op on a real system would reach. Memory outside the programs' room belongs to whoever
 * runs them: an op that would change or read it is not run. A call that the kernel refuses for its
 * arguments alone reaches nothing, and runs.
 */
#include "exec/kernel_guard.h"

#define VSYSCALL UINT64_C(0xffffffffff600000)
#define FILL_MAX (UINT64_C(64) << 20) /* bytes that one op may fill at once */

/* Advice, Linux's numbers. */
enum {
    WILLNEED = 3,
    POPULATE_READ = 22,
    POPULATE_WRITE = 23,
    COLLAPSE = 25,
    HWPOISON = 100,
    SOFT_OFFLINE = 101,
    GUARD_INSTALL = 102,
    GUARD_REMOVE = 103,
    ADVICE_LAST = 25, /* above it nothing but those */
};

enum { PROT_GROWS = 0x03000000 };

/* As the system rounds it, in a register of its width. */
static uint64_t round_up(const struct kernel_reach *k, uint64_t len)
{
    uint64_t up = u64_align_up_wrap(len, k->place->page);

    return k->place->bits == 32 ? (uint32_t)up : up;
}

/* Whether [ADDR, ADDR + LEN) has pages that are not the programs'; what wraps goes to the top. */
static bool foreign(const struct kernel_reach *k, uint64_t addr, uint64_t len)
{
    const struct range *room = &k->place->within;
    struct range r = {addr, UINT64_MAX};

    if (len && !range_from_len(addr, len, &r)) {
        r = (struct range){addr, UINT64_MAX};
    } else if (!len) {
        r.last = addr;
    }
    if (range_overlaps(r, (struct range){VSYSCALL, VSYSCALL + k->place->page - 1})) {
        return true;
    }
    return r.start <= k->place->last && (r.start < room->start || r.last > room->last);
}

/* Whether the kernel refuses the range for going beyond what a process has. */
static bool beyond(const struct kernel_reach *k, uint64_t addr, uint64_t len)
{
    return len == 0 || len - 1 > k->place->last || addr > k->place->last - (len - 1);
}

static enum record_poison guard_mmap(const struct kernel_reach *k, const uint64_t *a)
{
    uint64_t len = round_up(k, a[1]);
    uint64_t huge = LINUX_MAP_HUGETLB | LINUX_MAP_ANONYMOUS;
    bool fixed = (a[3] & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)) != 0;

    if ((a[3] & huge) == huge) {
        return RECORD_BEYOND;
    }
    if (fixed && !beyond(k, a[0], len) && foreign(k, a[0], len)) {
        return RECORD_FOREIGN;
    }
    if ((a[3] & (LINUX_MAP_POPULATE | LINUX_MAP_LOCKED)) && len > FILL_MAX &&
        len <= k->place->last) {
        return RECORD_BIG;
    }
    return RECORD_CLEAN;
}

static enum record_poison guard_munmap(const struct kernel_reach *k, const uint64_t *a)
{
    uint64_t len = round_up(k, a[1]);

    return !beyond(k, a[0], len) && foreign(k, a[0], len) ? RECORD_FOREIGN : RECORD_CLEAN;
}

/* It goes from mapping to mapping up to the first hole. */
static enum record_poison guard_mprotect(const struct kernel_reach *k, const uint64_t *a)
{
    const struct region_vec *now = k->now;
    uint64_t at = a[0];

    if (!foreign(k, a[0], a[1])) {
        return RECORD_CLEAN;
    }
    if ((a[2] & PROT_GROWS) || at < k->place->within.start || at > k->place->within.last) {
        return RECORD_FOREIGN;
    }
    for (size_t i = region_lower_bound(now, at); i < now->n && now->v[i].r.start <= at; i++) {
        at = now->v[i].r.last + 1;
    }
    return at > k->place->within.last ? RECORD_FOREIGN : RECORD_CLEAN;
}

static enum record_poison guard_madvise(const struct kernel_reach *k, const uint64_t *a)
{
    bool fills =
        a[2] == WILLNEED || a[2] == POPULATE_READ || a[2] == POPULATE_WRITE || a[2] == COLLAPSE;

    if (a[2] >= HWPOISON && a[2] <= GUARD_REMOVE) {
        return RECORD_HARMFUL;
    }
    if (a[2] > ADVICE_LAST || a[0] + round_up(k, a[1]) < a[0] || a[1] == 0) {
        return RECORD_CLEAN;
    }
    if (foreign(k, a[0], a[1])) {
        return RECORD_FOREIGN;
    }
    return fills && a[1] > FILL_MAX ? RECORD_BIG : RECORD_CLEAN;
}

static enum record_poison guard_mremap(const struct kernel_reach *k, const uint64_t *a)
{
    uint64_t old_len = round_up(k, a[1]);
    uint64_t new_len = round_up(k, a[2]);

    bool refused = new_len && new_len < old_len && beyond(k, a[0], old_len); /* by its tail */

    if (a[0] <= k->place->last && foreign(k, a[0], refused ? 1 : old_len)) {
        return RECORD_FOREIGN;
    }
    if ((a[3] & ABI_MREMAP_FIXED) && !beyond(k, a[4], new_len) && foreign(k, a[4], new_len)) {
        return RECORD_FOREIGN;
    }
    return k->locks && new_len > FILL_MAX && new_len <= k->place->last ? RECORD_BIG : RECORD_CLEAN;
}

enum record_poison kernel_guard(const struct kernel_reach *k, enum op_kind kind,
                                const struct op_args *args)
{
    const uint64_t *a = args->arg;

    switch (kind) {
    case OP_mmap:
        return guard_mmap(k, a);
    case OP_munmap:
        return guard_munmap(k, a);
    case OP_mprotect:
        return guard_mprotect(k, a);
    case OP_mremap:
        return guard_mremap(k, a);
    case OP_madvise:
        return guard_madvise(k, a);
    case OP_store:
    case OP_load:
        return a[1] && foreign(k, a[0], a[1]) ? RECORD_FOREIGN : RECORD_CLEAN;
    default:
        return RECORD_CLEAN; /* msync changes nothing that anybody could see */
    }
}
