/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders that engines or anybody else have left. Names may hold any bytes, and what has the name
 * of a crash file may be a pipe, a device, a link to nowhere or gigabytes of nothing: only regular
 * files are opened, never so that it could block, and never more is read than a program may have.
 */
#include "triage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "findings.h"
#include "op/codec.h"
#include "op/text.h"

static bool ends_in(const char *name, const char *tail)
{
    size_t n = strlen(name);
    size_t t = strlen(tail);

    return n > t && strcmp(name + n - t, tail) == 0;
}

static bool is_text_name(const char *name)
{
    return ends_in(name, ".tm");
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)                    ? "a folder"
           : S_ISFIFO(mode)                 ? "a pipe"
           : S_ISSOCK(mode)                 ? "a socket"
           : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                            : "no regular file";
}

/* A regular file of at most LIMIT bytes. 0, or a negative errno with the reason in WHY. */
static int check_stat(const struct stat *st, off_t limit, struct err *why)
{
    if (!S_ISREG(st->st_mode)) {
        return err_set(why, -EINVAL, "%s", kind_of(st->st_mode));
    }
    if (st->st_size > limit) {
        return err_set(why, -EFBIG, "%lld bytes, no program has more than %lld",
                       (long long)st->st_size, (long long)limit);
    }
    return 0;
}

/* Read FD to its end, which must come within LIMIT bytes. */
static int read_all(int fd, size_t limit, struct buf *out, struct err *why)
{
    char chunk[16384];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set(why, -errno, "cannot read: %s", strerror(errno));
        }
        if (got == 0) {
            return buf_failed(out) ? err_set(why, -ENOMEM, "out of memory") : 0;
        }
        if (out->len + (size_t)got > limit) {
            return err_set(why, -EFBIG, "more than the %zu bytes that a program may have", limit);
        }
        buf_add(out, chunk, (size_t)got);
    }
}

int crash_read(const char *path, size_t limit, struct buf *out, struct err *why)
{
    struct stat st;
    int fd;
    int rc;

    if (stat(path, &st) < 0) {
        return err_set(why, -errno, "cannot open: %s", strerror(errno));
    }
    rc = check_stat(&st, (off_t)limit, why);
    if (rc < 0) {
        return rc;
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(why, -errno, "cannot open: %s", strerror(errno));
    }
    rc = fstat(fd, &st) < 0 ? err_set(why, -errno, "cannot read: %s", strerror(errno))
                            : check_stat(&st, (off_t)limit, why);
    rc = rc < 0 ? rc : read_all(fd, limit, out, why);
    close(fd);
    return rc == 0 && out->len == 0 ? err_set(why, -EINVAL, "empty") : rc;
}

int crash_load(struct prog *p, const char *path, struct err *e)
{
    struct buf b = BUF_INIT;
    int rc = crash_read(path, PROG_BYTES_MAX, &b, e);

    prog_clear(p);
    if (rc == 0 && !is_text_name(path)) {
        rc = prog_decode_any(p, (const uint8_t *)b.data, b.len);
        rc = rc < 0 ? err_set(e, rc, "out of memory") : 0;
    } else if (rc == 0) {
        rc = prog_parse(p, "text", b.data, b.len, e);
        if (rc == 0 && p->ops.n == 0) {
            rc = err_set(e, -EINVAL, "no ops");
        }
    }
    buf_free(&b);
    return rc;
}

/* NAME is what is left of PATH. */
static struct crash *add(struct crash_list *l, const char *path, const char *name)
{
    struct crash c = {.path = strdup(path), .name = strdup(name), .twin = l->n};

    if (!c.path || !c.name || vec_reserve(l, l->n + 1) < 0) {
        free(c.path);
        free(c.name);
        return NULL;
    }
    l->v[l->n] = c;
    return &l->v[l->n++];
}

static int add_as(struct crash_list *l, const char *path, const char *name, enum crash_state state,
                  const char *why)
{
    struct crash *c = add(l, path, name);

    if (!c) {
        return -ENOMEM;
    }
    c->state = state;
    buf_str(&c->why, why);
    return 0;
}

/* Read C, a file with the name of a program. */
static int add_program(struct crash_list *l, const char *path, const char *name)
{
    struct crash *c = add(l, path, name);
    struct buf data = BUF_INIT;
    struct err why;
    int rc;

    if (!c) {
        return -ENOMEM;
    }
    rc = crash_read(path, PROG_BYTES_MAX, &data, &why);
    if (rc < 0) {
        c->state = CRASH_UNREADABLE;
        buf_str(&c->why, why.text);
    } else {
        c->size = data.len;
        sha256_text(buf_text(&data), data.len, c->hash);
    }
    buf_free(&data);
    return rc == -ENOMEM ? rc : 0;
}

static int scan(struct crash_list *l, const char *folder, size_t below, struct err *e);

static int add_folder(struct crash_list *l, const char *path, const char *base, size_t below)
{
    const char *name = path + below;
    struct stat st;
    struct err why;
    int rc;

    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        return add_as(l, path, name, CRASH_IGNORED, "a link to a folder");
    }
    if (strcmp(base, "queue") == 0) {
        return add_as(l, path, name, CRASH_IGNORED, "what an engine keeps, not what it found");
    }
    if (is_findings_folder(path)) {
        return add_as(l, path, name, CRASH_IGNORED, "a folder of findings");
    }
    if (prog_engine_file(base) && add_as(l, path, name, CRASH_UNREADABLE, "a folder") < 0) {
        return -ENOMEM;
    }
    rc = scan(l, path, below, &why);
    return rc < 0 && rc != -ENOMEM ? add_as(l, path, name, CRASH_UNREADABLE, why.text) : rc;
}

/* One entry of a folder, BASE by its name there. */
static int add_entry(struct crash_list *l, const char *path, const char *base, size_t below)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return add_folder(l, path, base, below);
    }
    if (is_text_name(base) || prog_engine_file(base)) {
        return add_program(l, path, path + below);
    }
    return add_as(l, path, path + below, CRASH_IGNORED, "not the name of a program");
}

/* Names begin BELOW bytes into a path. */
static int scan(struct crash_list *l, const char *folder, size_t below, struct err *e)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    struct buf path = BUF_INIT;
    int rc = 0;

    if (n < 0) {
        return err_set(e, -errno, "cannot read folder: %s", strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        const char *base = entries[i]->d_name;

        if (rc == 0 && strcmp(base, ".") != 0 && strcmp(base, "..") != 0) {
            buf_clear(&path);
            buf_fmt(&path, "%s/%s", folder, base);
            rc = buf_failed(&path) ? -ENOMEM : add_entry(l, path.data, base, below);
        }
        free(entries[i]);
    }
    free(entries);
    buf_free(&path);
    return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

struct by_contents {
    const struct crash *c;
    size_t index;
};

static int compare_contents(const struct crash *x, const struct crash *y)
{
    int rc = strcmp(x->hash, y->hash);

    return rc ? rc : is_text_name(x->name) - is_text_name(y->name);
}

static int by_contents(const void *a, const void *b)
{
    const struct by_contents *x = a;
    const struct by_contents *y = b;
    int rc = compare_contents(x->c, y->c);

    return rc ? rc : x->index < y->index ? -1 : x->index > y->index;
}

static int find_twins(struct crash_list *l)
{
    struct by_contents *all = calloc(l->n + 1, sizeof(*all));

    if (!all) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < l->n; i++) {
        all[i] = (struct by_contents){&l->v[i], i};
    }
    qsort(all, l->n, sizeof(*all), by_contents);
    for (size_t i = 1; i < l->n; i++) {
        if (all[i].c->hash[0] && compare_contents(all[i - 1].c, all[i].c) == 0) {
            l->v[all[i].index].twin = all[i - 1].c->twin;
        }
    }
    free(all);
    return 0;
}

int crash_scan(struct crash_list *l, const char *folder, struct err *e)
{
    struct stat st;
    struct err why;
    int rc;

    if (stat(folder, &st) < 0) {
        return err_set(e, -errno, "%s: cannot open: %s", folder, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set(e, -ENOTDIR, "%s: not a folder", folder);
    }
    rc = scan(l, folder, strlen(folder) + 1, &why);
    if (rc == 0 && find_twins(l) < 0) {
        rc = err_set(&why, -ENOMEM, "out of memory");
    }
    return rc < 0 ? err_set(e, rc, "%s: %s", folder, why.text) : 0;
}
