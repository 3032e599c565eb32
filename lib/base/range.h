/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of addresses or offsets, inclusive at both sides, so that a range may reach the very top
 * of the 64-bit space. An empty range cannot be expressed: callers handle a length of zero before
 * they build one.
 */
#pragma once

#include "base/int.h"

struct range {
    uint64_t start;
    uint64_t last;
};

/*
 * [START, START + LEN - 1] into *RET; false, *RET untouched, if LEN is 0 or the range passes 2^64.
 */
static inline bool range_from_len(uint64_t start, uint64_t len, struct range *ret)
{
    if (len == 0 || start + (len - 1) < start) {
        return false;
    }
    *ret = (struct range){start, start + (len - 1)};
    return true;
}

/* Length in bytes; 0 stands for 2^64, the range of everything. */
static inline uint64_t range_len(struct range r)
{
    return r.last - r.start + 1;
}

static inline bool range_has(struct range r, uint64_t at)
{
    return at >= r.start && at <= r.last;
}

static inline bool range_contains(struct range outer, struct range inner)
{
    return outer.start <= inner.start && inner.last <= outer.last;
}

static inline bool range_overlaps(struct range a, struct range b)
{
    return a.start <= b.last && b.start <= a.last;
}

/* The common part of A and B, which must overlap. */
static inline struct range range_cut(struct range a, struct range b)
{
    return (struct range){u64_max(a.start, b.start), u64_min(a.last, b.last)};
}

/*
 * R widened to whole multiples of UNIT; cannot wrap, because the last byte is rounded, not the end.
 */
static inline struct range range_widen(struct range r, uint64_t unit)
{
    return (struct range){u64_align_down(r.start, unit), r.last | (unit - 1)};
}
