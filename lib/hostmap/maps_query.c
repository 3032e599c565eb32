/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader "query": PROCMAP_QUERY, one ioctl per mapping inside the range asked for and none outside
 * it. The structure and the number are our own, because distribution headers are older than the
 * kernels; whether the running one has it is asked at open. Nothing is allocated once OUT has room.
 */
#include "hostmap/readers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Long enough for every name that has a meaning here; longer ones are paths. */
#define NAME_MAX_BYTES 256

struct map_query {
    uint64_t size; /* of this structure */
    uint64_t query_flags;
    uint64_t query_addr;
    uint64_t vma_start;
    uint64_t vma_next; /* first address behind the mapping */
    uint64_t vma_flags;
    uint64_t vma_page_size;
    uint64_t vma_offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t vma_name_size; /* in: room; out: bytes with the NUL, 0 for none */
    uint32_t build_id_size;
    uint64_t vma_name_addr;
    uint64_t build_id_addr;
};

#define MAP_QUERY _IOWR('f', 17, struct map_query)

_Static_assert(sizeof(struct map_query) == 104, "size of the kernel's structure");
_Static_assert(MAP_QUERY == 0xC0686611, "number of the kernel's ioctl");

enum { VMA_READ = 1, VMA_WRITE = 2, VMA_EXEC = 4, VMA_SHARED = 8, COVERING_OR_NEXT = 0x10 };

/*
 * A file found at an address before: there its path, which is half the cost of a query, is not
 * asked for again.
 */
struct known_file {
    uint64_t at;
    uint64_t inode; /* 0: none known */
    uint32_t major;
    uint32_t minor;
};

enum { KNOWN_FILES = 128 }; /* a power of two; who shares a place replaces the other */

struct hostmap {
    struct self_maps self;
    char name[NAME_MAX_BYTES];
    struct known_file known[KNOWN_FILES];
};

static struct known_file *known_at(struct hostmap *m, uint64_t at)
{
    return &m->known[(at >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 57];
}

static int query_once(struct hostmap *m, uint64_t at, bool with_name, struct map_query *ret)
{
    *ret = (struct map_query){
        .size = sizeof(*ret),
        .query_flags = COVERING_OR_NEXT,
        .query_addr = at,
        .vma_name_size = with_name ? sizeof(m->name) : 0,
        .vma_name_addr = with_name ? (uintptr_t)m->name : 0,
    };
    while (ioctl(m->self.fd, MAP_QUERY, ret) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

static bool same_file(const struct known_file *f, const struct map_query *q)
{
    return q->inode == f->inode && q->dev_major == f->major && q->dev_minor == f->minor;
}

/* Shared anonymous memory has an inode too; only its name, /dev/zero, tells it from a file. */
static void learn_file(const struct hostmap *m, struct known_file *known, uint64_t at,
                       const struct map_query *q)
{
    bool is_file = q->inode != 0 && q->vma_name_size > 1 && m->name[0] == '/' &&
                   strncmp(m->name, "/dev/zero", 9) != 0;

    *known = (struct known_file){at, is_file ? q->inode : 0, q->dev_major, q->dev_minor};
}

/* The mapping that holds AT or the next one; -ENOENT past the last. */
static int query(struct hostmap *m, uint64_t at, struct linux_map *ret)
{
    static const char some_path[] = "/";
    struct known_file *known = known_at(m, at);
    struct map_query q;
    bool is_path = known->inode != 0 && known->at == at;
    int err = query_once(m, at, !is_path, &q);

    if (!err && is_path && !same_file(known, &q)) {
        is_path = false;
        err = query_once(m, at, true, &q);
    }
    if (err == -ENAMETOOLONG) {
        is_path = true;
        err = query_once(m, at, false, &q);
    }
    if (err) {
        return err;
    }
    if (!is_path) {
        learn_file(m, known, at, &q);
    }
    *ret = (struct linux_map){
        .start = q.vma_start,
        .next = q.vma_next,
        .offset = q.vma_offset,
        .inode = q.inode,
        .major = q.dev_major,
        .minor = q.dev_minor,
        .prot = q.vma_flags & (VMA_READ | VMA_WRITE | VMA_EXEC),
        .shared = q.vma_flags & VMA_SHARED,
        .name = is_path ? some_path : m->name,
        .name_len = is_path           ? 1
                    : q.vma_name_size ? q.vma_name_size - 1
                                      : 0,
    };
    return 0;
}

static void query_close(struct hostmap *m)
{
    if (m) {
        close(m->self.fd);
        free(m);
    }
}

static int query_open(struct hostmap **ret, struct err *e)
{
    struct hostmap *m = calloc(1, sizeof(*m));
    struct linux_map first;
    int err;

    if (!m) {
        return err_set(e, -ENOMEM, "query: out of memory");
    }
    err = self_maps_open(&m->self);
    if (err) {
        free(m);
        return err_set(e, err, "query: /proc/self/maps: %s", strerror(-err));
    }
    err = query(m, 0, &first);
    if (err) {
        query_close(m);
        return err_set(e, err, "query: this kernel has no PROCMAP_QUERY (Linux 6.11 has): %s",
                       strerror(-err));
    }
    *ret = m;
    return 0;
}

static int query_read(struct hostmap *m, struct range within, struct region_vec *out)
{
    size_t from = out->n;
    uint64_t at = within.start;
    int err = self_maps_refresh(&m->self);

    while (!err) {
        struct linux_map map;

        err = query(m, at, &map);
        if (err || map.start > within.last) {
            break;
        }
        err = hostmap_push_cut(out, linux_map_region(&map), within);
        if (map.next - 1 >= within.last) {
            break;
        }
        at = map.next;
    }
    if (err == -ENOENT) {
        return 0;
    }
    if (err) {
        out->n = from;
    }
    return err;
}

const struct hostmap_ops hostmap_query = {
    .name = "query",
    .open = query_open,
    .read = query_read,
    .close = query_close,
};
