/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry of readers, best first. */
#include "hostmap/hostmap.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"
#include "hostmap/readers.h"

static const struct hostmap_ops *const readers[] = {
#if defined(__linux__)
    &hostmap_query,
    &hostmap_proc,
#elif defined(__FreeBSD__)
    &hostmap_kinfo,
#endif
    NULL,
};

const struct hostmap_ops *hostmap_nth(size_t n)
{
    return n < ARRAY_LEN(readers) ? readers[n] : NULL;
}

const struct hostmap_ops *hostmap_find(const char *name)
{
    for (size_t i = 0; readers[i]; i++) {
        if (strcmp(readers[i]->name, name) == 0) {
            return readers[i];
        }
    }
    return NULL;
}

int hostmap_open_best(const struct hostmap_ops **ops, struct hostmap **ret, struct err *e)
{
    int err = err_set(e, -ENOSYS, "no reader of the process's own map on this system");

    for (size_t i = 0; readers[i]; i++) {
        err = readers[i]->open(ret, e);
        if (err == 0) {
            *ops = readers[i];
            return 0;
        }
    }
    return err;
}

int hostmap_push_cut(struct region_vec *out, struct region r, struct range within)
{
    struct range cut;

    if (!range_overlaps(r.r, within)) {
        return 0;
    }
    cut = range_cut(r.r, within);
    if (r.object) {
        r.offset += cut.start - r.r.start;
    }
    r.r = cut;
    return region_vec_push(out, r);
}
