/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window cut into stretches of host pages that need the same of the host: a long run of equal
 * guest pages is one stretch, a host page of mixed guest pages is one by itself. For the checks
 * that hold books against host.
 */
#pragma once

#include "inv/inv_priv.h"

struct inv_stretch {
    struct range r;          /* whole host pages */
    bool live;               /* holds a VALID page */
    bool tb;                 /* one of them is TB-protected */
    uint8_t need;            /* union of need(g) over the VALID pages */
    bool any_shared;         /* VALID pages that are the shared object itself */
    bool any_file, any_anon; /* by the book's kind, guards count as neither */
};

/*
 * The stretch that begins at AT, which lies at the start of a host page; C walks the flags and must
 * not go back.
 */
struct inv_stretch inv_stretch_at(const struct inv_view *v, struct inv_cursor *c, uint64_t at);
