/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checked integer arithmetic and power-of-two rounding. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline uint64_t u64_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t u64_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline bool u64_is_pow2(uint64_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* Round V down to a multiple of the power of two UNIT. */
static inline uint64_t u64_align_down(uint64_t v, uint64_t unit)
{
    return v & ~(unit - 1);
}

/*
 * Round V up to a multiple of the power of two UNIT; wraps to 0 past the top, as a kernel's does.
 */
static inline uint64_t u64_align_up_wrap(uint64_t v, uint64_t unit)
{
    return (v + (unit - 1)) & ~(unit - 1);
}

/* Round V up to a multiple of UNIT into *RET; false, *RET untouched, if that passes 2^64. */
static inline bool u64_align_up(uint64_t v, uint64_t unit, uint64_t *ret)
{
    uint64_t sum;

    if (__builtin_add_overflow(v, unit - 1, &sum)) {
        return false;
    }
    *ret = sum & ~(unit - 1);
    return true;
}

/* A + B into *RET; false, *RET untouched, on overflow. */
static inline bool u64_add(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *ret = sum;
    return true;
}

static inline bool u64_is_aligned(uint64_t v, uint64_t unit)
{
    return (v & (unit - 1)) == 0;
}
