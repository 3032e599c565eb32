/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real host: windows of this process's own address space, memory files, a reader of this
 * process's map.
 *
 * What lies outside the window is at a program's end held against what lay there when the machine
 * was first asked: the fences are whole; every private file-backed region (text, libraries) is
 * there with the same object, offset and rights; every special one (stack, heap, vdso) is there,
 * though it may have grown or shrunk at a side; above reserved_va the window is empty. Anonymous
 * memory outside comes and goes with the harness itself (malloc, sanitizers, engines) and is not
 * judged, nor are shared maps (engines' own) or files that were mapped later.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exec/machine.h"
#include "host/files.h"
#include "host/real.h"
#include "host/window.h"
#include "hostmap/hostmap.h"

enum {
    CLEAN_NOT = -1, /* a window that a program may have left anything in */
};

enum window_state { STATE_CLOSED, STATE_OPEN, STATE_REFUSED };

struct real_window {
    enum window_state state;
    struct host_window w;
    int64_t clean_reserved; /* as reset for that reserved_va, CLEAN_NOT */
    struct err why;         /* REFUSED */
};

struct real {
    struct machine machine; /* first */
    struct real_window windows[WINDOW_KIND_COUNT];
    struct real_window *window; /* taken last */
    struct host_files *files;
    const struct hostmap_ops *map_ops;
    struct hostmap *map;
    struct region_vec all;     /* what everything found */
    struct region_vec outside; /* what lay outside the windows at first, if it is judged */
    bool outside_known;
};

static struct real *real_of(struct machine *m)
{
    return (struct real *)m;
}

static int real_open(struct machine **ret, struct err *e)
{
    struct real *m;
    int rc = host_catch_install(e);

    if (rc < 0) {
        return rc;
    }
    m = calloc(1, sizeof(*m));
    if (!m) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    m->machine = (struct machine){.ops = &machine_real, .host = host_real()};
    rc = host_files_new(&m->files, machine_file_pattern, e);
    if (rc < 0) {
        free(m);
        return rc;
    }
    *ret = &m->machine;
    return 0;
}

static void real_map_close(struct machine *machine)
{
    struct real *m = real_of(machine);

    if (m->map) {
        m->map_ops->close(m->map);
        m->map = NULL;
    }
}

static void real_close(struct machine *machine)
{
    struct real *m = real_of(machine);

    real_map_close(machine);
    for (size_t i = 0; i < WINDOW_KIND_COUNT; i++) {
        if (m->windows[i].state == STATE_OPEN) {
            host_window_close(&m->windows[i].w);
        }
    }
    host_files_free(m->files);
    region_vec_free(&m->all);
    region_vec_free(&m->outside);
    free(m);
}

static uint64_t real_page(const struct machine *m, uint64_t host_page)
{
    (void)host_page; /* one above R is QEMU's -p */
    return m->host->page;
}

static int real_take(struct machine *machine, const struct machine_want *want,
                     struct machine_window *ret, struct err *e)
{
    struct real *m = real_of(machine);
    bool wide = want->bits == 64;
    enum window_kind kind =
        want->zero ? (wide ? WINDOW_64_ZERO : WINDOW_32_ZERO) : (wide ? WINDOW_64 : WINDOW_32);
    struct real_window *w = &m->windows[kind];

    if (w->state == STATE_CLOSED) {
        int rc = host_window_open(&w->w, kind, &w->why);

        w->state = rc == 0 ? STATE_OPEN : STATE_REFUSED;
        w->clean_reserved = CLEAN_NOT;
    }
    if (w->state == STATE_REFUSED) {
        return err_set(e, -EADDRNOTAVAIL, "%s", w->why.text);
    }
    m->window = w;
    *ret = (struct machine_window){.base = w->w.base, .size = w->w.size, .min_addr = w->w.min_addr};
    return 0;
}

static int real_reset(struct machine *machine, uint64_t reserved, struct err *e)
{
    struct real_window *w = real_of(machine)->window;

    if (w->clean_reserved != (int64_t)reserved && host_window_reset(&w->w, reserved, e) < 0) {
        return -EADDRNOTAVAIL;
    }
    w->clean_reserved = CLEAN_NOT;
    return 0;
}

/*
 * At guest_base 0 there is room for one window in the process: it is given back for other machines
 * to have.
 */
static int real_leave(struct machine *machine, struct err *e)
{
    struct real_window *w = real_of(machine)->window;
    uint64_t reserved = w->w.reserved;
    int rc;

    if (w->w.base == 0) {
        host_window_close(&w->w);
        w->state = STATE_CLOSED;
        return 0;
    }
    rc = host_window_reset(&w->w, reserved, e);
    w->clean_reserved = rc == 0 ? (int64_t)reserved : CLEAN_NOT;
    return rc;
}

_Static_assert((int)PROG_RDWR == HOST_FILE_RDWR && (int)PROG_RDONLY == HOST_FILE_RDONLY &&
                   (int)PROG_WRONLY == HOST_FILE_WRONLY,
               "programs and files name open modes alike");

static int real_files(struct machine *machine, const struct prog_file *files, size_t n, int *fds,
                      struct err *e)
{
    struct host_file_spec specs[PROG_FILES_MAX];

    for (size_t i = 0; i < n; i++) {
        specs[i] = (struct host_file_spec){.size = files[i].size, .open = files[i].open};
    }
    return host_files_begin(real_of(machine)->files, specs, n, fds, e);
}

static void real_stored(struct machine *machine, size_t i)
{
    host_files_mark_dirty(real_of(machine)->files, i);
}

static int real_map_open(struct machine *machine, const char *name, struct err *e)
{
    struct real *m = real_of(machine);
    const struct hostmap_ops *want = NULL;

    if (name) {
        want = hostmap_find(name);
        if (!want) {
            return err_set(e, -EINVAL, "unknown map reader '%s'", name);
        }
    }
    if (m->map && (!want || want == m->map_ops)) {
        return 0;
    }
    real_map_close(machine);
    if (!want) {
        return hostmap_open_best(&m->map_ops, &m->map, e);
    }
    m->map_ops = want;
    return want->open(&m->map, e);
}

static int real_map_read(struct machine *machine, struct range within, struct region_vec *out,
                         struct err *e)
{
    struct real *m = real_of(machine);
    int rc;

    region_vec_clear(out);
    rc = m->map_ops->read(m->map, within, out);
    return rc < 0 ? err_set(e, rc, "cannot read the host map (%s): %s", m->map_ops->name,
                            strerror(-rc))
                  : 0;
}

static int real_everything(struct machine *machine, const struct region_vec **ret, struct err *e)
{
    struct real *m = real_of(machine);

    *ret = &m->all;
    return real_map_read(machine, (struct range){0, UINT64_MAX}, &m->all, e);
}

static bool judged_outside(const struct region *g)
{
    return (g->kind == REGION_FILE && !g->shared) || g->kind == REGION_SPECIAL;
}

/* What lies outside every window: they hold nothing but placeholder between programs. */
static int real_learn(struct machine *machine, struct err *e)
{
    struct real *m = real_of(machine);
    const struct region_vec *all;
    int rc;

    if (m->outside_known) {
        return 0;
    }
    rc = real_everything(machine, &all, e);
    region_vec_clear(&m->outside);
    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        if (judged_outside(&all->v[i])) {
            rc = region_vec_push(&m->outside, all->v[i]);
        }
    }
    m->outside_known = rc == 0;
    return rc;
}

/* The whole of file-backed region B is there as it was. */
static bool still_there(const struct region_vec *now, const struct region *b)
{
    uint64_t at = b->r.start;

    for (;;) {
        const struct region *c = region_find(now, at);

        if (!c || c->kind != b->kind || c->prot != b->prot || c->shared != b->shared ||
            c->object != b->object ||
            c->offset + (at - c->r.start) != b->offset + (at - b->r.start)) {
            return false;
        }
        if (c->r.last >= b->r.last) {
            return true;
        }
        at = c->r.last + 1;
    }
}

/* Something of special region B is there. */
static bool overlaps_special(const struct region_vec *now, const struct region *b)
{
    for (size_t i = region_lower_bound(now, b->r.start); i < now->n; i++) {
        if (now->v[i].r.start > b->r.last) {
            return false;
        }
        if (now->v[i].kind == REGION_SPECIAL && now->v[i].prot == b->prot) {
            return true;
        }
    }
    return false;
}

static bool fence_is_whole(const struct region_vec *now, struct range fence)
{
    uint64_t at = fence.start;

    while (fence.last > fence.start) {
        const struct region *c = region_find(now, at);

        if (!c || c->prot != 0 || c->kind == REGION_FILE) {
            return false;
        }
        if (c->r.last >= fence.last) {
            break;
        }
        at = c->r.last + 1;
    }
    return true;
}

/* The part of the window above reserved_va, where there is one, is not the program's. */
static bool empty_above(const struct real *m, uint64_t window_last)
{
    const struct host_window *w = &m->window->w;
    uint64_t w_last = w->base + (w->size - 1);
    size_t i = region_lower_bound(&m->all, window_last + 1);

    return w->base == 0 || window_last == w_last || i == m->all.n || m->all.v[i].r.start > w_last;
}

static const char *real_changed(struct machine *machine, uint64_t window_last)
{
    const struct real *m = real_of(machine);
    const struct host_window *w = &m->window->w;

    for (size_t i = 0; i < m->outside.n; i++) {
        const struct region *b = &m->outside.v[i];

        if (b->kind == REGION_FILE && !still_there(&m->all, b)) {
            return "a file-backed region of the process is not what it was";
        }
        if (b->kind == REGION_SPECIAL && !overlaps_special(&m->all, b)) {
            return "a special region of the process is gone";
        }
    }
    if (!fence_is_whole(&m->all, w->fence[0]) || !fence_is_whole(&m->all, w->fence[1])) {
        return "a fence beside the window is not what it was";
    }
    return empty_above(m, window_last) ? NULL
                                       : "something is mapped in the window above reserved_va";
}

const struct machine_ops machine_real = {
    .name = "real",
    .note = "the real host",
    .real = true,
    .open = real_open,
    .close = real_close,
    .page = real_page,
    .take = real_take,
    .reset = real_reset,
    .leave = real_leave,
    .files = real_files,
    .stored = real_stored,
    .map_open = real_map_open,
    .map_close = real_map_close,
    .map_read = real_map_read,
    .everything = real_everything,
    .learn = real_learn,
    .changed = real_changed,
};
