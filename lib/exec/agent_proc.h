/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that runs beside this process: pipes to it that never block, what it says on standard
 * error as evidence, and its end. A small guardian process stands between the two: it ends as the
 * command ends, buries all that the command has started, and ends all of it as soon as it is told
 * to or this process is gone, however that came about.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    AGENT_SAID_MAX = 4096, /* of standard error is kept: the last */
};

struct agent_proc {
    pid_t pid; /* of the guardian; 0: none runs */
    int to, from, err;
    bool closed;    /* it says nothing any more */
    struct buf in;  /* what it said and nobody has read */
    size_t read;    /* of it: bytes that have been read */
    struct buf out; /* what it has not been told yet */
    size_t written;
    struct buf said; /* standard error */
};
#define AGENT_PROC_INIT ((struct agent_proc){.to = -1, .from = -1, .err = -1})

/* ARGV[0] is a path. 0 or a negative errno with the reason in E. */
int agent_proc_start(struct agent_proc *p, char *const argv[], struct err *e);
/* End it and all of its process group, whatever they do; what it said on standard error stays. */
void agent_proc_end(struct agent_proc *p);
/* Behind closed: how it ended, as waitpid has it, waiting for it MS at most; then it is killed. */
int agent_proc_status(struct agent_proc *p, unsigned ms);
void agent_proc_free(struct agent_proc *p);

/*
 * Write what there is to write and read what there is to read, waiting for either MS at most.
 * Whether anything was read from its standard output.
 */
bool agent_proc_move(struct agent_proc *p, unsigned ms);
/* Standard error alone, as far as it is there. */
void agent_proc_listen(struct agent_proc *p);
