/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest agent as a target: a command (an emulator and the agent, or any wrapper of it) that runs
 * many programs one after the other and says what they show. A program that ends its process, hangs
 * it or ends the whole command, and once more in a second attempt, is a record with that outcome
 * and with what the command said on standard error.
 *
 * Programs are handed over in a ring, as to the native kernel (kernel.h). Linux only; elsewhere
 * agent_open says so.
 */
#pragma once

#include "base/err.h"
#include "exec/record.h"

struct agent;

enum {
    AGENT_RING = 16,       /* programs on their way at most */
    AGENT_HANG_MS = 10000, /* the agent may be silent for that long, in a second attempt */
};

struct agent_options {
    const char *name;  /* in records */
    char *const *argv; /* NULL behind the last; the first is a path */
    const char *arch;  /* the agent must be one of this; NULL: any */
    unsigned hang_ms;  /* 0: AGENT_HANG_MS */
    bool no_maps;      /* steps without what is mapped: faster */
    bool host_view;    /* the last step of a program has what the host has mapped for the guest */
    bool emulated;     /* the command is an emulator: for the records' place */
};

/* 0, or a negative errno with the reason in E: -ENOTSUP if this system cannot have the target. */
int agent_open(struct agent **ret, const struct agent_options *o, struct err *e);
/* Takes NULL, returns NULL. Ends the command and all that it has started. */
struct agent *agent_close(struct agent *a);
/* Where its programs run. */
const struct record_place *agent_place(const struct agent *a);
/* How often the command was started, the first time included. */
unsigned agent_starts(const struct agent *a);

/* 0; -EAGAIN if the ring is full; another negative errno with the reason in E. */
int agent_submit(struct agent *a, const struct prog *p, struct err *e);
/*
 * The record of the oldest program not yet taken, waiting for it. A program that cannot run there
 * is a record that says so. 0 or a negative errno with the reason in E.
 */
int agent_take(struct agent *a, struct record *ret, struct err *e);
/* Both; nothing may be on its way. */
int agent_run(struct agent *a, const struct prog *p, struct record *ret, struct err *e);
