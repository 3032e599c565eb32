/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real host of the system twinmap runs on, and the guarded accesses that turn faults into results. */
#pragma once

#include <setjmp.h>
#include <signal.h>

#include "base/err.h"
#include "host/host.h"

/* The one real host of this process (host_linux.c or host_freebsd.c, chosen by Meson). */
struct host *host_real(void);

/*
 * Catch SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL (chained to the handlers that were there when nothing is being guarded) on an
 * alternate stack. Idempotent.
 */
int host_catch_install(struct err *e);

/*
 * Run FN(ARG) so that a fault, an abort or a hang inside it comes back here instead of ending the process.
 * HANG_MS 0: no limit. Returns 0, or the signal (SIGALRM for a hang); *ADDR the faulting address if one is known.
 * Nests: guarded accesses inside FN return to the innermost.
 */
int host_catch_call(void (*fn)(void *arg), void *arg, unsigned hang_ms, uint64_t *addr);
/* In a child after fork: timers of the parent do not exist there. */
void host_catch_after_fork(void);
