/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/exec/runner: layers that fall over, keep wrong books or reach where they have no business are
 * findings.
 */
#include "runner_util.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A layer that does something else in one call; the rest is the Linux flavour's. */
static struct layer_ops altered(void)
{
    return layer_linux;
}

static int crashing_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    const int *volatile nowhere = (const int *)(uintptr_t)64;

    (void)l;
    (void)start;
    (void)len;
    return *nowhere;
}

static int aborting_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    (void)l;
    (void)start;
    (void)len;
    abort();
}

static int hanging_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    volatile bool forever = true;

    layer_linux.mmap_lock(l); /* the next program finds it free all the same */
    (void)start;
    (void)len;
    while (forever) {
    }
    return 0;
}

static void test_a_layer_that_falls_over_is_a_finding(void **state)
{
    static const struct {
        int (*munmap)(struct layer *l, uint64_t start, uint64_t len);
        enum outcome_kind kind;
        int signal;
    } cases[] = {
        {crashing_munmap, OUTCOME_CRASH, SIGSEGV},
        {aborting_munmap, OUTCOME_CRASH, SIGABRT},
        {hanging_munmap, OUTCOME_HANG, SIGALRM},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct layer_ops ops = altered();
        struct bench b;

        ops.munmap = cases[i].munmap;
        bench_open(&b, "linux", &ops);
        check_finds(
            &b,
            "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
            "munmap(@0x20000, 0x1000)\n"
            "munmap(@0x20000, 0x1000)\n",
            INV_NO_ABORT, "");
        assert_int_equal(b.result.bad_step, 1);
        assert_int_equal(b.result.n_steps, 2);
        assert_int_equal(bench_outcome(&b, 1)->kind, cases[i].kind);
        assert_int_equal(bench_outcome(&b, 1)->signal, cases[i].signal);
        check_pass(
            &b,
            "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok\n");
        bench_close(&b);
    }
}

/* Books say gone, the host still has it. */
static int forgetful_page_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run),
                               void *arg)
{
    (void)l;
    (void)emit;
    (void)arg;
    return 0;
}

static int unordered_page_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run),
                               void *arg)
{
    struct layer_run run = {.start = 0x3000, .last = 0x3fff, .flags = PAGE_VALID | PAGE_READ};

    (void)l;
    if (emit(arg, &run) != 0) {
        return 1;
    }
    run.start = 0x1000;
    run.last = 0x1fff;
    return emit(arg, &run);
}

static void test_what_the_books_say_is_judged(void **state)
{
    const char *text =
        "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n";
    struct layer_ops ops = altered();
    struct bench b;

    (void)state;
    ops.page_dump = forgetful_page_dump;
    bench_open(&b, "linux", &ops);
    check_finds(&b, text, INV_SUCCESS_EFFECT, "");
    assert_true(b.result.host_after.n > 0);
    assert_non_null(strstr(buf_text(&b.result.calls), "map(0x20000, 0x1000"));
    bench_close(&b);
    ops.page_dump = unordered_page_dump;
    bench_open(&b, "linux", &ops);
    check_finds(&b, text, INV_FLAG_DOMAIN, "out of order");
    bench_close(&b);
}

/* Where guest address 0 is. */
static uint64_t guest_base;

static int noting_start(struct layer *l, const struct layer_setup *setup)
{
    guest_base = setup->guest_base;
    return layer_linux.start(l, setup);
}

/* Behind the recorder's back the host is left with other rights. */
static int sloppy_mprotect(struct layer *l, uint64_t start, uint64_t len, int prot)
{
    int rc = layer_linux.mprotect(l, start, len, prot);

    (void)mprotect((void *)(uintptr_t)(guest_base + start), len, PROT_READ | PROT_WRITE);
    return rc;
}

static void test_map_check_modes(void **state)
{
    static const struct {
        enum map_check maps;
        enum run_verdict verdict;
        size_t bad_step;
    } cases[] = {
        {MAP_CHECK_NONE, RUN_PASS, 0},
        {MAP_CHECK_PROGRAM, RUN_FINDING, 2},
        {MAP_CHECK_OP, RUN_FINDING, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct layer_ops ops = altered();
        struct bench b;

        ops.start = noting_start;
        ops.mprotect = sloppy_mprotect;
        bench_open(&b, "linux", &ops);
        b.options.maps = cases[i].maps;
        assert_int_equal(
            bench_run(
                &b,
                "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                "mprotect(@0x20000, 0x1000, PROT_NONE)\n"
                "msync(@0x20000, 0x1000, MS_SYNC)\n"),
            cases[i].verdict);
        assert_int_equal(b.result.bad_step, cases[i].bad_step);
        if (cases[i].verdict == RUN_FINDING) {
            assert_int_equal(b.result.violated, INV_HOST_AGREES_EQ);
        }
        bench_close(&b);
    }
}

static int lenient_mprotect(struct layer *l, uint64_t start, uint64_t len, int prot)
{
    return layer_linux.mprotect(l, start & ~UINT64_C(0xfff), len, prot);
}

/* What the guest had there is gone, and there is another object in its place. */
static int losing_msync(struct layer *l, uint64_t start, uint64_t len, uint32_t flags)
{
    void *at = (void *)(uintptr_t)(guest_base + start);

    (void)mmap(at, len, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return layer_linux.msync(l, start, len, flags);
}

/* Several things are violated: it is called by what the guest sees of it. */
static void test_what_the_guest_sees_comes_first(void **state)
{
    const char *map = "mmap(@0x20000, 0x2000, PROT_READ|PROT_WRITE, "
                      "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n";
    struct layer_ops ops = altered();
    char text[512];
    struct bench b;

    (void)state;
    ops.start = noting_start;
    ops.mprotect = lenient_mprotect;
    ops.msync = losing_msync;
    bench_open(&b, "linux", &ops);
    snprintf(text, sizeof(text), "%smprotect(@0x20010, 0x1000, PROT_READ)\n", map);
    check_finds(&b, text, INV_MODEL_OUTCOME, "-1 EINVAL");
    assert_int_equal(b.result.owed, ABI_EINVAL);
    assert_true(b.result.calls.len > 0);
    b.options.model = false;
    check_finds(&b, text, INV_SUCCESS_EFFECT, "");
    assert_int_equal(b.result.owed, 0);
    b.options.model = true;
    snprintf(text, sizeof(text), "%sstore(@0x20000, 1, 7)\nmsync(@0x20000, 0x1000, MS_SYNC)\n",
             map);
    check_finds(&b, text, INV_MODEL_CONTENTS, "");
    snprintf(text, sizeof(text), "%smsync(@0x20000, 0x1000, MS_SYNC)\n", map);
    check_finds(&b, text, INV_HOST_AGREES_EQ, "");
    bench_close(&b);
}

/* A file of the process's own that a layer has no business with. */
static void *victim;

static int trespassing_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    (void)munmap(victim, 4096);
    return layer_linux.munmap(l, start, len);
}

static void test_outside_is_unchanged(void **state)
{
    const char *text =
        "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n";
    struct layer_ops ops = altered();
    FILE *f = tmpfile();
    struct bench b;

    (void)state;
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 8192), 0);
    victim = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fileno(f), 0);
    assert_true(victim != MAP_FAILED);
    ops.munmap = trespassing_munmap;
    bench_open(&b, "linux", &ops);
    check_pass(&b, text);
    check_finds(&b, "munmap(@0x20000, 0x1000)\n", INV_OUTSIDE_UNCHANGED, "file-backed");
    bench_close(&b);
    munmap((char *)victim + 4096, 4096);
    fclose(f);
}

static int leaking_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    void *at = (void *)(uintptr_t)(guest_base + 0x100000);

    (void)mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return layer_linux.munmap(l, start, len);
}

static void test_window_above_reserved_va_stays_empty(void **state)
{
    struct layer_ops ops = altered();
    struct bench b;

    (void)state;
    ops.start = noting_start;
    ops.munmap = leaking_munmap;
    bench_open(&b, "linux,bits=32,reserved=0x100000", &ops);
    check_finds(&b, "munmap(@0x20000, 0x1000)\n", INV_OUTSIDE_UNCHANGED, "above reserved_va");
    check_pass(&b,
               "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_layer_that_falls_over_is_a_finding),
        cmocka_unit_test(test_what_the_books_say_is_judged),
        cmocka_unit_test(test_what_the_guest_sees_comes_first),
        cmocka_unit_test(test_map_check_modes),
        cmocka_unit_test(test_outside_is_unchanged),
        cmocka_unit_test(test_window_above_reserved_va_stays_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
