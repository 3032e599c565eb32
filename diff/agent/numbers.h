/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generic numbers of Linux, as the resolver gives them, in the numbers of this architecture.
 * False if it has none: a flag without a name here goes through as it is only where it cannot mean
 * something else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool numbers_prot(uint64_t generic, uint32_t *ret);
bool numbers_mapflags(uint64_t generic, uint32_t *ret);
bool numbers_msync(uint64_t generic, uint32_t *ret);
bool numbers_advice(uint64_t generic, uint32_t *ret);
