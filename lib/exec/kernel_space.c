/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the native child's programs live. One hole of the address space, the one that the window
 * lies in, is theirs alone; every other hole is filled with inaccessible mappings once, so that
 * whatever the kernel places for a program is placed there too, and all that a program has can be
 * read in one go. What lies outside belongs to the child and is never touched for a program.
 *
 * The filling next to the hole is shared memory, which merges with no neighbour.
 */
#include "exec/kernel_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/int.h"

#define WINDOW_LAST (KERNEL_WINDOW + (UINT64_C(1) << 42) - 1)
/* Where the programs' room stops if nothing lies below: the same in every run. */
#define ROOM_LAST UINT64_C(0x4fffffffffff)
#define FENCE 65536
#define LOWEST_MAX (UINT64_C(1) << 24)
/*
 * The top of the room is taken when a program starts, so that what is placed has room above it that
 * later ops may reach.
 */
#define TAKEN_LEN (UINT64_C(1) << 34)

static int map_at(uint64_t at, uint64_t len, int sharing)
{
    long rc = syscall(SYS_mmap, at, len, PROT_NONE,
                      sharing | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (rc == -1) {
        return -errno;
    }
    if ((uint64_t)rc != at) {
        (void)syscall(SYS_munmap, rc, len);
        return -EEXIST;
    }
    return 0;
}

/* The last address that a process can map: below it a fixed map is not refused for its place. */
static uint64_t find_last(uint64_t page)
{
    uint64_t good = UINT64_C(1) << 38;
    uint64_t bad = UINT64_C(1) << 63;

    while (bad - good > page) {
        uint64_t at = u64_align_down(good + (bad - good) / 2, page);
        int rc = map_at(at, page, MAP_PRIVATE);

        if (rc == 0) {
            (void)syscall(SYS_munmap, at, page);
        }
        if (rc == 0 || rc == -EEXIST) {
            good = at;
        } else {
            bad = at;
        }
    }
    return good + page - 1;
}

/* The lowest address that a hint becomes: it may be more than the limit that the system tells. */
static uint64_t find_min_addr(const struct record_place *p)
{
    long at = syscall(SYS_mmap, p->page, p->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == -1) {
        return p->fixed_min;
    }
    (void)syscall(SYS_munmap, at, p->page);
    return (uint64_t)at <= LOWEST_MAX ? (uint64_t)at : p->fixed_min;
}

/* Whether what lies below the limit is refused. */
static bool find_privileged(const struct record_place *p)
{
    uint64_t at = p->fixed_min - p->page;
    int rc;

    if (p->fixed_min < p->page) {
        return true;
    }
    rc = map_at(at, p->page, MAP_PRIVATE);
    if (rc == 0) {
        (void)syscall(SYS_munmap, at, p->page);
    }
    return rc == 0;
}

/* [START, LAST] is filled, the page runs beside the programs' room with what never merges. */
static int fill(struct kernel_child *c, uint64_t start, uint64_t last, struct err *e)
{
    const struct range *room = &c->place.within;
    int rc = 0;

    start = u64_max(start, c->place.min_addr);
    if (start > last) {
        return 0;
    }
    if (start == room->last + 1) {
        uint64_t len = u64_min(FENCE, last - start + 1);

        rc = map_at(start, len, MAP_SHARED);
        start += len;
    }
    if (rc == 0 && last == room->start - 1 && start <= last) {
        uint64_t len = u64_min(FENCE, last - start + 1);

        rc = map_at(last + 1 - len, len, MAP_SHARED);
        last -= len;
    }
    if (rc == 0 && start <= last) {
        rc = map_at(start, last - start + 1, MAP_PRIVATE);
    }
    return rc == 0 ? 0
                   : err_set(e, rc, "cannot fill the address space of the native child: %s",
                             strerror(-rc));
}

/* Index of the first region behind the window, if the window lies in a hole. */
static bool find_hole(const struct region_vec *all, size_t *ret)
{
    *ret = region_lower_bound(all, KERNEL_WINDOW);
    return *ret == all->n || all->v[*ret].r.start > WINDOW_LAST;
}

static bool is_stack(const struct region *r)
{
    uintptr_t here = (uintptr_t)&r;

    return range_has(r->r, here);
}

/* The hole in front of region I, which begins at START; I may be behind the last. */
static int fill_hole(struct kernel_child *c, const struct region_vec *all, size_t i, uint64_t start,
                     struct err *e)
{
    const struct range *room = &c->place.within;
    uint64_t last = i < all->n ? all->v[i].r.start - 1 : c->place.last;
    int rc = 0;

    if (i < all->n && all->v[i].r.start == 0) {
        return 0;
    }
    if (start > last || (i < all->n && is_stack(&all->v[i]))) {
        return 0; /* the stack must be able to grow; no placed map comes there */
    }
    if (range_has(*room, start) || range_has(*room, last) ||
        (start < room->start && last > room->last)) {
        if (start < room->start) {
            rc = fill(c, start, room->start - 1, e);
        }
        return rc == 0 && last > room->last ? fill(c, room->last + 1, last, e) : rc;
    }
    return fill(c, start, last, e);
}

static int fill_all(struct kernel_child *c, const struct region_vec *all, struct err *e)
{
    uint64_t start = 0;
    int rc = 0;

    for (size_t i = 0; i <= all->n && rc == 0; i++) {
        rc = fill_hole(c, all, i, start, e);
        start = i < all->n ? all->v[i].r.last + 1 : start;
    }
    return rc;
}

/* A kernel that places maps from some address upwards comes to no hole below it. */
static int check_placed(const struct record_place *p, struct err *e)
{
    long at = syscall(SYS_mmap, 0, p->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at != -1) {
        (void)syscall(SYS_munmap, at, p->page);
    }
    return at != -1 && range_has(p->within, (uint64_t)at)
               ? 0
               : err_set(e, -ENOTSUP,
                         "this process has an old layout (ADDR_COMPAT_LAYOUT), in which nothing is "
                         "placed where programs run");
}

int kernel_space_clear(struct kernel_child *c, struct err *e)
{
    struct record_place *p = &c->place;
    struct region_vec *all = &c->now;
    size_t behind;
    int rc;

    if (p->page != 4096) {
        return err_set(e, -ENOTSUP, "the native kernel's pages are of %u bytes, not of 4096",
                       (unsigned)p->page);
    }
    p->last = find_last(p->page);
    p->min_addr = find_min_addr(p);
    p->privileged = find_privileged(p);
    region_vec_clear(all);
    rc = c->map_ops->read(c->map, (struct range){0, p->last}, all);
    if (rc < 0) {
        return err_set(e, rc, "cannot read the native child's map: %s", strerror(-rc));
    }
    if (p->last < WINDOW_LAST || !find_hole(all, &behind)) {
        return err_set(e, -ENOTSUP, "0x%llx, where programs run, is not free in this process",
                       (unsigned long long)KERNEL_WINDOW);
    }
    p->within.start = behind > 0 ? all->v[behind - 1].r.last + 1 + FENCE : 0;
    p->within.last =
        u64_min(ROOM_LAST, behind < all->n ? all->v[behind].r.start - 1 - FENCE : p->last - FENCE);
    if (p->within.start > KERNEL_WINDOW || p->within.last < WINDOW_LAST) {
        return err_set(e, -ENOTSUP, "there is no room for programs around 0x%llx",
                       (unsigned long long)KERNEL_WINDOW);
    }
    p->taken = (struct range){p->within.last - TAKEN_LEN + 1, p->within.last};
    rc = fill_all(c, all, e);
    region_vec_clear(all);
    return rc < 0 ? rc : check_placed(p, e);
}

int kernel_space_begin(struct kernel_child *c)
{
    const struct range *r = &c->place.taken;

    return map_at(r->start, range_len(*r), MAP_PRIVATE);
}

int kernel_space_read(struct kernel_child *c)
{
    int rc;

    region_vec_clear(&c->now);
    rc = c->map_ops->read(c->map, c->place.within, &c->now);
    for (size_t i = 0; rc == 0 && i < c->now.n; i++) {
        struct region *r = &c->now.v[i];

        r->named = false;
        for (size_t k = 0; r->object && k < c->prog.files.n; k++) {
            if (r->object == c->open[k]->object) {
                r->object = record_file_object(k);
                break;
            }
        }
    }
    return rc;
}

int kernel_space_empty(struct kernel_child *c)
{
    const struct range *r = &c->place.within;

    return syscall(SYS_munmap, r->start, range_len(*r)) == 0 ? 0 : -errno;
}
