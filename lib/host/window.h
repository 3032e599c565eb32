/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host side of the guest window: a stretch of this process's address space that belongs to the
 * guest alone, reserved once, clear of sanitizer shadows, with a fence on each side, and reset
 * between programs by one call.
 */
#pragma once

#include "base/err.h"
#include "base/range.h"

struct host_window {
    uint64_t base;         /* host address of guest address 0 */
    uint64_t size;         /* bytes of guest address space, counted from guest address 0 */
    uint64_t min_addr;     /* guest_base 0: nothing below is mapped or reserved; else 0 */
    uint64_t reserved;     /* bytes laid out as placeholder now: 0 means the window is holes */
    struct range fence[2]; /* PROT_NONE neighbours below and above; both [1] at guest_base 0 */
};

enum window_kind {
    WINDOW_32,      /* 2^32 bytes, anywhere */
    WINDOW_64,      /* 2^42 bytes, or 2^41 or 2^40 where there is no room; 2^38 under TSan */
    WINDOW_32_ZERO, /* 2^32 bytes at guest_base 0; 0x70000000 where a sanitizer holds the rest */
    WINDOW_64_ZERO, /* 2^42 bytes at guest_base 0 */
    WINDOW_KIND_COUNT,
};

/*
 * Reserve. 0, or a negative errno with the reason in E (a sanitizer's shadow lies there, not a PIE
 * binary, ...). Windows that are open at the same time never overlap; of those at guest_base 0 only
 * one can be open (-EBUSY). Until the first reset all of it is placeholder.
 */
int host_window_open(struct host_window *w, enum window_kind kind, struct err *e);
/* Gives everything back, what a program left included. A closed or zeroed window is left alone. */
void host_window_close(struct host_window *w);
/*
 * Back to the state at a program's start: RESERVED bytes from guest address 0 (min_addr at
 * guest_base 0) are PROT_NONE, anonymous, private, NORESERVE placeholder; the rest are holes. One
 * system call, a second one if both parts are there. RESERVED is a multiple of the real page and at
 * most size.
 */
int host_window_reset(struct host_window *w, uint64_t reserved, struct err *e);
