/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies to and from the guest's memory: a word at a time on aligned guest addresses, so that a
 * word lies in one page and the fault address is the first byte that could not be had.
 * Uninstrumented, for a sanitizer would look up, and so allocate, the shadow of the guest's memory;
 * volatile, so that no compiler makes it memcpy.
 */
#include "host/catch.h"

void catch_copy_from(unsigned char *to, uint64_t addr, size_t len)
{
    const volatile unsigned char *from = (const volatile unsigned char *)(uintptr_t)addr;

    for (; len && ((uintptr_t)from & 7); len--) {
        *to++ = *from++;
    }
    for (; len >= 8; len -= 8, from += 8, to += 8) {
        uint64_t word = *(const volatile uint64_t *)(uintptr_t)from;

        __builtin_memcpy(to, &word, 8);
    }
    for (; len; len--) {
        *to++ = *from++;
    }
}

void catch_copy_to(uint64_t addr, const unsigned char *from, size_t len)
{
    volatile unsigned char *to = (volatile unsigned char *)(uintptr_t)addr;

    for (; len && ((uintptr_t)to & 7); len--) {
        *to++ = *from++;
    }
    for (; len >= 8; len -= 8, from += 8, to += 8) {
        uint64_t word;

        __builtin_memcpy(&word, from, 8);
        *(volatile uint64_t *)(uintptr_t)to = word;
    }
    for (; len; len--) {
        *to++ = *from++;
    }
}

void catch_copy_zeros(uint64_t addr, size_t len)
{
    volatile unsigned char *to = (volatile unsigned char *)(uintptr_t)addr;

    for (; len && ((uintptr_t)to & 7); len--) {
        *to++ = 0;
    }
    for (; len >= 8; len -= 8, to += 8) {
        *(volatile uint64_t *)(uintptr_t)to = 0;
    }
    for (; len; len--) {
        *to++ = 0;
    }
}
