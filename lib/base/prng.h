/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only source of randomness: seeded, passed in, the same on every machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

void prng_seed(struct prng *p, uint64_t seed);
uint64_t prng_u64(struct prng *p);
/* Uniform in [0, BOUND); BOUND must not be 0. */
uint64_t prng_below(struct prng *p, uint64_t bound);
/* Uniform in [LO, HI], both inclusive. */
uint64_t prng_between(struct prng *p, uint64_t lo, uint64_t hi);
/* True N times in D. */
bool prng_chance(struct prng *p, unsigned n, unsigned d);
