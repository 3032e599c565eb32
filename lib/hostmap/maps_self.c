/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader "proc": the text of /proc/self/maps, in one buffer that is kept between reads. No stdio,
 * because a stream's own allocations would change what is being read.
 */
#include "hostmap/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "hostmap/scan.h"

#define FIRST_BYTES 65536
/* A read of this size is what the kernel fills at most; less room would only cost more calls. */
#define ROOM_MIN 8192

struct hostmap {
    struct self_maps self;
    struct {
        char *v;
        size_t n;
        size_t cap;
    } text;
};

int self_maps_open(struct self_maps *s)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    *s = (struct self_maps){fd, getpid()};
    return 0;
}

int self_maps_refresh(struct self_maps *s)
{
    struct self_maps fresh;
    int err;

    if (s->pid == getpid()) {
        return 0;
    }
    err = self_maps_open(&fresh);
    if (err) {
        return err;
    }
    close(s->fd);
    *s = fresh;
    return 0;
}

static void proc_close(struct hostmap *m)
{
    if (m) {
        close(m->self.fd);
        free(m->text.v);
        free(m);
    }
}

static int proc_open(struct hostmap **ret, struct err *e)
{
    struct hostmap *m = calloc(1, sizeof(*m));
    int err;

    if (!m) {
        return err_set(e, -ENOMEM, "proc: out of memory");
    }
    err = self_maps_open(&m->self);
    if (err) {
        free(m);
        return err_set(e, err, "proc: /proc/self/maps: %s", strerror(-err));
    }
    err = vec_reserve(&m->text, FIRST_BYTES);
    if (err) {
        proc_close(m);
        return err_set(e, err, "proc: out of memory");
    }
    *ret = m;
    return 0;
}

/* The whole text. Growing the buffer may change the map, so that starts all over. */
static int read_text(struct hostmap *m)
{
    for (;;) {
        ssize_t n;

        if (m->text.cap - m->text.n < ROOM_MIN) {
            int err = vec_reserve(&m->text, m->text.cap + ROOM_MIN);

            if (err) {
                return err;
            }
            m->text.n = 0;
        }
        n = pread(m->self.fd, m->text.v + m->text.n, m->text.cap - m->text.n, (off_t)m->text.n);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return 0;
        }
        m->text.n += n > 0 ? (size_t)n : 0;
    }
}

static int proc_read(struct hostmap *m, struct range within, struct region_vec *out)
{
    size_t from = out->n;
    struct lines l;
    struct scan s;
    int err = self_maps_refresh(&m->self);

    m->text.n = 0;
    if (!err) {
        err = read_text(m);
    }
    l = lines_of(m->text.v, m->text.n);
    while (!err && lines_next(&l, &s)) {
        struct linux_map map;

        err = linux_map_parse(&l, &s, &map, NULL);
        if (!err && map.start > within.last) {
            break;
        }
        if (!err && !linux_map_is_gate(&map)) {
            err = hostmap_push_cut(out, linux_map_region(&map), within);
        }
    }
    if (err) {
        out->n = from;
    }
    return err;
}

const struct hostmap_ops hostmap_proc = {
    .name = "proc",
    .open = proc_open,
    .read = proc_read,
    .close = proc_close,
};
