/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/op only. A strace log as calls: lines joined that strace had split, arguments as text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LOG_ARGS_MAX 8

/* Some text of a log. */
struct log_word {
    const char *s;
    size_t len;
};

/* Where in the log a piece of text begins. */
struct log_at {
    size_t line;
    size_t column;
};

struct log_call {
    uint64_t pid;
    struct log_word name;
    char *text; /* arguments, then what follows; owned */
    size_t len;
    size_t head_len;    /* of this, what stood on the first line */
    struct log_at head; /* where TEXT begins */
    struct log_at tail; /* where TEXT + HEAD_LEN begins, if strace had split the call */
    unsigned n_args;
    struct log_word arg[LOG_ARGS_MAX]; /* the first ones; N_ARGS may be greater */
    bool open;                         /* to be resumed */
    bool done;                         /* returned, with a result */
    bool failed;                       /* returned -1 */
    uint64_t ret;
    struct log_word errname; /* "ENOENT", if failed */
};

/* A line of the log: where CALL begins, ends, or both. */
struct log_event {
    size_t call;
    bool start;
    bool finish;
};

struct log {
    const char *name;
    struct {
        struct log_call *v;
        size_t n, cap;
    } calls;
    struct {
        struct log_event *v;
        size_t n, cap;
    } events;
};

int log_read(struct log *l, const char *name, const char *text, size_t len, struct err *e);
void log_free(struct log *l);

bool log_word_is(struct log_word w, const char *s);
/* Whether W contains S. */
bool log_word_has(struct log_word w, const char *s);
/* The number at the start of W: decimal with sign, hex, or NULL; false if there is none. */
bool log_number(struct log_word w, uint64_t *ret);
/* The same if nothing comes behind it. */
bool log_number_whole(struct log_word w, uint64_t *ret);
/* The number behind KEY ("st_size=") anywhere in W. */
bool log_number_of(struct log_word w, const char *key, uint64_t *ret);

/* "NAME:line:column: read 'W', expected EXPECTED" for a word of C's text; returns -EINVAL. */
int log_refuse(const struct log *l, const struct log_call *c, struct log_word w,
               const char *expected, struct err *e);
