/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ops that look at what a finding is about. A judge that sees page flags and the host map may know
 * of a wrong page that no op of the program ever looks at; a reproducer has to show it by its own
 * ops, on targets where nobody else watches.
 */
#pragma once

#include "exec/record.h"

struct witness {
    size_t bad_op; /* as struct judge_result has these */
    bool has_where;
    struct range where;
    /* Of the target that WHERE is about: tells what placed maps lie there. NULL: there is none. */
    const struct record *seen;
    uint64_t page; /* guest page */
    bool code;     /* exec may be used: no C program can say it */
};

/*
 * P is cut behind the bad op, and ops that look at the first bad page and the last one follow:
 * loads, stores, whether it is mapped, both again with all rights, whether a child shares it. What
 * they should show is for a record of a right target to say. *FIRST is the index of the first of
 * them; there are none without a place to look at. 0, or -ENOMEM.
 */
int witness_add(struct prog *p, const struct witness *w, size_t *first);
/*
 * Of these only those stay that show another thing on BAD than on GOOD, both records of P, with
 * what they need; none if an op before them shows it already; all if no op does.
 */
void witness_prune(struct prog *p, size_t first, const struct record *good,
                   const struct record *bad);
/* Whether any op of P shows another thing on BAD than on GOOD. */
bool witness_shows(const struct prog *p, const struct record *good, const struct record *bad);
