/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where FreeBSD puts a map without MAP_FIXED (A.5, address randomisation off): first fit upward
 * from the hint or from the default address (params.place, D of A.5). That is the default here.
 *
 * Which places are allowed is a wider set: randomisation takes a hint as a lower bound only, and an
 * emulator searches its own way. Exactly one place is allowed for an aligned hint whose range is
 * free: programs rely on it, and a layer owes it to them. A machine with randomisation on would
 * give another address even then; no parameter says so, because no such machine is compared. An
 * unaligned hint binds nobody: this kernel rounds it up, others down.
 *
 * The search stays within params.known. A place outside is legal if these books know nothing there.
 */
#include "vm/freebsd_int.h"

enum {
    PAGES_PER_PTE = 8, /* bytes of a page table entry: P / 8 pages make a superpage */
};

static uint64_t place_limit(const struct vm_proc *p, const struct fbsd_map *m)
{
    return m->low ? u64_min(vm_p(p)->last, FBSD_2GIB - 1) : vm_p(p)->last;
}

bool fbsd_place_fits(const struct vm_proc *p, const struct fbsd_map *m, uint64_t at)
{
    uint64_t align = m->align ? m->align : vm_p(p)->page;

    if (!u64_is_aligned(at, align) || !fbsd_range_valid(p, at, m->size)) {
        return false;
    }
    return at + (m->size - 1) <= place_limit(p, m) &&
           vm_area_none(p, (struct range){at, at + (m->size - 1)});
}

bool fbsd_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len)
{
    uint64_t rem = value & (vm_p(p)->page - 1);
    struct fbsd_map m = {0};
    uint64_t sum;

    if (len == 0 || !u64_add(len, rem, &sum)) {
        return false;
    }
    m.size = vm_ru(p, sum);
    return m.size >= len && fbsd_place_fits(p, &m, value - rem);
}

/* Numbers 1 and 2 of A.5; 0: no hint. */
static uint64_t effective_hint(struct vm_proc *p, const struct fbsd_map *m)
{
    const struct vm_params *params = vm_p(p);
    uint64_t hint = m->addr;

    if (m->low) {
        if (m->size > FBSD_2GIB || hint > FBSD_2GIB - m->size) {
            hint = 0;
        }
    } else if (params->text != 0 && hint >= params->text && hint < params->place) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_HEAP);
        hint = params->place;
    }
    if (!u64_is_aligned(hint, params->page)) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_UNALIGNED);
    }
    return vm_ru(p, hint);
}

/* First fit at or above FROM. */
static bool search_from(struct vm_proc *p, const struct fbsd_map *m, uint64_t from, uint64_t *ret)
{
    const struct vm_params *params = vm_p(p);
    const uint64_t superpage = params->page * (params->page / PAGES_PER_PTE);
    struct range within = {u64_max(from, fbsd_min(p)), place_limit(p, m)};

    if (within.start > within.last || !range_overlaps(within, params->known)) {
        return false;
    }
    within = range_cut(within, params->known);
    if (m->super && m->size >= superpage &&
        vm_gap_find(p, within, m->size, superpage, false, ret)) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_SUPER);
        return true;
    }
    return vm_gap_find(p, within, m->size, m->align ? m->align : params->page, false, ret);
}

static void count_found(struct vm_proc *p, const struct fbsd_map *m)
{
    vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_UPWARD);
    if (m->align) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_ALIGNED);
    }
    if (m->low) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_32BIT);
    }
}

enum fbsd_place fbsd_place_find(struct vm_proc *p, const struct fbsd_map *m, uint64_t *ret)
{
    const struct vm_params *params = vm_p(p);
    uint64_t hint = effective_hint(p, m);
    uint64_t lowest = m->low && params->place >= FBSD_2GIB ? 0 : params->place;

    if (hint != 0 && hint == m->addr && fbsd_place_fits(p, m, hint) &&
        range_contains(params->known, (struct range){hint, hint + (m->size - 1)})) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_HINT);
        *ret = hint;
        return FBSD_PLACE_ONE;
    }
    if (search_from(p, m, hint ? hint : lowest, ret)) {
        count_found(p, m);
        return FBSD_PLACE_ANY;
    }
    if (hint > lowest && search_from(p, m, lowest, ret)) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_PLACE_AGAIN);
        count_found(p, m);
        return FBSD_PLACE_ANY;
    }
    return FBSD_PLACE_NONE;
}
