/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be seen of a page in a picture: its rights and what kind of memory it is. Two pages of
 * one look are drawn alike; which object they show, and where in it, is not part of it.
 */
#pragma once

#include "region/region.h"

enum look_bit {
    LOOK_R = 1,
    LOOK_W = 2,
    LOOK_X = 4,
    LOOK_MAPPED = 8,
    LOOK_WATCHED = 16, /* may be written, but the translator wants to see it first */
    LOOK_GUARD = 32,
    LOOK_SHARED = 64,
    LOOK_SNAPSHOT = 128,
    LOOK_FILE = 256,
    LOOK_SPECIAL = 512,
    LOOK_MIXED = 1024, /* several looks in one cell */
};

#define LOOK_FREE 0u
#define LOOK_TEXT_MAX 8

/* Of REGION; NULL is free. */
unsigned look_of(const struct region *g);
/* Of all of AT; LOOK_MIXED if that is not one. */
unsigned look_at(const struct region_vec *v, struct range at);

/*
 * As few characters as tell looks apart: "rw", "r", "-" no right, "." free, "#" guard,
 * "?" mixed; 't' for a 'w' that is watched; behind them 's' for shared, '*' for a snapshot.
 */
void look_symbol(unsigned look, char text[LOOK_TEXT_MAX]);
/* "rw- private anonymous", "free". */
void look_words(unsigned look, struct buf *out);

struct look_change {
    struct range where;
    unsigned before, after;
};
/* The first stretch of WITHIN that does not look the same in A and B; false if there is none. */
bool look_next_change(const struct region_vec *a, const struct region_vec *b, struct range within,
                      struct look_change *ret);
