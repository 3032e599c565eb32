/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest agent: a program for the guest of an emulator, or for no emulator at all, that runs
 * programs as raw system calls in its own address space and says what it sees (exec/agent_wire.h).
 * It has no C library, because it must know every mapping that it has; what it shares with the
 * host's side are the sources that decode and resolve programs and decide what is looked at.
 *
 * main.c (frames to programs), steps.c (a program), step.c (an op), numbers.c (the guest's own
 * numbers), access.c (loads and stores), files.c, maps.c, space.c (where programs run), owned.c
 * (what is an emulator's there), warm.c (what makes an emulator fast), wire.c, sys.c and arch/
 * (system calls), shim.c and libc/ (what takes the place of a library).
 */
#pragma once

#include "exec/agent_wire.h"
#include "exec/record.h"
#include "op/resolve.h"

enum {
    AGENT_PAGE_MAX = 65536, /* of any architecture, and of any emulator's host */
    /* What fits into a frame with everything else that one may hold. */
    AGENT_REGIONS_MAX = (AGENT_FRAME_MAX - 8192) / 35,
    AGENT_OVER = 119, /* how a process of a program ends if nothing more can be run */
};

struct agent {
    struct record_place place;
    struct prog prog;
    struct op_resolver how;
    struct op_results results;
    int fds[PROG_FILES_MAX];
    struct region_vec now; /* what the program has mapped, as last read */
    unsigned process;
    bool fresh;   /* nothing was done since */
    bool no_maps; /* regions are not asked for */
    bool locks;   /* a mapping of the program may be locked */
    bool grows;   /* one may grow when it is touched */
    bool over;    /* nothing more can be run */
};

/* One page that no program runs with, shared with nobody but who looks for it. */
extern uint8_t agent_anchor[AGENT_PAGE_MAX];

/* Say so and end. */
_Noreturn void agent_fail(const char *text);

/* The program in LEN bytes is A's from now on. False: there is no room for it. */
bool agent_take_program(struct agent *a, const uint8_t *data, size_t len);

/* space.c: where programs run. Ends the agent if there is no such place. */
void space_find(struct agent *a);

/* files.c: the program's files. False: they cannot be made. */
bool files_make(struct agent *a);

/* steps.c: the whole program, in this process. */
void steps_run(struct agent *a);

/* step.c */
void step_run(struct agent *a, size_t at);
void step_wait(struct agent *a, size_t at);
/* A process begins before op AT, or is done. */
void step_born(struct agent *a, size_t at);
void step_done(struct agent *a);
/* In front of a fork, and behind it: once, in one of the two processes. */
void step_fork_begin(struct agent *a, size_t at);
void step_fork_end(long ret);
