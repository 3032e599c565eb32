/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the numbers of a guest address space must fulfil, and the name of their relation. */
#include "space/space.h"

enum space_relation space_relation(const struct space *s)
{
    if (s->host_page > s->guest_page) {
        return SPACE_H_GT_G;
    }
    return s->real_page < s->guest_page ? SPACE_H_LT_G : SPACE_H_EQ_G;
}

const char *space_relation_name(enum space_relation r)
{
    switch (r) {
    case SPACE_H_EQ_G:
        return "h_eq_g";
    case SPACE_H_LT_G:
        return "h_lt_g";
    case SPACE_H_GT_G:
        return "h_gt_g";
    }
    return "unknown";
}

static const char *check_pages(const struct space *s)
{
    if (!u64_is_pow2(s->guest_page)) {
        return "guest page is not a power of two";
    }
    if (!u64_is_pow2(s->host_page)) {
        return "host page is not a power of two";
    }
    if (!u64_is_pow2(s->real_page)) {
        return "real host page is not a power of two";
    }
    if (s->host_page < s->guest_page) {
        return "host page is below the guest page";
    }
    if (s->host_page < s->real_page) {
        return "host page is below the real host page";
    }
    return NULL;
}

static const char *check_window(const struct space *s)
{
    uint64_t space_last = s->bits == 32 ? UINT32_MAX : UINT64_MAX;

    if (s->window_last > space_last) {
        return "window is larger than the guest's address space";
    }
    if (s->window_last < s->host_page || !u64_is_aligned(s->window_last + 1, s->host_page)) {
        return "window is not two or more whole host pages";
    }
    if (!u64_is_aligned(s->reserved_va, s->host_page)) {
        return "reserved_va is not a multiple of the host page";
    }
    if (s->reserved_va && s->reserved_va - 1 != s->window_last) {
        return "reserved_va is not the window's size";
    }
    if (!u64_is_aligned(s->guest_base, s->host_page)) {
        return "guest_base is not a multiple of the host page";
    }
    if (s->guest_base + s->window_last < s->guest_base) {
        return "window passes the top of the host's address space";
    }
    return s->min_addr > s->window_last ? "lowest mappable address is above the window" : NULL;
}

const char *space_check(const struct space *s)
{
    const char *wrong = check_pages(s);

    if (s->bits != 32 && s->bits != 64) {
        return "guest address width is neither 32 nor 64 bits";
    }
    return wrong ? wrong : check_window(s);
}
