/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor and some bytes: what every fuzz target calls. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct oneshot_desc {
    const char *name;   /* fuzz_linux */
    const char *target; /* target spec, NULL for targets without programs */
    int (*bytes)(const uint8_t *data,
                 size_t len); /* instead of a target: 0, or 1 with the report on stderr */
};

/*
 * 0: holds. Otherwise the report goes to stderr and the process aborts: that is what engines look
 * for.
 */
int oneshot_run(const struct oneshot_desc *d, const uint8_t *data, size_t len);

/* The mutator's side, for libFuzzer and AFL++ alike. Sizes in bytes; 0 if nothing could be made. */
size_t oneshot_mutate(const struct oneshot_desc *d, uint8_t *data, size_t len, size_t max,
                      uint32_t seed);
size_t oneshot_crossover(const struct oneshot_desc *d, const uint8_t *a, size_t a_len,
                         const uint8_t *b, size_t b_len, uint8_t *out, size_t max, uint32_t seed);
