/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the C reproducer only: the functions that a file may need, and the file as it grows. */
#pragma once

#include "repro_space.h"

/* In the order in which a file has them; repro_helpers.c has their text. */
enum repro_helper {
    HELPER_BASE, /* say, cannot: always */
    HELPER_STEP,
    HELPER_DIFFERS,
    HELPER_FAILURE,
    HELPER_SUCCEEDS,
    HELPER_FAILS,
    HELPER_MAPS,
    HELPER_MAPS_AT,
    HELPER_MAPS_NOT,
    HELPER_ABSOLUTE,
    HELPER_WINDOW,
    HELPER_AT,
    HELPER_IS_FREE,
    HELPER_FIND_WINDOW,
    HELPER_MAKE_ROOM,
    HELPER_NEED_FREE,
    HELPER_NOT_OPEN,
    HELPER_FILE,
    HELPER_GO_OVER,
    HELPER_SHOWN,
    HELPER_STORES,
    HELPER_STORE_FAULTS,
    HELPER_LOADS,
    HELPER_LOADS_BYTE,
    HELPER_LOAD_FAULTS,
    HELPER_FORKS,
    HELPER_SHOWS,
    HELPER_COUNT,
};

/* Append the texts of SET (bits), and of what they need. */
void repro_helpers_print(uint64_t set, enum abi_system system, struct buf *out);
/* SET with what its members need. */
uint64_t repro_helpers_needed(uint64_t set);

struct repro_c {
    const struct repro *r;
    enum abi_system system;
    struct repro_steps steps;
    struct repro_space space;
    struct buf body; /* the steps */
    uint64_t needs;  /* set of helpers */
    bool wide;       /* it has numbers of more than 32 bits */
    unsigned indent;
    bool looked;                    /* at what is mapped in the end */
    bool files[PROG_FILES_MAX];     /* that are used */
    bool results[PROG_RESULTS_MAX]; /* the same */
    bool known[PROG_RESULTS_MAX];   /* the result is there in the record */
};

static inline void repro_c_need(struct repro_c *c, enum repro_helper h)
{
    c->needs |= UINT64_C(1) << h;
}

/* V in hex, as a C constant. */
void repro_c_number(struct repro_c *c, uint64_t v, struct buf *out);
/* TEXT, which may be too long for a line, as one statement at the present indent. */
void repro_c_line(const struct repro_c *c, const char *text, struct buf *out);
/* What the record has mapped after its last op, as steps of the same kind (repro_c_maps.c). */
void repro_c_maps(struct repro_c *c);
/* All steps into the body; find out what they need. */
void repro_c_steps(struct repro_c *c);
