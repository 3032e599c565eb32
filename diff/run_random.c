/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "op/gen.h"

enum {
    OPS_MAX = 40,
    FORK_PROGRAMS =
        32, /* one program in so many may make forks: each costs more than all else in it */
};

static int run_seed(struct soak *s, struct prog *p, uint64_t seed, struct err *e)
{
    struct gen_options o = {.system = soak_spec(s)->system, .ops_max = OPS_MAX, .host_fail = true};
    struct prng rng;
    char what[64];

    prng_seed(&rng, seed);
    o.fork = prng_chance(&rng, 1, FORK_PROGRAMS);
    if (gen_prog(p, &rng, &o) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    snprintf(what, sizeof(what), "--random 1 --seed %" PRIu64, seed);
    return soak_run(s, p, what, e);
}

int run_random(struct soak *s, uint64_t n, uint64_t seed, struct err *e)
{
    struct prog p = PROG_INIT;
    int r = 0;

    for (size_t t = 0; r == 0 && t < s->targets->n; t++) {
        soak_begin(s, t);
        for (uint64_t i = 0; r == 0 && i < n; i++) {
            r = run_seed(s, &p, seed + i, e);
        }
        if (r == 0) {
            soak_end(s);
        }
    }
    prog_free(&p);
    return r;
}
