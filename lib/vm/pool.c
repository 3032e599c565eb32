/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

void vm_pool_init(struct vm_pool *pool, size_t unit, size_t block, size_t align)
{
    *pool = (struct vm_pool){.unit = unit, .block = block, .align = align};
}

void vm_pool_free(struct vm_pool *pool)
{
    for (size_t i = 0; i < pool->blocks.n; i++) {
        free(pool->blocks.v[i]);
    }
    free(pool->blocks.v);
    *pool = (struct vm_pool){0};
}

void vm_pool_reset(struct vm_pool *pool, size_t unit)
{
    assert(unit && pool->block % unit == 0);
    pool->unit = unit;
    pool->fresh = 0;
    pool->live = 0;
    pool->free = NULL;
}

int vm_pool_reserve(struct vm_pool *pool, size_t n)
{
    size_t each = pool->block / pool->unit;

    while (pool->blocks.n * each - pool->live < n) {
        void *block;

        if (vec_reserve(&pool->blocks, pool->blocks.n + 1)) {
            return -ENOMEM;
        }
        block = aligned_alloc(pool->align, pool->block);
        if (!block) {
            return -ENOMEM;
        }
        pool->blocks.v[pool->blocks.n++] = block;
    }
    return 0;
}

void *vm_pool_get(struct vm_pool *pool)
{
    size_t each = pool->block / pool->unit;
    void *unit = pool->free;

    if (unit) {
        pool->free = *(void **)unit;
        pool->live++;
        return unit;
    }
    if (vm_pool_reserve(pool, 1)) {
        return NULL;
    }
    unit = (char *)pool->blocks.v[pool->fresh / each] + (pool->fresh % each) * pool->unit;
    pool->fresh++;
    pool->live++;
    return unit;
}

void vm_pool_put(struct vm_pool *pool, void *unit)
{
    *(void **)unit = pool->free;
    pool->free = unit;
    pool->live--;
}
