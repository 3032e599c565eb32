/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lib/host: guarded copies for the real hosts, and what a fork must undo in them. */
#pragma once

#include "host/host.h"

#if defined(__SANITIZE_THREAD__)
#define CATCH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CATCH_TSAN 1
#endif
#endif
#ifndef CATCH_TSAN
#define CATCH_TSAN 0
#endif

/* A function that no sanitizer and no coverage instruments, and that stays a function. */
#if defined(__clang__)
#define CATCH_BARE \
    __attribute__((noinline, no_sanitize("address", "thread", "undefined", "memory", "coverage")))
#else
#define CATCH_BARE \
    __attribute__((noinline, no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

/* struct host_ops read and write on this process's memory. */
int catch_read(uint64_t addr, void *buf, size_t len, struct host_fault *fault);
int catch_write(uint64_t addr, const void *buf, size_t len, struct host_fault *fault);

/* The bare copies, to be made under a frame only (copy.c). */
CATCH_BARE void catch_copy_from(unsigned char *to, uint64_t addr, size_t len);
CATCH_BARE void catch_copy_to(uint64_t addr, const unsigned char *from, size_t len);
CATCH_BARE void catch_copy_zeros(uint64_t addr, size_t len);

/*
 * The real host of host/real.h without a look at the signal handlers: cheap (host_linux.c,
 * host_freebsd.c).
 */
struct host *host_real_plain(void);
/* The real host's own share of host_catch_after_fork. */
void host_real_after_fork(void);
