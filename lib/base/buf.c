/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

void buf_free(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data) {
        b->data[0] = '\0';
    }
}

/* Room for EXTRA more bytes and the NUL. */
static bool buf_grow(struct buf *b, size_t extra)
{
    size_t want;
    size_t cap;
    char *data;

    if (b->failed) {
        return false;
    }
    if (__builtin_add_overflow(b->len, extra, &want) || want >= SIZE_MAX / 2) {
        b->failed = true;
        return false;
    }
    if (want + 1 <= b->cap) {
        return true;
    }
    cap = b->cap ? b->cap : 64;
    while (cap < want + 1) {
        cap *= 2;
    }
    data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!buf_grow(b, len)) {
        return;
    }
    if (len > 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    int need;

    va_start(ap, fmt);
    va_copy(again, ap);
    need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (need < 0) {
        b->failed = true;
    } else if (buf_grow(b, (size_t)need)) {
        vsnprintf(b->data + b->len, (size_t)need + 1, fmt, again);
        b->len += (size_t)need;
    }
    va_end(again);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(const char *s)
{
    while (*s && !is_control(*s)) {
        s++;
    }
    return *s != '\0';
}

static void add_control_word(struct buf *b, const char *s)
{
    buf_str(b, "$'");
    for (; *s; s++) {
        if (is_control(*s) || *s == '\'' || *s == '\\') {
            buf_fmt(b, "\\%03o", (unsigned char)*s);
        } else {
            buf_add(b, s, 1);
        }
    }
    buf_str(b, "'");
}

void buf_shown(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\n') {
            buf_str(b, "\\n");
        } else if (*s == '\\') {
            buf_str(b, "\\\\");
        } else if (is_control(*s) || (unsigned char)*s > 0x7f) {
            buf_fmt(b, "\\x%02x", (unsigned char)*s);
        } else {
            buf_add(b, s, 1);
        }
    }
}

void buf_word(struct buf *b, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=:,./@%";

    if (*s && s[strspn(s, plain)] == '\0') {
        buf_str(b, s);
        return;
    }
    if (has_control(s)) {
        add_control_word(b, s);
        return;
    }
    buf_str(b, "'");
    for (; *s; s++) {
        buf_add(b, *s == '\'' ? "'\\''" : s, *s == '\'' ? 4 : 1);
    }
    buf_str(b, "'");
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_add(b, &v, 1);
}

void buf_le(struct buf *b, uint64_t v, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        buf_u8(b, (uint8_t)(v >> (8 * i)));
    }
}

static int buf_read_fd(struct buf *b, int fd)
{
    char chunk[16384];
    ssize_t got;

    for (;;) {
        got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        if (got == 0) {
            return b->failed ? -ENOMEM : 0;
        }
        if (b->len > BUF_FILE_MAX - (size_t)got) {
            return -EFBIG;
        }
        buf_add(b, chunk, (size_t)got);
    }
}

int buf_read_file(struct buf *b, const char *path, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd < 0) {
        r = -errno;
        return err_set(e, r, "%s: cannot open: %s", path, strerror(-r));
    }
    r = buf_read_fd(b, fd);
    if (!is_stdin) {
        close(fd);
    }
    if (r < 0) {
        return err_set(e, r, "%s: cannot read: %s", path, strerror(-r));
    }
    return 0;
}

static int buf_write_fd(const struct buf *b, int fd)
{
    size_t done = 0;

    while (done < b->len) {
        ssize_t put = write(fd, b->data + done, b->len - done);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -errno;
        }
        done += (size_t)put;
    }
    return 0;
}

/* A device or a pipe cannot be replaced by a renamed file. */
static bool must_write_in_place(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int buf_write_in_place(const struct buf *b, const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int r;

    if (fd < 0) {
        return -errno;
    }
    r = buf_write_fd(b, fd);
    if (close(fd) < 0 && r == 0) {
        r = -errno;
    }
    return r;
}

static int buf_write_renamed(const struct buf *b, const char *path)
{
    struct buf tmp = BUF_INIT;
    mode_t mask = umask(0);
    int fd;
    int r;

    umask(mask);
    buf_fmt(&tmp, "%s.XXXXXX", path);
    if (tmp.failed) {
        buf_free(&tmp);
        return -ENOMEM;
    }
    fd = mkstemp(tmp.data);
    if (fd < 0) {
        r = -errno;
        buf_free(&tmp);
        return r;
    }
    r = fchmod(fd, 0666 & ~mask) < 0 ? -errno : buf_write_fd(b, fd);
    if (close(fd) < 0 && r == 0) {
        r = -errno;
    }
    if (r == 0 && rename(tmp.data, path) < 0) {
        r = -errno;
    }
    if (r < 0) {
        unlink(tmp.data);
    }
    buf_free(&tmp);
    return r;
}

int buf_write_file(const struct buf *b, const char *path, struct err *e)
{
    int r;

    if (b->failed) {
        return err_set(e, -ENOMEM, "%s: out of memory", path);
    }
    if (strcmp(path, "-") == 0) {
        r = buf_write_fd(b, STDOUT_FILENO);
    } else if (must_write_in_place(path)) {
        r = buf_write_in_place(b, path);
    } else {
        r = buf_write_renamed(b, path);
    }
    if (r < 0) {
        return err_set(e, r, "%s: cannot write: %s", path, strerror(-r));
    }
    return 0;
}
