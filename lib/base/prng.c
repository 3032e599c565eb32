/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xoshiro256** (Blackman and Vigna, public domain algorithm), seeded through splitmix64. */
#include "base/prng.h"

#include <assert.h>

static uint64_t rotl(uint64_t v, unsigned n)
{
    return (v << n) | (v >> (64 - n));
}

void prng_seed(struct prng *p, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15u);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        p->s[i] = z ^ (z >> 31);
    }
}

uint64_t prng_u64(struct prng *p)
{
    uint64_t *s = p->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *p, uint64_t bound)
{
    assert(bound != 0);
    /* The bias is below bound / 2^64, too small for a fuzzer to care about. */
    return (uint64_t)(((unsigned __int128)prng_u64(p) * bound) >> 64);
}

uint64_t prng_between(struct prng *p, uint64_t lo, uint64_t hi)
{
    uint64_t span = hi - lo + 1;

    assert(lo <= hi);
    return span == 0 ? prng_u64(p) : lo + prng_below(p, span);
}

bool prng_chance(struct prng *p, unsigned n, unsigned d)
{
    return prng_below(p, d) < n;
}
