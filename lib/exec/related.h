/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that must show the same: a program rewritten by the laws of mmap (invariant "algebra"),
 * or run under another host page size, with or without reserved_va, at another guest_base
 * (invariant "config-independence"). What one limit of a layer (inv/limit.h) has excused is not
 * compared any further.
 */
#pragma once

#include "base/prng.h"
#include "exec/runner.h"

struct related;

/* NULL without memory. Free takes NULL and returns NULL. */
struct related *related_new(void);
struct related *related_free(struct related *x);

/*
 * P, which passed on R under O with RET still as that run left it, against N relatives drawn from
 * RNG. 0 with RET as it was (its steps are those of P again) or, after a violation, filled as by
 * runner_run for the run of P, bad step included; or a negative errno with the reason in E. *PAIRS
 * counts the comparisons made.
 */
int related_run(struct related *x, struct runner *r, const struct prog *p,
                const struct run_options *o, unsigned n, struct prng *rng, struct run_result *ret,
                uint64_t *pairs, struct err *e);
