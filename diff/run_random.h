/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated programs instead of recorded ones: a soak without an engine. */
#pragma once

#include "run_options.h"

/*
 * Run N programs of seeds SEED, SEED + 1, ... on each target and print a summary line per target;
 * the first finding of each signature is reported with the command that makes it again. Returns the
 * number of findings, or a negative errno with the reason in E.
 */
int run_random(struct target_list *targets, const struct common_options *common, uint64_t n,
               uint64_t seed, struct err *e);
