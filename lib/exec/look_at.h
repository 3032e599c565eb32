/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What those who run programs on real systems look at: the native child and the guest agent must
 * write down the same of the same op, or nobody could compare them.
 */
#pragma once

#include "exec/record.h"

enum { LOOK_PAGES_MAX = 4 };

/* Pages whose bytes are written down, in that order. */
struct look_at {
    unsigned n;
    uint64_t at[LOOK_PAGES_MAX];
};

/* Whether an op of KIND can have changed mappings; GROWS: one may grow when it is touched. */
bool look_at_maps(enum op_kind kind, bool grows);
/* The pages that an op which was run has named, on a system with pages of PAGE bytes. */
void look_at_op(struct look_at *ret, enum op_kind kind, const struct op_args *args,
                const struct outcome *o, uint64_t page);
/* Its result lies where nobody looks: no later op can be compared. */
bool look_at_astray(const struct record_place *p, enum op_kind kind, const struct op_args *args,
                    const struct outcome *o);

/* The pages of a process that begins or is done: everything, or the edges of what is large. */
struct look_all {
    const struct region_vec *now;
    uint64_t page;
    size_t region;
    uint64_t next; /* page of that region */
    unsigned left;
};
struct look_all look_all_begin(const struct region_vec *now, uint64_t page);
/* False when there is no other. */
bool look_all_next(struct look_all *l, uint64_t *ret);
