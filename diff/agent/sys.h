/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls of the agent, raw. Each returns what the system returns: a result, or the
 * negative of an errno in the guest's own numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* arch/ARCH.S: the call by number. */
long sys_call(long nr, long a, long b, long c, long d, long e, long f);

static inline bool sys_failed(long ret)
{
    return (unsigned long)ret > -4096ul;
}

/* Whether the call that this architecture has can say OFFSET. */
bool sys_mmap_sayable(uint64_t offset);
long sys_mmap(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset);
long sys_munmap(uint64_t at, uint64_t len);
long sys_mprotect(uint64_t at, uint64_t len, uint32_t prot);
long sys_mremap(uint64_t at, uint64_t len, uint64_t to_len, uint32_t flags, uint64_t to);
long sys_msync(uint64_t at, uint64_t len, uint32_t flags);
long sys_madvise(uint64_t at, uint64_t len, uint32_t advice);

long sys_read(int fd, void *to, size_t len);
long sys_write(int fd, const void *from, size_t len);
long sys_open(const char *path, uint32_t flags);
long sys_close(int fd);
long sys_memfd(const char *name);
/* At OFFSET, so that a file grows without a call whose arguments differ between architectures. */
long sys_write_at(int fd, const void *from, size_t len, uint64_t offset);

long sys_getpid(void);
/* 0 in the child. */
/* ENDS[0] to read from, ENDS[1] to write to. */
long sys_pipe(int ends[2]);
long sys_fork(void);
long sys_wait(long pid, int *status);
long sys_kill(long pid, int signal);
/* The calling process ends when its parent does. */
void sys_die_with_parent(void);
_Noreturn void sys_exit(int status);

/* HANDLER for SIGNAL, with the siginfo and not held back inside itself; NULL: the default. */
long sys_catch(int signal, void (*handler)(int signal, void *info, void *context));
