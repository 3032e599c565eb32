/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Append-only writer of text or bytes with a sticky error: write freely, ask buf_failed() once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* data is NUL-terminated behind len whenever it is not NULL. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

#define BUF_INIT ((struct buf){0})

void buf_free(struct buf *b);
/* Forget the contents, keep the memory. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
__attribute__((format(printf, 2, 3))) void buf_fmt(struct buf *b, const char *fmt, ...);
void buf_u8(struct buf *b, uint8_t v);
/* The LEN low bytes of V, little endian. */
void buf_le(struct buf *b, uint64_t v, unsigned len);

static inline bool buf_failed(const struct buf *b)
{
    return b->failed;
}

/* The text; "" while nothing was written. */
static inline const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

/*
 * S as one word for a shell: as it is, or in quotes; with control characters in $'...', which bash
 * reads and no terminal obeys.
 */
void buf_word(struct buf *b, const char *s);
/*
 * S for people: what is not printable ASCII as \n or \xNN, a backslash doubled. Different names
 * stay different, and on one line.
 */
void buf_shown(struct buf *b, const char *s);

/*
 * Append the file PATH ("-" is standard input), at most BUF_FILE_MAX bytes; 0 or a negative errno
 * with the message in E.
 */
#define BUF_FILE_MAX ((size_t)256 << 20)
int buf_read_file(struct buf *b, const char *path, struct err *e);
/*
 * Write the file whole or not at all: to a temporary name beside it, then renamed. "-" is standard
 * output, and what is there and is not a regular file (a device, a pipe) is written as it is.
 */
int buf_write_file(const struct buf *b, const char *path, struct err *e);
