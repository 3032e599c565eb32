/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/exec on simulated hosts: real page-size relations of every kind, forks within this process,
 * equal runs every time, what a machine's memory bounds.
 */
#include "runner_util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "host/decorators.h"

static const char *const targets[] = {
    "linux,host=sim-linux",
    "bsd,host=sim-linux",
    "bsd,host=sim-freebsd",
    "linux,host=sim-linux,host_page=16384",
    "bsd,host=sim-freebsd,host_page=16384",
    "linux,host=sim-linux,host_page=65536",
    "bsd,host=sim-freebsd,host_page=65536",
    "linux,host=sim-linux,bits=32,reserved=0x1000000",
    "bsd,host=sim-freebsd,bits=32,reserved=0x1000000,host_page=16384",
    "linux,host=sim-linux,bits=32,reserved=0x1000000,host_page=65536",
    "linux,host=sim-linux,guest_base=0",
    "bsd,host=sim-freebsd,guest_base=0,bits=32,reserved=0x1000000",
    "linux,host=sim-linux,guest_page=65536,host_page=16384",
    "bsd,host=sim-freebsd,guest_page=65536,host_page=4096",
};

static void test_page_size_relations(void **state)
{
    static const struct {
        uint64_t guest, host;
        enum space_relation relation;
        uint64_t real;
    } rows[] = {
        {4096, 4096, SPACE_H_EQ_G, 4096},    {8192, 4096, SPACE_H_LT_G, 4096},
        {4096, 65536, SPACE_H_GT_G, 65536},  {65536, 16384, SPACE_H_LT_G, 16384},
        {65536, 65536, SPACE_H_EQ_G, 65536}, {16384, 65536, SPACE_H_GT_G, 65536},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        char target[96];

        snprintf(target, sizeof(target), "linux,host=sim-linux,guest_page=%d,host_page=%d",
                 (int)rows[i].guest, (int)rows[i].host);
        bench_open(&b, target, NULL);
        check_pass(&b, "r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok\n"
                       "store(r0, 0x10000, 7) = ok\n"
                       "load(r0, 0x10000) = 7\n"
                       "munmap(r0, 0x10000) = 0\n");
        assert_int_equal(b.result.space.real_page, rows[i].real);
        assert_int_equal(b.result.space.guest_page, rows[i].guest);
        assert_int_equal(space_relation(&b.result.space), rows[i].relation);
        bench_close(&b);
    }
}

static void test_guest_base_zero_is_always_there(void **state)
{
    static const char *const wide[] = {"bits=32", "bits=64", "bits=64,reserved=0x10000000000"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
        struct bench b;
        char target[96];

        snprintf(target, sizeof(target), "linux,host=sim-linux,guest_base=0,%s", wide[i]);
        bench_open(&b, target, NULL);
        check_pass(&b, "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x20000\n"
                       "store(r0, 4, 7) = ok\n"
                       "r1 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
                       "ok\n");
        assert_int_equal(b.result.space.guest_base, 0);
        bench_close(&b);
    }
}

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct bench b;

        bench_open(&b, targets[i], NULL);
        for (int round = 0; round < 2; round++) {
            check_pass(
                &b,
                "file f0 size=131072\n"
                "file f1 size=0x10000000\n"
                "r0 = mmap(@0x100000, 0x20000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
                "load(r0, 512) = 1\n"
                "load(r0+0x200, 512) = 2\n"
                "store(r0+0x200, 512, 0x77) = ok\n"
                "r1 = mmap(@0x200000, 0x20000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, "
                "0)\n"
                "load(r1+0x200, 512) = 0x77\n"
                "store(r1+0x400, 512, 0x78) = ok\n"
                "load(r0+0x400, 512) = 3\n"
                "r2 = mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE, f1, 0x8000000)\n"
                "load(r2, 0x10000) = 0\n");
        }
        bench_close(&b);
    }
}

#define TWO_MAPS \
    "r0 = mmap(@0x20000, 0x10000, PROT_READ|PROT_WRITE, " \
    "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n" \
    "r1 = mmap(@0x30000, 0x10000, PROT_READ|PROT_WRITE, " \
    "MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"

static void test_private_and_shared_stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct bench b;

        bench_open(&b, targets[i], NULL);
        for (int round = 0; round < 2; round++) {
            check_pass(&b, TWO_MAPS "store(r0, 8, 1)\n"
                                    "store(r1, 8, 1)\n"
                                    "fork()\n"
                                    "load(r0, 8) = 1\n"
                                    "store(r0, 8, 2)\n"
                                    "store(r1, 8, 2)\n"
                                    "r2 = mmap(@0x40000, 0x10000, PROT_READ, "
                                    "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                                    "munmap(r0, 0x10000) = 0\n"
                                    "wait()\n"
                                    "load(r0, 8) = 1\n"
                                    "load(r1, 8) = 2\n"
                                    "load(r2, 1) = 0\n"
                                    "load(@0x40000, 1) = SIGSEGV\n"
                                    "munmap(r1, 0x10000) = 0\n");
            assert_int_equal(b.result.n_steps, 16);
            assert_int_equal(b.result.n_skipped, 1); /* r2 is the child's alone */
            for (size_t k = 0; k < b.result.n_steps; k++) {
                assert_int_equal(b.result.steps[k].op, k);
                assert_int_equal(b.result.steps[k].process, k >= 5 && k <= 9);
            }
        }
        bench_close(&b);
    }
}

static void test_nested_forks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct bench b;

        bench_open(&b, targets[i], NULL);
        check_pass(&b, TWO_MAPS "store(r1, 4, 0)\n"
                                "fork()\n"
                                "store(r1, 1, 1)\n"
                                "store(r0, 1, 1)\n"
                                "fork()\n"
                                "load(r0, 1) = 1\n"
                                "store(r0, 1, 2)\n"
                                "store(r1+1, 1, 2)\n"
                                "wait()\n"
                                "fork()\n"
                                "store(r1+2, 1, 3)\n"
                                "wait()\n"
                                "load(r0, 1) = 1\n"
                                "load(r1, 1) = 1\n"
                                "load(r1+1, 1) = 2\n"
                                "load(r1+2, 1) = 3\n"
                                "wait()\n"
                                "load(r0, 1) = 0\n"
                                "load(r1+1, 1) = 2\n"
                                "fork()\n"
                                "store(r1, 1, 9)\n");
        assert_int_equal(b.result.n_steps, 23);
        assert_int_equal(b.result.steps[4].process, 1);
        assert_int_equal(b.result.steps[8].process, 2);
        assert_int_equal(b.result.steps[10].process, 1);
        assert_int_equal(b.result.steps[12].process, 3);
        assert_int_equal(b.result.steps[19].process, 0);
        assert_int_equal(b.result.steps[22].process, 4);
        bench_close(&b);
    }
}

/* Each process in the one before, as deep as a program can go, twice with one runner. */
static void test_forks_as_deep_as_there_are(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux,host=sim-linux,host_page=16384", NULL);
    for (int round = 0; round < 2; round++) {
        check_pass(&b, TWO_MAPS
                   "fork()\nstore(r0, 1, 1)\nfork()\nstore(r0, 1, 2)\nfork()\nstore(r0, 1, 3)\n"
                   "fork()\nstore(r0, 1, 4)\nstore(r1, 1, 4)\nmunmap(r0, 0x1000) = 0\nwait()\n"
                   "load(r0, 1) = 3\nwait()\nload(r0, 1) = 2\nwait()\nload(r0, 1) = 1\nwait()\n"
                   "load(r0, 1) = 0\nload(r1, 1) = 4\n");
    }
    bench_close(&b);
}

/* What host_fail was for does not cross a fork, in either direction. */
static void test_host_fail_stays_in_its_process(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux,host=sim-linux", NULL);
    check_pass(&b, TWO_MAPS "host_fail(1, ENOMEM)\n"
                            "fork()\n"
                            "munmap(r0, 0x10000) = 0\n"
                            "host_fail(1, ENOMEM)\n"
                            "wait()\n"
                            "munmap(r0, 0x10000) = 0\n");
    bench_close(&b);
}

static void test_a_finding_in_a_child(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux,host=sim-linux", NULL);
    for (int round = 0; round < 2; round++) {
        check_finds(&b,
                    TWO_MAPS "fork()\n"
                             "fork()\n"
                             "munmap(r0, 0x10000) = 0\n"
                             "munmap(r0, 0x10000) = -1 EINVAL\n"
                             "wait()\n"
                             "wait()\n"
                             "munmap(r1, 0x10000)\n",
                    INV_EXPECTATION, "munmap: expected -1 EINVAL, got 0");
        assert_int_equal(b.result.bad_step, 5);
        assert_int_equal(b.result.n_steps, 6);
        assert_int_equal(b.result.steps[5].process, 2);
        assert_true(b.result.flags_after.n > 0);
        assert_true(b.result.host_after.n > 0);
        check_pass(&b, TWO_MAPS "munmap(r0, 0x10000) = 0\n");
    }
    bench_close(&b);
}

/* A child is a layer that copy made. */
static const struct layer *child;

static int noting_copy(struct layer *to, const struct layer *from)
{
    child = to;
    return layer_linux.copy(to, from);
}

static int faulty_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    if (l == child) {
        abort();
    }
    return layer_linux.munmap(l, start, len);
}

static void forgetful_fork_end(struct layer *l, bool is_child)
{
    if (!is_child) {
        layer_linux.mmap_fork_end(l, is_child);
    }
}

static void locking_fork_end(struct layer *l, bool is_child)
{
    layer_linux.mmap_fork_end(l, is_child);
    if (!is_child) {
        layer_linux.mmap_lock(l);
    }
}

/* The child begins with one page less than its books say. */
static void shifting_fork_end(struct layer *l, bool is_child)
{
    layer_linux.mmap_fork_end(l, is_child);
    if (is_child) {
        layer_linux.munmap(l, 0x20000, 0x10000);
    }
}

static int crashing_copy(struct layer *to, const struct layer *from)
{
    (void)to;
    (void)from;
    abort();
}

/* The books of a child that has none. */
static int forgetful_copy(struct layer *to, const struct layer *from)
{
    int rc = layer_linux.copy(to, from);

    layer_linux.mmap_fork_end(to, true);
    layer_linux.munmap(to, 0x20000, 0x10000); /* of the parent's memory */
    return rc < 0 ? rc : layer_linux.mmap_fork_start(to);
}

static void test_children_that_go_wrong(void **state)
{
    struct {
        struct layer_ops ops;
        enum inv_id id;
        const char *says;
    } cases[] = {
        {layer_linux, INV_NO_ABORT, ""},
        {layer_linux, INV_NO_ABORT, ""},
        {layer_linux, INV_FORK_CONSISTENT, "in the parent: the lock depth is not 0"},
        {layer_linux, INV_NO_ABORT, ""},
        {layer_linux, INV_FORK_CONSISTENT, "in the parent"},
    };

    (void)state;
    cases[0].ops.munmap = faulty_munmap;
    cases[1].ops.mmap_fork_end = forgetful_fork_end;
    cases[2].ops.mmap_fork_end = locking_fork_end;
    cases[3].ops.copy = crashing_copy;
    cases[4].ops.copy = forgetful_copy;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;

        if (cases[i].ops.copy == layer_linux.copy) {
            cases[i].ops.copy = noting_copy;
        }
        child = NULL;
        bench_open(&b, "linux,host=sim-linux", &cases[i].ops);
        b.options.hang_ms = 50;
        for (int round = 0; round < 2; round++) {
            check_finds(&b, TWO_MAPS "fork()\nmunmap(r0, 0x1000)\nwait()\nmunmap(r1, 0x1000)\n",
                        cases[i].id, cases[i].says);
            check_pass(&b, TWO_MAPS);
        }
        bench_close(&b);
    }
}

static void test_books_change_in_the_fork(void **state)
{
    struct layer_ops ops = layer_linux;
    struct bench b;

    (void)state;
    ops.mmap_fork_end = shifting_fork_end;
    bench_open(&b, "linux,host=sim-linux", &ops);
    assert_int_equal(bench_run(&b, TWO_MAPS "fork()\nwait()\n"), RUN_FINDING);
    assert_int_equal(b.result.bad_step, 2);
    bench_close(&b);
}

/* A table of version 1 is not asked for a copy; programs that do not fork run. */
static void test_a_layer_without_copy(void **state)
{
    struct layer_ops ops[] = {layer_linux, layer_linux};

    (void)state;
    ops[0].abi_version = 1;
    ops[1].copy = NULL;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct bench b;

        bench_open(&b, "linux,host=sim-linux", &ops[i]);
        check_pass(&b, TWO_MAPS);
        assert_int_equal(bench_run(&b, TWO_MAPS "fork()\n"), RUN_SKIP);
        assert_string_equal(buf_text(&b.result.reason),
                            "forks on host=sim-linux, and the layer linux cannot be copied");
        bench_close(&b);
        bench_open(&b, "linux", &ops[i]);
        check_pass(&b, TWO_MAPS "fork()\n");
        bench_close(&b);
    }
}

static void test_memory_used_up_skips(void **state)
{
    struct buf text = BUF_INIT;
    struct bench b;

    (void)state;
    buf_str(&text, "r0 = mmap(NULL, 0x20000000, PROT_READ|PROT_WRITE, "
                   "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n");
    for (unsigned i = 0; i < 300; i++) {
        buf_fmt(&text, "store(r0+0x%x, 0x100000, 1)\n", i << 20);
    }
    bench_open(&b, "linux,host=sim-linux", NULL);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(bench_run(&b, buf_text(&text)), RUN_SKIP);
        assert_string_equal(buf_text(&b.result.reason),
                            "needs more than 256 MiB of memory on host=sim-linux");
        check_pass(&b, TWO_MAPS);
    }
    buf_free(&text);
    bench_close(&b);
}

/* Two runs by one runner and one by another print the same, placement and host addresses too. */
static void test_equal_runs(void **state)
{
    const char *text = "file f0 size=70000\n"
                       "r0 = mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0)\n"
                       "r1 = mmap(NULL, 0x30000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
                       "r2 = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
                       "fork()\n"
                       "r3 = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
                       "wait()\n"
                       "munmap(r1+0x1000, 0x2000)\n"
                       "load(r0, 16)\n";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct buf first = BUF_INIT;

        for (int runner = 0; runner < 2; runner++) {
            struct bench b;

            bench_open(&b, targets[i], NULL);
            runner_keep_calls(b.runner, true);
            for (int round = 0; round < 2; round++) {
                const struct trace_call *calls;
                struct buf now = BUF_INIT;
                size_t n;

                check_pass(&b, text);
                run_print_trace(&b.prog, &b.result, targets[i], &now);
                n = runner_calls(b.runner, &calls);
                assert_true(n > 0);
                for (size_t k = 0; k < n; k++) {
                    call_print(&calls[k], b.result.space.guest_base, &now);
                }
                if (runner == 0 && round == 0) {
                    buf_str(&first, buf_text(&now));
                }
                assert_string_equal(buf_text(&now), buf_text(&first));
                buf_free(&now);
            }
            bench_close(&b);
        }
        buf_free(&first);
    }
}

/* A layer that reaches past the guard, as a wrong pointer would. */
static struct host *bare;

static int reaching_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    const struct host_map_req req = {
        .len = 0x10000, .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON, .fd = -1};
    uint64_t at;

    if (host_map(bare, &req, &at) < 0) {
        abort();
    }
    return layer_linux.munmap(l, start, len);
}

static int grasping_start(struct layer *l, const struct layer_setup *setup)
{
    const struct host_recorder *record = (const struct host_recorder *)setup->host;

    bare = record->guard->inner;
    return layer_linux.start(l, setup);
}

static void test_outside_is_judged(void **state)
{
    struct layer_ops ops = layer_linux;
    struct bench b;

    (void)state;
    ops.start = grasping_start;
    ops.munmap = reaching_munmap;
    bench_open(&b, "linux,host=sim-linux", &ops);
    check_pass(&b, TWO_MAPS);
    check_finds(&b, TWO_MAPS "munmap(r0, 0x10000) = 0\n", INV_OUTSIDE_UNCHANGED,
                "outside the window is not mapped as it was");
    check_pass(&b, TWO_MAPS);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_size_relations),
        cmocka_unit_test(test_guest_base_zero_is_always_there),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_private_and_shared_stores),
        cmocka_unit_test(test_nested_forks),
        cmocka_unit_test(test_forks_as_deep_as_there_are),
        cmocka_unit_test(test_host_fail_stays_in_its_process),
        cmocka_unit_test(test_a_finding_in_a_child),
        cmocka_unit_test(test_children_that_go_wrong),
        cmocka_unit_test(test_books_change_in_the_fork),
        cmocka_unit_test(test_a_layer_without_copy),
        cmocka_unit_test(test_memory_used_up_skips),
        cmocka_unit_test(test_equal_runs),
        cmocka_unit_test(test_outside_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
