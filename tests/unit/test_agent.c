/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of guest agents against one that misbehaves: what it says becomes an outcome, a poison
 * or an error and never more, the next program has a fresh agent, and nothing is left running.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/agent.h"
#include "exec/agent_look.h"
#include "exec/arch.h"
#include "exec/said.h"
#include "op/text.h"

struct bed {
    struct agent *a;
    struct prog prog;
    struct record record;
    struct buf python, fake;
    char marker[64];
};

static char mark[64];

static int set_up(void **state)
{
    static struct bed bed;
    const char *root = getenv("TWINMAP_SOURCE_ROOT");
    static const char text[] = "munmap(@0x1000, 0x1000)\n";
    struct err e;

    bed = (struct bed){.prog = PROG_INIT};
    *state = &bed;
    if (!arch_find_program("python3", &bed.python)) {
        buf_clear(&bed.python);
    }
    buf_fmt(&bed.fake, "%s/tests/unit/fake_agent", root ? root : ".");
    snprintf(bed.marker, sizeof(bed.marker), "/tmp/twinmap-agent-%d", (int)getpid());
    snprintf(mark, sizeof(mark), "TWINMAP_AGENT_TEST=%d-of", (int)getpid());
    assert_int_equal(setenv("TWINMAP_AGENT_TEST", strchr(mark, '=') + 1, 1), 0);
    return prog_parse(&bed.prog, "test", text, strlen(text), &e);
}

/* Whether PID has this test's own mark in its environment, and is not this test. */
static bool is_marked(pid_t pid)
{
    char path[64];
    char text[16384];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    if (pid <= 0 || pid == getpid() || (f = fopen(path, "re")) == NULL) {
        return false;
    }
    n = fread(text, 1, sizeof(text), f);
    fclose(f);
    return memmem(text, n, mark, strlen(mark)) != NULL;
}

/* Whether anything that an agent of this test has started still runs. */
static bool something_lives(void)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;
    bool found = false;

    assert_non_null(d);
    while (!found && (entry = readdir(d)) != NULL) {
        found = is_marked((pid_t)atoi(entry->d_name));
    }
    closedir(d);
    return found;
}

static void check_nothing_left(void)
{
    assert_false(something_lives());
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    agent_close(b->a);
    prog_free(&b->prog);
    record_free(&b->record);
    buf_free(&b->python);
    buf_free(&b->fake);
    (void)unlink(b->marker);
    return 0;
}

#define BED(name) \
    struct bed *name = *state; \
    if ((name)->python.len == 0) { \
        skip(); \
    }

static int open_fake(struct bed *b, const char *mode, const char *marker, struct err *e)
{
    char *const argv[] = {b->python.data, b->fake.data, (char *)mode, (char *)marker, NULL};
    const struct agent_options o = {
        .name = "fake", .argv = argv, .arch = "x86_64", .hang_ms = 3000};

    return agent_open(&b->a, &o, e);
}

static void open_good(struct bed *b, const char *mode, const char *marker)
{
    struct err e = {""};

    if (open_fake(b, mode, marker, &e) < 0) {
        fail_msg("%s: %s", mode, e.text);
    }
}

static void close_bed(struct bed *b)
{
    b->a = agent_close(b->a);
    check_nothing_left();
}

static void run(struct bed *b)
{
    struct err e = {""};

    if (agent_run(b->a, &b->prog, &b->record, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static const struct record_step *last(const struct bed *b)
{
    assert_true(b->record.steps.n > 0);
    return &b->record.steps.v[b->record.steps.n - 1];
}

static void check_outcome(const struct bed *b, enum outcome_kind kind, int signal)
{
    assert_int_equal(last(b)->step.outcome.kind, kind);
    assert_int_equal(last(b)->step.outcome.signal, signal);
}

static void test_programs_ahead(void **state)
{
    BED(b);
    struct err e = {""};

    open_good(b, "honest", NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < AGENT_RING; i++) {
            assert_int_equal(agent_submit(b->a, &b->prog, &e), 0);
        }
        assert_int_equal(agent_submit(b->a, &b->prog, &e), -EAGAIN);
        for (int i = 0; i < AGENT_RING; i++) {
            assert_int_equal(agent_take(b->a, &b->record, &e), 0);
            assert_int_equal(b->record.steps.n, 1);
            check_outcome(b, OUTCOME_OK, 0);
            assert_int_equal(last(b)->step.args.arg[0], (UINT64_C(1) << 45) + 0x1000);
        }
    }
    assert_int_equal(agent_take(b->a, &b->record, &e), -EINVAL);
    close_bed(b);
}

static void test_bad_ends(void **state)
{
    static const struct {
        const char *mode;
        enum outcome_kind kind;
        int signal;
        const char *said;
    } rows[] = {
        {"die", OUTCOME_CRASH, SIGABRT, "ERROR_tb.c_tb_flush_assertion_failed_start_last"},
        {"crash", OUTCOME_CRASH, SIGABRT, "mmap.c_target_mmap_Assertion_len_failed."},
        {"orphan", OUTCOME_CRASH, SIGABRT, "ERROR_tb.c_tb_flush_assertion_failed_start_last"},
        {"bail", OUTCOME_CRASH, 0, "ERROR_tb.c_tb_flush_assertion_failed_start_last"},
        {"status", OUTCOME_CRASH, 0, ""},
        {"leave", OUTCOME_CRASH, 0, ""},
        {"silent", OUTCOME_HANG, 0, ""},
    };
    BED(b);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf word = BUF_INIT;

        open_good(b, rows[i].mode, NULL);
        run(b);
        check_outcome(b, rows[i].kind, rows[i].signal);
        said_class(&b->record.said, &word);
        assert_string_equal(buf_text(&word), rows[i].said);
        buf_free(&word);
        run(b); /* and again */
        check_outcome(b, rows[i].kind, rows[i].signal);
        close_bed(b);
    }
}

static void test_once_is_never(void **state)
{
    static const char *const modes[] = {"die",     "crash",  "silent",  "status",
                                        "suicide", "killed", "garbage", "error"};
    BED(b);
    struct err e = {""};

    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        (void)unlink(b->marker);
        open_good(b, modes[i], b->marker);
        for (int n = 0; n < 4; n++) {
            assert_int_equal(agent_submit(b->a, &b->prog, &e), 0);
        }
        for (int n = 0; n < 4; n++) {
            assert_int_equal(agent_take(b->a, &b->record, &e), 0);
            check_outcome(b, OUTCOME_OK, 0);
            assert_int_equal(b->record.said.len, 0);
        }
        close_bed(b);
    }
}

static void test_nobody_knows_who_killed(void **state)
{
    static const char *const modes[] = {"killed", "suicide", "early", "error"};
    BED(b);

    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct err e = {""};

        open_good(b, modes[i], NULL);
        assert_true(agent_run(b->a, &b->prog, &b->record, &e) < 0);
        assert_true(e.text[0] != '\0');
        close_bed(b);
    }
}

static void test_what_is_not_the_protocol(void **state)
{
    static const char *const modes[] = {
        "garbage",         "huge",
        "empty",           "end-first",
        "done-first",      "begin-twice",
        "op-nowhere",      "process-nowhere",
        "kind-nowhere",    "children",
        "steps",           "hello-again",
        "outcome-nowhere", "poison-nowhere",
        "region-outside",  "region-order",
        "region-turned",   "regions-too-many",
    };
    BED(b);

    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        open_good(b, modes[i], NULL);
        run(b);
        assert_int_equal(last(b)->poison, RECORD_GARBLED);
        assert_non_null(strstr(buf_text(&b->record.said), "not the protocol"));
        close_bed(b);
    }
}

/* Half a frame and the end; ends that nobody asked for, which meet the next program. */
static void test_frames_cut_short(void **state)
{
    BED(b);
    struct err e = {""};

    open_good(b, "truncated", NULL);
    run(b);
    check_outcome(b, OUTCOME_CRASH, 0);
    close_bed(b);
    open_good(b, "done-too-many", NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(agent_run(b->a, &b->prog, &b->record, &e), 0);
    }
    close_bed(b);
}

static void test_much_is_said(void **state)
{
    BED(b);

    open_good(b, "flood", NULL);
    for (int i = 0; i < 5; i++) {
        run(b);
        check_outcome(b, OUTCOME_OK, 0);
    }
    close_bed(b);
}

static void test_no_agent(void **state)
{
    static const char *const modes[][2] = {
        {"exit", "a library is missing"},
        {"error-first", "no room for programs"},
        {"version", "version 9"},
        {"page", "pages of 3000"},
        {"arch", "m68k"},
    };
    BED(b);

    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct err e = {""};

        assert_true(open_fake(b, modes[i][0], NULL, &e) < 0);
        if (!strstr(e.text, modes[i][1]) || !strstr(e.text, "fake_agent")) {
            fail_msg("%s: %s", modes[i][0], e.text);
        }
        check_nothing_left();
    }
}

static void test_what_cannot_be_started(void **state)
{
    char *const argv[] = {(char *)"/nonexistent/emulator", NULL};
    const struct agent_options o = {.name = "none", .argv = argv};
    struct bed *b = *state;
    struct err e = {""};

    assert_true(agent_open(&b->a, &o, &e) < 0);
    assert_non_null(strstr(e.text, "No such file or directory"));
    assert_non_null(strstr(e.text, "/nonexistent/emulator"));
}

/* The driver is killed: the agent and what it has started go with it. */
static void test_driver_is_killed(void **state)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    BED(b);
    int fds[2];
    char ready = 0;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        struct err e;

        (void)open_fake(b, "silent", NULL, &e);
        (void)!write(fds[1], &ready, 1);
        (void)agent_run(b->a, &b->prog, &b->record, &e);
        _exit(0);
    }
    assert_int_equal(read(fds[0], &ready, 1), 1);
    close(fds[0]);
    close(fds[1]);
    assert_true(something_lives());
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (int i = 0; i < 300 && something_lives(); i++) {
        nanosleep(&pause, NULL); /* it takes a signal, which takes a moment */
    }
    check_nothing_left();
}

/* A guest at 0x10000000 of its host, whose anchor is its page at 0x1000. */
static void test_the_hosts_view(void **state)
{
    static const struct agent_hello hello = {
        .anchor = 0x1000,
        .place = {.page = 0x1000, .emulated = true, .within = {0x10000, 0x8ffff}},
    };
    static const struct {
        const char *maps; /* of the host, one line or two */
        const char *says; /* NULL: it holds */
    } rows[] = {
        {"10020000-10022000 r--p 00000000 00:00 0\n", NULL},
        {"10020000-10021000 r--p 00000000 00:00 0\n", "0x21000-0x21fff the guest has"},
        {"10020000-10023000 r--p 00000000 00:00 0\n", "0x22000-0x22fff the guest has nothing"},
        {"10020000-10022000 rw-p 00000000 00:00 0\n", "0x20000-0x20fff the guest has"},
        {"10020000-10022000 r--s 00000000 00:01 5 /x\n", "0x20000-0x20fff the guest has"},
        {"10020000-10022000 r--p 00000000 00:00 0\n10030000-10031000 ---p 00000000 00:00 0\n",
         NULL},
        {"10020000-10022000 r--p 00000000 00:00 0\n10090000-10091000 rw-p 00000000 00:00 0\n",
         NULL},
    };
    struct region guest_rows[] = {
        {.r = {0x20000, 0x20fff}, .prot = REGION_R | REGION_X},
        {.r = {0x21000, 0x21fff}, .prot = REGION_R},
    };
    const struct region_vec guest = {guest_rows, 2, 2};
    const struct bed *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region_vec host = REGION_VEC_INIT;
        struct buf maps = BUF_INIT;
        struct buf why = BUF_INIT;
        struct range where;
        struct err e = {""};
        bool holds;

        buf_fmt(&maps, "10001000-10002000 rw-s 00000000 00:01 7 /memfd:%s (deleted)\n%s",
                AGENT_ANCHOR, rows[i].maps);
        assert_int_equal(agent_look_at(&hello, &maps, &host, &e), 0);
        holds = agent_view_holds(&b->prog, &hello.place, &guest, &host, hello.place.within, &where,
                                 &why);
        assert_int_equal(holds, !rows[i].says);
        if (rows[i].says && !strstr(buf_text(&why), rows[i].says)) {
            fail_msg("row %zu: %s", i, buf_text(&why));
        }
        region_vec_free(&host);
        buf_free(&maps);
        buf_free(&why);
    }
}

static void test_what_does_not_fit(void **state)
{
    static const char *const texts[][2] = {
        {"config guest_page=8192\nmunmap(@0, 1)\n", "guest_page=4096"},
        {"config bits=32\nmunmap(@0, 1)\n", "bits=64"},
        {"config reserved=0x1000000\nmunmap(@0, 1)\n", "reserved=0"},
        {"requires freebsd\nmunmap(@0, 1)\n", "requires freebsd"},
    };
    BED(b);
    struct err e;

    open_good(b, "honest", NULL);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(prog_parse(&b->prog, "test", texts[i][0], strlen(texts[i][0]), &e), 0);
        run(b);
        assert_true(b->record.skipped);
        assert_non_null(strstr(buf_text(&b->record.reason), texts[i][1]));
    }
    close_bed(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_programs_ahead),
        TEST(test_bad_ends),
        TEST(test_once_is_never),
        TEST(test_nobody_knows_who_killed),
        TEST(test_what_is_not_the_protocol),
        TEST(test_frames_cut_short),
        TEST(test_much_is_said),
        TEST(test_no_agent),
        TEST(test_what_cannot_be_started),
        TEST(test_driver_is_killed),
        TEST(test_what_does_not_fit),
        TEST(test_the_hosts_view),
    };

    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
