/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The project's own measurements: ratios within one run, so that the machine's speed cancels out.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/err.h"

/*
 * Each prints its figures and the bound it is held to. 0 within it, 1 above it, negative errno with
 * the reason in E.
 */
int bench_real(struct err *e);
int bench_pageflags(struct err *e);
int bench_sim(struct err *e);

static inline uint64_t bench_clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t bench_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t bench_cpu_ns(void)
{
    return bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}
