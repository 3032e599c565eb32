/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shell command as a predicate over programs: each is written to a file whose path stands in for
 * every {} of the command, and status 0 means that the program is still interesting.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "minimise.h"
#include "op/prog.h"

struct shell_test {
    const char *command; /* as given */
    uint64_t seconds;    /* that a run may take */
    bool open;
    char *folder;      /* of the file, made for it */
    struct buf file;   /* its path */
    struct buf script; /* the command with it */
    struct buf text;   /* of a program */
    int status;        /* that the last run ended with; -1 if it did not by itself */
    sigset_t mask;     /* signals as they were */
};

/* COMMAND with PATH as one word of the shell for every {}; false if there is none. */
bool shell_test_fill(const char *command, const char *path, struct buf *out);

/*
 * Ready to run COMMAND. Until it is closed an interrupt waits for the next run, which then ends the
 * command, removes the file and lets the process die of it. 0, or a negative errno with the reason
 * in E: -EINVAL if the command has no {}.
 */
int shell_test_open(struct shell_test *t, const char *command, uint64_t seconds, struct err *e);
void shell_test_close(struct shell_test *t);
/*
 * 1: interesting; 0: not, which a command is that was killed or took too long; a negative errno
 * with the reason in E: it could not be run at all.
 */
int shell_test_run(struct shell_test *t, const struct prog *p, struct err *e);
/* The same as the predicate of a minimiser. */
int shell_test_same(void *t, const struct prog *p, enum minimise_change change, struct err *e);
