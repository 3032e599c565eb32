/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units of one size out of large blocks, never given back to malloc before the pool is freed: all
 * of them return at once by a reset that touches none.
 */
#pragma once

#include <stddef.h>

struct vm_pool {
    struct {
        void **v;
        size_t n;
        size_t cap;
    } blocks;
    size_t unit;  /* bytes, a multiple of 16 */
    size_t block; /* bytes of a block, a multiple of unit */
    size_t align; /* of blocks and so of units, if unit is a multiple of it */
    size_t fresh; /* units handed out for the first time since the last reset */
    size_t live;  /* units in use */
    void *free;   /* list through their first bytes */
};

void vm_pool_init(struct vm_pool *pool, size_t unit, size_t block, size_t align);
void vm_pool_free(struct vm_pool *pool);
/* All units are free, of UNIT bytes from now on. */
void vm_pool_reset(struct vm_pool *pool, size_t unit);
/* At least N units more without failing. 0 or -ENOMEM. */
int vm_pool_reserve(struct vm_pool *pool, size_t n);
/* NULL without memory. Its bytes are whatever they were. */
void *vm_pool_get(struct vm_pool *pool);
void vm_pool_put(struct vm_pool *pool, void *unit);

static inline size_t vm_pool_bytes(const struct vm_pool *pool)
{
    return pool->blocks.n * pool->block;
}
