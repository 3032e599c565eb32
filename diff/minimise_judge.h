/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The minimiser with a judge for its predicate: the same way of failing is the same signature. */
#pragma once

#include "judge.h"
#include "minimise.h"

/*
 * Make P smaller as long as J finds the signature that its first finding has; where page sizes are
 * changed the relation, fourth of its fields, may differ, and is part of the signature from then
 * on. P states the configuration it ran under, and candidates that would run under another are
 * refused, so what comes out is the same program under the same J. The predicate of O is ignored.
 *
 * 0 with *LAST as the smallest was judged, or, if no run of P was a finding, as P was, and P as it
 * is; or a negative errno with the reason in E. LAST is made by the caller.
 */
int minimise_by_judge(struct judge *j, struct prog *p, const struct minimise_options *o,
                      struct judge_result *last, struct minimise_stats *ret, struct err *e);
