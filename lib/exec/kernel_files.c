/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of native programs: one memfd per index, with a descriptor for each way of opening it,
 * kept for ever and brought to the next program's size. Making files anew would take longer than
 * all else in a program; so would filling large ones, which have the pattern at their edges only
 * (struct record_place says so to whoever must know the bytes).
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

#include "exec/machine.h"
#include "region/object.h"

static int write_bytes(struct kernel_child *c, size_t i, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t len = (size_t)u64_min(to - from, PROG_ACCESS_MAX);
        ssize_t n;

        machine_file_pattern((unsigned)i, from, c->bytes, len);
        n = pwrite(c->file[i].fd[PROG_RDWR], c->bytes, len, (off_t)from);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        from += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

/* The bytes of file I of SIZE, of which those before HAVE are as they should be. */
static int fill(struct kernel_child *c, size_t i, uint64_t have, uint64_t size)
{
    uint64_t edge = c->place.file_edge;
    int rc;

    if (ftruncate(c->file[i].fd[PROG_RDWR], (off_t)u64_min(have, size)) != 0 ||
        ftruncate(c->file[i].fd[PROG_RDWR], (off_t)size) != 0) {
        return -errno;
    }
    if (size <= 2 * edge) {
        return write_bytes(c, i, have, size);
    }
    rc = write_bytes(c, i, 0, edge);
    return rc < 0 ? rc : write_bytes(c, i, size - edge, size);
}

static int create(struct kernel_child *c, size_t i)
{
    static const int modes[PROG_OPEN_COUNT] = {
        [PROG_RDWR] = O_RDWR, [PROG_RDONLY] = O_RDONLY, [PROG_WRONLY] = O_WRONLY};
    struct kernel_file *f = &c->file[i];
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

/* File I as a program of SIZE finds it. */
static int prepare(struct kernel_child *c, size_t i, uint64_t size)
{
    struct kernel_file *f = &c->file[i];
    uint64_t small = 2 * c->place.file_edge;
    bool keep = !f->dirty && f->size <= small && size <= small;
    int rc = 0;

    if (f->object == 0) {
        rc = create(c, i);
    } else if (!f->dirty && f->size == size) {
        return 0;
    }
    rc = rc < 0 ? rc : fill(c, i, keep ? f->size : 0, size);
    f->size = size;
    f->dirty = rc < 0;
    return rc;
}

int kernel_files_begin(struct kernel_child *c, struct err *e)
{
    for (size_t i = 0; i < c->prog.files.n; i++) {
        const struct prog_file *p = &c->prog.files.v[i];
        int rc = prepare(c, i, p->size);

        if (rc < 0) {
            return err_set(e, rc, "cannot make the program's files: %s", strerror(-rc));
        }
        c->fds[i] = c->file[i].fd[p->open];
    }
    return 0;
}

void kernel_files_end(struct kernel_child *c)
{
    for (size_t i = 0; i < c->prog.ops.n; i++) {
        const struct op *op = &c->prog.ops.v[i];

        if (op->kind == OP_mmap && op->arg[4].base == VALUE_FILE &&
            op->arg[4].ref < c->prog.files.n && (op->arg[3].num & ABI_MAP_SHARED)) {
            c->file[op->arg[4].ref].dirty = true;
        }
    }
}
