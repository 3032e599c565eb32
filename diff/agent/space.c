/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where programs run: the hole in the agent's own address space into which the system places what
 * has no place. It cannot be closed off as the native child does it, for the page tables of an
 * emulator would take for ever to fill; a fence keeps it from the neighbour that it begins at, so
 * that its edge is a multiple of every page size.
 */
#include "agent.h"

#include <linux/mman.h>
#include <string.h>

#include "access.h"
#include "maps.h"
#include "owned.h"
#include "sys.h"

#define NEAR (UINT64_C(1) << 20)
#define FENCE 65536
#define STACK_ROOM (UINT64_C(16) << 20) /* for a stack that grows */
#define LOWEST_MAX (UINT64_C(1) << 24)
#define ROOM_MIN (UINT64_C(1) << 28)
/* The window of the native child, exec/kernel.h, where it can be had. */
#define WINDOW_HIGH UINT64_C(0x200000000000)
#define WINDOW_LOW UINT64_C(0x50000000)

enum {
    PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
    UNKNOWN_MIN = 65536,
    FENCE_TRIES = 4,
};

/* Where the system places a page that has none, given HINT; false if nowhere. */
static bool find_placed(const struct agent *a, uint64_t hint, uint64_t *ret)
{
    long at = sys_mmap(hint, a->place.page, PROT_NONE, PRIVATE, -1, 0);

    if (sys_failed(at)) {
        return false;
    }
    *ret = (unsigned long)at;
    (void)sys_munmap(*ret, a->place.page);
    return true;
}

/* By munmap, which refuses what lies beyond; a map with MAP_FIXED_NOREPLACE could be misread. */
static bool in_user_space(const struct agent *a, uint64_t at)
{
    return region_find(&a->now, at) != NULL || sys_munmap(at, a->place.page) == 0;
}

static uint64_t find_last(const struct agent *a)
{
    uint64_t page = a->place.page;
    uint64_t good = u64_align_down((uintptr_t)agent_anchor, page);
    uint64_t bad = UINT64_C(1) << (a->place.bits == 32 ? 32 : 63);

    while (bad - good > page) {
        uint64_t at = u64_align_down(good + (bad - good) / 2, page);

        if (in_user_space(a, at)) {
            good = at;
        } else {
            bad = at;
        }
    }
    return good + page - 1;
}

/* What is free around AT, a free page. */
static struct range hole_around(const struct agent *a, uint64_t at)
{
    size_t behind = region_lower_bound(&a->now, at);
    struct range r = {a->place.fixed_min, a->place.last};

    if (behind > 0) {
        r.start = u64_max(r.start, a->now.v[behind - 1].r.last + 1);
    }
    if (behind < a->now.n) {
        r.last = u64_min(r.last, a->now.v[behind].r.start - 1);
    }
    return r;
}

/* LEN bytes where the system places them, which never merge with a neighbour. */
static void fence(uint64_t len)
{
    long at = sys_mmap(0, len, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (sys_failed(at)) {
        agent_fail("nothing can be mapped beside the room for programs");
    }
}

/* How far W is, where the system goes on behind AT, from a multiple of all page sizes. */
static uint64_t skew(const struct agent *a, struct range w, uint64_t at)
{
    uint64_t next = at + a->place.page;

    if (at - w.start < NEAR) {
        return u64_align_up_wrap(w.start, FENCE) - w.start;
    }
    return w.last + 1 - next < NEAR ? w.last + 1 - u64_align_down(w.last + 1, FENCE) : 0;
}

static bool find_hole(struct agent *a, uint64_t *at, struct range *ret)
{
    if (!maps_read(a, (struct range){0, UINT64_MAX}) || !find_placed(a, 0, at)) {
        return false;
    }
    *ret = hole_around(a, *at);
    return true;
}

/*
 * The fence is placed by the system too, so that it goes on behind it: a map at an address of our
 * own choice would stand in its way, and it would look elsewhere.
 */
static void find_within(struct agent *a)
{
    struct range *w = &a->place.within;
    uint64_t at = 0;
    uint64_t off;
    size_t behind;
    bool found;

    fence((uint64_t)2 * FENCE);
    found = find_hole(a, &at, w);
    for (int i = 0; found && i < FENCE_TRIES && (off = skew(a, *w, at)) > 0; i++) {
        fence(off);
        found = find_hole(a, &at, w);
    }
    if (!found) {
        agent_fail("the system places no page anywhere");
    }
    behind = region_lower_bound(&a->now, at);
    if (behind < a->now.n && range_has(a->now.v[behind].r, (uintptr_t)&off)) {
        uint64_t last = u64_align_down(w->last, FENCE) - STACK_ROOM - 1;

        w->last = u64_min(w->last, u64_max(last, at + a->place.page - 1));
    }
}

static bool has_room(const struct agent *a, uint64_t at, uint64_t room)
{
    return at >= a->place.within.start && at + (room - 1) <= a->place.within.last;
}

/* The same address in every run, if one can be had. */
static uint64_t find_window(const struct agent *a)
{
    const struct range *w = &a->place.within;

    if (a->place.bits == 64) {
        for (uint64_t at = WINDOW_HIGH; at > UINT32_MAX; at /= 2) {
            if (has_room(a, at, at / 8)) {
                return at;
            }
        }
    }
    if (has_room(a, WINDOW_LOW, ROOM_MIN)) {
        return WINDOW_LOW;
    }
    for (uint64_t at = ROOM_MIN; at <= UINT32_MAX; at += ROOM_MIN / 2) {
        if (has_room(a, at, ROOM_MIN)) {
            return at;
        }
    }
    if (has_room(a, u64_align_up_wrap(w->start, LOWEST_MAX), ROOM_MIN / 4)) {
        return u64_align_up_wrap(w->start, LOWEST_MAX);
    }
    agent_fail("there is no room for programs");
}

/* A number in the file PATH, and one behind a dot; false if there is none. */
static bool read_numbers(const char *path, uint64_t *first, uint64_t *second)
{
    char text[64];
    uint64_t n[2] = {0, 0};
    unsigned k = 0;
    long fd = sys_open(path, 0);
    long len;

    if (sys_failed(fd)) {
        return false;
    }
    len = sys_read((int)fd, text, sizeof(text));
    (void)sys_close((int)fd);
    for (long i = 0; i < len && k < 2; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            n[k] = n[k] * 10 + (uint64_t)(text[i] - '0');
        } else if (text[i] == '.' && i > 0) {
            k++;
        } else {
            break;
        }
    }
    *first = n[0];
    *second = n[1];
    return len > 0 && !sys_failed(len) && text[0] >= '0' && text[0] <= '9';
}

/* As exec/kernel_limits.c has it: the newest rules that are known to hold. */
static unsigned find_release(void)
{
    uint64_t major;
    uint64_t minor;

    if (!read_numbers("/proc/sys/kernel/osrelease", &major, &minor)) {
        return 0;
    }
    return major > 6 || (major == 6 && minor >= 17) ? 617 : 600;
}

/* Whether what lies below the limit can be mapped all the same. */
static bool find_privileged(const struct agent *a)
{
    uint64_t at = a->place.fixed_min - a->place.page;
    long got;

#ifdef __hppa__
    if (at == 0) {
        return false; /* the page through which the system is called */
    }
#endif
    if (a->place.fixed_min < a->place.page) {
        return true;
    }
    got = sys_mmap(at, a->place.page, PROT_NONE, PRIVATE | MAP_FIXED, -1, 0);
    if (!sys_failed(got)) {
        (void)sys_munmap((unsigned long)got, a->place.page);
    }
    return !sys_failed(got);
}

static bool find_exec_only(const struct agent *a)
{
    struct access_fault fault;
    uint8_t byte;
    bool mixed;
    bool read;
    long at = sys_mmap(0, a->place.page, PROT_EXEC, PRIVATE, -1, 0);

    if (sys_failed(at)) {
        return false;
    }
    read = access_load((unsigned long)at, 1, &byte, &mixed, &fault);
    (void)sys_munmap((unsigned long)at, a->place.page);
    return !read;
}

void space_find(struct agent *a)
{
    struct record_place *p = &a->place;
    uint64_t unused;

    if (!maps_read(a, (struct range){0, UINT64_MAX})) {
        agent_fail("/proc/self/maps cannot be read");
    }
    p->last = find_last(a);
    if (!read_numbers("/proc/sys/vm/mmap_min_addr", &p->fixed_min, &unused)) {
        p->fixed_min = UNKNOWN_MIN;
    }
    p->fixed_min = u64_align_up_wrap(p->fixed_min, p->page);
    if (!find_placed(a, p->page, &p->min_addr) || p->min_addr > LOWEST_MAX) {
        p->min_addr = p->fixed_min;
    }
    p->privileged = find_privileged(a);
    p->release = find_release();
    p->exec_only = find_exec_only(a);
    find_within(a);
    p->window = find_window(a);
    owned_find(a);
}
