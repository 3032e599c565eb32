/*
 * MAP_LOCKED makes a stack that grows, and MAP_GROWSDOWN does not: sparc has other numbers
 * 
 * kernel: load(@0x10000, 1) = SIGSEGV
 * emulator: load(@0x10000, 1) = 0x0
 * (qemu-sparc64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64)
 * corpus/findings/qemu-sparc64/locked-memory-grows.tm
 *
 * Memory calls of Linux with pages of 8192 bytes, step by step. Expected is what the target
 * "model-linux" of twinmap showed. Exit status:
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
#include <setjmp.h>
#include <signal.h>
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

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0x4000
#endif
#ifndef MAP_LOCKED
#define MAP_LOCKED 0x2000
#endif

/* Flags of a map that is there to keep a place, or to find one. */
#define PLACE_HOLDER (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

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

/* The call mapped something at this address. */
static char *maps_at(void *result, void *address)
{
    char expected[40];
    char got[40];

    snprintf(expected, sizeof(expected), "%p", address);
    if (result == MAP_FAILED) {
        differs(expected, failure(errno));
    }
    if (result != address) {
        snprintf(got, sizeof(got), "%p", result);
        differs(expected, got);
    }
    return result;
}

/* Where the steps' "@0" is. */
static uintptr_t window;

static char *at(uintptr_t offset)
{
    return (char *)(window + offset);
}

/* Whether nothing is mapped in SIZE bytes from START. */
static int is_free(uintptr_t start, size_t size)
{
    void *got = mmap((void *)start, size, PROT_NONE, PLACE_HOLDER, -1, 0);

    if (got != MAP_FAILED) {
        munmap(got, size);
    }
    return got == (void *)start;
}

/* "@0" goes where SIZE bytes from LOW behind it are free, away from where maps are placed. */
static void find_window(uintptr_t low, size_t size)
{
    static const uintptr_t tries[] = {
#if UINTPTR_MAX > 0xffffffff
        0x200000000000, 0x100000000000, 0x10000000000, 0x6000000000, 0x3000000000, 0x1000000000,
#endif
        0x60000000, 0x50000000, 0x30000000, 0x20000000, 0x90000000, 0x10000000,
    };

    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        if (is_free(tries[i] + low, size)) {
            window = tries[i];
            return;
        }
    }
    cannot("there is no free stretch of addresses");
}

static sigjmp_buf before_access;
static volatile sig_atomic_t in_access;
static volatile sig_atomic_t fault;
static unsigned char *volatile accessed; /* volatile: no compiler shall look through it */
static int first_byte;  /* of the last load, */
static int other_bytes; /* and whether others differ from it */

static void on_fault(int number)
{
    if (!in_access) {
        signal(number, SIG_DFL); /* not one of the steps' own: it happens again */
        return;
    }
    fault = number;
    siglongjmp(before_access, 1);
}

static void catch_faults(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_fault;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0) {
        cannot("signals cannot be caught");
    }
}

static void touch(volatile unsigned char *bytes, size_t size, int byte)
{
    if (byte >= 0) {
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (unsigned char)byte;
        }
        return;
    }
    first_byte = bytes[0];
    other_bytes = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != first_byte) {
            other_bytes = 1;
        }
    }
}

/* Fills SIZE bytes with BYTE, or reads them if that is -1, upwards. The signal; 0: none. */
static int go_over(void *address, size_t size, int byte)
{
    accessed = address;
    fault = 0;
    if (sigsetjmp(before_access, 1) == 0) {
        in_access = 1;
        touch(accessed, size, byte);
    }
    in_access = 0;
    return fault;
}

/* What a load or a store came to, in words. */
static const char *shown(int signal_number, int is_load)
{
    static char text[40];

    if (signal_number != 0) {
        return signal_number == SIGBUS ? "SIGBUS" : "SIGSEGV";
    }
    if (!is_load) {
        return "ok";
    }
    snprintf(text, sizeof(text), "0x%x%s", (unsigned)first_byte,
             other_bytes ? " and other bytes" : "");
    return text;
}

/* Reading SIZE bytes raises this signal. */
static void load_faults(void *address, size_t size, int expected)
{
    int number = go_over(address, size, -1);

    if (number != expected) {
        differs(shown(expected, 1), shown(number, 1));
    }
}

int main(void)
{
    alarm(SECONDS);
    if (sysconf(_SC_PAGESIZE) != 8192) {
        cannot("pages are not of 8192 bytes");
    }
    catch_faults();
    find_window(0, 0x400000);

    /* expected: @0x12000 */
    step(1, "mmap(@0x12000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0)");
    maps_at(mmap(at(0x12000), 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1,
            0), at(0x12000));

    /* expected: SIGSEGV */
    step(2, "load(@0x10000, 1)");
    load_faults(at(0x10000), 1, SIGSEGV);

    return 0;
}
