/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's address space as arithmetic: page sizes T, R, H, guest_base, reserved_va, g2h and
 * h2g. Nothing here touches memory; host/window.h reserves the host side.
 */
#pragma once

#include "base/range.h"

typedef uint64_t gaddr; /* guest address */
typedef uint64_t haddr; /* host address: an integer, because a simulated host has no pointers */

struct space {
    unsigned bits;        /* width of a guest address: 32 or 64 */
    uint64_t guest_page;  /* T */
    uint64_t host_page;   /* H: what the layer reasons in, at least max(T, R) */
    uint64_t real_page;   /* R: what the host's kernel rounds to */
    haddr guest_base;     /* host address of guest address 0 */
    uint64_t reserved_va; /* 0, or size of the window whose host image is laid out as placeholder */
    gaddr window_last;    /* of the window: reserved_va - 1, or what the address space allows */
    gaddr min_addr;       /* lowest address an unprivileged process may map (Linux mmap_min_addr) */
};

enum space_relation { SPACE_H_EQ_G, SPACE_H_LT_G, SPACE_H_GT_G };

/* layer.md 1.1: h_lt_g if R < T = H, h_gt_g if H > T, else h_eq_g. */
enum space_relation space_relation(const struct space *s);
/* "h_eq_g", "h_lt_g", "h_gt_g" */
const char *space_relation_name(enum space_relation r);

/*
 * NULL, or what is wrong: page sizes not powers of two, H below T or R, reserved_va no multiple of
 * H, ...
 */
const char *space_check(const struct space *s);

static inline haddr g2h(const struct space *s, gaddr a)
{
    return s->guest_base + a;
}

/* True if host address H lies in the window's image; only then may h2g be used. */
static inline bool h2g_valid(const struct space *s, haddr h)
{
    return h - s->guest_base <= s->window_last && h >= s->guest_base;
}

static inline gaddr h2g(const struct space *s, haddr h)
{
    return h - s->guest_base;
}

/*
 * A non-empty range that lies in the window, computed without wrap; the range in *RET (may be
 * NULL).
 */
static inline bool guest_range_valid(const struct space *s, gaddr start, uint64_t len,
                                     struct range *ret)
{
    struct range r;

    if (!range_from_len(start, len, &r) || r.last > s->window_last) {
        return false;
    }
    if (ret) {
        *ret = r;
    }
    return true;
}
