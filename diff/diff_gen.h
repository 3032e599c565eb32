/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs for comparisons: what the generator draws for layers, and beyond it what only a kernel's
 * own page size and all of its calls give a meaning: forks in many programs, arguments that no
 * layer is asked for.
 */
#pragma once

#include "op/prog.h"

struct diff_gen {
    enum abi_system system;           /* whose flags and calls are drawn */
    const struct prog_config *native; /* the one configuration that a kernel has; NULL: drawn */
    bool peers;  /* for targets of which each places by its own choice: half leave them none */
    bool faults; /* for layers alone: in some a host call fails */
    const struct prog *const *seeds; /* programs of which half are changed ones, N_SEEDS */
    size_t n_seeds;
    bool systems; /* for both systems: some of these say only what both mean alike */
};

/* The program of SEED into P. 0 or -ENOMEM. */
int diff_generate(struct prog *p, const struct diff_gen *how, uint64_t seed);
