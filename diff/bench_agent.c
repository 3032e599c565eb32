/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest agent saves, and what it costs: programs through one emulator that stays, against an
 * emulator started for each of them; and the time of an op in the native agent, which answers with
 * outcomes, mappings and digests, against the same system calls and accesses made bare in a child
 * of this process.
 */
#include "bench_agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/int.h"
#include "bench.h"
#include "exec/agent.h"
#include "exec/target_agent.h"
#include "op/text.h"

#define EMULATOR "qemu-x86_64"
#define NATIVE "cmd:env"
#define BOUND_FRESH 10.0

enum {
    TURNS = 5,
    STAYING = 400, /* programs of a turn through one that stays, */
    FRESH = 20,    /* and with one each */
    NATIVE_PROGRAMS = 400,
    BARE_PROGRAMS = 4000,
};

/* As long as programs with known answers are in the mean: what a corpus run or a minimiser asks. */
static const char short_text[] =
    "mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
    "store(@0x101000, 64, 0x11)\n"
    "mprotect(@0x102000, 0x1000, PROT_READ)\n"
    "load(@0x101000, 64)\n";

/* All at fixed places, so that it can be run again bare, where there is no agent. */
static const char long_text[] =
    "mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
    "store(@0x100000, 64, 0x11)\n"
    "mprotect(@0x102000, 0x2000, PROT_READ)\n"
    "load(@0x102000, 64)\n"
    "munmap(@0x106000, 0x2000)\n"
    "mmap(@0x106000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
    "store(@0x106000, 64, 0x33)\n"
    "mmap(@0x200000, 0x8000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
    "store(@0x204000, 64, 0x44)\n"
    "msync(@0x200000, 0x1000, MS_SYNC)\n"
    "munmap(@0x200000, 0x8000)\n"
    "munmap(@0x100000, 0x10000)\n";

struct rig {
    struct prog prog;
    struct record record;
};

/* ---- agents ---- */

static int open_agent(struct agent **ret, const char *target, bool no_maps, struct err *e)
{
    struct target_spec spec;
    struct words command = WORDS_INIT;
    int rc = target_parse(&spec, target, e);

    rc = rc < 0 ? rc : target_agent_command(&spec, &command, e);
    if (rc == 0) {
        const struct agent_options o = {.name = target,
                                        .argv = command.v,
                                        .arch = spec.agent.arch->name,
                                        .emulated = spec.agent.emulator,
                                        .no_maps = no_maps};

        rc = agent_open(ret, &o, e);
    }
    words_free(&command);
    return rc;
}

/* Every op has to do what it says, or what is measured is something else. */
static int check(const struct record *r, const char *target, struct err *e)
{
    for (size_t i = 0; i < r->steps.n; i++) {
        const struct record_step *s = &r->steps.v[i];

        if (s->what == RECORD_OP && (s->poison || s->step.outcome.kind != OUTCOME_OK)) {
            return err_set(e, -EFAULT, "%s: op %zu of the bench program did not do its work",
                           target, s->step.op + 1);
        }
    }
    return r->skipped ? err_set(e, -EFAULT, "%s: the bench program was skipped", target) : 0;
}

/* N programs, as many on their way as may be. */
static int run_many(struct agent *a, struct rig *rig, unsigned n, const char *target, struct err *e)
{
    unsigned sent = 0;
    int rc = 0;

    for (unsigned taken = 0; rc == 0 && taken < n; taken++) {
        for (; rc == 0 && sent < n && sent - taken < AGENT_RING; sent++) {
            rc = agent_submit(a, &rig->prog, e);
        }
        rc = rc < 0 ? rc : agent_take(a, &rig->record, e);
        rc = rc < 0 ? rc : check(&rig->record, target, e);
    }
    return rc;
}

static int time_staying(struct agent *a, struct rig *rig, unsigned n, const char *target,
                        double *ret, struct err *e)
{
    uint64_t began = bench_ns();
    int rc = run_many(a, rig, n, target, e);

    *ret = (double)(bench_ns() - began) / n;
    return rc;
}

static int time_fresh(struct rig *rig, const char *target, double *ret, struct err *e)
{
    uint64_t began = bench_ns();
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < FRESH; i++) {
        struct agent *a = NULL;

        rc = open_agent(&a, target, false, e);
        rc = rc < 0 ? rc : run_many(a, rig, 1, target, e);
        agent_close(a);
    }
    *ret = (double)(bench_ns() - began) / FRESH;
    return rc;
}

static void keep_best(double *best, double x)
{
    *best = *best == 0 || x < *best ? x : *best;
}

static int bench_staying(struct rig *rig, const char *target, double bound, struct err *e)
{
    struct agent *a = NULL;
    double staying = 0;
    double fresh = 0;
    int rc = open_agent(&a, target, false, e);

    for (int turn = 0; rc == 0 && turn < TURNS; turn++) {
        double s = 0;
        double f = 0;

        rc = time_staying(a, rig, STAYING, target, &s, e);
        rc = rc < 0 ? rc : time_fresh(rig, target, &f, e);
        keep_best(&staying, s);
        keep_best(&fresh, f);
    }
    agent_close(a);
    if (rc < 0) {
        return rc;
    }
    printf("  %s, a program of %zu ops\n", target, rig->prog.ops.n);
    printf("  one that stays         %7.0f programs/s\n", 1e9 / staying);
    printf("  one for each program   %7.0f programs/s: ratio %.1f", 1e9 / fresh, fresh / staying);
    if (bound > 0) {
        printf(" (bound %.0f, at least)", bound);
    }
    printf("\n");
    return fresh / staying < bound;
}

/* ---- bare ---- */

static void fill(const uint64_t *a)
{
    memset((void *)(uintptr_t)a[0], (int)a[2], a[1]); // NOLINT(performance-no-int-to-ptr)
}

static void read_all(const uint64_t *a)
{
    const volatile uint8_t *at = (void *)(uintptr_t)a[0]; // NOLINT(performance-no-int-to-ptr)

    for (uint64_t i = 0; i < a[1]; i++) {
        (void)at[i];
    }
}

static bool do_bare(enum op_kind kind, const uint64_t *a)
{
    switch (kind) {
    case OP_mmap:
        return syscall(SYS_mmap, a[0], a[1], a[2], a[3], -1, a[5]) == (long)a[0];
    case OP_munmap:
        return syscall(SYS_munmap, a[0], a[1]) == 0;
    case OP_mprotect:
        return syscall(SYS_mprotect, a[0], a[1], a[2]) == 0;
    case OP_msync:
        return syscall(SYS_msync, a[0], a[1], a[2]) == 0;
    case OP_store:
        fill(a);
        return true;
    case OP_load:
        read_all(a);
        return true;
    default:
        return false;
    }
}

/* The ops of REC, N times. */
static bool replay(const struct rig *rig, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        for (size_t i = 0; i < rig->record.steps.n; i++) {
            const struct record_step *s = &rig->record.steps.v[i];
            enum op_kind kind = OP_store;

            if (s->what != RECORD_OP) {
                continue;
            }
            kind = (enum op_kind)rig->prog.ops.v[s->step.op].kind;
            if (!do_bare(kind, s->step.args.arg)) {
                return false;
            }
        }
    }
    return true;
}

/* In a child, which has nothing mapped where the agent's programs run. */
static _Noreturn void replay_and_tell(const struct rig *rig, int fd)
{
    uint64_t began = bench_ns();
    bool good = replay(rig, BARE_PROGRAMS);
    double ns = (double)(bench_ns() - began) / BARE_PROGRAMS;

    good = good && write(fd, &ns, sizeof(ns)) == sizeof(ns);
    _exit(good ? 0 : 1);
}

static int time_bare(const struct rig *rig, double *ret, struct err *e)
{
    int fds[2];
    int status = 0;
    pid_t pid;
    bool good;

    if (pipe(fds) < 0) {
        return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
    }
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        replay_and_tell(rig, fds[1]);
    }
    (void)close(fds[1]);
    good = pid > 0 && read(fds[0], ret, sizeof(*ret)) == sizeof(*ret);
    (void)close(fds[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return good && status == 0 ? 0 : err_set(e, -EFAULT, "the bare calls did not do their work");
}

enum native_way { BARE, NO_MAPS, MAPS, NATIVE_WAYS };

static int measure_native(struct agent *const agents[NATIVE_WAYS], struct rig *rig,
                          double best[NATIVE_WAYS], struct err *e)
{
    int rc = 0;

    for (int turn = 0; rc == 0 && turn < TURNS; turn++) {
        for (int way = NO_MAPS; rc == 0 && way < NATIVE_WAYS; way++) {
            double ns = 0;

            rc = time_staying(agents[way], rig, NATIVE_PROGRAMS, NATIVE, &ns, e);
            keep_best(&best[way], ns);
        }
        if (rc == 0) {
            double ns = 0;

            rc = time_bare(rig, &ns, e);
            keep_best(&best[BARE], ns);
        }
    }
    return rc;
}

static int bench_native(struct rig *rig, struct err *e)
{
    struct agent *agents[NATIVE_WAYS] = {0};
    double best[NATIVE_WAYS] = {0};
    double n = (double)rig->prog.ops.n;
    int rc = open_agent(&agents[NO_MAPS], NATIVE, true, e);

    rc = rc < 0 ? rc : open_agent(&agents[MAPS], NATIVE, false, e);
    rc = rc < 0 ? rc : measure_native(agents, rig, best, e);
    for (int way = 0; way < NATIVE_WAYS; way++) {
        agent_close(agents[way]);
    }
    if (rc < 0) {
        return rc;
    }
    printf("  the native agent, an op of the same program\n");
    printf("  bare                   %7.2f us\n", best[BARE] / n / 1000);
    printf("  agent without mappings %7.2f us: ratio %.1f\n", best[NO_MAPS] / n / 1000,
           best[NO_MAPS] / best[BARE]);
    printf("  agent with mappings    %7.2f us: ratio %.1f\n", best[MAPS] / n / 1000,
           best[MAPS] / best[BARE]);
    return 0;
}

int bench_agent(const char *target, struct err *e)
{
    const char *emulator = target ? target : EMULATOR;
    struct rig rig = {.prog = PROG_INIT};
    int rc = prog_parse(&rig.prog, "bench", short_text, strlen(short_text), e);
    int judged = rc < 0 ? rc : bench_staying(&rig, emulator, BOUND_FRESH, e);

    rc = judged < 0 ? judged : prog_parse(&rig.prog, "bench", long_text, strlen(long_text), e);
    rc = rc < 0 ? rc : bench_staying(&rig, emulator, 0, e);
    rc = rc < 0 ? rc : bench_native(&rig, e);
    record_free(&rig.record);
    prog_free(&rig.prog);
    return rc < 0 ? rc : judged;
}
