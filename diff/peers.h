/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two records of one program whose targets chose by themselves, step by step: what they answer,
 * what is mapped afterwards, what pages hold, addresses up to renaming of what each placed. A
 * difference is excused by a rule or by a limit of the layer that shows it, or it is a finding;
 * where the two have come apart for a known reason nothing more is compared until both have mapped
 * it anew.
 */
#pragma once

#include "compare.h"

struct peers;

/* NULL without memory. Free takes NULL and returns NULL. */
struct peers *peers_new(void);
struct peers *peers_free(struct peers *p);
/*
 * A and B, records of PROG, are kept until the next begin. RULES_OFF: a set of rules that excuse
 * nothing. NULL, or why the two cannot be compared.
 */
const char *peers_begin(struct peers *p, const struct prog *prog, const struct record *a,
                        const struct record *b, uint64_t rules_off);
/* Step I of both, in ascending order. 0 with *RET filled, whose text is reused; or -ENOMEM. */
int peers_step(struct peers *p, size_t i, struct compare_result *ret);
