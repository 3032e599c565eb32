/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program's ops, in as many processes as it forks. */
#include "agent.h"

#include <errno.h>

#include "sys.h"
#include "wire.h"

/* How a process that ran part of the program ended, as wait has it. */
static int ended_by(int status)
{
    return status & 0x7f;
}

static int exit_status(int status)
{
    return status >> 8 & 0xff;
}

static _Noreturn void leave(const struct agent *a)
{
    wire_flush();
    sys_exit(a->over ? AGENT_OVER : 0);
}

/* Forks are numbered in the order of the program: each is done at most once. */
static unsigned process_of(const struct agent *a, size_t at)
{
    unsigned n = 1;

    for (size_t i = 0; i < at; i++) {
        n += a->prog.ops.v[i].kind == OP_fork;
    }
    return n;
}

static void run_ops(struct agent *a, size_t at, size_t stop);

static _Noreturn void run_forked(struct agent *a, size_t at, size_t stop)
{
    sys_die_with_parent();
    step_fork_end(0);
    a->process = process_of(a, at);
    step_born(a, at);
    run_ops(a, at + 1, stop);
    leave(a);
}

/* Whoever waits for this process must see what became of the other one. */
static void end_likewise(int status)
{
    if (ended_by(status)) {
        (void)sys_catch(ended_by(status), NULL);
        (void)sys_kill(sys_getpid(), ended_by(status));
    }
    sys_exit(exit_status(status));
}

/* fork(): the child runs up to its wait, then this process goes on there. */
static void run_fork(struct agent *a, size_t at, size_t stop)
{
    int status = 0;
    long pid;
    long got;

    step_fork_begin(a, at);
    pid = sys_fork();
    if (pid == 0) {
        run_forked(a, at, stop);
    }
    if (sys_failed(pid)) {
        step_fork_end(pid);
        return;
    }
    do {
        got = sys_wait(pid, &status);
    } while (sys_failed(got) && got == -EINTR);
    if (ended_by(status) == 0 && exit_status(status) == AGENT_OVER) {
        a->over = true;
    } else if (status != 0) {
        end_likewise(status);
    }
}

static void run_ops(struct agent *a, size_t at, size_t stop)
{
    while (at < stop && !a->over) {
        enum op_kind kind = (enum op_kind)a->prog.ops.v[at].kind;

        if (kind == OP_fork) {
            size_t wait = prog_wait_of(&a->prog, at, stop);

            run_fork(a, at, wait);
            at = wait;
        } else if (kind == OP_wait) {
            step_wait(a, at++);
        } else {
            step_run(a, at++);
        }
    }
    step_done(a);
}

void steps_run(struct agent *a)
{
    run_ops(a, 0, a->prog.ops.n);
    wire_flush();
}
