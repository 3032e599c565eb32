/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth of a typed array: struct { T *v; size_t n, cap; }. */
#pragma once

#include <stddef.h>

/*
 * Room for N elements of SIZE bytes in *V of capacity *CAP; 0, or -ENOMEM with everything as it
 * was. *V is reallocated by doubling.
 */
int vec_reserve_raw(void **v, size_t *cap, size_t n, size_t size);

#define vec_reserve(vec, count) \
    vec_reserve_raw((void **)&(vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v))
