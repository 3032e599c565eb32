/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits of the page flags: what a call does to a range. For inv_flags.c, inv_success.c and
 * inv_failure.c.
 */
#pragma once

#include "inv/inv_priv.h"

enum inv_rule {
    INV_KEEP,      /* as before */
    INV_SET,       /* these flags */
    INV_PROTECT,   /* these flags where a page was VALID and no guard */
    INV_MOVE,      /* as SOURCE was before */
    INV_TRANSLATE, /* as before, without W */
};

struct inv_edit {
    struct range r;
    enum inv_rule rule;
    uint8_t flags;
    uint64_t source; /* where R's first page was before; set by inv_edit_add but for INV_MOVE */
    const char *why;
};

enum { INV_EDITS_MAX = 4 };

/* Sorted by start. */
struct inv_edits {
    struct inv_edit v[INV_EDITS_MAX];
    size_t n;
};

/* Equal, but for TB protection that was lifted: W may come back where WRITE_ORG stands. */
bool inv_flags_fit(uint8_t want, uint8_t have);
/* prot + VALID, with WRITE_ORG where there is W. */
uint8_t inv_flags_for(int prot);

void inv_edit_add(const struct inv_view *v, struct inv_edits *list, struct inv_edit e);
/*
 * True, with the first difference said, if the flags after are not what the edit makes of those
 * before.
 */
bool inv_edit_differs(const struct inv_view *v, const struct inv_edit *e,
                      struct inv_violation *ret);
/* The same for the whole window: the edits, and everything else as it was. */
bool inv_edits_differ(const struct inv_view *v, const struct inv_edits *list,
                      struct inv_violation *ret);
