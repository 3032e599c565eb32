/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host side of the guest window: a stretch of this process's address space that belongs to the guest alone,
 * reserved once, clear of sanitizer shadows, with a fence on each side, and reset between programs by one call.
 */
#pragma once

#include "base/err.h"
#include "base/range.h"

struct host_window {
    uint64_t base; /* host address of guest address 0; 0 for a window at guest_base 0 */
    uint64_t size; /* bytes of guest address space that belong to the guest, counted from guest address 0 */
    uint64_t min_addr; /* guest_base 0: nothing below is mapped or reserved; else 0 */
    uint64_t reserved; /* bytes laid out as placeholder now: 0 means the window is holes */
    struct range fence[2]; /* host addresses: PROT_NONE neighbours below and above; only [1] at guest_base 0 */
};

enum window_kind {
    WINDOW_32,      /* 2^32 bytes, anywhere */
    WINDOW_64,      /* at least 2^40 bytes, anywhere (2^42 where there is room) */
    WINDOW_32_ZERO, /* the same at guest_base 0; RESERVED below 2^31 only, where a sanitizer holds the rest */
    WINDOW_64_ZERO,
    WINDOW_KIND_COUNT,
};

/* Reserve. 0, or a negative errno with the reason in E (a sanitizer's shadow lies there, not a PIE binary, ...). */
int host_window_open(struct host_window *w, enum window_kind kind, struct err *e);
void host_window_close(struct host_window *w);
/*
 * Back to the state at a program's start, in one system call where the state allows it: RESERVED bytes from guest address 0 (min_addr at guest_base
 * 0) are PROT_NONE, anonymous, private, NORESERVE placeholder; the rest are holes.
 */
int host_window_reset(struct host_window *w, uint64_t reserved, struct err *e);
