/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native child: what it runs, what it refuses to run, and that nothing a program does lasts
 * beyond it. Skipped where the target is not to be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>

#include "exec/kernel.h"
#include "op/text.h"

struct bed {
    struct kernel *k;
    struct prog prog;
    struct record record;
    struct buf text;
};

static int set_up(void **state)
{
    static struct bed bed;
    struct err e = {""};
    const char *why = "";

    bed = (struct bed){.prog = PROG_INIT};
    *state = &bed;
    if (!kernel_available(&why)) {
        print_message("# skipped: %s\n", why);
        bed.k = NULL;
        return 0;
    }
    if (kernel_open(&bed.k, &e) < 0) {
        print_error("%s\n", e.text);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    kernel_close(b->k);
    prog_free(&b->prog);
    record_free(&b->record);
    buf_free(&b->text);
    return 0;
}

/* TEST's first line: nothing to do without the target. */
#define BED(name) \
    struct bed *name = *state; \
    if (!(name)->k) { \
        skip(); \
    }

static void parse(struct bed *b, const char *text)
{
    struct err e = {""};

    if (prog_parse(&b->prog, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void run(struct bed *b, const char *text)
{
    struct err e = {""};

    parse(b, text);
    if (kernel_run(b->k, &b->prog, &b->record, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Run a program made with printf. */
__attribute__((format(printf, 2, 3))) static void run_fmt(struct bed *b, const char *fmt, ...)
{
    char text[2000];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    run(b, text);
}

static const struct record_step *step(const struct bed *b, size_t i)
{
    assert_true(i < b->record.steps.n);
    return &b->record.steps.v[i];
}

static void assert_outcome(struct bed *b, size_t i, const char *expected)
{
    const struct record_step *s = step(b, i);

    assert_int_equal(s->what, RECORD_OP);
    buf_clear(&b->text);
    record_print_outcome(&b->record, s, (enum op_kind)b->prog.ops.v[s->step.op].kind, &b->text);
    assert_string_equal(buf_text(&b->text), expected);
}

static void test_outcomes_are_the_kernels(void **state)
{
    BED(b);
    run(b, "mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, "
           "0)\n"
           "store(@0x10ffe, 4, 7)\n"
           "load(@0x10ffe, 4)\n"
           "load(@0x11fff, 2)\n"
           "munmap(@0x10001, 0x1000)\n"
           "mprotect(@0x10000, 0x3000, PROT_READ)\n"
           "store(@0x10000, 1, 1)\n");
    assert_outcome(b, 0, " = @0x10000");
    assert_outcome(b, 1, " = ok");
    assert_outcome(b, 2, " = 0x7");
    assert_outcome(b, 3, " = SIGSEGV # at @0x12000");
    assert_outcome(b, 4, " = -1 EINVAL");
    assert_outcome(b, 5, " = -1 ENOMEM");
    assert_outcome(b, 6, " = SIGSEGV # at @0x10000");
    assert_int_equal(step(b, 7)->what, RECORD_DONE);
    assert_int_equal(b->record.steps.n, 8);
}

static void test_what_is_mapped_is_written_down(void **state)
{
    const uint64_t window = KERNEL_WINDOW;
    struct region_vec v;

    BED(b);
    run(b, "file f0 size=5000\n"
           "mmap(@0x10000, 0x2000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x1000)\n"
           "munmap(@0x10000, 0x1000)\n");
    v = record_regions(&b->record, 0);
    assert_int_equal(v.n, 2); /* the other one is what was taken before */
    assert_int_equal(v.v[0].r.start, window + 0x10000);
    assert_int_equal(v.v[0].r.last, window + 0x11fff);
    assert_int_equal(v.v[0].kind, REGION_FILE);
    assert_int_equal(v.v[0].object, record_file_object(0));
    assert_int_equal(v.v[0].offset, 0x1000);
    assert_true(v.v[0].shared);
    assert_int_equal(v.v[1].r.start, b->record.place.taken.start);
    v = record_regions(&b->record, 1);
    assert_int_equal(v.v[0].r.start, window + 0x11000);
    assert_int_equal(v.v[0].offset, 0x2000);
}

static void test_digests_of_pages(void **state)
{
    const struct record_digest *d;
    uint8_t page[4096] = {0};

    BED(b);
    run(b, "file f0 size=5000\n"
           "mmap(@0x10000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000)\n"
           "mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, "
           "0)\n");
    assert_int_equal(step(b, 0)->digests.n, 2);
    d = &b->record.digests.v[step(b, 0)->digests.first];
    for (size_t i = 0; i < 5000 - 4096; i++) {
        page[i] = prog_file_byte(0, 4096 + i);
    }
    assert_int_equal(d[0].bytes, RECORD_BYTES_KNOWN);
    assert_int_equal(d[0].sum, record_sum(page, sizeof(page)));
    assert_int_equal(d[1].bytes, RECORD_BYTES_NONE); /* past the end */
    assert_int_equal(d[1].sum, SIGBUS);
    d = &b->record.digests.v[step(b, 1)->digests.first];
    memset(page, 0, sizeof(page));
    assert_int_equal(d[0].sum, record_sum(page, sizeof(page)));
}

/* Each of these would take away or change what the child itself needs. */
static void test_foreign_memory_is_not_touched(void **state)
{
    static const char *const ops[] = {
        "mmap(%#" PRIx64 ", 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n",
        "munmap(%#" PRIx64 ", 0x1000)\n",
        "mprotect(%#" PRIx64 ", 0x1000, PROT_NONE)\n",
        "madvise(%#" PRIx64 ", 0x1000, MADV_DONTNEED)\n",
        "store(%#" PRIx64 ", 8, 0)\n",
        "load(%#" PRIx64 ", 8)\n",
        "mremap(%#" PRIx64 ", 0x1000, 0x2000, MREMAP_MAYMOVE)\n",
        "mremap(%#" PRIx64 ", 0, 0x1000, MREMAP_MAYMOVE)\n",
    };
    uint64_t ours = (uintptr_t)&test_foreign_memory_is_not_touched & ~UINT64_C(0xfff);
    pid_t pid;

    BED(b);
    pid = kernel_child_pid(b->k);
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        char text[200];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof(text), ops[i], ours);
#pragma GCC diagnostic pop
        run(b, text);
        assert_int_equal(step(b, 0)->step.outcome.kind, OUTCOME_SKIPPED);
        assert_int_equal(step(b, 0)->poison, RECORD_FOREIGN);
    }
    assert_int_equal(kernel_child_pid(b->k), pid);
}

/* Ranges that begin among the program's own memory and reach the child's. */
static void test_long_ranges(void **state)
{
    static const char *const map =
        "mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n";

    BED(b);
    run_fmt(b, "%smunmap(@0x10000, 0x500000000000)\n", map);
    assert_int_equal(step(b, 1)->poison, RECORD_FOREIGN);
    run_fmt(b, "%smadvise(@0x10000, 0x500000000000, MADV_DONTNEED)\n", map);
    assert_int_equal(step(b, 1)->poison, RECORD_FOREIGN);
    run_fmt(b, "%smremap(@0x10000, 0x500000000000, 0x1000, 0)\n", map);
    assert_int_equal(step(b, 1)->poison, RECORD_FOREIGN);
    run_fmt(b, "%smremap(@0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, %#" PRIx64 ")\n",
            map, b->record.place.within.last + 1);
    assert_int_equal(step(b, 1)->poison, RECORD_FOREIGN);
    /* It stops at the first hole; and what the kernel refuses for its arguments reaches nothing. */
    run_fmt(b, "%smprotect(@0x10000, 0x500000000000, PROT_NONE)\n", map);
    assert_outcome(b, 1, " = -1 ENOMEM");
    run_fmt(b, "%smunmap(@0x10000, 0x7fffffffffffffff)\n", map);
    assert_outcome(b, 1, " = -1 EINVAL");
}

static void test_too_much_memory(void **state)
{
    BED(b);
    run(b, "mmap(NULL, 0x8000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, "
           "-1, 0)\n"
           "mmap(NULL, 0x8000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, "
           "0)\n"
           "madvise(@0x10000, 0x1000, 100)\n"
           "madvise(@0x10000, 0x1000, 101)\n");
    assert_int_equal(step(b, 0)->poison, RECORD_BIG);
    assert_int_equal(step(b, 1)->poison, RECORD_BIG);
    assert_int_equal(step(b, 2)->poison, RECORD_HARMFUL);
    assert_int_equal(step(b, 3)->poison, RECORD_HARMFUL);
}

static void test_nothing_outlives_a_program(void **state)
{
    static const char *const text =
        "file f0 size=4096\n"
        "load(@0x10000, 1)\n"
        "mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
        "load(@0x10000, 16)\n"
        "store(@0x10000, 4096, 0xee)\n"
        "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
        "munmap(%#" PRIx64 ", 0x1000)\n";
    uint64_t placed = 0;

    BED(b);
    run(b, "munmap(@0, 0x1000)\n");
    for (int i = 0; i < 3; i++) {
        uint64_t taken = b->record.place.taken.start;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        run_fmt(b, text, taken);
#pragma GCC diagnostic pop
        assert_outcome(b, 0, " = SIGSEGV # at @0x10000");
        assert_outcome(b, 2, " = 0x1");
        assert_outcome(b, 3, " = ok");
        assert_outcome(b, 5, " = 0");
        assert_true(i == 0 || placed == step(b, 4)->step.outcome.value);
        placed = step(b, 4)->step.outcome.value;
    }
}

/* The same file of another size, and one of another pattern, after stores to both. */
static void test_files_are_fresh(void **state)
{
    static const uint64_t sizes[] = {4096, 100, 20000, 0, 1u << 20, 5000, UINT64_C(1) << 32, 8192};

    BED(b);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t last = sizes[i] ? sizes[i] - 1 : 0;
        uint64_t page = last & ~UINT64_C(0xfff);

        run_fmt(b,
                "file f0 size=%" PRIu64 "\n"
                "mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, %#" PRIx64
                ")\n"
                "load(@%#" PRIx64 ", 1)\n"
                "store(@0x10000, 4096, 0xee)\n",
                sizes[i], page, 0x10000 + (last & 0xfff));
        if (sizes[i] == 0) {
            assert_outcome(b, 1, " = SIGBUS # at @0x10000");
        } else {
            assert_int_equal(step(b, 1)->step.outcome.kind, OUTCOME_OK);
            assert_int_equal(step(b, 1)->step.outcome.value, prog_file_byte(0, last));
            assert_outcome(b, 2, " = ok");
        }
    }
}

static void test_fork(void **state)
{
    const struct record_step *s;

    BED(b);
    run(b, "mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, "
           "0)\n"
           "mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, "
           "0)\n"
           "store(@0x10000, 1, 1)\n"
           "fork()\n"
           "load(@0x10000, 1)\n"
           "store(@0x10000, 1, 2)\n"
           "store(@0x20000, 1, 3)\n"
           "r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
           "wait()\n"
           "load(@0x10000, 1)\n"
           "load(@0x20000, 1)\n"
           "load(r0, 1)\n");
    assert_outcome(b, 3, "");
    s = step(b, 4);
    assert_int_equal(s->what, RECORD_BORN);
    assert_int_equal(s->step.process, 1);
    assert_int_equal(s->regions.n, 3);
    assert_outcome(b, 5, " = 0x1");
    assert_int_equal(step(b, 5)->step.process, 1);
    s = step(b, 9);
    assert_int_equal(s->what, RECORD_DONE);
    assert_int_equal(s->step.process, 1);
    assert_int_equal(step(b, 10)->step.process, 0);
    assert_outcome(b, 11, " = 0x1");
    assert_outcome(b, 12, " = 0x3");
    assert_int_equal(step(b, 13)->step.outcome.kind, OUTCOME_SKIPPED); /* the child's result */
    assert_int_equal(step(b, 14)->what, RECORD_DONE);
}

static void test_forks_within_forks(void **state)
{
    BED(b);
    run(b, "fork()\n"
           "fork()\n"
           "munmap(@0, 0x1000)\n"
           "wait()\n"
           "munmap(@0, 0x1000)\n");
    assert_int_equal(step(b, 3)->step.process, 2); /* after two births */
    assert_int_equal(step(b, b->record.steps.n - 1)->what, RECORD_DONE);
    assert_int_equal(step(b, b->record.steps.n - 1)->step.process, 0);
}

/* Somebody kills or stops a child once: the programs run, in another. */
static void check_replaced(struct bed *b, int signal)
{
    static const char *const text = "munmap(@0, 0x1000)\nmunmap(@0, 0x1000)\n";
    pid_t old = kernel_child_pid(b->k);
    struct err e = {""};

    assert_int_equal(kill(old, SIGSTOP), 0);
    parse(b, text);
    assert_int_equal(kernel_submit(b->k, &b->prog, &e), 0);
    assert_int_equal(kernel_submit(b->k, &b->prog, &e), 0);
    if (signal) {
        assert_int_equal(kill(old, signal), 0);
    }
    for (int i = 0; i < 2; i++) {
        if (kernel_take(b->k, &b->record, &e) < 0) {
            fail_msg("%s", e.text);
        }
        assert_outcome(b, 1, " = 0");
        assert_int_equal(b->record.steps.n, 3);
        assert_int_not_equal(kernel_child_pid(b->k), old);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the new one, and no zombie of the old */
    assert_int_equal(kill(old, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_a_child_that_is_killed(void **state)
{
    BED(b);
    check_replaced(b, SIGKILL);
}

static void test_a_child_that_is_stopped(void **state)
{
    BED(b);
    kernel_set_hang_ms(b->k, 200);
    check_replaced(b, 0);
}

/* Who sends SIGNAL to the child, and to the one that replaces it. */
struct enemy {
    const struct bed *bed;
    int signal;
};

static void *send_twice(void *arg)
{
    static const struct timespec short_time = {.tv_nsec = 1000000};
    static const struct timespec start_time = {.tv_nsec = 100000000};
    const struct enemy *enemy = arg;
    pid_t last = 0;

    for (int i = 0; i < 2; i++) {
        pid_t pid;

        while ((pid = kernel_child_pid(enemy->bed->k)) == last || pid == 0) {
            nanosleep(&short_time, NULL);
        }
        nanosleep(&start_time, NULL);
        kill(pid, enemy->signal);
        last = pid;
    }
    return NULL;
}

/* A program that takes some seconds; what kernel_take says of it when SIGNAL comes twice. */
static int run_with_enemy(struct bed *b, int signal, struct err *e)
{
    struct enemy enemy = {b, signal};
    struct buf text = BUF_INIT;
    pthread_t thread;
    int rc;

    for (int i = 0; i < 400; i++) {
        buf_str(&text, "mmap(@0x10000000, 0x4000000, PROT_READ|PROT_WRITE, "
                       "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n");
    }
    parse(b, buf_text(&text));
    buf_free(&text);
    assert_int_equal(kernel_submit(b->k, &b->prog, e), 0);
    parse(b, "munmap(@0, 0x1000)\n");
    assert_int_equal(kernel_submit(b->k, &b->prog, e), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_twice, &enemy), 0);
    rc = kernel_take(b->k, &b->record, e);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return rc;
}

static void test_a_child_that_is_killed_twice(void **state)
{
    struct err e = {""};

    BED(b);
    assert_int_equal(run_with_enemy(b, SIGKILL, &e), -ECHILD);
    assert_non_null(strstr(e.text, "killed"));
    assert_int_equal(kernel_take(b->k, &b->record, &e), 0); /* the one behind it */
    assert_outcome(b, 0, " = 0");
}

static void test_a_crash_that_repeats(void **state)
{
    struct err e = {""};

    BED(b);
    assert_int_equal(run_with_enemy(b, SIGTERM, &e), 0);
    assert_int_equal(step(b, b->record.steps.n - 1)->step.outcome.kind, OUTCOME_CRASH);
    assert_int_equal(step(b, b->record.steps.n - 1)->step.outcome.signal, SIGTERM);
    assert_int_equal(kernel_take(b->k, &b->record, &e), 0);
    assert_outcome(b, 0, " = 0");
}

static void test_a_hang_that_repeats(void **state)
{
    struct err e = {""};

    BED(b);
    kernel_set_hang_ms(b->k, 1000);
    assert_int_equal(run_with_enemy(b, SIGSTOP, &e), 0);
    assert_int_equal(step(b, b->record.steps.n - 1)->step.outcome.kind, OUTCOME_HANG);
    assert_int_equal(kernel_take(b->k, &b->record, &e), 0);
    assert_outcome(b, 0, " = 0");
}

static void test_no_child_is_left(void **state)
{
    struct err e;
    struct kernel *k;
    pid_t pid;

    BED(b);
    assert_int_equal(kernel_open(&k, &e), 0);
    pid = kernel_child_pid(k);
    assert_null(kernel_close(k));
    assert_int_equal(kill(pid, 0), -1);
    assert_null(kernel_close(NULL));
    assert_int_not_equal(kernel_child_pid(b->k), pid);
}

static void test_the_release_is_the_kernels(void **state)
{
    unsigned long old = (unsigned long)personality(0xffffffff);
    struct err e = {""};
    struct kernel *k;
    unsigned release;
    int rc;

    BED(b);
    run(b, "munmap(@0, 0x1000)\n");
    release = b->record.place.release;
    assert_int_not_equal(personality(old | UNAME26), -1);
    rc = kernel_open(&k, &e);
    assert_int_not_equal(personality(old), -1);
    assert_int_equal(rc, 0);
    assert_int_equal(kernel_run(k, &b->prog, &b->record, &e), 0);
    assert_int_equal(b->record.place.release, release);
    assert_null(kernel_close(k));
}

static void test_programs_that_do_not_fit(void **state)
{
    BED(b);
    run(b, "config guest_page=16384\nmunmap(0, 1)\n");
    assert_true(b->record.skipped);
    assert_non_null(strstr(buf_text(&b->record.reason), "guest_page=4096"));
    run(b, "requires freebsd\nmunmap(0, 1)\n");
    assert_true(b->record.skipped);
    assert_string_equal(buf_text(&b->record.reason), "requires freebsd");
    run(b, "requires linux\nmunmap(@0, 1)\n");
    assert_false(b->record.skipped);
    assert_outcome(b, 0, " = 0");
}

static void test_ring(void **state)
{
    struct err e = {""};

    BED(b);
    parse(b, "munmap(@0, 0x1000)\n");
    for (int i = 0; i < KERNEL_RING; i++) {
        assert_int_equal(kernel_submit(b->k, &b->prog, &e), 0);
    }
    assert_int_equal(kernel_submit(b->k, &b->prog, &e), -EAGAIN);
    for (int i = 0; i < KERNEL_RING; i++) {
        assert_int_equal(kernel_take(b->k, &b->record, &e), 0);
        assert_outcome(b, 0, " = 0");
    }
    assert_int_equal(kernel_take(b->k, &b->record, &e), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_outcomes_are_the_kernels),
        TEST(test_what_is_mapped_is_written_down),
        TEST(test_digests_of_pages),
        TEST(test_foreign_memory_is_not_touched),
        TEST(test_long_ranges),
        TEST(test_too_much_memory),
        TEST(test_nothing_outlives_a_program),
        TEST(test_files_are_fresh),
        TEST(test_fork),
        TEST(test_forks_within_forks),
        TEST(test_a_child_that_is_killed),
        TEST(test_a_child_that_is_stopped),
        TEST(test_a_child_that_is_killed_twice),
        TEST(test_a_crash_that_repeats),
        TEST(test_a_hang_that_repeats),
        TEST(test_no_child_is_left),
        TEST(test_the_release_is_the_kernels),
        TEST(test_programs_that_do_not_fit),
        TEST(test_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
