/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What minimising costs, on layers of the caller's or on findings that are provoked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bench_minimize {
    const char *const *layers; /* targets, each with an error in it */
    size_t n_layers;           /* 0: the project's own, with a limit switched off */
    uint64_t starts;           /* programs to begin from, per layer or limit */
    uint64_t seed;
    bool show; /* print the programs that are left */
};

/*
 * Prints a row per start. 0; 1: a program of 60 ops took more than the bound, or a layer in which
 * nothing was found; a negative errno with the reason in E.
 */
int bench_minimize(const struct bench_minimize *b, struct err *e);
