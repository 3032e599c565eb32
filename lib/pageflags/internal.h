/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder know of a table and nobody else does. */
#pragma once

#include "pageflags/runtree.h"

struct pageflags {
    struct run_tree tree;
    uint64_t page;
    uint64_t lookups;
};

/* Queries take a const table; counting them is not a change of it. */
static inline void pageflags_count_lookup(const struct pageflags *pf)
{
    ((struct pageflags *)(uintptr_t)pf)->lookups++;
}

/* True if B goes on where A stops, with equal info. */
bool page_run_joins(const struct page_run *a, const struct page_run *b);
