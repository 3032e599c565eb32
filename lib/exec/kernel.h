/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native kernel as a target: a child process that runs programs as raw system calls in a clean
 * part of its address space and writes records. The child is forked once and runs many programs; a
 * program that ends it, or hangs it, and a second child too, is a record with that outcome, and the
 * next one has a fresh child. A child that is killed twice is an error of the world.
 *
 * Programs are handed over in a ring, so that the child works while its parent judges:
 *
 *     kernel_submit(k, p1); kernel_submit(k, p2); kernel_take(k, p1, ...); kernel_submit(k, p3);
 *
 * Linux only; elsewhere kernel_open says so.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "exec/record.h"

struct kernel;

/* The name of this target in records. */
#define KERNEL_NAME "kernel"
/* Where "@0" is: nothing lies there at a process's start. 2^42 bytes from there are programs'. */
#define KERNEL_WINDOW UINT64_C(0x200000000000)

enum {
    KERNEL_RING = 16,       /* programs on their way at most */
    KERNEL_HANG_MS = 10000, /* a step may take that long */
};

/*
 * 0, or a negative errno with the reason in E: -ENOTSUP if this system cannot have the target, else
 * a failure of the world.
 */
int kernel_open(struct kernel **ret, struct err *e);
/* Takes NULL, returns NULL. Ends the child, whatever it does. */
struct kernel *kernel_close(struct kernel *k);
/* Whether kernel_open would work, and if not, why: the answer is found once. */
bool kernel_available(const char **why);

/* 0; -EAGAIN if the ring is full; another negative errno with the reason in E. */
int kernel_submit(struct kernel *k, const struct prog *p, struct err *e);
/*
 * The record of the oldest program not yet taken, waiting for it. A program that cannot run here is
 * a record that says so. 0 or a negative errno with the reason in E.
 */
int kernel_take(struct kernel *k, struct record *ret, struct err *e);
/* Both; nothing may be on its way. */
int kernel_run(struct kernel *k, const struct prog *p, struct record *ret, struct err *e);

/* For tests. */
void kernel_set_hang_ms(struct kernel *k, unsigned ms);
pid_t kernel_child_pid(const struct kernel *k);
