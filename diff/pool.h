/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbered items shared out over processes. A worker takes items and leaves texts for them; the
 * parent gets these in the order of the items, whoever made them and whenever. No worker outlives
 * its parent.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum { POOL_JOBS_MAX = 256 };

struct pool;

struct pool_work {
    uint64_t n;     /* items 0 to n - 1 */
    uint64_t chunk; /* how many a worker takes at once; 0: one */
    unsigned jobs;  /* processes at most; 1: all is done in this one, unless apart */
    /*
     * A worker that dies costs the item in hand and no more: another takes its place. Always in
     * processes of their own; one item at once.
     */
    bool apart;
    unsigned seconds; /* apart: a worker dies that takes longer over an item; 0: no limit */
    /* In each worker: takes items until there are none. 0 or a negative errno, reason in E. */
    int (*run)(struct pool *p, void *arg, struct err *e);
    void *arg;
};

struct pool_result {
    uint64_t item;
    bool died; /* the worker did, over this item; text says of what */
    bool left; /* died: the layer under test ended the process */
    struct buf text;
};

struct pool_results {
    struct pool_result *v;
    size_t n, cap;
};

/* One process per core that is there. */
unsigned pool_jobs(void);
/* 0 or a negative errno with the reason in E: of the lowest item for which a worker had one. */
int pool_run(const struct pool_work *w, struct pool_results *ret, struct err *e);
void pool_results_free(struct pool_results *r);

/* In a worker: the next item; false if there is none left. */
bool pool_next(struct pool *p, uint64_t *ret);
/* TEXT is what came of ITEM. */
void pool_put(struct pool *p, uint64_t item, const struct buf *text);

/* A text of several strings: append one; the one at *AT, which moves on ("" behind the last). */
void pool_field(struct buf *text, const char *s);
const char *pool_next_field(const struct buf *text, size_t *at);
