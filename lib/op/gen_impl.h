/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/op only. What the generator and the mutator share: a rough idea of what is mapped
 * where, so that new arguments fall on, beside and across live mappings. It is a guess: nothing
 * judges by it.
 */
#pragma once

#include "base/range.h"
#include "op/gen.h"

enum {
    GEN_AREAS_MAX = 64,
    GEN_ANCHORS = 5,
    GEN_RECENT_MAX = 8,
};

/*
 * A run of pages believed to be mapped. R counts from the start of the window or from result REF.
 */
struct gen_area {
    uint8_t base; /* VALUE_WINDOW or VALUE_RESULT */
    uint16_t ref;
    struct range r;
    uint8_t prot;
    bool shared;
    int file; /* -1: anonymous */
    uint64_t offset;
};

struct gen_world {
    uint64_t page;        /* guest page */
    uint64_t host_page;   /* the layer's: raised to the guest page */
    uint64_t window_last; /* last guest address */
    unsigned n;
    struct gen_area area[GEN_AREAS_MAX];
};

/* An address and a length, and the area they were made from (NULL: none). */
struct gen_span {
    struct value addr;
    uint64_t len;
    const struct gen_area *area;
};

struct gen {
    struct prng *rng;
    const struct gen_options *o;
    struct gen_weights w;
    struct prog *p;
    struct gen_world world;
    struct range arena; /* where fixed placements collide */
    uint64_t anchor[GEN_ANCHORS];
    uint16_t next_result;
    uint8_t next_byte;
    unsigned fork_left; /* ops of the open fork still to come before its wait */
    unsigned forks;
    unsigned n_recent;
    struct gen_span recent[GEN_RECENT_MAX]; /* where stores went */
};

/* gen_world.c */
void gen_world_init(struct gen_world *w, const struct prog_config *c);
/* What OP does to the world if it succeeds; an op with nonsense arguments does nothing. */
void gen_world_apply(struct gen_world *w, const struct op *op);
/* The world in front of op N of P: ops that ran in a child which is waited for leave no trace. */
void gen_world_replay(struct gen_world *w, const struct prog *p, size_t n);

/* gen_args.c */
struct value gen_addr_of(const struct gen_area *a, uint64_t at);
/* Any area, one that has all bits of PROT if there is one; NULL if nothing is mapped. */
const struct gen_area *gen_area_pick(struct gen *g, uint8_t prot);
struct gen_span gen_span_pick(struct gen *g);
/* An address for a fixed placement of LEN bytes. */
uint64_t gen_fixed_pick(struct gen *g, uint64_t len);
/* A length in bytes, mostly few whole pages. */
uint64_t gen_len_pick(struct gen *g);
/* A few bytes in A near an edge where neighbours get damaged. */
struct gen_span gen_access_pick(struct gen *g, const struct gen_area *a);
uint64_t gen_prot_pick(struct gen *g);
uint64_t gen_advice_pick(struct gen *g);
/* Index drawn by weight; the weights must not all be 0. */
unsigned gen_weighted(struct prng *rng, const uint16_t *weight, unsigned n);

/* gen_flags.c */
/* All neutral map flags that SYSTEM has. */
uint64_t gen_flags_of(enum abi_system system);
/* Flags beyond sharing type and placement, few and seldom. */
uint64_t gen_flags_extra(struct gen *g);
/* Flags that fill memory at once, and programs that hold such maps, stay small. */
void gen_tame(struct prog *p);

/* gen_op.c */
/*
 * Draw the arguments of an op of KIND in the present world; its result is named if that is of use.
 */
void gen_op_draw(struct gen *g, struct op *op, enum op_kind kind);
/* gen_mmap.c */
void gen_mmap_draw(struct gen *g, struct op *op);
/*
 * gen_spoil.c: make one argument invalid, on purpose. Ops that have no arguments to get wrong stay
 * as they are.
 */
void gen_spoil(struct gen *g, struct op *op);

/* gen_config.c */
void gen_config_draw(struct prog_config *c, struct prng *rng);
/* Change one key of *C to another legal value. */
void gen_config_change(struct prog_config *c, struct prng *rng);
uint64_t gen_file_size(struct prng *rng, const struct prog_config *c);
struct prog_file gen_file_draw(struct prng *rng, const struct prog_config *c);

/* mutate_arg.c */
/* Change one argument of op AT of G's program, mostly towards a boundary. */
void mutate_arg(struct gen *g, size_t at);

/* gen.c */
/* Ready to draw ops that go in front of op AT of P. */
void gen_begin(struct gen *g, struct prog *p, struct prng *rng, const struct gen_options *o,
               size_t at);
/* A result that no op of P names; PROG_RESULTS_MAX or above if there is none left. */
uint16_t gen_free_result(const struct prog *p);
/* A kind that may stand anywhere, by weight. */
enum op_kind gen_kind_pick(struct gen *g);
