/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of native programs: memfds with a descriptor for each way of opening them, kept for
 * ever and brought to the next program's size, for making files anew would take longer than all
 * else in a program. Each index has two, a small file with the pattern all over and a large one
 * with the pattern at its edges, as every target has it (host/files.h); of a large one only what a
 * program may have stored to is put right.
 */
#include "exec/kernel_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/range.h"
#include "exec/machine.h"
#include "host/files.h"
#include "region/object.h"

static int write_bytes(struct kernel_child *c, const struct kernel_file *f, unsigned i,
                       uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t len = (size_t)u64_min(to - from, PROG_ACCESS_MAX);
        ssize_t n;

        machine_file_pattern(i, from, c->bytes, len);
        n = pwrite(f->fd[PROG_RDWR], c->bytes, len, (off_t)from);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        from += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

/* F as long as SIZE, its bytes from CUT on gone. */
static int resize(const struct kernel_file *f, uint64_t cut, uint64_t size)
{
    int fd = f->fd[PROG_RDWR];

    return ftruncate(fd, (off_t)u64_min(cut, size)) == 0 && ftruncate(fd, (off_t)size) == 0
               ? 0
               : -errno;
}

static int fill_small(struct kernel_child *c, struct kernel_file *f, unsigned i, uint64_t size)
{
    uint64_t have = f->dirty ? 0 : f->size;
    int rc;

    if (!f->dirty && f->size == size) {
        return 0;
    }
    rc = resize(f, have, size);
    return rc < 0 ? rc : write_bytes(c, f, i, have, size);
}

/* The head is there from before, but for what is dirty; the tail moves with the end. */
static int fill_large(struct kernel_child *c, struct kernel_file *f, unsigned i, uint64_t size,
                      struct host_file_extent x)
{
    uint64_t page = c->place.page;
    struct range r = {0, x.head - 1};
    bool all = f->head != x.head;
    int rc;

    if (!f->dirty && f->size == size && !all) {
        return 0;
    }
    rc = resize(f, all ? 0 : x.head, size);
    if (rc == 0 && !all && f->dirty && range_overlaps(f->stored, r)) {
        r = range_widen(range_cut(f->stored, r), page);
        all = true;
        rc = fallocate(f->fd[PROG_RDWR], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)r.start,
                       (off_t)range_len(r)) == 0
                 ? 0
                 : -errno;
    }
    if (rc == 0 && all) {
        rc = write_bytes(c, f, i, r.start, u64_min(r.last + 1, x.head));
    }
    f->head = x.head;
    return rc < 0 ? rc : write_bytes(c, f, i, size - x.tail, size);
}

static int create(struct kernel_file *f)
{
    static const int modes[PROG_OPEN_COUNT] = {
        [PROG_RDWR] = O_RDWR, [PROG_RDONLY] = O_RDONLY, [PROG_WRONLY] = O_WRONLY};
    char path[64];
    struct stat st;
    int fd = memfd_create("twinmap-file", MFD_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (int mode = 0; mode < PROG_OPEN_COUNT; mode++) {
        f->fd[mode] = mode == PROG_RDWR ? fd : open(path, modes[mode] | O_CLOEXEC);
        if (f->fd[mode] < 0) {
            return -errno;
        }
    }
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    f->object = object_identity(major(st.st_dev), minor(st.st_dev), st.st_ino);
    return 0;
}

/* File I as a program that has it with SIZE finds it. */
static int prepare(struct kernel_child *c, unsigned i, uint64_t size, struct kernel_file **ret)
{
    struct host_file_extent x = host_files_extent(size, c->prog.files.n);
    bool small = x.head == size;
    struct kernel_file *f = &c->file[i][!small];
    int rc = f->object == 0 ? create(f) : 0;

    if (rc == 0) {
        rc = small ? fill_small(c, f, i, size) : fill_large(c, f, i, size, x);
    }
    f->size = size;
    f->dirty = rc < 0;
    f->head = rc < 0 ? 0 : f->head;
    f->stored = (struct range){UINT64_MAX, 0};
    *ret = f;
    return rc;
}

int kernel_files_begin(struct kernel_child *c, struct err *e)
{
    for (size_t i = 0; i < c->prog.files.n; i++) {
        const struct prog_file *p = &c->prog.files.v[i];
        int rc = prepare(c, (unsigned)i, p->size, &c->open[i]);

        if (rc < 0) {
            return err_set(e, rc, "cannot make the program's files: %s", strerror(-rc));
        }
        c->fds[i] = c->open[i]->fd[p->open];
    }
    return 0;
}

/* Whether OP, an mmap, shares what it maps, by flags with a name or without. */
static bool shares(const struct op *op)
{
    uint32_t flags;

    return abi_mapflags_to_system(ABI_LINUX, op->arg[3].num, &flags) == 0 &&
           (flags & LINUX_MAP_SHARED);
}

/* How far the program's mappings may have grown, each from where another one ended. */
static uint64_t growth(const struct prog *p)
{
    uint64_t len = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].kind == OP_mremap) {
            uint64_t more = p->ops.v[i].arg[2].num;

            len = more <= UINT64_MAX - len ? len + more : UINT64_MAX;
        }
    }
    return len;
}

void kernel_files_end(struct kernel_child *c)
{
    uint64_t grown = growth(&c->prog);

    for (size_t i = 0; i < c->prog.ops.n; i++) {
        const struct op *op = &c->prog.ops.v[i];
        struct kernel_file *f;
        uint64_t len;
        struct range r;

        if (op->kind != OP_mmap || op->arg[4].base != VALUE_FILE ||
            op->arg[4].ref >= c->prog.files.n || !shares(op)) {
            continue;
        }
        f = c->open[op->arg[4].ref];
        len = op->arg[1].num <= UINT64_MAX - grown ? op->arg[1].num + grown : UINT64_MAX;
        if (!range_from_len(op->arg[5].num, u64_max(len, 1), &r)) {
            r = (struct range){0, UINT64_MAX};
        }
        f->dirty = true;
        f->stored.start = u64_min(f->stored.start, r.start);
        f->stored.last = u64_max(f->stored.last, r.last);
    }
}
