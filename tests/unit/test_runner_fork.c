/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/exec/runner_fork: children judge themselves, parents wait for them, nobody is left behind. */
#include "runner_util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

#define TWO_MAPS \
    "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, " \
    "0)\n" \
    "r1 = mmap(@0x30000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, " \
    "0)\n"

static void test_private_and_shared_stores(void **state)
{
    static const char *const targets[] = {"linux", "bsd", "linux,bits=32,reserved=0x1000000"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct bench b;

        bench_open(&b, targets[i], NULL);
        check_pass(
            &b, TWO_MAPS
            "store(r0, 8, 1)\n"
            "store(r1, 8, 1)\n"
            "fork()\n"
            "load(r0, 8) = 1\n"
            "store(r0, 8, 2)\n"
            "store(r1, 8, 2)\n"
            "r2 = mmap(@0x40000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
            "munmap(r0, 0x1000) = 0\n"
            "wait()\n"
            "load(r0, 8) = 1\n"
            "load(r1, 8) = 2\n"
            "load(r2, 1) = 0\n"
            "load(@0x40000, 1) = SIGSEGV\n");
        assert_int_equal(b.result.n_steps, 15);
        assert_int_equal(b.result.n_skipped, 1); /* r2 is the child's alone */
        for (size_t k = 0; k < b.result.n_steps; k++) {
            assert_int_equal(b.result.steps[k].op, k);
            assert_int_equal(b.result.steps[k].process, k >= 5 && k <= 9);
        }
        assert_no_children();
        bench_close(&b);
    }
}

static void test_nested_forks(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux", NULL);
    check_pass(&b, TWO_MAPS "store(r1, 4, 0)\n"
                            "fork()\n"
                            "store(r1, 1, 1)\n"
                            "fork()\n"
                            "store(r1+1, 1, 2)\n"
                            "wait()\n"
                            "fork()\n"
                            "store(r1+2, 1, 3)\n"
                            "wait()\n"
                            "load(r1, 1) = 1\n"
                            "load(r1+1, 1) = 2\n"
                            "load(r1+2, 1) = 3\n"
                            "wait()\n"
                            "load(r1+1, 1) = 2\n"
                            "fork()\n"
                            "store(r1, 1, 9)\n");
    assert_int_equal(b.result.n_steps, 18);
    assert_int_equal(b.result.steps[4].process, 1);
    assert_int_equal(b.result.steps[6].process, 2);
    assert_int_equal(b.result.steps[7].process, 1);
    assert_int_equal(b.result.steps[9].process, 3);
    assert_int_equal(b.result.steps[15].process, 0);
    assert_int_equal(b.result.steps[17].process, 4);
    assert_no_children();
    bench_close(&b);
}

static void test_finding_in_a_child(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux", NULL);
    check_finds(&b,
                TWO_MAPS "fork()\n"
                         "munmap(r0, 0x1000) = 0\n"
                         "munmap(r0, 0x1000) = -1 EINVAL\n"
                         "wait()\n"
                         "munmap(r1, 0x1000)\n",
                INV_EXPECTATION, "munmap: expected -1 EINVAL, got 0");
    assert_int_equal(b.result.bad_step, 4);
    assert_int_equal(b.result.n_steps, 5);
    assert_int_equal(b.result.steps[4].process, 1);
    assert_true(b.result.flags_after.n > 0);
    assert_true(b.result.host_after.n > 0);
    assert_no_children();
    check_pass(&b, TWO_MAPS);
    bench_close(&b);
}

static pid_t parent;

static int faulty_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    if (getpid() != parent) {
        abort();
    }
    return layer_linux.munmap(l, start, len);
}

static int leaving_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    if (getpid() != parent) {
        _exit(5);
    }
    return layer_linux.munmap(l, start, len);
}

static int killed_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    if (getpid() != parent) {
        raise(SIGKILL);
    }
    return layer_linux.munmap(l, start, len);
}

/* Not even the time limit inside the child can end this. */
static int stuck_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    sigset_t all;

    if (getpid() != parent) {
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        for (;;) {
            pause();
        }
    }
    return layer_linux.munmap(l, start, len);
}

/* The lock stays taken in the child. */
static void forgetful_fork_end(struct layer *l, bool child)
{
    if (!child) {
        layer_linux.mmap_fork_end(l, child);
    }
}

static void locking_fork_end(struct layer *l, bool child)
{
    layer_linux.mmap_fork_end(l, child);
    if (!child) {
        layer_linux.mmap_lock(l);
    }
}

static int refusing_fork_start(struct layer *l)
{
    (void)l;
    return -EDEADLK;
}

static void test_children_that_go_wrong(void **state)
{
    struct {
        struct layer_ops ops;
        enum inv_id id;
        const char *says;
    } cases[] = {
        {layer_linux, INV_NO_ABORT, ""},
        {layer_linux, INV_NO_ABORT, "left with status 5"},
        {layer_linux, INV_NO_ABORT, "ended by Killed"},
        {layer_linux, INV_NO_ABORT, "no progress"},
        {layer_linux, INV_NO_ABORT, ""},
        {layer_linux, INV_FORK_CONSISTENT, "in the parent: the lock depth is not 0"},
        {layer_linux, INV_FORK_CONSISTENT, "refuses"},
    };

    (void)state;
    parent = getpid();
    cases[0].ops.munmap = faulty_munmap;
    cases[1].ops.munmap = leaving_munmap;
    cases[2].ops.munmap = killed_munmap;
    cases[3].ops.munmap = stuck_munmap;
    cases[4].ops.mmap_fork_end = forgetful_fork_end;
    cases[5].ops.mmap_fork_end = locking_fork_end;
    cases[6].ops.mmap_fork_start = refusing_fork_start;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;

        bench_open(&b, "linux", &cases[i].ops);
        b.options.hang_ms = 50;
        check_finds(&b, TWO_MAPS "fork()\nmunmap(r0, 0x1000)\nwait()\nmunmap(r1, 0x1000)\n",
                    cases[i].id, cases[i].says);
        assert_no_children();
        check_pass(&b, TWO_MAPS);
        bench_close(&b);
    }
}

/* The child's host map is not what the books it inherited say. */
static void shifting_fork_end(struct layer *l, bool child)
{
    layer_linux.mmap_fork_end(l, child);
    if (child) {
        layer_linux.munmap(l, 0x20000, 0x1000);
    }
}

static void test_books_change_in_the_fork(void **state)
{
    struct layer_ops ops = layer_linux;
    struct bench b;

    (void)state;
    ops.mmap_fork_end = shifting_fork_end;
    bench_open(&b, "linux", &ops);
    assert_int_equal(bench_run(&b, TWO_MAPS "fork()\nwait()\n"), RUN_FINDING);
    assert_int_equal(b.result.bad_step, 2);
    assert_no_children();
    bench_close(&b);
}

static void test_files_are_put_right_after_a_childs_store(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux", NULL);
    for (int i = 0; i < 3; i++) {
        check_pass(
            &b, "file f0 size=8192\n"
                "fork()\n"
                "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
                "load(r0, 8) = 1\n"
                "store(r0, 8, 0x77)\n"
                "load(r0, 8) = 0x77\n");
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_and_shared_stores),
        cmocka_unit_test(test_nested_forks),
        cmocka_unit_test(test_finding_in_a_child),
        cmocka_unit_test(test_children_that_go_wrong),
        cmocka_unit_test(test_books_change_in_the_fork),
        cmocka_unit_test(test_files_are_put_right_after_a_childs_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
