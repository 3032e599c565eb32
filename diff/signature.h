/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a finding is called: by what is wrong, not by the program, the build or the machine that
 * showed it. Five fields:
 *
 *     WHAT/OP/CLASS/RELATION/WHO       host-agrees-gt/munmap/mapped_to_free/h_gt_g/linux
 *                                      outcome/mprotect/ok_by_ENOMEM/h_eq_g/linux+bsd
 *
 * WHAT is the violated invariant, or in which the targets differ; CLASS what became of the first
 * bad page, or the outcome, with the errno that it had to be where only a failure is right
 * (ok_not_EINVAL); RELATION that of the page sizes.
 */
#pragma once

#include "diff_set.h"

/* Of the last program's finding. */
void signature_of(const struct diff_set *d, const struct prog *p, struct buf *out);
/*
 * Whether NOW names the same finding as WAS, or that finding in a simpler program: what the bad
 * page held before the step may be something else (mapped_to_X becomes free_to_X), a guard may be
 * another mapping, and a page that the step left what it was may be any other such page; of an
 * outcome and what it had to be one may differ. OTHER_PAGES: the relation of the page sizes may
 * differ too; OTHER_OP: the op.
 */
bool signature_is_kept(const char *was, const char *now, bool other_pages, bool other_op);
