/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of addresses as sorted ranges that neither touch nor overlap; cost: ranges held. */
#pragma once

#include "region/region.h"

/* R is in; R is out. 0 or -ENOMEM with the set as it was or larger. */
int rangeset_add(struct region_vec *set, struct range r);
int rangeset_cut(struct region_vec *set, struct range r);
static inline bool rangeset_has(const struct region_vec *set, uint64_t at)
{
    return region_find(set, at) != NULL;
}
