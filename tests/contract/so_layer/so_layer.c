/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An out-of-tree layer, as small as one can be: it includes the ABI alone, knows private anonymous
 * FIXED maps where all pages have one size, and refuses the rest. Built also broken, for the
 * loader's error messages, as a table of an older version, with errors of which one only the host
 * map shows, and with manners that a harness must survive.
 */
#include "flavour/layer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u
#ifdef SO_TAKES_MORE
#define TAKEN_BEHIND 1 /* pages that munmap takes from the host behind its range */
#else
#define TAKEN_BEHIND 0
#endif
#define N_PAGES 4096u /* guest addresses below 16 MiB */
#define VALID 8
#define WRITE_ORG 0x10
#define MAP_NEEDED 0x32u /* Linux MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS */

struct layer {
    struct layer_setup setup;
    pthread_mutex_t mutex;
    struct layer_counters counters;
    uint8_t flags[N_PAGES];
};

static _Thread_local int depth;

#if defined(SO_FLAKY)
static unsigned calls; /* of munmap, whatever the program */
#endif

static struct layer *so_create(void)
{
    return calloc(1, sizeof(struct layer));
}

static void so_destroy(struct layer *l)
{
    free(l);
}

static int so_start(struct layer *l, const struct layer_setup *setup)
{
    if (setup->guest_page != PAGE || setup->host_page != PAGE || setup->real_page != PAGE) {
        return -ENOTSUP;
    }
    memset(l, 0, sizeof(*l));
    l->setup = *setup;
    pthread_mutex_init(&l->mutex, NULL);
    depth = 0;
    return 0;
}

static void so_lock(struct layer *l)
{
    if (depth++ == 0) {
        pthread_mutex_lock(&l->mutex);
        l->counters.locks++;
    }
}

static void so_unlock(struct layer *l)
{
    if (--depth == 0) {
        l->counters.unlocks++;
        pthread_mutex_unlock(&l->mutex);
    }
}

static bool so_have_lock(struct layer *l)
{
    (void)l;
    return depth > 0;
}

static int so_fork_start(struct layer *l)
{
    if (depth > 0) {
        return -EDEADLK;
    }
    pthread_mutex_lock(&l->mutex);
    l->counters.locks++;
    return 0;
}

static void so_fork_end(struct layer *l, bool child)
{
    l->counters.unlocks++;
    if (child) {
        pthread_mutex_init(&l->mutex, NULL);
    } else {
        pthread_mutex_unlock(&l->mutex);
    }
}

static int fail(int err)
{
    errno = err;
    return -1;
}

static bool pages(uint64_t start, uint64_t len, size_t *first, size_t *n)
{
    if (start % PAGE || len == 0 || start / PAGE >= N_PAGES ||
        len > (uint64_t)N_PAGES * PAGE - start) {
        return false;
    }
    *first = start / PAGE;
    *n = (len + PAGE - 1) / PAGE;
    return true;
}

static void changed(struct layer *l, size_t first, size_t n)
{
    if (l->setup.tb_invalidate) {
        l->setup.tb_invalidate(l->setup.arg, first * PAGE, (first + n) * PAGE - 1);
    }
}

static uint64_t so_mmap(struct layer *l, uint64_t start, uint64_t len, int prot, uint32_t flags,
                        int fd, uint64_t offset)
{
    struct host_map_req req = {.prot = prot & 3, .fd = -1};
    uint64_t addr;
    size_t first, n;
    int err;

    (void)fd;
    if (flags != MAP_NEEDED || offset || !pages(start, len, &first, &n)) {
        return (uint64_t)fail(EINVAL);
    }
    req.addr = l->setup.guest_base + start;
    req.len = n * PAGE;
    req.flags = HOST_MAP_PRIVATE | HOST_MAP_FIXED | HOST_MAP_ANON;
    so_lock(l);
    err = host_map(l->setup.host, &req, &addr);
    if (err == 0) {
        memset(l->flags + first, (prot & 7) | VALID | (prot & 2 ? WRITE_ORG : 0), n);
        changed(l, first, n);
    }
    so_unlock(l);
    return err ? (uint64_t)fail(-err) : start;
}

#if defined(SO_HARSH)
/* What may happen to whoever tests a layer, chosen by an address. */
static void be_harsh(uint64_t start)
{
    if (start == 0x20000) {
        abort();
    } else if (start == 0x70000) {
        _exit(9);
    } else if (start == 0xb0000) {
        for (volatile int on = 1; on;) {
        }
    }
}
#endif

static int so_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    size_t first, n;
    int err;

#if defined(SO_EXITS)
    exit(0);
#endif
#if defined(SO_HARSH)
    be_harsh(start);
#endif
    if (!pages(start, len, &first, &n)) {
        return fail(EINVAL);
    }
#if defined(SO_SHORT)
    n -= n > 1;
#endif
#if defined(SO_FLAKY)
    if (++calls % 3 == 0) {
        return fail(ENOMEM);
    }
#endif
    so_lock(l);
    err = host_unmap(l->setup.host, l->setup.guest_base + start, (n + TAKEN_BEHIND) * PAGE);
    if (err == 0) {
        memset(l->flags + first, 0, n);
        changed(l, first, n);
    }
    so_unlock(l);
    return err ? fail(-err) : 0;
}

static bool all_valid(struct layer *l, size_t first, size_t n)
{
    return memchr(l->flags + first, 0, n) == NULL;
}

static int so_mprotect(struct layer *l, uint64_t start, uint64_t len, int prot)
{
    size_t first, n;
    int err = ENOMEM;

    if (prot & ~7) {
        return fail(EINVAL);
    }
    if (len == 0 && start % PAGE == 0) {
        return 0;
    }
    if (!pages(start, len, &first, &n)) {
        return fail(start % PAGE ? EINVAL : ENOMEM);
    }
    so_lock(l);
    if (all_valid(l, first, n)) {
        err = -host_protect(l->setup.host, l->setup.guest_base + start, n * PAGE, prot & 3);
    }
    if (err == 0) {
        memset(l->flags + first, prot | VALID | (prot & 2 ? WRITE_ORG : 0), n);
        changed(l, first, n);
    }
    so_unlock(l);
    return err ? fail(err) : 0;
}

static int so_msync(struct layer *l, uint64_t start, uint64_t len, uint32_t flags)
{
    size_t first, n;

    if (start % PAGE || flags & ~7u) {
        return fail(EINVAL);
    }
    return len == 0 || (pages(start, len, &first, &n) && all_valid(l, first, n)) ? 0 : fail(ENOMEM);
}

static int so_madvise(struct layer *l, uint64_t start, uint64_t len, uint32_t advice)
{
    return advice > 3 ? fail(EINVAL) : so_msync(l, start, len, 0);
}

static int so_translate(struct layer *l, uint64_t addr)
{
    return addr / PAGE < N_PAGES && (l->flags[addr / PAGE] & 4) ? 0 : -1;
}

static int so_unprotect(struct layer *l, uint64_t addr)
{
    (void)l;
    (void)addr;
    return 0;
}

static int so_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run), void *arg)
{
    int r = 0;

    so_lock(l);
    for (size_t i = 0; i < N_PAGES && r == 0; i++) {
        struct layer_run run = {.start = i * PAGE, .flags = l->flags[i]};

        while (i + 1 < N_PAGES && l->flags[i + 1] == run.flags) {
            i++;
        }
        run.last = (i + 1) * PAGE - 1;
        r = run.flags ? emit(arg, &run) : 0;
    }
    so_unlock(l);
    return r;
}

static void so_counters(struct layer *l, struct layer_counters *ret)
{
    *ret = l->counters;
    ret->depth = depth;
}

#if defined(SO_VERSION_1)
/* What lies behind a table of version 1 may be anything. */
static int so_behind_the_end(struct layer *to, const struct layer *from)
{
    (void)to;
    (void)from;
    abort();
}
#endif

#if defined(SO_NO_SYMBOL)
#define TABLE not_the_symbol
#else
#define TABLE twinmap_layer
#endif

extern const struct layer_ops TABLE;
const struct layer_ops TABLE = {
#if defined(SO_OTHER_VERSION)
    .abi_version = LAYER_ABI_VERSION + 1,
#elif defined(SO_VERSION_1)
    .abi_version = 1,
    .copy = so_behind_the_end,
#else
    .abi_version = LAYER_ABI_VERSION,
#endif
    .name = "so",
    .system = "linux",
    .create = so_create,
    .destroy = so_destroy,
    .start = so_start,
    .mmap = so_mmap,
    .munmap = so_munmap,
    .mprotect = so_mprotect,
#if !defined(SO_INCOMPLETE)
    .msync = so_msync,
#endif
    .madvise = so_madvise,
    .mmap_lock = so_lock,
    .mmap_unlock = so_unlock,
    .have_mmap_lock = so_have_lock,
    .mmap_fork_start = so_fork_start,
    .mmap_fork_end = so_fork_end,
    .translate = so_translate,
    .page_unprotect = so_unprotect,
    .page_dump = so_dump,
    .counters = so_counters,
};
#if defined(SO_INCOMPLETE)
/* The function that is left out of the table. */
int so_unused(struct layer *l);
int so_unused(struct layer *l)
{
    return so_msync(l, 0, 0, 0);
}
#endif
