/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native kernel target's inside: kernel.c (the parent's side and the ring), kernel_child.c (the
 * child's life), kernel_space.c (the address space it clears for programs) and kernel_step.c (one
 * op). Nobody else includes this; what the guest agent shares has headers of its own.
 */
#pragma once

#include <stdatomic.h>

#include "exec/kernel.h"
#include "exec/kernel_limits.h"
#include "hostmap/hostmap.h"
#include "op/resolve.h"

enum {
    KERNEL_STEPS_MAX = PROG_OPS_MAX + 2 * (PROG_FORKS_MAX + 1),
    KERNEL_REGIONS_MAX = 1 << 16,
    KERNEL_DIGESTS_MAX = 1 << 15,
};

/* A program and its record, in memory that parent and child share. */
struct kernel_slot {
    uint32_t len; /* of the program's bytes; 0: not to be run */
    int rc;       /* of the harness in the child */
    char error[ERR_TEXT_MAX];
    struct record record; /* its vectors are those below, and never grow */
    struct record_step steps[KERNEL_STEPS_MAX];
    struct region regions[KERNEL_REGIONS_MAX];
    struct record_digest digests[KERNEL_DIGESTS_MAX];
    unsigned n_processes;
    uint8_t program[PROG_BYTES_MAX];
};

struct kernel_shared {
    atomic_uint submitted; /* programs handed over, and those run: counted for ever */
    atomic_uint done;
    atomic_uint parent_waits; /* for done to change */
    atomic_uint child_waits;
    atomic_uint beat; /* steps begun */
    int rc;           /* of the child's start */
    char error[ERR_TEXT_MAX];
    struct record_place place;
    struct kernel_slot slot[KERNEL_RING];
};

/* Wait until *WORD is not SEEN any more, MS at most; wake who waits so. */
void kernel_wait(atomic_uint *word, unsigned seen, unsigned ms);
void kernel_wake(atomic_uint *word);

/* The child's main function. */
_Noreturn void kernel_child(struct kernel_shared *sh);

/* A file of programs, kept from one to the next. */
struct kernel_file {
    int fd[PROG_OPEN_COUNT];
    uint64_t object; /* as the map shows it; 0: not made yet */
    uint64_t size;
    uint64_t head;       /* of a large one: bytes at its start that have the pattern */
    bool dirty;          /* a program may have stored to it, */
    struct range stored; /* within these bytes */
};

/* The child. Nothing is allocated while a program runs. */
struct kernel_child {
    struct kernel_shared *sh;
    struct kernel_slot *slot;
    struct record *rec; /* the slot's */
    struct record_place place;
    struct prog prog;
    struct op_resolver how;
    struct op_results results;
    struct kernel_file file[PROG_FILES_MAX][2]; /* small, large */
    struct kernel_file *open[PROG_FILES_MAX];   /* of the current program */
    int fds[PROG_FILES_MAX];
    const struct hostmap_ops *map_ops;
    struct hostmap *map;
    struct region_vec now; /* what the program has mapped, as last read */
    uint8_t *bytes;        /* what a load or a store moves */
    unsigned process;
    bool locks; /* a mapping of the program may be locked */
    bool grows; /* one may grow when it is touched */
    bool over;  /* nothing more can be run */
};

/*
 * kernel_space.c: find the room for programs, and fill all other holes of this process. 0 with
 * place.within, or a negative errno with the reason in E.
 */
int kernel_space_clear(struct kernel_child *c, struct err *e);
/* What is mapped in the programs' room, into NOW. 0 or a negative errno. */
int kernel_space_read(struct kernel_child *c);
/* Everything there is unmapped. */
int kernel_space_empty(struct kernel_child *c);

/* What a program finds mapped when it starts. */
int kernel_space_begin(struct kernel_child *c);

/* kernel_files.c: the program's files, with fresh bytes; what it may have stored to. */
int kernel_files_begin(struct kernel_child *c, struct err *e);
void kernel_files_end(struct kernel_child *c);

/* kernel_step.c: the ops of [AT, STOP) of the current program, in this process. */
void kernel_run_ops(struct kernel_child *c, size_t at, size_t stop);
