/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/host: faults, aborts and hangs inside a guarded call are outcomes; outside they are what they
 * always were. cmocka takes the signals for each test, so each test takes them back first.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/catch.h"
#include "host/real.h"

/* TSan holds our timer's signal back and has a stack of its own that overflows first. */
static void skip_under_tsan(void)
{
    if (CATCH_TSAN) {
        skip();
    }
}

static void take_signals(void)
{
    struct err e = {""};

    assert_int_equal(host_catch_install(&e), 0);
}

/* The page that every access faults on. */
static volatile char *closed_page(void)
{
    static void *page;

    if (!page) {
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(page != MAP_FAILED);
    }
    return page;
}

static void do_nothing(void *arg)
{
    ++*(int *)arg;
}

static void do_fault(void *arg)
{
    volatile char *at = arg;

    at[123] = 1;
}

static void do_abort(void *arg)
{
    (void)arg;
    abort();
}

static void do_illegal(void *arg)
{
    (void)arg;
    (void)raise(SIGILL);
}

static void do_divide(void *arg)
{
    (void)arg;
    (void)raise(SIGFPE);
}

static void do_hang(void *arg)
{
    volatile unsigned *n = arg;

    for (;;) {
        ++*n;
    }
}

static void do_sleep(void *arg)
{
    struct timespec t = {.tv_sec = 3600};

    (void)arg;
    while (nanosleep(&t, &t) != 0) {
    }
}

/* Uses the stack until there is none; the result keeps the calls from becoming a loop. */
static unsigned recurse(volatile unsigned *depth)
{
    volatile char block[1024];

    block[0] = (char)++*depth;
    return *depth == UINT32_MAX ? 0 : recurse(depth) + (unsigned)block[0];
}

static void do_recurse(void *arg)
{
    (void)recurse(arg);
}

static void test_a_call_that_returns_is_0(void **state)
{
    int n = 0;
    uint64_t addr = 42;

    (void)state;
    take_signals();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(host_catch_call(do_nothing, &n, i % 2 ? 1000 : 0, &addr), 0);
    }
    assert_int_equal(n, 1000);
    assert_int_equal(addr, 42);
}

static void test_a_fault_is_an_outcome(void **state)
{
    uint64_t addr = 0;

    (void)state;
    take_signals();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(host_catch_call(do_fault, (void *)closed_page(), 0, &addr), SIGSEGV);
        assert_int_equal(addr, (uintptr_t)closed_page() + 123);
    }
    assert_int_equal(host_catch_call(do_fault, (void *)closed_page(), 0, NULL), SIGSEGV);
}

static void test_abort_and_the_rest_are_outcomes(void **state)
{
    uint64_t addr = 42;

    (void)state;
    take_signals();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(host_catch_call(do_abort, NULL, 0, &addr), SIGABRT);
        assert_int_equal(addr, 0);
        assert_int_equal(host_catch_call(do_illegal, NULL, 0, &addr), SIGILL);
        assert_int_equal(host_catch_call(do_divide, NULL, 0, &addr), SIGFPE);
    }
}

static void test_a_stack_overflow_is_an_outcome(void **state)
{
    unsigned depth = 0;

    (void)state;
    skip_under_tsan();
    take_signals();
    for (int i = 0; i < 3; i++) {
        depth = 0;
        assert_int_equal(host_catch_call(do_recurse, &depth, 0, NULL), SIGSEGV);
        assert_true(depth > 100);
    }
}

/* An inner fault, then an outer one; guarded accesses in between. */
static void do_nest(void *arg)
{
    struct host *h = host_real();
    uint64_t page = (uintptr_t)closed_page();
    struct host_fault fault = {0};
    unsigned char byte;

    assert_int_equal(host_catch_call(do_fault, (void *)closed_page(), 0, NULL), SIGSEGV);
    assert_int_equal(host_read(h, page + 9, &byte, 1, &fault), -EFAULT);
    assert_int_equal(fault.addr, page + 9);
    assert_int_equal(host_catch_call(do_abort, NULL, 0, NULL), SIGABRT);
    ++*(int *)arg;
    do_fault((void *)closed_page());
    ++*(int *)arg;
}

static void test_guards_nest(void **state)
{
    int steps = 0;

    (void)state;
    take_signals();
    assert_int_equal(host_catch_call(do_nest, &steps, 0, NULL), SIGSEGV);
    assert_int_equal(steps, 1);
    assert_int_equal(host_catch_call(do_nothing, &steps, 0, NULL), 0);
}

/* A wrong buffer of our own is not the guest's fault: it belongs to the call around. */
static void do_bad_buffer(void *arg)
{
    unsigned char guest[16] = {0};

    (void)host_read(host_real(), (uintptr_t)guest, arg, sizeof(guest), NULL);
}

static void test_a_wrong_buffer_is_not_a_guest_fault(void **state)
{
    uint64_t addr = 0;

    (void)state;
    take_signals();
    assert_int_equal(host_catch_call(do_bad_buffer, (void *)closed_page(), 0, &addr), SIGSEGV);
    assert_int_equal(addr, (uintptr_t)closed_page());
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void check_hang(void (*fn)(void *), unsigned limit)
{
    unsigned n = 0;
    uint64_t addr = 42;
    uint64_t before = now_ms();

    assert_int_equal(host_catch_call(fn, &n, limit, &addr), SIGALRM);
    assert_int_equal(addr, 0);
    assert_true(now_ms() - before >= limit - limit / 10);
    assert_true(now_ms() - before < limit + 2000); /* a busy machine ticks late */
}

static void test_a_hang_is_an_outcome(void **state)
{
    (void)state;
    skip_under_tsan();
    take_signals();
    check_hang(do_hang, 100);
    check_hang(do_hang, 100);
    check_hang(do_sleep, 120);
}

static void do_outer(void *arg)
{
    unsigned n = 0;

    assert_int_equal(host_catch_call(do_hang, &n, 100, NULL), SIGALRM);
    ++*(int *)arg;
    (void)host_catch_call(do_hang, &n, 0, NULL); /* only the outer one has a limit */
    ++*(int *)arg;
}

static void test_the_call_whose_limit_passed_is_left(void **state)
{
    int steps = 0;

    (void)state;
    skip_under_tsan();
    take_signals();
    assert_int_equal(host_catch_call(do_outer, &steps, 600, NULL), SIGALRM);
    assert_int_equal(steps, 1);
}

/* The timer stops in idle times, and must come back. */
static void test_a_hang_after_a_long_pause_is_seen(void **state)
{
    struct timespec pause = {.tv_sec = 1, .tv_nsec = 300000000};

    (void)state;
    skip_under_tsan();
    take_signals();
    check_hang(do_hang, 50);
    while (nanosleep(&pause, &pause) != 0) {
    }
    check_hang(do_hang, 50);
}

static void *run_in_thread(void *arg)
{
    unsigned n = 0;
    unsigned depth = 0;
    int *ok = arg;

    *ok = host_catch_call(do_fault, (void *)closed_page(), 0, NULL) == SIGSEGV;
    *ok = *ok && host_catch_call(do_hang, &n, 100, NULL) == SIGALRM;
    *ok = *ok && host_catch_call(do_recurse, &depth, 0, NULL) == SIGSEGV;
    return NULL;
}

static void test_every_thread_has_its_own_guards(void **state)
{
    pthread_t threads[4];
    int ok[4] = {0};

    (void)state;
    skip_under_tsan();
    take_signals();
    (void)closed_page();
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, &ok[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(ok[i], 1);
    }
}

/* Run FN in a child; its wait status. The child must not come back into cmocka. */
static int in_child(void (*fn)(void))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        fn();
        _exit(99);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void default_action(int sig)
{
    (void)signal(sig, SIG_DFL);
    (void)host_catch_install(NULL);
}

static void child_faults_unguarded(void)
{
    default_action(SIGSEGV);
    do_fault((void *)closed_page());
}

static void child_aborts_unguarded(void)
{
    default_action(SIGABRT);
    abort();
}

static void child_raises_unguarded(void)
{
    default_action(SIGBUS);
    (void)raise(SIGBUS);
}

static void test_outside_a_guard_a_fault_still_kills(void **state)
{
    int status;

    (void)state;
    status = in_child(child_faults_unguarded);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    status = in_child(child_aborts_unguarded);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    status = in_child(child_raises_unguarded);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void exit_42(int sig)
{
    _exit(sig == SIGSEGV ? 42 : 1);
}

static void exit_43(int sig, siginfo_t *info, void *context)
{
    (void)context;
    _exit(sig == SIGSEGV && info->si_addr == (void *)(closed_page() + 123) ? 43 : 1);
}

static void child_has_a_handler(void)
{
    (void)signal(SIGSEGV, exit_42);
    (void)host_catch_install(NULL);
    if (host_catch_call(do_fault, (void *)closed_page(), 0, NULL) == SIGSEGV) {
        do_fault((void *)closed_page());
    }
}

static void child_has_a_detailed_handler(void)
{
    struct sigaction sa = {.sa_sigaction = exit_43, .sa_flags = SA_SIGINFO};

    (void)sigaction(SIGSEGV, &sa, NULL);
    (void)host_catch_install(NULL);
    (void)host_catch_install(NULL); /* again: must not chain to itself */
    do_fault((void *)closed_page());
}

static void test_the_handler_before_us_gets_the_rest(void **state)
{
    int status;

    (void)state;
    (void)closed_page();
    status = in_child(child_has_a_handler);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    status = in_child(child_has_a_detailed_handler);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 43);
}

static pid_t tester;

static void do_wait_for_signal(void *arg)
{
    (void)arg;
    for (;;) {
        pause();
    }
}

static void child_is_told_to_abort(void)
{
    pid_t self_pid = getpid();

    default_action(SIGABRT);
    tester = fork();
    if (tester == 0) {
        struct timespec t = {.tv_nsec = 50000000};

        nanosleep(&t, NULL);
        (void)kill(self_pid, SIGABRT);
        _exit(0);
    }
    (void)host_catch_call(do_wait_for_signal, NULL, 0, NULL);
}

static void test_a_signal_from_outside_is_not_the_layers(void **state)
{
    int status;

    (void)state;
    status = in_child(child_is_told_to_abort);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void child_of_a_ticking_parent(void)
{
    unsigned n = 0;
    unsigned char byte = 7;
    unsigned char seen = 0;

    byte++;
    if (host_catch_install(NULL) == 0 &&
        host_catch_call(do_fault, (void *)closed_page(), 0, NULL) == SIGSEGV &&
        host_catch_call(do_hang, &n, 100, NULL) == SIGALRM &&
        host_peek(host_real(), (uintptr_t)&byte, &seen, 1) == 0 && seen == 8) {
        _exit(0);
    }
}

static void test_a_child_guards_and_peeks_itself(void **state)
{
    unsigned n = 0;

    (void)state;
    skip_under_tsan();
    take_signals();
    assert_int_equal(host_catch_call(do_hang, &n, 50, NULL), SIGALRM);
    assert_int_equal(in_child(child_of_a_ticking_parent), 0);
}

/* fork inside a guarded call: the limit goes on in the child. */
static void do_fork(void *arg)
{
    unsigned n = 0;
    pid_t pid = fork();

    if (pid == 0) {
        do_hang(&n);
    }
    *(pid_t *)arg = pid;
}

static void test_a_limit_goes_on_in_a_child(void **state)
{
    pid_t pid = 0;
    int status = 0;
    int rc;

    (void)state;
    skip_under_tsan();
    take_signals();
    rc = host_catch_call(do_fork, &pid, 200, NULL);
    if (pid == 0) {
        _exit(rc == SIGALRM ? 0 : 1);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_the_signal_mask_survives_a_catch(void **state)
{
    int n = 0;
    sigset_t before;
    sigset_t after;

    (void)state;
    take_signals();
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    (void)host_catch_call(do_abort, NULL, 0, NULL);
    (void)host_catch_call(do_nothing, &n, 100, NULL);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int sig = 1; sig < SIGRTMAX; sig++) {
        assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_that_returns_is_0),
        cmocka_unit_test(test_a_fault_is_an_outcome),
        cmocka_unit_test(test_abort_and_the_rest_are_outcomes),
        cmocka_unit_test(test_a_stack_overflow_is_an_outcome),
        cmocka_unit_test(test_guards_nest),
        cmocka_unit_test(test_a_wrong_buffer_is_not_a_guest_fault),
        cmocka_unit_test(test_a_hang_is_an_outcome),
        cmocka_unit_test(test_the_call_whose_limit_passed_is_left),
        cmocka_unit_test(test_a_hang_after_a_long_pause_is_seen),
        cmocka_unit_test(test_every_thread_has_its_own_guards),
        cmocka_unit_test(test_outside_a_guard_a_fault_still_kills),
        cmocka_unit_test(test_the_handler_before_us_gets_the_rest),
        cmocka_unit_test(test_a_signal_from_outside_is_not_the_layers),
        cmocka_unit_test(test_a_child_guards_and_peeks_itself),
        cmocka_unit_test(test_a_limit_goes_on_in_a_child),
        cmocka_unit_test(test_the_signal_mask_survives_a_catch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
