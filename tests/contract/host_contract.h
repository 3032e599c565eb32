/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of the host contract share: the host under test and a window for it. */
#pragma once

#include "host/host.h"
#include "host/window.h"

#define ANON (HOST_MAP_PRIVATE | HOST_MAP_ANON)
#define FIXED_ANON (ANON | HOST_MAP_FIXED)
#define RW (HOST_R | HOST_W)

extern struct host_contract {
    struct host_window window;
    struct host *h; /* under test */
    uint64_t page;
} t;

/* Address of the N-th page that the checks use. */
uint64_t page_at(unsigned n);
/* N pages from the FIRST-th, fresh anonymous memory. */
void map_pages(unsigned first, unsigned n, int prot);
/* A memfd of LEN bytes, each its offset's low byte plus 1. */
int pattern_file(size_t len);

void check_anonymous_memory_is_zero_and_keeps_bytes(void);
void check_protect_rules_access_but_not_peek(void);
void check_a_fault_in_the_middle_is_exact(void);
void check_a_page_past_eof_is_a_bus_error(void);
void check_fstat(void);
void check_pread_is_short_only_at_eof(void);
void check_peek_crosses_rights_and_stops_at_holes(void);
