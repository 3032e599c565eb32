/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores word by word, with the place of the next one written down: a fault's address is
 * that place, which is exact where what an emulator tells its guest may not be. The stack is the
 * process's own, for no program reaches it.
 */
#include "access.h"

#include <asm/signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/int.h"
#include "sys.h"

typedef unsigned long word;

/* What is going on, outside of any function's registers: a fault comes back with those lost. */
static struct {
    volatile uintptr_t at;
    uintptr_t limit; /* the first byte behind it; 0 if it ends at the top of all */
    word fill;
    uint8_t *to;
    uint8_t first;
    volatile bool mixed;
    volatile bool armed;
    volatile int caught;
    void *jump[16]; /* five are needed; an emulator's idea of a register may be larger */
} now;

static const struct {
    int number;
    enum agent_signal signal;
} signals[] = {
    {SIGSEGV, AGENT_SIGSEGV}, {SIGBUS, AGENT_SIGBUS}, {SIGILL, AGENT_SIGILL},
    {SIGTRAP, AGENT_SIGTRAP}, {SIGFPE, AGENT_SIGFPE}, {SIGABRT, AGENT_SIGABRT},
    {SIGKILL, AGENT_SIGKILL}, {SIGSYS, AGENT_SIGSYS},
};

enum agent_signal access_signal(int number)
{
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        if (signals[i].number == number) {
            return signals[i].signal;
        }
    }
    return AGENT_SIG_OTHER;
}

int access_signal_number(enum agent_signal signal)
{
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        if (signals[i].signal == signal) {
            return signals[i].number;
        }
    }
    return 0;
}

/* Outside of an access it is the agent's own end, by the same signal. */
static void on_fault(int signal, void *info, void *context)
{
    (void)info;
    (void)context;
    if (!now.armed) {
        (void)sys_catch(signal, NULL);
        (void)sys_kill(sys_getpid(), signal);
        return;
    }
    now.caught = signal;
    __builtin_longjmp(now.jump, 1);
}

void access_init(void)
{
    (void)sys_catch(SIGSEGV, on_fault);
    (void)sys_catch(SIGBUS, on_fault);
}

static bool words_left(void)
{
    return now.at % sizeof(word) == 0 && now.limit - now.at >= sizeof(word);
}

static void store_all(void)
{
    while (now.at != now.limit) {
        if (words_left()) {
            *(volatile word *)now.at = now.fill;
            now.at += sizeof(word);
        } else {
            *(volatile uint8_t *)now.at = (uint8_t)now.fill;
            now.at++;
        }
    }
}

static void load_all(void)
{
    now.first = *(volatile uint8_t *)now.at;
    now.fill = now.first * (~(word)0 / 0xff);
    while (now.at != now.limit) {
        if (words_left()) {
            now.mixed |= *(volatile word *)now.at != now.fill;
            now.at += sizeof(word);
        } else {
            now.mixed |= *(volatile uint8_t *)now.at != now.first;
            now.at++;
        }
    }
}

static void copy_all(void)
{
    while (now.at != now.limit) {
        *(word *)(void *)now.to = *(volatile word *)now.at;
        now.to += sizeof(word);
        now.at += sizeof(word);
    }
}

/* True if FN comes to its end. Not inlined: a jump into this function must find it as it was. */
static __attribute__((noinline)) bool guarded(void (*fn)(void))
{
    if (__builtin_setjmp(now.jump)) {
        now.armed = false;
        return false;
    }
    now.armed = true;
    fn();
    now.armed = false;
    return true;
}

static bool run(void (*fn)(void), uint64_t at, uint64_t len, struct access_fault *f)
{
    bool whole;

    now.at = (uintptr_t)at;
    now.limit = (uintptr_t)(at + len);
    whole = guarded(fn);
    if (!whole) {
        *f = (struct access_fault){(uint8_t)access_signal(now.caught), now.at};
    }
    return whole;
}

bool access_store(uint64_t at, uint64_t len, uint8_t byte, struct access_fault *f)
{
    now.fill = byte * (~(word)0 / 0xff);
    return run(store_all, at, len, f);
}

bool access_load(uint64_t at, uint64_t len, uint8_t *ret, bool *mixed, struct access_fault *f)
{
    now.mixed = false;
    if (!run(load_all, at, len, f)) {
        return false;
    }
    *ret = now.first;
    *mixed = now.mixed;
    return true;
}

bool access_copy(void *to, uint64_t at, uint64_t len, struct access_fault *f)
{
    now.to = to;
    return run(copy_all, at, len, f);
}
