/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * placement-legal: where a map without FIXED may come to lie, when its hint must be taken, and when
 * there was no reason to say that nothing fits.
 */
#include "inv/inv_priv.h"

#include <inttypes.h>

/* The mmap flag that asks for the low two gigabytes; what the layer makes of it is not judged. */
static bool wants_low(const struct inv_view *v)
{
    uint32_t flags = (uint32_t)inv_arg(v, 3);

    return v->kind == OP_mmap && (flags & (v->is_linux ? LINUX_MAP_32BIT : FREEBSD_MAP_32BIT));
}

/* Distance of a result from the beginning of its host page. */
static uint64_t shift(const struct inv_view *v)
{
    return v->offset & (v->host_page - 1);
}

/* An aligned result and an H-aligned block cannot both be had for every offset. */
static bool alignment_fits(const struct inv_view *v)
{
    uint64_t unit = u64_min(v->align ? v->align : 1, v->host_page);

    return u64_is_aligned(shift(v) - v->rem, unit);
}

static bool position_wrong(const struct inv_view *v, uint64_t at, struct inv_violation *ret)
{
    struct range where = {at, at};
    uint64_t into = at & (v->host_page - 1);

    if ((at - v->rem) & (v->guest_page - 1)) {
        return inv_say_at(ret, where, "the result 0x%" PRIx64 " is not aligned to a guest page",
                          at);
    }
    if (v->align && !u64_is_aligned(at - v->rem, v->align)) {
        return inv_say_at(ret, where,
                          "the result 0x%" PRIx64 " is not aligned to 0x%" PRIx64 " as asked", at,
                          v->align);
    }
    if (v->kind == OP_mmap && into != shift(v) && alignment_fits(v)) {
        return inv_say_at(ret, where,
                          "the result 0x%" PRIx64 " lies 0x%" PRIx64
                          " into its host page, the offset 0x%" PRIx64,
                          at, into, shift(v));
    }
    /* A move may keep the old place within a host page, so that whole host pages can move. */
    if (v->kind == OP_mremap && into && into != (inv_arg(v, 0) & (v->host_page - 1))) {
        return inv_say_at(ret, where, "the result 0x%" PRIx64 " is not aligned to a host page", at);
    }
    if (at < inv_lowest(v)) {
        return inv_say_at(ret, where, "the result 0x%" PRIx64 " is below the minimum 0x%" PRIx64,
                          at, inv_lowest(v));
    }
    return false;
}

static bool block_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct region_vec *before = v->ctx->flags_before;
    struct range block;

    if (!v->has_range || !range_contains(v->window, v->range)) {
        return inv_say(ret, "the result 0x%" PRIx64 " leaves the window", v->out->value);
    }
    block = inv_host_pages(v, v->range);
    for (size_t i = region_lower_bound(before, block.start);
         i < before->n && before->v[i].r.start <= block.last; i++) {
        if (before->v[i].flags & PAGE_VALID) {
            return inv_say_at(ret, range_cut(before->v[i].r, block),
                              "the result was placed over pages that were in use");
        }
    }
    return false;
}

/* ---- the hint ---- */

/* The block that the hint names; false if the hint does not have to be looked at. */
static bool hinted_block(const struct inv_view *v, struct range *ret)
{
    uint64_t hint = inv_arg(v, 0);
    uint64_t start = u64_align_down(hint, v->host_page);

    if (v->kind != OP_mmap || hint == 0 || wants_low(v) || !alignment_fits(v)) {
        return false;
    }
    /* FreeBSD rounds a hint up, the layer down: only one that needs neither is judged. */
    if (!v->is_linux && start != hint) {
        return false;
    }
    return start >= inv_lowest(v) && range_from_len(start, v->block, ret) &&
           range_contains(v->window, *ret) &&
           (!v->align || u64_is_aligned(start + shift(v) - v->rem, v->align));
}

/* Without reserved_va the host decides: was the block offered, and what did it say? */
static bool host_granted(const struct inv_view *v, struct range block)
{
    bool tried = false;

    for (size_t i = 0; i < v->step->calls.n; i++) {
        const struct trace_call *c = &v->step->calls.v[i];

        if (!inv_call_is_probe(c) || c->addr != g2h(v->space, block.start)) {
            continue;
        }
        tried = true;
        if (c->err == 0 && c->result == c->addr && c->len >= range_len(block)) {
            return true;
        }
    }
    /* Not even asked for: then the layer gave the hint up by itself. */
    return !tried && v->n_failed == 0;
}

static bool hint_ignored(const struct inv_view *v, struct inv_violation *ret)
{
    struct range block;

    if (!hinted_block(v, &block) || inv_any_valid(v->ctx->flags_before, block) ||
        v->out->value == block.start + shift(v)) {
        return false;
    }
    if (v->space->reserved_va == 0 && !host_granted(v, block)) {
        return false;
    }
    return inv_say_at(ret, block, "the hint was free and fits, the result is 0x%" PRIx64,
                      v->out->value);
}

/* ---- ENOMEM ---- */

/* A free run [FIRST, LAST]: does a block fit into its whole host pages, aligned as asked? */
static bool fits(const struct inv_view *v, uint64_t first, uint64_t last, struct range *ret)
{
    uint64_t unit = u64_max(v->align, v->host_page);
    uint64_t start;

    /* What must be a multiple of the unit is the result, not its block. */
    if (!u64_align_up(first, v->host_page, &start)) {
        return false;
    }
    if (unit > v->host_page && !u64_align_up(start + shift(v) - v->rem, unit, &start)) {
        return false;
    }
    if (unit > v->host_page) {
        start -= shift(v) - v->rem;
    }
    return start >= first && range_from_len(start, v->block, ret) && ret->last <= last;
}

bool inv_room_left(const struct inv_view *v, struct range *ret)
{
    const struct region_vec *flags = v->ctx->flags_before;
    /* FreeBSD has MAP_32BIT below 2 GiB and nowhere else. */
    uint64_t last =
        !v->is_linux && wants_low(v) ? u64_min(v->window.last, INT32_MAX) : v->window.last;
    uint64_t first = inv_lowest(v);

    for (size_t i = 0; i < flags->n; i++) {
        struct range run = inv_host_pages(v, flags->v[i].r);

        if (run.start > first && fits(v, first, u64_min(run.start - 1, last), ret)) {
            return true;
        }
        if (run.last >= last) {
            return false;
        }
        first = u64_max(first, run.last + 1);
    }
    return first <= last && fits(v, first, last, ret);
}

static bool enomem_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    struct range room;

    /*
     * limit:probe-best-effort without reserved_va; limit:copy-no-growth for a move where pages
     * differ, or that the host cannot make
     */
    if (v->space->reserved_va == 0 ||
        (v->kind == OP_mremap && (space_relation(v->space) != SPACE_H_EQ_G || v->ctx->no_remap))) {
        return false;
    }
    if (v->kind == OP_mmap && v->is_linux && ((uint32_t)inv_arg(v, 3) & LINUX_MAP_HUGETLB)) {
        return false; /* no pool of huge pages is ENOMEM too */
    }
    if (v->must_fail || v->n_failed || v->out->err != ABI_ENOMEM || v->block == 0 || wants_low(v) ||
        !alignment_fits(v)) {
        return false;
    }
    return inv_room_left(v, &room) &&
           inv_say_at(ret, room, "ENOMEM although a block of 0x%" PRIx64 " bytes fits here",
                      v->block);
}

bool inv_placement_legal(const struct inv_view *v, struct inv_violation *ret)
{
    if (!v->placed) {
        return false;
    }
    if (v->failed) {
        return enomem_wrong(v, ret);
    }
    if (!v->ok || v->must_fail) {
        return false;
    }
    return position_wrong(v, v->out->value, ret) || block_wrong(v, ret) || hint_ignored(v, ret);
}
