/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs for comparisons: what the generator draws for layers, and beyond it what only a kernel's
 * own page size and all of its calls give a meaning: forks in many programs, arguments that no
 * layer is asked for.
 */
#pragma once

#include "op/prog.h"

/*
 * The program of SEED into P, for SYSTEM; NATIVE: under the one configuration that a native kernel
 * has; PEERS: for targets of which each places by its own choice, so that half of the programs
 * leave them none. 0 or -ENOMEM.
 */
int diff_generate(struct prog *p, enum abi_system system, bool native, bool peers, uint64_t seed);
