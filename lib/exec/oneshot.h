/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor and some bytes: what every fuzz target calls. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "op/prog.h"

/* What came of programs besides a verdict; sums up. */
struct oneshot_counts {
    uint64_t programs;
    uint64_t skipped; /* programs that could not run */
    uint64_t steps;
    uint64_t steps_skipped;
    uint64_t excused;  /* steps in which a limit excused something */
    uint64_t poisoned; /* steps of which something could not be compared */
};

struct oneshot_desc {
    const char *name;   /* fuzz_linux */
    const char *target; /* whose programs: a target spec; NULL for targets without programs */
    /*
     * How a program is judged if not by a run on the target: 0 holds, 1 with the finding's
     * signature and report appended, or a negative errno with the reason in E: the world failed.
     */
    int (*program)(const struct prog *p, struct oneshot_counts *counts, struct buf *signature,
                   struct buf *report, struct err *e);
    /* Instead of a target: 0, or 1 with the report on stderr. */
    int (*bytes)(const uint8_t *data, size_t len);
};

/*
 * 0: holds. Otherwise the report goes to stderr, a program's behind its signature (bucket.h), and
 * the process aborts: that is what engines look for.
 */
int oneshot_run(const struct oneshot_desc *d, const uint8_t *data, size_t len);

/* The mutator's side, for libFuzzer and AFL++ alike. Sizes in bytes; 0 if nothing could be made. */
size_t oneshot_mutate(const struct oneshot_desc *d, uint8_t *data, size_t len, size_t max,
                      uint32_t seed);
size_t oneshot_crossover(const struct oneshot_desc *d, const uint8_t *a, size_t a_len,
                         const uint8_t *b, size_t b_len, uint8_t *out, size_t max, uint32_t seed);
