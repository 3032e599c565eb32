/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where architectures say the same call differently, this is the file that knows. */
#include "sys.h"

#include <asm/fcntl.h>
#include <linux/mman.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/prctl.h>

#ifndef SA_RESTORER
#define SA_RESTORER 0
#endif

enum { MMAP2_SHIFT = 12, HERE = -100 /* AT_FDCWD */ };

static long call3(long nr, uint64_t a, uint64_t b, uint64_t c)
{
    return sys_call(nr, (long)a, (long)b, (long)c, 0, 0, 0);
}

#ifdef __NR_mmap2
/* The offset in units that are not the page's, in one register. */
bool sys_mmap_sayable(uint64_t offset)
{
    return (offset & ((1u << MMAP2_SHIFT) - 1)) == 0 && offset >> MMAP2_SHIFT <= (unsigned long)-1;
}

long sys_mmap(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
    return sys_call(__NR_mmap2, (long)at, (long)len, (long)prot, (long)flags, fd,
                    (long)(offset >> MMAP2_SHIFT));
}
#else
bool sys_mmap_sayable(uint64_t offset)
{
    (void)offset;
    return true;
}

long sys_mmap(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
#ifdef __s390x__
    unsigned long args[] = {at, len, prot, flags, (unsigned long)(long)fd, offset};

    return sys_call(__NR_mmap, (long)args, 0, 0, 0, 0, 0);
#else
    return sys_call(__NR_mmap, (long)at, (long)len, (long)prot, (long)flags, fd, (long)offset);
#endif
}
#endif

long sys_munmap(uint64_t at, uint64_t len)
{
    return call3(__NR_munmap, at, len, 0);
}

long sys_mprotect(uint64_t at, uint64_t len, uint32_t prot)
{
    return call3(__NR_mprotect, at, len, prot);
}

long sys_mremap(uint64_t at, uint64_t len, uint64_t to_len, uint32_t flags, uint64_t to)
{
    return sys_call(__NR_mremap, (long)at, (long)len, (long)to_len, (long)flags, (long)to, 0);
}

long sys_msync(uint64_t at, uint64_t len, uint32_t flags)
{
    return call3(__NR_msync, at, len, flags);
}

long sys_madvise(uint64_t at, uint64_t len, uint32_t advice)
{
    return call3(__NR_madvise, at, len, advice);
}

long sys_read(int fd, void *to, size_t len)
{
    return sys_call(__NR_read, fd, (long)to, (long)len, 0, 0, 0);
}

long sys_write(int fd, const void *from, size_t len)
{
    return sys_call(__NR_write, fd, (long)from, (long)len, 0, 0, 0);
}

long sys_open(const char *path, uint32_t flags)
{
    return sys_call(__NR_openat, HERE, (long)path, (long)(flags | O_LARGEFILE), 0, 0, 0);
}

long sys_close(int fd)
{
    return sys_call(__NR_close, fd, 0, 0, 0, 0, 0);
}

long sys_memfd(const char *name)
{
    return sys_call(__NR_memfd_create, (long)name, 0, 0, 0, 0, 0);
}

long sys_write_at(int fd, const void *from, size_t len, uint64_t offset)
{
    const struct {
        const void *at;
        size_t len;
    } part = {from, len};

    /* both halves in registers of their own on every architecture; 64 bits ignore the second */
    return sys_call(__NR_pwritev, fd, (long)&part, 1, (long)offset, (long)(offset >> 32), 0);
}

long sys_getpid(void)
{
#ifdef __NR_getxpid
    return sys_call(__NR_getxpid, 0, 0, 0, 0, 0, 0);
#else
    return sys_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
#endif
}

#ifdef __sparc__
long sys_call_fork(void); /* arch/sparc64.S: two results */
#endif

long sys_pipe(int ends[2])
{
    return sys_call(__NR_pipe2, (long)ends, 0, 0, 0, 0, 0);
}

long sys_fork(void)
{
#ifdef __sparc__
    return sys_call_fork();
#elif defined(__NR_fork)
    return sys_call(__NR_fork, 0, 0, 0, 0, 0, 0);
#else
    return sys_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
#endif
}

long sys_wait(long pid, int *status)
{
    return sys_call(__NR_wait4, pid, (long)status, 0, 0, 0, 0);
}

long sys_kill(long pid, int signal)
{
    return sys_call(__NR_kill, pid, signal, 0, 0, 0, 0);
}

void sys_die_with_parent(void)
{
    (void)sys_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
}

_Noreturn void sys_exit(int status)
{
    for (;;) {
        (void)sys_call(__NR_exit_group, status, 0, 0, 0, 0, 0);
    }
}

/*
 * As the kernel has it. The members behind the flags are zero where a kernel has no restorer, so
 * that it does not matter which of them it takes for its mask.
 */
struct kernel_action {
#ifdef __mips__
    unsigned flags;
    void (*handler)(int, void *, void *);
#else
    void (*handler)(int, void *, void *);
    unsigned long flags;
    void (*restorer)(void);
#endif
    unsigned long mask[4];
};

#ifdef __mips__
enum { SIGSET_BYTES = 16 };
#else
enum { SIGSET_BYTES = 8 };
#endif

#ifdef __x86_64__
/* The kernel wants one. Handlers here never return. */
static void never(void)
{
}
#endif

long sys_catch(int signal, void (*handler)(int signal, void *info, void *context))
{
    struct kernel_action act = {
        .handler = handler,
        .flags = handler ? SA_SIGINFO | SA_NODEFER : 0,
    };

#ifdef __x86_64__
    act.flags |= SA_RESTORER;
    act.restorer = never;
#endif
#ifdef __sparc__
    return sys_call(__NR_rt_sigaction, signal, (long)&act, 0, 0, SIGSET_BYTES, 0);
#else
    return sys_call(__NR_rt_sigaction, signal, (long)&act, 0, SIGSET_BYTES, 0, 0);
#endif
}
