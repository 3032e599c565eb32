/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: the readers of each system, and rules that two of them must
 * apply alike.
 */
#pragma once

#include <sys/types.h>

#include "hostmap/hostmap.h"

extern const struct hostmap_ops hostmap_proc;  /* Linux */
extern const struct hostmap_ops hostmap_query; /* Linux 6.11 and later */
extern const struct hostmap_ops hostmap_kinfo; /* FreeBSD */

/* One mapping as Linux describes it, in text or by ioctl. */
struct linux_map {
    uint64_t start;
    uint64_t next; /* first address behind it */
    uint64_t offset;
    uint64_t inode;
    uint32_t major;
    uint32_t minor;
    uint8_t prot;
    bool shared;
    const char *name; /* not terminated */
    size_t name_len;
};

struct region linux_map_region(const struct linux_map *m);
/* The gate page that /proc/self/maps lists above the process's address space: nobody mapped it. */
bool linux_map_is_gate(const struct linux_map *m);

struct lines;
struct scan;
/* One line of /proc/self/maps. 0, or -EINVAL with the reason. */
int linux_map_parse(const struct lines *l, struct scan *s, struct linux_map *ret, struct err *e);

/*
 * A descriptor of /proc/self/maps. It belongs to the address space of the process that opened it,
 * so after a fork the child's first use opens it anew. 0 or a negative errno.
 */
struct self_maps {
    int fd;
    pid_t pid;
};
int self_maps_open(struct self_maps *s);
int self_maps_refresh(struct self_maps *s);

/* Append the part of R that lies in WITHIN, if any. 0 or -ENOMEM. */
int hostmap_push_cut(struct region_vec *out, struct region r, struct range within);
