/*
 * mremap of a source of absurd length says ENOMEM
 * 
 * kernel: mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0) = -1 EFAULT
 * emulator: mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0) = -1 ENOMEM
 * (qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64)
 * corpus/findings/qemu-x86_64/mremap-of-a-hole-says-enomem.tm
 *
 * Memory calls of Linux with pages of 4096 bytes, step by step. Expected is what the target
 * "kernel" of twinmap showed. Exit status:
 *   0  every step did what is expected
 *   1  a step did not: which, and what it did, is said on standard error
 *   2  the steps cannot be taken here (other pages, no room): nothing is shown
 *
 *     cc -std=c11 -o repro repro.c && ./repro
 *     cc -std=c11 -static -o repro repro.c && qemu-ARCH ./repro
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#if !defined(__linux__) && !defined(ANY_SYSTEM)
#error these steps are for Linux; -DANY_SYSTEM builds them elsewhere
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef SECONDS
#define SECONDS 60 /* that this may take, or it hangs: SIGALRM ends it */
#endif

#if UINTPTR_MAX <= 0xffffffff
#error these steps need addresses of 64 bits
#endif

/* One line to standard error, past all streams: they would map memory of their own. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    n = n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;
    line[n] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n + 1) < 0) {
        _exit(2);
    }
}

/* The steps cannot be taken here. */
static _Noreturn void cannot(const char *why)
{
    say("cannot run here: %s", why);
    _exit(2);
}

static int step_number;
static const char *step_text = "";

/* What comes next. */
static void step(int number, const char *text)
{
    step_number = number;
    step_text = text;
}

/* The step did not do what it should. */
static _Noreturn void differs(const char *expected, const char *got)
{
    say("step %d: %s: expected %s, got %s", step_number, step_text, expected, got);
    _exit(1);
}

/* A failure with this errno, in words; 0: with any. */
static const char *failure(int error)
{
    static const struct {
        int number;
        const char *text;
    } names[] = {
        {0, "-1"},
        {EPERM, "-1 EPERM"},
        {EIO, "-1 EIO"},
        {EBADF, "-1 EBADF"},
        {EAGAIN, "-1 EAGAIN"},
        {ENOMEM, "-1 ENOMEM"},
        {EACCES, "-1 EACCES"},
        {EFAULT, "-1 EFAULT"},
        {EBUSY, "-1 EBUSY"},
        {EEXIST, "-1 EEXIST"},
        {ENODEV, "-1 ENODEV"},
        {EINVAL, "-1 EINVAL"},
        {ENFILE, "-1 ENFILE"},
        {ETXTBSY, "-1 ETXTBSY"},
        {ENOSYS, "-1 ENOSYS"},
        {EOVERFLOW, "-1 EOVERFLOW"},
        {EOPNOTSUPP, "-1 EOPNOTSUPP"},
    };
    static char other[32];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == error) {
            return names[i].text;
        }
    }
    snprintf(other, sizeof(other), "-1 with errno %d", error);
    return other;
}

/* The call mapped nothing: it failed with this errno; 0: with any. */
static void maps_not(void *result, int error)
{
    char got[40];

    if (result != MAP_FAILED) {
        snprintf(got, sizeof(got), "%p", result);
        differs(failure(error), got);
    }
    if (error != 0 && errno != error) {
        differs(failure(error), failure(errno));
    }
}

/* Where the steps' "@0" is. */
static uintptr_t window;

static char *at(uintptr_t offset)
{
    return (char *)(window + offset);
}

int main(void)
{
    alarm(SECONDS);
    if (sysconf(_SC_PAGESIZE) != 4096) {
        cannot("pages are not of 4096 bytes");
    }
    window = 0x200000000000;

    /* expected: -1 EFAULT */
    step(1, "mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0)");
    maps_not(mremap(at(0x10000), 0xfffffffffffff000, 0x1000, 0), EFAULT);

    return 0;
}
