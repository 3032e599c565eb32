/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of one target as those of another: what each of them placed by its own choice lies
 * elsewhere, everything else where it is. One to one: what has no counterpart is said to have none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"

/* [a, a + len) of the first is [b, b + len) of the second. */
struct rename_pair {
    uint64_t a, b, len;
};

struct rename {
    struct {
        struct rename_pair *v;
        size_t n, cap;
    } pairs;
};
#define RENAME_INIT ((struct rename){0})

void rename_free(struct rename *r);
static inline void rename_clear(struct rename *r)
{
    r->pairs.n = 0;
}
int rename_copy(struct rename *to, const struct rename *from);
/*
 * What the two placed at A and at B, LEN bytes each, is the same from now on; what was said of
 * these addresses before is forgotten. 0 or -ENOMEM.
 */
int rename_put(struct rename *r, uint64_t a, uint64_t b, uint64_t len);
/*
 * The first piece of B, addresses of the second, that lies together on both sides: its length; *A
 * is where the first has it, and *KNOWN false if it has it nowhere.
 */
uint64_t rename_piece(const struct rename *r, struct range b, uint64_t *a, bool *known);
