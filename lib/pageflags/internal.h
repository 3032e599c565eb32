/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share: the table's runs without counting a look-up. */
#pragma once

#include "pageflags/pageflags.h"

/* The first run whose last >= AT, NULL if none. */
const struct page_run *pageflags_peek(const struct pageflags *pf, uint64_t at);
uint64_t pageflags_page(const struct pageflags *pf);
/* True if B goes on where A ends, with equal info. */
bool page_run_joins(const struct page_run *a, const struct page_run *b);
