/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random programs and structural mutation, from one seeded PRNG. */
#pragma once

#include "base/prng.h"
#include "op/prog.h"

struct gen_options {
    enum abi_system system;           /* whose flags are drawn, whose ops exist */
    unsigned ops_max;                 /* length of a generated program */
    bool host_fail;                   /* draw host_fail ops */
    bool fork;                        /* draw fork ops */
    const struct prog_config *config; /* NULL: drawn too */
};

/*
 * Swarm weights: drawn once per program or per run, with some op kinds and flags switched off
 * altogether.
 */
struct gen_weights {
    uint16_t op[OP_KIND_COUNT];
    uint64_t mapflags_off; /* neutral flags that are not drawn */
    uint16_t invalid;      /* argument sets in a thousand that are invalid on purpose */
};

void gen_weights_draw(struct gen_weights *w, struct prng *rng, const struct gen_options *o);
/* A new valid program in *P (cleared first). 0 or -ENOMEM. */
int gen_prog(struct prog *p, struct prng *rng, const struct gen_options *o);

/*
 * One to a few structural changes: insert, remove, duplicate, change an argument. P stays valid and
 * does not grow beyond ops_max; its expectations go. 0 or -ENOMEM.
 */
int mutate_prog(struct prog *p, struct prng *rng, const struct gen_options *o);
/* Part of FROM into P, its results and files renamed. */
int mutate_splice(struct prog *p, const struct prog *from, struct prng *rng,
                  const struct gen_options *o);
