/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/exec/runner: what reaches the layer, what is made of its answers, which verdicts follow. */
#include "runner_util.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "hostmap/hostmap.h"

/* The same answers everywhere: where a program runs must not show. */
static const char *const linux_targets[] = {
    "linux",
    "linux,host=sim-linux",
};

/* A layer that does something else in one call; the rest is the Linux flavour's. */
static struct layer_ops altered(void)
{
    return layer_linux;
}

static void test_outcomes_of_each_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_pass(&b, "config bits=32 reserved=0x8000000\n"
                       "file f0 size=100\n"
                       "r0 = mmap(@0x20000, 0x3000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x20000\n"
                       "store(r0, 16, 0x5a) = ok\n"
                       "load(r0, 16) = 0x5a\n"
                       "load(r0, 32) = ok\n"
                       "munmap(r0+1, 0x1000) = -1 EINVAL\n"
                       "munmap(r0+0x2000, 0x1000) = 0\n"
                       "load(r0+0x2000, 1) = SIGSEGV\n"
                       "r1 = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, f0, 0) = ok\n"
                       "load(r1+0x1000, 1) = SIGBUS\n"
                       "load(r1, 1) = 1\n");
        assert_int_equal(b.result.n_steps, 10);
        assert_int_equal(b.result.n_skipped, 0);
        assert_int_equal(bench_outcome(&b, 0)->value, 0x20000);
        assert_true(bench_outcome(&b, 3)->mixed);
        assert_int_equal(bench_outcome(&b, 4)->err, ABI_EINVAL);
        assert_int_equal(bench_outcome(&b, 8)->signal, SIGBUS);
        bench_close(&b);
    }
}

static void test_steps_without_results_are_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_pass(&b,
                   "r0 = mmap(NULL, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL\n"
                   "munmap(r0, 0x1000) = -1 ENOMEM\n"
                   "r1 = mremap(r0, 0x1000, 0x2000, MREMAP_MAYMOVE)\n"
                   "load(r1, 1) = 7\n");
        assert_int_equal(b.result.n_skipped, 3);
        for (size_t k = 1; k < 4; k++) {
            assert_int_equal(bench_outcome(&b, k)->kind, OUTCOME_SKIPPED);
        }
        bench_close(&b);
    }
}

static void test_ops_a_system_has_not_are_skipped(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "bsd", NULL);
    check_pass(
        &b, "r0 = mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
            "mremap(r0, 0x1000, 0x2000, MREMAP_MAYMOVE) = @0x1234\n");
    assert_int_equal(b.result.n_skipped, 1);
    bench_close(&b);
}

/* What the layer was last called with. */
static struct {
    uint64_t start, len, offset;
    uint32_t flags;
    int prot, fd;
} seen;

static uint64_t seeing_mmap(struct layer *l, uint64_t start, uint64_t len, int prot, uint32_t flags,
                            int fd, uint64_t offset)
{
    (void)l;
    seen.start = start;
    seen.len = len;
    seen.prot = prot;
    seen.flags = flags;
    seen.fd = fd;
    seen.offset = offset;
    errno = ENOMEM;
    return LAYER_FAILED;
}

static void test_arguments_are_the_guests_registers(void **state)
{
    struct layer_ops ops = altered();
    struct bench b;

    (void)state;
    ops.mmap = seeing_mmap;
    bench_open(&b, "linux", &ops);
    (void)bench_run(
        &b,
        "config bits=32 reserved=0x8000000\n"
        "mmap(0x100021000, 0x100003000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x200000000)\n");
    assert_int_equal(seen.start, 0x21000);
    assert_int_equal(seen.len, 0x3000);
    assert_int_equal(seen.prot, ABI_PROT_READ);
    assert_int_equal(seen.flags, LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS);
    assert_int_equal(seen.fd, -1);
    assert_true(seen.offset == 0x200000000);
    (void)bench_run(
        &b, "config bits=64\n"
            "mmap(0x100021000, 0x100003000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n");
    assert_true(seen.start == 0x100021000 && seen.len == 0x100003000);
    bench_close(&b);
}

static void test_descriptors(void **state)
{
    struct layer_ops ops = altered();
    struct bench b;

    (void)state;
    ops.mmap = seeing_mmap;
    bench_open(&b, "linux", &ops);
    (void)bench_run(&b, "file f0 size=4096\nmmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0)\n");
    assert_true(seen.fd >= 0);
    assert_int_equal(lseek(seen.fd, 0, SEEK_END), 4096);
    (void)bench_run(&b, "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, 1, 0)\n");
    assert_true(seen.fd > 2);
    assert_int_equal(fsync(seen.fd), -1);
    assert_int_equal(errno, EBADF);
    bench_close(&b);
}

/* With 32 bits 0xffffffff means failure; the errno is this system's. */
static uint64_t short_failure_mmap(struct layer *l, uint64_t start, uint64_t len, int prot,
                                   uint32_t flags, int fd, uint64_t offset)
{
    seeing_mmap(l, start, len, prot, flags, fd, offset);
    errno = EACCES;
    return UINT32_MAX;
}

static void test_all_ones_of_32_bits_is_a_failure(void **state)
{
    struct layer_ops ops = altered();
    struct bench b;

    (void)state;
    ops.mmap = short_failure_mmap;
    bench_open(&b, "linux", &ops);
    (void)bench_run(&b, "config bits=32 reserved=0x8000000\n"
                        "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n");
    assert_int_equal(bench_outcome(&b, 0)->kind, OUTCOME_FAIL);
    assert_int_equal(bench_outcome(&b, 0)->err, ABI_EACCES);
    assert_true(bench_outcome(&b, 0)->value == UINT32_MAX);
    bench_close(&b);
}

static void test_accesses_outside_the_window(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_pass(&b, "config bits=32 reserved=0x8000000\n"
                       "store(0x8000000, 1, 1) = SIGSEGV\n"
                       "store(0xfffffff8, 16, 1) = SIGSEGV\n"
                       "load(0x100, 1) = SIGSEGV\n"
                       "exec(0xf0000000) = SIGSEGV\n");
        check_pass(&b, "store(0xfffffffffffffff8, 16, 1) = SIGSEGV\n"
                       "load(0xfffffffffffffff8, 16) = SIGSEGV\n");
        bench_close(&b);
    }
}

static void test_expectations_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_finds(&b, "munmap(@0x10000, 0x1000) = -1 ENOMEM\n", INV_EXPECTATION,
                    "munmap: expected -1 ENOMEM, got 0");
        assert_int_equal(b.result.bad_step, 0);
        check_finds(&b,
                    "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, "
                    "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                    "store(r0, 1, 9)\n"
                    "load(r0, 1) = 8\n"
                    "load(r0, 1) = 8\n",
                    INV_EXPECTATION, "load: expected 8, got 0x9");
        assert_int_equal(b.result.bad_step, 2);
        assert_int_equal(b.result.n_steps, 3);
        check_finds(
            &b,
            "r0 = mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
            "r1 = mmap(@0x30000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = "
            "r0\n",
            INV_EXPECTATION, "expected r0, got @0x30000");
        bench_close(&b);
    }
}

static void test_requirements_skip(void **state)
{
    static const struct {
        const char *target, *text, *reason;
    } cases[] = {
        {"bsd", "requires linux\n", "requires linux"},
        {"linux", "requires freebsd\n", "requires freebsd"},
        {"linux", "requires h_gt_g\n", "requires h_gt_g"},
        {"linux,host_page=16384", "requires h_eq_g\n", "requires h_eq_g"},
        {"linux,guest_page=8192", "requires guest_page=4096\n", "requires guest_page=4096"},
        {"linux", "requires reserved\n", "requires reserved"},
        {"linux,bits=32,reserved=0x100000", "requires no_reserved\n", "requires no_reserved"},
        {"linux,bits=32", "requires bits=64\n", "requires bits=64"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;

        bench_open(&b, cases[i].target, NULL);
        assert_int_equal(bench_run(&b, cases[i].text), RUN_SKIP);
        assert_string_equal(buf_text(&b.result.reason), cases[i].reason);
        assert_int_equal(b.result.n_steps, 0);
        bench_close(&b);
    }
}

static void test_override_wins_and_is_reported(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "linux,host_page=65536,bits=32", NULL);
    check_pass(&b, "config host_page=16384 guest_page=8192 reserved=0x1000000\n"
                   "mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok\n");
    assert_int_equal(b.result.config.value[CONFIG_HOST_PAGE], 65536);
    assert_int_equal(b.result.config.value[CONFIG_GUEST_PAGE], 8192);
    assert_int_equal(b.result.space.host_page, 65536);
    assert_int_equal(b.result.space.guest_page, 8192);
    assert_int_equal(b.result.space.bits, 32);
    assert_int_equal(b.result.space.window_last, 0xffffff);
    bench_close(&b);
}

/* A window of 2^32 bytes cannot hold more: skipped, or fitted where the caller is a fuzzer. */
static void test_configuration_that_cannot_be_had(void **state)
{
    const char *text = "config reserved=0x2000000000\n"
                       "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok\n";
    struct bench b;

    (void)state;
    bench_open(&b, "linux,bits=32", NULL);
    assert_int_equal(bench_run(&b, text), RUN_SKIP);
    assert_non_null(strstr(buf_text(&b.result.reason), "reserved=0x2000000000 cannot be had"));
    b.options.adapt_config = true;
    check_pass(&b, text);
    assert_true(b.result.space.reserved_va == UINT64_C(1) << 32);
    assert_true(b.result.config.value[CONFIG_RESERVED] == UINT64_C(1) << 32);
    bench_close(&b);
}

/*
 * Whether guest_base 0 can be had depends on how this test was built; with adapt_config it always
 * runs.
 */
static void test_guest_base_zero(void **state)
{
    const char *text = "config guest_base=0 bits=32 reserved=0x1000000\n"
                       "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x20000\n"
                       "store(r0, 4, 7) = ok\n";
    struct bench a, b;

    (void)state;
    bench_open(&a, "linux", NULL);
    bench_open(&b, "bsd", NULL);
    if (bench_run(&a, text) != RUN_PASS) {
        assert_int_equal(a.result.verdict, RUN_SKIP);
        assert_non_null(strstr(buf_text(&a.result.reason), "guest_base=0 cannot be had here"));
    } else {
        assert_int_equal(a.result.space.guest_base, 0);
        check_pass(&b, text); /* the first runner does not keep what there is only once */
    }
    b.options.adapt_config = true;
    check_pass(&b, text);
    bench_close(&a);
    bench_close(&b);
}

static void test_host_fail_hits_the_next_op_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_pass(
            &b,
            "config bits=32 reserved=0x8000000\n"
            "host_fail(1, ENOMEM)\n"
            "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 "
            "ENOMEM\n"
            "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = "
            "@0x20000\n"
            "host_fail(1, ENOMEM)\n"
            "load(@0x20000, 1) = 0\n"
            "mmap(@0x30000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok\n");
        bench_close(&b);
    }
}

static void test_store_to_translated_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linux_targets); i++) {
        struct bench b;

        bench_open(&b, linux_targets[i], NULL);
        check_pass(&b, "r0 = mmap(@0x20000, 0x4000, PROT_READ|PROT_WRITE|PROT_EXEC, "
                       "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                       "store(r0, 0x4000, 1) = ok\n"
                       "exec(r0) = ok\n"
                       "exec(r0+0x2000) = ok\n"
                       "store(r0, 0x4000, 2) = ok\n"
                       "load(r0, 0x4000) = 2\n"
                       "mprotect(r0, 0x1000, PROT_READ) = 0\n"
                       "store(r0, 1, 3) = SIGSEGV\n"
                       "exec(r0) = SIGSEGV\n");
        bench_close(&b);
    }
}

static void test_kept_calls(void **state)
{
    const struct trace_call *calls;
    struct bench b;
    size_t n;

    (void)state;
    bench_open(&b, "linux,bits=32,reserved=0x8000000", NULL);
    runner_keep_calls(b.runner, true);
    check_pass(
        &b,
        "mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
        "host_fail(1, ENOMEM)\n"
        "munmap(@0x20000, 0x1000) = -1 ENOMEM\n"
        "store(@0x20000, 8, 1)\n"
        "munmap(@0x20000, 0x1000)\n");
    n = runner_calls(b.runner, &calls);
    assert_true(n >= 2);
    assert_int_equal(calls[0].kind, CALL_MAP);
    for (size_t i = 0; i < n; i++) {
        assert_false(calls[i].injected);
    }
    runner_keep_calls(b.runner, false);
    check_pass(&b, "munmap(@0x20000, 0x1000)\n");
    assert_int_equal(runner_calls(b.runner, &calls), 0);
    bench_close(&b);
}

static void count_line(void *arg, const char *line)
{
    assert_non_null(line);
    ++*(unsigned *)arg;
}

static void test_log_reaches_the_caller(void **state)
{
    struct bench b;
    unsigned lines = 0;

    (void)state;
    bench_open(&b, "linux", NULL);
    b.options.log = count_line;
    b.options.log_arg = &lines;
    check_pass(&b, "munmap(@0x20000, 0x1000)\n");
    assert_true(lines >= 2);
    bench_close(&b);
}

static void test_unknown_map_reader(void **state)
{
    struct err e = {""};
    struct bench b;

    (void)state;
    bench_open(&b, "linux", NULL);
    b.options.hostmap = "crystal-ball";
    assert_int_equal(runner_run(b.runner, &b.prog, &b.options, &b.result, &e), -EINVAL);
    assert_non_null(strstr(e.text, "unknown map reader 'crystal-ball'"));
    bench_close(&b);
}

static void test_each_map_reader_agrees(void **state)
{
    const struct hostmap_ops *reader;
    struct bench b;

    (void)state;
    bench_open(&b, "linux", NULL);
    for (size_t i = 0; (reader = hostmap_nth(i)) != NULL; i++) {
        struct hostmap *m;

        if (reader->open(&m, NULL) == 0) {
            reader->close(m);
            b.options.hostmap = reader->name;
            check_pass(&b, "r0 = mmap(@0x20000, 0x4000, PROT_READ|PROT_WRITE, "
                           "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                           "mprotect(r0+0x1000, 0x1000, PROT_READ)\n"
                           "munmap(r0+0x2000, 0x1000)\n");
        }
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes_of_each_kind),
        cmocka_unit_test(test_steps_without_results_are_skipped),
        cmocka_unit_test(test_ops_a_system_has_not_are_skipped),
        cmocka_unit_test(test_arguments_are_the_guests_registers),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_all_ones_of_32_bits_is_a_failure),
        cmocka_unit_test(test_accesses_outside_the_window),
        cmocka_unit_test(test_expectations_are_judged),
        cmocka_unit_test(test_requirements_skip),
        cmocka_unit_test(test_override_wins_and_is_reported),
        cmocka_unit_test(test_configuration_that_cannot_be_had),
        cmocka_unit_test(test_guest_base_zero),
        cmocka_unit_test(test_host_fail_hits_the_next_op_alone),
        cmocka_unit_test(test_store_to_translated_code),
        cmocka_unit_test(test_kept_calls),
        cmocka_unit_test(test_log_reaches_the_caller),
        cmocka_unit_test(test_unknown_map_reader),
        cmocka_unit_test(test_each_map_reader_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
