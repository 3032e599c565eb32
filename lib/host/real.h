/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real host of the system twinmap runs on, and the guarded calls that turn faults, aborts and
 * hangs into results.
 */
#pragma once

#include "base/err.h"
#include "host/host.h"

/*
 * The one real host of this process (host_linux.c or host_freebsd.c, chosen by Meson). The first
 * call installs the handlers that read and write need (host_catch_install); later ones are free.
 * What differs from the bare system calls: LOCKED and POPULATE are dropped above 1 MiB, for a
 * harness must not eat memory, and no address below min_addr is given out, to root either.
 */
struct host *host_real(void);

/*
 * Catch SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL on an alternate stack; what nothing here guards
 * goes on to the handlers that were there before. To be called again where something else may have
 * taken the signals since (an engine, cmocka around every test); otherwise a few cheap system calls
 * that change nothing.
 */
int host_catch_install(struct err *e);

/*
 * Run FN(ARG) so that a fault, an abort or a hang inside it comes back here instead of ending the
 * process. HANG_MS 0: no limit; else within 50 ms after it. Returns 0, or the signal (SIGALRM for a
 * hang); *ADDR (may be NULL) the faulting address if one is known, else 0. Nests: guarded accesses
 * inside FN return to the innermost, a hang to the innermost call whose limit has passed. What FN
 * held (locks, memory) when it was left stays as it was: after a hang report and end, for it may
 * have been in the allocator.
 *
 * Under TSan a loop that makes no system call is not seen to hang: it holds signals back.
 *
 * No system call but for the first of a thread and after a second without any that has a limit: one
 * periodic timer per thread counts.
 */
int host_catch_call(void (*fn)(void *arg), void *arg, unsigned hang_ms, uint64_t *addr);
/* Whether this thread is inside such a call: asked when the process is about to end. */
bool host_catch_inside(void);
/*
 * In a child after fork: timers of the parent do not exist there, and its descriptors show the
 * parent's memory. fork() calls it by itself; only a child made otherwise needs this.
 */
void host_catch_after_fork(void);
