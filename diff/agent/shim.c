/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the compiler and the shared sources take for granted of a C library. Built so that the
 * compiler does not turn these loops into calls of themselves.
 */
#include "agent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

static bool aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & (sizeof(long) - 1)) == 0;
}

void *memcpy(void *to, const void *from, size_t len)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (aligned(t, f)) {
        for (; len >= sizeof(long); len -= sizeof(long)) {
            *(long *)t = *(const long *)f;
            t += sizeof(long);
            f += sizeof(long);
        }
    }
    while (len-- > 0) {
        *t++ = *f++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (t <= f || t >= f + len) {
        return memcpy(to, from, len);
    }
    while (len-- > 0) {
        t[len] = f[len];
    }
    return to;
}

void *memset(void *to, int byte, size_t len)
{
    uint8_t *t = to;

    if (aligned(t, t)) {
        unsigned long word = (uint8_t)byte * (~0ul / 0xff);

        for (; len >= sizeof(word); len -= sizeof(word)) {
            *(unsigned long *)t = word;
            t += sizeof(word);
        }
    }
    while (len-- > 0) {
        *t++ = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;

    for (; len > 0; len--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}

void *memchr(const void *s, int byte, size_t len)
{
    const uint8_t *at = s;

    for (; len > 0; len--, at++) {
        if (*at == (uint8_t)byte) {
            return (void *)(uintptr_t)at;
        }
    }
    return NULL;
}

size_t strlen(const char *s)
{
    size_t len = 0;

    while (s[len]) {
        len++;
    }
    return len;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

/* Every array has all the room it will ever have. */
void *realloc(void *old, size_t len)
{
    (void)old;
    (void)len;
    return NULL;
}

void free(void *p)
{
    (void)p;
}

/* Nobody here reads such a text. */
int err_set(struct err *e, int code, const char *fmt, ...)
{
    (void)fmt;
    if (e) {
        e->text[0] = '\0';
    }
    return code;
}

/* Nothing is encoded here; some linkers ask for these before they drop who calls them. */
void buf_u8(struct buf *b, uint8_t v)
{
    (void)v;
    b->failed = true;
}

void buf_le(struct buf *b, uint64_t v, unsigned len)
{
    (void)v;
    (void)len;
    b->failed = true;
}

_Noreturn void agent_assert_failed(const char *what)
{
    agent_fail(what);
}

/* The run-time library of some compilers ends so, or for a division by zero. */
_Noreturn void abort(void);
int raise(int signal);
_Noreturn void abort(void)
{
    agent_fail("abort");
}

int raise(int signal)
{
    (void)signal;
    agent_fail("a signal raised by the run-time library");
}
