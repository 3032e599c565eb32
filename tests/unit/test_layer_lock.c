/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_lock: depth per lock and thread, exclusion between threads, fork hooks in both processes, a
 * fresh start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_host.h"
#include "flavour/flavour.h"
#include "flavour/lock.h"

static void depth_counts_and_only_the_outermost_takes(void **state)
{
    struct mmap_lock lock;

    (void)state;
    mmap_lock_init(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 0);
    mmap_lock_take(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 1);
    mmap_lock_take(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 2);
    assert_int_equal(lock.locks, 1);
    mmap_lock_release(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 1);
    assert_int_equal(lock.unlocks, 0);
    mmap_lock_release(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 0);
    assert_int_equal(lock.unlocks, 1);
}

static void two_locks_do_not_share_a_depth(void **state)
{
    struct mmap_lock a, b;

    (void)state;
    mmap_lock_init(&a);
    mmap_lock_init(&b);
    mmap_lock_take(&a);
    assert_int_equal(mmap_lock_depth(&b), 0);
    mmap_lock_take(&b);
    mmap_lock_release(&a);
    assert_int_equal(mmap_lock_depth(&a), 0);
    assert_int_equal(mmap_lock_depth(&b), 1);
    mmap_lock_release(&b);
}

struct shared {
    struct mmap_lock lock;
    long plain; /* not atomic on purpose: a missing lock is a data race and a wrong sum */
    int rounds;
};

static void *add_under_the_lock(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < s->rounds; i++) {
        mmap_lock_take(&s->lock);
        mmap_lock_take(&s->lock);
        s->plain++;
        mmap_lock_release(&s->lock);
        s->plain++;
        mmap_lock_release(&s->lock);
    }
    return (void *)(intptr_t)mmap_lock_depth(&s->lock);
}

static void threads_exclude_each_other(void **state)
{
    struct shared s = {.rounds = 5000};
    pthread_t t[4];

    (void)state;
    mmap_lock_init(&s.lock);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, add_under_the_lock, &s), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *depth;

        pthread_join(t[i], &depth);
        assert_null(depth);
    }
    assert_int_equal(s.plain, 2L * 4 * s.rounds);
    assert_int_equal(s.lock.locks, 4 * s.rounds);
    assert_int_equal(s.lock.unlocks, 4 * s.rounds);
}

static void *depth_of_this_thread(void *arg)
{
    return (void *)(intptr_t)mmap_lock_depth(arg);
}

static void another_thread_has_its_own_depth(void **state)
{
    struct mmap_lock lock;
    pthread_t t;
    void *depth;

    (void)state;
    mmap_lock_init(&lock);
    mmap_lock_take(&lock);
    assert_int_equal(pthread_create(&t, NULL, depth_of_this_thread, &lock), 0);
    pthread_join(t, &depth);
    assert_null(depth);
    mmap_lock_release(&lock);
}

static void fork_start_under_the_own_lock_is_refused(void **state)
{
    struct mmap_lock lock;

    (void)state;
    mmap_lock_init(&lock);
    mmap_lock_take(&lock);
    mmap_lock_take(&lock);
    assert_int_equal(mmap_lock_fork_start(&lock), -EDEADLK);
    assert_int_equal(mmap_lock_depth(&lock), 2);
    assert_int_equal(lock.locks, 1);
    assert_int_equal(lock.unlocks, 0);
    mmap_lock_release(&lock);
    mmap_lock_release(&lock);
    assert_int_equal(mmap_lock_fork_start(&lock), 0);
    assert_int_equal(mmap_lock_depth(&lock), 0);
    mmap_lock_fork_end(&lock, false);
    assert_int_equal(lock.locks, 2);
    assert_int_equal(lock.unlocks, 2);
}

static void a_copy_is_what_a_child_finds(void **state)
{
    struct mmap_lock lock, child;

    (void)state;
    mmap_lock_init(&lock);
    mmap_lock_take(&lock);
    mmap_lock_release(&lock);
    assert_int_equal(mmap_lock_fork_start(&lock), 0);
    mmap_lock_copy(&child, &lock);
    assert_int_equal(mmap_lock_depth(&child), 0);
    assert_int_equal(child.locks, 2);
    assert_int_equal(child.unlocks, 1);
    /* held by a thread that the child has not */
    assert_int_equal(pthread_mutex_trylock(&child.mutex), EBUSY);
    mmap_lock_fork_end(&lock, false);
    mmap_lock_fork_end(&child, true);
    mmap_lock_take(&child);
    assert_int_equal(mmap_lock_depth(&child), 1);
    assert_int_equal(mmap_lock_depth(&lock), 0);
    mmap_lock_release(&child);
    assert_int_equal(child.locks, child.unlocks);
    assert_int_equal(lock.locks, 2);
}

/* In the child: 0 if the lock is free, usable and at depth 0. */
static int judge_child(struct mmap_lock *lock)
{
    mmap_lock_fork_end(lock, true);
    if (mmap_lock_depth(lock) != 0 || pthread_mutex_trylock(&lock->mutex) != 0) {
        return 1;
    }
    pthread_mutex_unlock(&lock->mutex);
    mmap_lock_take(lock);
    if (mmap_lock_depth(lock) != 1) {
        return 2;
    }
    mmap_lock_release(lock);
    return lock->locks == lock->unlocks ? 0 : 3;
}

static void fork_leaves_a_free_lock_in_both(void **state)
{
    struct mmap_lock lock;
    int status;
    pid_t pid;

    (void)state;
    mmap_lock_init(&lock);
    assert_int_equal(mmap_lock_fork_start(&lock), 0);
    pid = fork();
    if (pid == 0) {
        _exit(judge_child(&lock));
    }
    mmap_lock_fork_end(&lock, false);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(pthread_mutex_trylock(&lock.mutex), 0);
    pthread_mutex_unlock(&lock.mutex);
    assert_int_equal(mmap_lock_depth(&lock), 0);
}

static void init_over_a_held_lock_gives_a_free_one(void **state)
{
    struct mmap_lock lock;
    jmp_buf env;

    (void)state;
    mmap_lock_init(&lock);
    if (setjmp(env) == 0) {
        mmap_lock_take(&lock);
        mmap_lock_take(&lock);
        longjmp(env, 1);
    }
    mmap_lock_init(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 0);
    assert_int_equal(lock.locks, 0);
    mmap_lock_take(&lock);
    assert_int_equal(mmap_lock_depth(&lock), 1);
    mmap_lock_release(&lock);
}

struct caller {
    const struct layer_ops *ops;
    struct layer *layer;
    uint64_t start;
    uint32_t flags; /* PRIVATE, FIXED, ANONYMOUS */
};

static void *call_the_layer(void *arg)
{
    const struct caller *c = arg;
    intptr_t failed = 0;

    for (int i = 0; i < 200; i++) {
        failed += c->ops->mmap(c->layer, c->start, 0x3000, 7, c->flags, -1, 0) != c->start;
        failed += c->ops->translate(c->layer, c->start + 0x1000) != 0;
        failed += c->ops->page_unprotect(c->layer, c->start + 0x1000) != 1;
        failed += c->ops->mprotect(c->layer, c->start, 0x1000, 1) != 0;
        failed += c->ops->munmap(c->layer, c->start, 0x2000) != 0;
    }
    return (void *)failed;
}

/*
 * The fake host and the books have no lock of their own: under TSan a call that forgets mmap_lock
 * is found.
 */
static void calls_from_threads_keep_out_of_each_others_way(void **state)
{
    const struct layer_ops *ops = *state;
    struct layer *layer = ops->create();
    struct caller callers[4];
    struct layer_counters counters;
    struct fake_host fake;
    pthread_t t[4];
    struct layer_setup setup = {
        .size = sizeof(setup),
        .bits = 32,
        .guest_page = 0x1000,
        .host_page = 0x4000,
        .real_page = 0x4000,
        .guest_base = UINT64_C(0x7000000000),
        .window_last = 0xfffff,
        .host = &fake.host,
    };

    fake_host_init(&fake, 0x4000);
    assert_int_equal(ops->start(layer, &setup), 0);
    for (unsigned i = 0; i < 4; i++) {
        callers[i] =
            (struct caller){ops, layer, 0x20000 + i * 0x4000, ops == &layer_linux ? 0x32 : 0x1012};
        assert_int_equal(pthread_create(&t[i], NULL, call_the_layer, &callers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        void *failed;

        pthread_join(t[i], &failed);
        assert_null(failed);
    }
    ops->counters(layer, &counters);
    assert_int_equal(counters.locks, counters.unlocks);
    assert_int_equal(counters.depth, 0);
    ops->destroy(layer);
    fake_host_free(&fake);
}

static void unlock_at_depth_0_dies(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    if (pid == 0) {
        struct mmap_lock lock;
        int null = open("/dev/null", O_WRONLY);

        dup2(null, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        mmap_lock_init(&lock);
        mmap_lock_release(&lock);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_counts_and_only_the_outermost_takes),
        cmocka_unit_test(two_locks_do_not_share_a_depth),
        cmocka_unit_test(threads_exclude_each_other),
        cmocka_unit_test(another_thread_has_its_own_depth),
        cmocka_unit_test(fork_start_under_the_own_lock_is_refused),
        cmocka_unit_test(a_copy_is_what_a_child_finds),
        cmocka_unit_test(fork_leaves_a_free_lock_in_both),
        cmocka_unit_test(init_over_a_held_lock_gives_a_free_one),
        {"threads linux", calls_from_threads_keep_out_of_each_others_way, NULL, NULL,
         (void *)&layer_linux},
        {"threads bsd", calls_from_threads_keep_out_of_each_others_way, NULL, NULL,
         (void *)&layer_bsd},
        cmocka_unit_test(unlock_at_depth_0_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
