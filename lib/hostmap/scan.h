/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading one line of a map listing, field by field. The text need not end with NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "region/region.h"

struct scan {
    const char *at;   /* what is left of the line */
    const char *stop; /* behind its last byte; no newline */
};

struct lines {
    const char *at;
    const char *stop;
    unsigned number; /* of the line last given */
};

/* TEXT may be NULL if there is none. */
static inline struct lines lines_of(const char *text, size_t len)
{
    return (struct lines){text, len ? text + len : text, 0};
}

/* The next line without its newline; false at the end of the text. */
bool lines_next(struct lines *l, struct scan *ret);

/* One character; a number without sign that fits 64 bits. False leaves the place where it was. */
bool scan_char(struct scan *s, char c);
bool scan_hex(struct scan *s, uint64_t *ret);
bool scan_dec(struct scan *s, uint64_t *ret);
/* Skip blanks; true if there was one. */
bool scan_blanks(struct scan *s);
/* Everything up to the next blank or the line's end; false if that is nothing. */
bool scan_word(struct scan *s, struct scan *ret);

static inline size_t scan_left(const struct scan *s)
{
    return (size_t)(s->stop - s->at);
}

bool scan_is(const struct scan *s, const char *text);
bool scan_starts_with(const struct scan *s, const char *text);

/* Three letters, each as in "rwx" or '-'. */
bool scan_rights(struct scan *s, uint8_t *ret);

/* "line N: expected WHAT, found '...'", -EINVAL. */
int scan_fail(const struct lines *l, const struct scan *s, const char *what, struct err *e);

/*
 * Append R, which must lie above the last region since FROM. 0, -EINVAL with the reason, -ENOMEM.
 */
int scan_push(const struct lines *l, struct region_vec *out, size_t from, struct region r,
              struct err *e);
