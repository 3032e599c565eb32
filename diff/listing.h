/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emulator's list of a guest's mappings, made from the host's own: it has one line for what the
 * host has as one mapping, with the rights that the guest's first page in it has, and no line at
 * all if a later page lacks one of these. A guest's right to execute is none that the host has.
 */
#pragma once

#include "region/region.h"

/*
 * Whether that explains SHOWN (NULL: nothing) where TRUTH, in normal form, has something else at
 * AT.
 */
bool listing_explains(const struct region_vec *truth, uint64_t at, const struct region *shown);
/*
 * The same of nothing shown at AT where a guest's whole address space is a mapping of the
 * emulator's own, as it is for 32-bit guests on 64-bit hosts: private memory of no object and
 * without rights is one with that for the host, whose line begins or ends with pages that the guest
 * has not.
 */
bool listing_hides(const struct region_vec *truth, uint64_t at);
