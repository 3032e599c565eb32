/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the minimiser share: predicates, and one that watches what it is asked. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "minimise.h"

/* A predicate that watches what it is asked. */
struct probe {
    bool (*holds)(const struct prog *p);
    uint64_t asked;
    uint64_t fail_at;   /* the world fails at this question, counted from 1; 0 never */
    struct prng *flaky; /* what holds is seen every other time */
    bool repeats;       /* candidates may come again: page sizes have changed, or several runs */
    size_t taken;       /* ops of the smallest so far */
    struct {
        char **v;
        size_t n, cap;
    } seen;
};

void probe_free(struct probe *x);
/* The predicate; its argument is a probe. */
int probe_same(void *arg, const struct prog *p, enum minimise_change change, struct err *e);
/* Minimise P by X, which must be new, and check what is counted. */
struct minimise_stats probe_run(struct probe *x, struct prog *p, unsigned runs, uint64_t budget);
void parse(struct prog *p, const char *text);

bool has_mprotect(const struct prog *p);
bool stores_then_forks(const struct prog *p);
bool unmaps_shared(const struct prog *p);
/* A map over the page behind the first of another. */
bool maps_over_second_page(const struct prog *p);
/* An munmap between a fork and its wait. */
bool waits_between(const struct prog *p);
/* An msync, and a host page larger than the guest page. */
bool is_bigger_host_page(const struct prog *p);
/* An errno that is expected, and a requirement. */
bool expects_a_failure(const struct prog *p);
bool maps_a_file_off_its_start(const struct prog *p);
bool reaches_second_page(const struct prog *p);
