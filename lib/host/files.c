/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool of program files. An entry is one descriptor, found again by what makes files equal:
 * index (the pattern), size, open mode and patterned extent. Only a read-write descriptor can be
 * mapped shared and writable, so only those can become dirty; the others are closed to writing for
 * good once they are filled.
 */
#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/vec.h"

#define FD_FLOOR 256                  /* above what engines use */
#define IDLE_MAX 64                   /* entries kept that the program does not use, */
#define IDLE_SHARE 8                  /* and at most this part of the descriptors there may be */
#define IDLE_BYTES_MAX (128ull << 20) /* and their patterned bytes */
#define CHUNK (64 * 1024)
#define ROUND 65536ull /* a multiple of every real page */

struct entry {
    unsigned index;
    struct host_file_spec spec;
    struct host_file_extent extent;
    int fd;
    bool dirty;
    uint64_t used; /* number of the last program that had it */
};

struct host_files {
    host_file_pattern *pattern;
    uint64_t program; /* counted up by begin */
    size_t idle_max;
    struct {
        struct entry *v;
        size_t n, cap;
    } pool;
    struct {
        size_t *v; /* file of the program -> index in pool */
        size_t n, cap;
    } current;
    unsigned char chunk[CHUNK];
};

#ifdef __FreeBSD__
/* A descriptor cannot be opened again with another mode there: a named file for the moment. */
static int create(char *path, size_t size)
{
    (void)snprintf(path, size, "/tmp/twinmap-file-XXXXXX");
    return mkstemp(path);
}

static void forget(const char *path)
{
    (void)unlink(path);
}
#else
static int create(char *path, size_t size)
{
    int fd = memfd_create("twinmap-file", MFD_CLOEXEC);

    (void)snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

static void forget(const char *path)
{
    (void)path;
}
#endif

static int write_pattern(struct host_files *f, const struct entry *t, int fd, uint64_t from,
                         uint64_t to)
{
    while (from < to) {
        size_t len = (size_t)u64_min(to - from, CHUNK);
        ssize_t n;

        f->pattern(t->index, from, f->chunk, len);
        n = pwrite(fd, f->chunk, len, (off_t)from);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        from += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

/*
 * The contents of a new or a changed file. Cutting it first takes away what was stored into holes,
 * and behind EOF in its last page, where stores through a mapping stay.
 */
static int fill(struct host_files *f, const struct entry *t, int fd)
{
    uint64_t size = t->spec.size;
    uint64_t cut = t->extent.head == size ? u64_align_down(size, ROUND) : 0;
    int rc;

    if (ftruncate(fd, (off_t)cut) != 0 || ftruncate(fd, (off_t)size) != 0) {
        return -errno;
    }
    rc = write_pattern(f, t, fd, 0, t->extent.head);
    return rc ? rc : write_pattern(f, t, fd, size - t->extent.tail, size);
}

/* FD as the program's descriptor: the mode asked for, a high number. Closes FD in any case. */
static int finish(int fd, const char *path, enum host_file_open open_mode)
{
    static const int modes[] = {O_RDWR, O_RDONLY, O_WRONLY};
    int rc;

    if (open_mode != HOST_FILE_RDWR) {
        int again = open(path, modes[open_mode] | O_CLOEXEC);

        if (again < 0) {
            rc = -errno;
            (void)close(fd);
            return rc;
        }
        (void)close(fd);
        fd = again;
    }
    rc = fcntl(fd, F_DUPFD_CLOEXEC, FD_FLOOR);
    if (rc < 0 && errno == EINVAL) {
        return fd; /* a process that may not have such numbers */
    }
    if (rc < 0) {
        rc = -errno;
    }
    (void)close(fd);
    return rc;
}

/* A new file for T; 0 or a negative errno. */
static int make(struct host_files *f, struct entry *t)
{
    char path[64];
    int fd = create(path, sizeof(path));
    int rc;

    if (fd < 0) {
        return -errno;
    }
    rc = fill(f, t, fd);
    if (rc) {
        (void)close(fd);
    } else {
        rc = finish(fd, path, t->spec.open);
    }
    forget(path);
    if (rc < 0) {
        return rc;
    }
    t->fd = rc;
    return 0;
}

static void drop(struct host_files *f, size_t at)
{
    (void)close(f->pool.v[at].fd);
    f->pool.v[at] = f->pool.v[--f->pool.n];
}

/* Put right what the last program may have changed; what cannot be is dropped. */
static void clean(struct host_files *f)
{
    for (size_t i = f->pool.n; i-- > 0;) {
        struct entry *t = &f->pool.v[i];

        if (t->dirty && fill(f, t, t->fd) != 0) {
            drop(f, i);
        } else {
            t->dirty = false;
        }
    }
}

/* The oldest entries go until the rest is small enough. Before a program has taken any. */
static void trim(struct host_files *f)
{
    for (;;) {
        uint64_t bytes = 0;
        size_t oldest = 0;

        for (size_t i = 0; i < f->pool.n; i++) {
            bytes += f->pool.v[i].extent.head + f->pool.v[i].extent.tail;
            oldest = f->pool.v[i].used < f->pool.v[oldest].used ? i : oldest;
        }
        if (f->pool.n <= f->idle_max && bytes <= IDLE_BYTES_MAX) {
            return;
        }
        drop(f, oldest);
    }
}

static struct entry *find(struct host_files *f, const struct entry *like)
{
    for (size_t i = 0; i < f->pool.n; i++) {
        struct entry *t = &f->pool.v[i];

        if (t->index == like->index && t->spec.size == like->spec.size &&
            t->spec.open == like->spec.open && t->extent.head == like->extent.head) {
            return t;
        }
    }
    return NULL;
}

/* The entry for LIKE, from the pool or new. */
static int need(struct host_files *f, struct entry *like, struct entry **ret)
{
    struct entry *t = find(f, like);
    int rc;

    if (t) {
        *ret = t;
        return 0;
    }
    rc = vec_reserve(&f->pool, f->pool.n + 1);
    if (rc == 0) {
        rc = make(f, like);
    }
    if (rc == 0) {
        *ret = &f->pool.v[f->pool.n++];
        **ret = *like;
    }
    return rc;
}

int host_files_begin(struct host_files *f, const struct host_file_spec *specs, size_t n, int *fds,
                     struct err *e)
{
    int rc;

    f->current.n = 0;
    f->program++;
    clean(f);
    trim(f);
    rc = vec_reserve(&f->current, n);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct entry like = {
            .index = (unsigned)i,
            .spec = specs[i],
            .extent = host_files_extent(specs[i].size, n),
        };
        struct entry *t;

        rc = need(f, &like, &t);
        if (rc == 0) {
            t->used = f->program;
            fds[i] = t->fd;
            f->current.v[i] = (size_t)(t - f->pool.v);
        }
    }
    if (rc) {
        return err_set(e, rc, "cannot make the program's files: %s", strerror(-rc));
    }
    f->current.n = n;
    return 0;
}

void host_files_mark_dirty(struct host_files *f, size_t index)
{
    if (index < f->current.n) {
        struct entry *t = &f->pool.v[f->current.v[index]];

        t->dirty = t->spec.open == HOST_FILE_RDWR;
    }
}

static size_t idle_max(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? u64_min(limit.rlim_cur / IDLE_SHARE, IDLE_MAX)
                                                 : IDLE_MAX;
}

int host_files_new(struct host_files **ret, host_file_pattern *pattern, struct err *e)
{
    struct host_files *f = calloc(1, sizeof(*f));

    if (!f) {
        return err_set(e, -ENOMEM, "no memory for the files of programs");
    }
    f->pattern = pattern;
    f->idle_max = idle_max();
    *ret = f;
    return 0;
}

struct host_files *host_files_free(struct host_files *f)
{
    if (f) {
        while (f->pool.n) {
            drop(f, f->pool.n - 1);
        }
        free(f->pool.v);
        free(f->current.v);
        free(f);
    }
    return NULL;
}
