/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a program that fails to the smallest one that fails in the same way: fewer ops first, then
 * simpler ones. What failing means is the caller's predicate and nothing else: nothing here runs a
 * program. Every candidate is a valid program, none is asked for twice, and different programs with
 * the same cause are led to the same form: one page, the lowest addresses, fixed private anonymous
 * maps, names counted from r0.
 */
#pragma once

#include "op/prog.h"

/* What a candidate changes on purpose of that by which a failure is told from others. */
enum minimise_change {
    MINIMISE_NOTHING,
    MINIMISE_PAGES, /* the page sizes, so how they relate may differ */
    MINIMISE_OP,    /* the op that fails, to one that does part of the same */
};

struct minimise_pred {
    /*
     * 1: P still fails in the same way but for CHANGE; 0: it does not; a negative errno with the
     * reason in E: the world failed.
     */
    int (*same)(void *arg, const struct prog *p, enum minimise_change change, struct err *e);
    void *arg;
    /* P is the smallest so far; may be NULL. */
    void (*taken)(void *arg, const struct prog *p);
};

struct minimise_options {
    struct minimise_pred pred;
    unsigned runs, needed; /* flaky: the same in at least NEEDED of RUNS; 0: 1 of 1 */
    uint64_t budget;       /* executions at most; 0: as many as usually do */
    /* minimise_by_judge: which finding of a program that has several; NULL: the first that shows */
    const char *signature;
};

struct minimise_stats {
    uint64_t executed;
    size_t ops_before, ops_after;
    bool exhausted; /* the budget: there may be a smaller one */
};

/*
 * P fails; it becomes the smallest found that does, of one op or more. 0, or a negative errno with
 * the reason in E and P a smaller one that fails, if any was found.
 */
int minimise(struct prog *p, const struct minimise_options *o, struct minimise_stats *ret,
             struct err *e);
