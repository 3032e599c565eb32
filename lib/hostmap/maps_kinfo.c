/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader "kinfo" for FreeBSD: the sysctl kern.proc.vmmap, read into a buffer of our own that is
 * kept, because the allocations of kinfo_getvmmap() would change what is being read. Built on
 * FreeBSD only and kept to the documented interface; it has not been run where the other readers
 * were. The kernel tells shared from private only where a type or a flag does: file rows without
 * copy-on-write, and shared memory objects.
 */
#include "hostmap/readers.h"

#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "region/object.h"

#define FIRST_BYTES (256 * 1024)

/* Flags that came with FreeBSD 15. */
#ifndef KVME_FLAG_SYSVSHM
#define KVME_FLAG_SYSVSHM 0x80
#endif
#ifndef KVME_FLAG_POSIXSHM
#define KVME_FLAG_POSIXSHM 0x100
#endif

struct hostmap {
    struct {
        char *v;
        size_t n;
        size_t cap;
    } rows;
};

static enum region_kind kind_of(int type)
{
    switch (type) {
    case KVME_TYPE_VNODE:
    case KVME_TYPE_DEVICE:
    case KVME_TYPE_SG:
    case KVME_TYPE_MGTDEVICE:
        return REGION_FILE;
    case KVME_TYPE_PHYS:
        return REGION_SPECIAL;
    case KVME_TYPE_GUARD:
        return REGION_GUARD;
    default:
        return REGION_ANON;
    }
}

static struct region to_region(const struct kinfo_vmentry *k)
{
    struct region r = {
        .r = {k->kve_start, k->kve_end - 1},
        .kind = (uint8_t)kind_of(k->kve_type),
        .named = k->kve_path[0] != '\0',
    };

    r.prot = (k->kve_protection & KVME_PROT_READ ? REGION_R : 0) |
             (k->kve_protection & KVME_PROT_WRITE ? REGION_W : 0) |
             (k->kve_protection & KVME_PROT_EXEC ? REGION_X : 0);
    r.shared = (r.kind == REGION_FILE && !(k->kve_flags & KVME_FLAG_COW)) ||
               (k->kve_flags & (KVME_FLAG_SYSVSHM | KVME_FLAG_POSIXSHM));
    if (k->kve_type == KVME_TYPE_VNODE) {
        r.object = object_identity((uint32_t)major(k->kve_vn_fsid), (uint32_t)minor(k->kve_vn_fsid),
                                   k->kve_vn_fileid);
        r.offset = k->kve_offset;
    }
    return r;
}

/* All rows. -ENOMEM of the sysctl says that the buffer is too small. */
static int read_rows(struct hostmap *m)
{
    int mib[4] = {CTL_KERN, KERN_PROC, KERN_PROC_VMMAP, getpid()};

    for (;;) {
        int err;

        m->rows.n = m->rows.cap;
        if (sysctl(mib, 4, m->rows.v, &m->rows.n, NULL, 0) == 0) {
            return 0;
        }
        if (errno != ENOMEM) {
            return -errno;
        }
        err = vec_reserve(&m->rows, m->rows.cap + 1);
        if (err) {
            return err;
        }
    }
}

static void kinfo_close(struct hostmap *m)
{
    if (m) {
        free(m->rows.v);
        free(m);
    }
}

static int kinfo_open(struct hostmap **ret, struct err *e)
{
    struct hostmap *m = calloc(1, sizeof(*m));
    int err = m ? vec_reserve(&m->rows, FIRST_BYTES) : -ENOMEM;

    if (!err) {
        err = read_rows(m);
    }
    if (err) {
        kinfo_close(m);
        return err_set(e, err, "kinfo: sysctl kern.proc.vmmap: %s", strerror(-err));
    }
    *ret = m;
    return 0;
}

static int kinfo_read(struct hostmap *m, struct range within, struct region_vec *out)
{
    size_t from = out->n;
    size_t at = 0;
    int err = read_rows(m);

    while (!err && at + sizeof(int) <= m->rows.n) {
        const struct kinfo_vmentry *k = (const struct kinfo_vmentry *)(m->rows.v + at);

        /* Rows are cut off behind their path: each says how long it is. */
        if (k->kve_structsize <= 0) {
            break;
        }
        err = hostmap_push_cut(out, to_region(k), within);
        at += (size_t)k->kve_structsize;
    }
    if (err) {
        out->n = from;
    }
    return err;
}

const struct hostmap_ops hostmap_kinfo = {
    .name = "kinfo",
    .open = kinfo_open,
    .read = kinfo_read,
    .close = kinfo_close,
};
