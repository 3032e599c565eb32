/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flavour/lock.h"

#include <assert.h>
#include <errno.h>

/* A number that no two living threads share and that survives fork in the thread that forked. */
static uintptr_t self(void)
{
    static _Thread_local char token;

    return (uintptr_t)&token;
}

static bool mine(const struct mmap_lock *lock)
{
    return atomic_load_explicit(&lock->owner, memory_order_relaxed) == self();
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void fresh(struct mmap_lock *lock)
{
    int r = pthread_mutex_init(&lock->mutex, NULL);

    assert(r == 0);
    (void)r;
    atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    lock->depth = 0;
}

void mmap_lock_init(struct mmap_lock *lock)
{
    fresh(lock);
    atomic_store_explicit(&lock->locks, 0, memory_order_relaxed);
    atomic_store_explicit(&lock->unlocks, 0, memory_order_relaxed);
}

static uint64_t counted(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void mmap_lock_copy(struct mmap_lock *to, const struct mmap_lock *from)
{
    fresh(to);
    atomic_store_explicit(&to->locks, counted(&from->locks), memory_order_relaxed);
    atomic_store_explicit(&to->unlocks, counted(&from->unlocks), memory_order_relaxed);
    pthread_mutex_lock(&to->mutex);
}

void mmap_lock_take(struct mmap_lock *lock)
{
    if (mine(lock)) {
        lock->depth++;
        return;
    }
    pthread_mutex_lock(&lock->mutex);
    atomic_store_explicit(&lock->owner, self(), memory_order_relaxed);
    lock->depth = 1;
    count(&lock->locks);
}

void mmap_lock_release(struct mmap_lock *lock)
{
    assert(mine(lock) && lock->depth > 0 && "mmap_unlock without mmap_lock");
    if (--lock->depth > 0) {
        return;
    }
    atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    count(&lock->unlocks);
    pthread_mutex_unlock(&lock->mutex);
}

int mmap_lock_depth(const struct mmap_lock *lock)
{
    return mine(lock) ? lock->depth : 0;
}

int mmap_lock_fork_start(struct mmap_lock *lock)
{
    if (mine(lock)) {
        return -EDEADLK;
    }
    pthread_mutex_lock(&lock->mutex);
    count(&lock->locks);
    return 0;
}

void mmap_lock_fork_end(struct mmap_lock *lock, bool child)
{
    count(&lock->unlocks);
    if (child) {
        fresh(lock);
    } else {
        pthread_mutex_unlock(&lock->mutex);
    }
}
