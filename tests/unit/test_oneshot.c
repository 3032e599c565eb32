/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/exec/oneshot: what engines see of a run (in a process of its own if it ends one), and the
 * mutator's side.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <execinfo.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/int.h"
#include "exec/bucket.h"
#include "exec/oneshot.h"
#include "op/codec.h"

static const struct oneshot_desc on_linux = {.name = "fuzz_linux", .target = "linux"};

/* Holds programs that change nothing, dislikes munmap, and fails at fork. */
static int judge(const struct prog *p, struct oneshot_counts *counts, struct buf *signature,
                 struct buf *report, struct err *e)
{
    counts->steps += p->ops.n;
    counts->poisoned++;
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].kind == OP_fork) {
            return err_set(e, -EAGAIN, "the world ended");
        }
        if (p->ops.v[i].kind == OP_munmap) {
            buf_str(signature, "a/munmap");
            buf_str(report, "twinmap-finding: a/munmap\n");
            return 1;
        }
    }
    return 0;
}

static const struct oneshot_desc judged = {
    .name = "fuzz_judged", .target = "kernel", .program = judge};

static int never_right(const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
    fputs("this is the report\n", stderr);
    return 1;
}

/* What a child process that runs D on DATA leaves: its status, and its standard error in SAID. */
static int run_in_child(const struct oneshot_desc *d, const void *data, size_t len,
                        struct buf *said)
{
    char bytes[4096];
    int fd[2];
    int status;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(fd), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fd[1], 2);
        close(fd[0]);
        signal(SIGABRT, SIG_DFL); /* cmocka's is not ours */
        oneshot_run(d, data, len);
        exit(0);
    }
    close(fd[1]);
    while ((n = read(fd[0], bytes, sizeof(bytes))) > 0) {
        buf_add(said, bytes, (size_t)n);
    }
    close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_any_bytes_run(void **state)
{
    static const char text[] =
        "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = @0x1\n";
    uint8_t bytes[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t len = 0; len < sizeof(bytes); len += 7) {
        assert_int_equal(oneshot_run(&on_linux, bytes, len), 0);
    }
    /* what an input expects is an engine's doing */
    assert_int_equal(oneshot_run(&on_linux, (const uint8_t *)text, sizeof(text) - 1), 0);
}

static void test_a_finding_aborts(void **state)
{
    static const struct oneshot_desc wrong = {.name = "fuzz_wrong", .bytes = never_right};
    struct buf said = BUF_INIT;
    int status;

    (void)state;
    status = run_in_child(&wrong, "x", 1, &said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(buf_text(&said), "this is the report\n");
    buf_free(&said);
}

enum { FRAMES_SEEN = 8 };

static int to_parent;

static void tell_stack(int signal)
{
    void *frames[FRAMES_SEEN] = {0};

    (void)backtrace(frames, FRAMES_SEEN);
    _exit(write(to_parent, frames, sizeof(frames)) == sizeof(frames) && signal == SIGABRT ? 0 : 1);
}

/* The innermost frames with which a child that found SIGNATURE ended. */
static void stack_of(const char *signature, void *frames[FRAMES_SEEN])
{
    size_t size = FRAMES_SEEN * sizeof(void *);
    int fd[2];
    int status;
    pid_t pid;

    assert_int_equal(pipe(fd), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        to_parent = fd[1];
        (void)freopen("/dev/null", "w", stderr);
        signal(SIGABRT, tell_stack);
        bucket_abort(signature, "");
    }
    close(fd[1]);
    assert_int_equal(read(fd[0], frames, size), size);
    close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_signatures_are_told_apart_by_their_stacks(void **state)
{
    void *a[FRAMES_SEEN], *again[FRAMES_SEEN], *b[FRAMES_SEEN];

    (void)state;
    stack_of("model-contents/munmap/free_to_free/h_gt_g/linux", a);
    stack_of("model-contents/munmap/free_to_free/h_gt_g/linux", again);
    stack_of("model-contents/munmap/free_to_free/h_gt_g/bsd", b);
    assert_memory_equal(a, again, sizeof(a));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_programs_may_be_judged_otherwise(void **state)
{
    static const char holds[] = "load(@0x10000, 1)\n";
    static const char finding[] = "load(@0x10000, 1)\nmunmap(@0x10000, 0x1000)\n";
    static const char failure[] = "fork()\nwait()\n";
    struct buf said = BUF_INIT;
    int status;

    (void)state;
    status = run_in_child(&judged, holds, sizeof(holds) - 1, &said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(buf_text(&said), "");
    status = run_in_child(&judged, finding, sizeof(finding) - 1, &said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(buf_text(&said), "[twinmap] ASSERTION FAILED: a/munmap\n"
                                         "twinmap-finding: a/munmap\n");
    buf_clear(&said);
    status = run_in_child(&judged, failure, sizeof(failure) - 1, &said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_string_equal(buf_text(&said), "twinmap: harness error: the world ended\n");
    buf_free(&said);
}

/* What D's mutator makes of its own work; a process has one target. */
struct made {
    unsigned programs, with_fork, with_host_fail, configured;
};

static void mutate_some(const struct oneshot_desc *d, struct made *m)
{
    uint8_t bytes[8192] = {0};
    size_t len = 0;

    for (uint32_t seed = 0; seed < 600; seed++) {
        struct prog p = PROG_INIT;
        size_t n = oneshot_mutate(d, bytes, len, sizeof(bytes), seed);
        bool fork = false;
        bool host_fail = false;

        if (n == 0) {
            continue;
        }
        len = n;
        prog_decode(&p, bytes, n);
        for (size_t i = 0; i < p.ops.n; i++) {
            fork |= p.ops.v[i].kind == OP_fork;
            host_fail |= p.ops.v[i].kind == OP_host_fail;
        }
        m->programs++;
        m->with_fork += fork;
        m->with_host_fail += host_fail;
        m->configured += p.config.given != 0;
        prog_free(&p);
    }
}

static struct made made_in_child(const struct oneshot_desc *d)
{
    struct made m = {0};
    int fd[2];
    pid_t pid;

    assert_int_equal(pipe(fd), 0);
    pid = fork();
    if (pid == 0) {
        signal(SIGFPE, SIG_DFL); /* cmocka's are not ours */
        signal(SIGSEGV, SIG_DFL);
        mutate_some(d, &m);
        _exit(write(fd[1], &m, sizeof(m)) != sizeof(m));
    }
    close(fd[1]);
    assert_int_equal(read(fd[0], &m, sizeof(m)), sizeof(m));
    close(fd[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_in_range(m.programs, 300, 600);
    return m;
}

static void test_mutation_suits_the_target(void **state)
{
    static const struct oneshot_desc sim = {.name = "fuzz_sim", .target = "linux,host=sim-linux"};
    struct made real = made_in_child(&on_linux);
    struct made simulated = made_in_child(&sim);
    struct made kernel = made_in_child(&judged);

    (void)state;
    assert_true(real.with_host_fail > 0 && simulated.with_host_fail > 0);
    assert_int_equal(kernel.with_host_fail, 0);
    assert_true(real.configured > 0 && simulated.configured > 0);
    assert_int_equal(kernel.configured, 0);
    assert_true(simulated.with_fork > 2 * real.with_fork);
}

static void test_our_own_failure_is_no_finding(void **state)
{
    static const struct oneshot_desc nowhere = {.name = "fuzz_nowhere",
                                                .target = "so:/no/such/layer.so"};
    struct buf said = BUF_INIT;
    int status;

    (void)state;
    status = run_in_child(&nowhere, "x", 1, &said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_non_null(strstr(buf_text(&said), "twinmap: harness error: "));
    buf_free(&said);
}

static int always_right(const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
    return 0;
}

/* The sum of all that stands behind KEY. */
static unsigned long sum_of(const char *lines, const char *key)
{
    unsigned long sum = 0;

    for (const char *at = strstr(lines, key); at; at = strstr(at + 1, key)) {
        sum += strtoul(at + strlen(key), NULL, 10);
    }
    return sum;
}

static void test_statistics_add_up(void **state)
{
    static const struct oneshot_desc counted = {.name = "fuzz_counted", .bytes = always_right};
    char path[] = "/tmp/twinmap-stats-XXXXXX";
    int fd = mkstemp(path);
    struct buf lines = BUF_INIT;
    struct err e;
    pid_t pid;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    pid = fork();
    if (pid == 0) {
        setenv("TWINMAP_FUZZ_STATS", path, 1);
        for (int i = 0; i < 1234; i++) {
            oneshot_run(&counted, (const uint8_t *)"x", 1);
        }
        exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(buf_read_file(&lines, path, &e), 0);
    assert_int_equal(sum_of(buf_text(&lines), "programs="), 1234);
    /* more than one line: a process that is killed has left some */
    assert_non_null(strstr(strchr(buf_text(&lines), '\n'), "programs="));
    unlink(path);
    buf_free(&lines);
}

static void test_statistics_are_appended(void **state)
{
    char path[] = "/tmp/twinmap-stats-XXXXXX";
    int fd = mkstemp(path);
    struct buf said = BUF_INIT;
    struct buf line = BUF_INIT;
    struct err e;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    setenv("TWINMAP_FUZZ_STATS", path, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run_in_child(&on_linux, "munmap(@0x10000, 0x1000)\n", 25, &said), 0);
    }
    unsetenv("TWINMAP_FUZZ_STATS");
    assert_int_equal(buf_read_file(&line, path, &e), 0);
    assert_non_null(strstr(buf_text(&line), "fuzz_linux programs="));
    assert_ptr_not_equal(strstr(buf_text(&line), "fuzz_linux"),
                         strstr(strchr(buf_text(&line), '\n'), "fuzz_linux"));
    assert_non_null(strstr(buf_text(&line), "skipped=0"));
    assert_non_null(strstr(buf_text(&line), " excused="));
    assert_non_null(strstr(buf_text(&line), " poisoned="));
    unlink(path);
    buf_free(&said);
    buf_free(&line);
}

static void test_mutation_is_seeded_and_valid(void **state)
{
    uint8_t a[4096] = {0};
    uint8_t b[4096] = {0};
    size_t len = 0;
    unsigned made = 0;

    (void)state;
    for (uint32_t seed = 0; seed < 400; seed++) {
        struct prog p = PROG_INIT;
        struct buf again = BUF_INIT;
        size_t n;

        memcpy(b, a, len);
        n = oneshot_mutate(&on_linux, a, len, sizeof(a), seed);
        assert_int_equal(oneshot_mutate(&on_linux, b, len, sizeof(b), seed), n);
        assert_true(n <= sizeof(a));
        if (n == 0) {
            continue; /* left to the engine, or grown out of the room */
        }
        assert_memory_equal(a, b, n);
        assert_int_equal(prog_decode(&p, a, n), 0);
        prog_encode(&p, &again);
        assert_int_equal(again.len, n);
        assert_memory_equal(again.data, a, n);
        len = n;
        made++;
        prog_free(&p);
        buf_free(&again);
    }
    assert_in_range(made, 200, 399);
    assert_true(len > 0);
}

static void test_mutation_keeps_to_its_room(void **state)
{
    uint8_t room[64];

    (void)state;
    for (uint32_t seed = 0; seed < 200; seed++) {
        memset(room, 0x5c, sizeof(room));
        assert_true(oneshot_mutate(&on_linux, room, 8, 40, seed) <= 40);
        for (size_t i = 40; i < sizeof(room); i++) {
            assert_int_equal(room[i], 0x5c);
        }
    }
}

static void test_crossover(void **state)
{
    static const char a[] =
        "r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n";
    static const char b[] =
        "munmap(@0x1000, 0x1000)\nmunmap(@0x2000, 0x1000)\nmunmap(@0x3000, 0x1000)\n";
    uint8_t out[4096];
    unsigned grown = 0;

    (void)state;
    for (uint32_t seed = 0; seed < 50; seed++) {
        struct prog p = PROG_INIT;
        size_t n = oneshot_crossover(&on_linux, (const uint8_t *)a, sizeof(a) - 1,
                                     (const uint8_t *)b, sizeof(b) - 1, out, sizeof(out), seed);

        assert_true(n > 0);
        assert_int_equal(prog_decode(&p, out, n), 0);
        grown += p.ops.n > 1;
        prog_free(&p);
    }
    assert_true(grown > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: a process has one target, the one it ran first */
        cmocka_unit_test(test_our_own_failure_is_no_finding),
        cmocka_unit_test(test_programs_may_be_judged_otherwise),
        cmocka_unit_test(test_mutation_suits_the_target),
        cmocka_unit_test(test_statistics_add_up),
        cmocka_unit_test(test_any_bytes_run),
        cmocka_unit_test(test_a_finding_aborts),
        cmocka_unit_test(test_signatures_are_told_apart_by_their_stacks),
        cmocka_unit_test(test_statistics_are_appended),
        cmocka_unit_test(test_mutation_is_seeded_and_valid),
        cmocka_unit_test(test_mutation_keeps_to_its_room),
        cmocka_unit_test(test_crossover),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
