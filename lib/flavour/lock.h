/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_lock: one plain mutex around the books and the host map of one layer, and a depth that
 * counts how often the thread that holds it took it. The depth lives beside the mutex, not in
 * thread-local storage, because several layers can exist in one process and each needs its own.
 * Same code for both flavours.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mmap_lock {
    pthread_mutex_t mutex;
    _Atomic uintptr_t owner;  /* token of the thread whose depth is above 0; 0 none */
    int depth;                /* of the owner; touched by nobody else */
    _Atomic uint64_t locks;   /* times the mutex was taken, ... */
    _Atomic uint64_t unlocks; /* ... and given back */
};

/* A free lock with counters 0, whatever was there before: also over one that a longjmp left held.
 */
void mmap_lock_init(struct mmap_lock *lock);
/*
 * TO, whatever was there before, becomes what FROM, taken for a fork, is in the child: locked by
 * nobody who lives there.
 */
void mmap_lock_copy(struct mmap_lock *to, const struct mmap_lock *from);
void mmap_lock_take(struct mmap_lock *lock);
/* Unlocking at depth 0 is a fault of the embedding program: an assertion. */
void mmap_lock_release(struct mmap_lock *lock);
/* Depth of the calling thread, 0 if it does not hold the lock. */
int mmap_lock_depth(const struct mmap_lock *lock);
/*
 * Take the mutex for a fork, depth stays 0. 0, or -EDEADLK under the caller's own lock, with
 * nothing changed.
 */
int mmap_lock_fork_start(struct mmap_lock *lock);
/*
 * After the fork: the parent releases, the child gets a fresh mutex, for its copy is locked by a
 * thread it lacks.
 */
void mmap_lock_fork_end(struct mmap_lock *lock, bool child);
