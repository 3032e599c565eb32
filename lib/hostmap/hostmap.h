/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of a process's own map: all give sorted regions of host addresses (object, offset, name
 * flag filled).
 */
#pragma once

#include "base/err.h"
#include "region/region.h"

struct hostmap; /* an open reader */

struct hostmap_ops {
    const char *name; /* "proc", "query", "kinfo" */
    /* 0, or a negative errno with the reason in E: no such file, kernel too old, ... */
    int (*open)(struct hostmap **ret, struct err *e);
    /*
     * The regions that overlap WITHIN, cut to it, appended to OUT. 0, or a negative errno with OUT
     * as it was. In a child after fork the child's own map. Not what merely looks like a mapping
     * (Linux's [vsyscall]).
     */
    int (*read)(struct hostmap *m, struct range within, struct region_vec *out);
    void (*close)(struct hostmap *m);
};

/* The N-th reader this build has, best first; NULL past the last. By name; NULL if unknown. */
const struct hostmap_ops *hostmap_nth(size_t n);
const struct hostmap_ops *hostmap_find(const char *name);
/* The first that opens here. */
int hostmap_open_best(const struct hostmap_ops **ops, struct hostmap **ret, struct err *e);

/*
 * Text formats, parsed on any system, appended to OUT as they stand. -EINVAL with "line N: expected
 * ..., found ..." in E and OUT as it was: a row that is not of the format, ranges that do not
 * ascend, rows of a second process.
 */
int hostmap_parse_proc(const char *text, size_t len, struct region_vec *out, struct err *e);
int hostmap_parse_procstat(const char *text, size_t len, struct region_vec *out, struct err *e);
