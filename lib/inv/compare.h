/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's kernel has mapped against what the page flags say, both as regions. Shared
 * anonymous objects have different identities on both sides and are told apart by their bytes.
 */
#pragma once

#include "region/region.h"

struct inv_mapping {
    struct range where;
    const struct region *kernel; /* NULL: nothing is mapped */
    const struct region *book;
    const char *what; /* "rights", "kind of memory" ... */
};

/*
 * The first range at or behind AT within WITHIN where both differ, false if there is none. KERNEL
 * and BOOK are sorted.
 */
bool inv_mapping_differs(const struct region_vec *kernel, const struct region_vec *book,
                         struct range within, uint64_t at, struct inv_mapping *ret);
/* "rw- private file 0x2000", "nothing": for a report. */
void inv_mapping_print(const struct region *g, uint64_t at, struct buf *out);
