/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>

int vec_reserve_raw(void **v, size_t *cap, size_t n, size_t size)
{
    size_t want = *cap ? *cap : 8;
    size_t bytes;
    void *grown;

    if (n <= *cap) {
        return 0;
    }
    while (want < n) {
        if (__builtin_mul_overflow(want, (size_t)2, &want)) {
            return -ENOMEM;
        }
    }
    if (__builtin_mul_overflow(want, size, &bytes)) {
        return -ENOMEM;
    }
    grown = realloc(*v, bytes);
    if (!grown) {
        return -ENOMEM;
    }
    *v = grown;
    *cap = want;
    return 0;
}
