/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated programs instead of recorded ones: a soak without an engine. */
#pragma once

#include "soak.h"

/*
 * Run N programs of seeds SEED, SEED + 1, ... on each target. 0 or a negative errno with the reason
 * in E.
 */
int run_random(struct soak *s, uint64_t n, uint64_t seed, struct err *e);
