/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated hosts. Every program begins with an empty machine, so nothing has to be put right: the
 * page size is the configuration's, guest_base 0 can always be had, and forks happen in this
 * process.
 *
 * Beside the window lies memory of somebody else, as the emulator's own: right below and above it,
 * and where the kernel places a map that has no hint. It is mapped from a file of its own, so that
 * it merges with nothing, its bytes are known, and the specification says by itself whether any of
 * them was stored to. At a program's end all outside the window is exactly what it was.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "exec/machine.h"
#include "host/sim.h"

#define WINDOW_BASE UINT64_C(0x200000000000)
#define WINDOW_SIZE_64 (UINT64_C(1) << 42)
#define WINDOW_SIZE_32 (UINT64_C(1) << 32)
#define FOREIGN_LEN (UINT64_C(1) << 20)
#define MEMORY_MAX (UINT64_C(256) << 20)

enum {
    FOREIGN_MAX = 3,
    FOREIGN_FILE = PROG_FILES_MAX, /* index of its pattern */
};

struct sim {
    struct machine machine; /* first */
    struct sim_host *host;
    struct machine_window window;
    const struct prog_file *files; /* of the current program */
    size_t n_files;
    struct range foreign[FOREIGN_MAX];
    size_t n_foreign;
    struct region_vec all;     /* what everything found */
    struct region_vec outside; /* what lay outside the window at the start */
};

static struct sim *sim_of(struct machine *m)
{
    return (struct sim *)m;
}

static int sim_open(struct machine **ret, const struct machine_ops *ops, enum abi_system system,
                    struct err *e)
{
    struct sim *m = calloc(1, sizeof(*m));
    int rc;

    if (!m) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    rc = sim_host_new(&m->host, system, e);
    if (rc < 0) {
        free(m);
        return rc;
    }
    m->machine = (struct machine){.ops = ops, .host = sim_host_host(m->host), .memory = MEMORY_MAX};
    *ret = &m->machine;
    return 0;
}

static int sim_open_linux(struct machine **ret, struct err *e)
{
    return sim_open(ret, &machine_sim_linux, ABI_LINUX, e);
}

static int sim_open_freebsd(struct machine **ret, struct err *e)
{
    return sim_open(ret, &machine_sim_freebsd, ABI_FREEBSD, e);
}

static void sim_close(struct machine *machine)
{
    struct sim *m = sim_of(machine);

    sim_host_free(m->host);
    region_vec_free(&m->all);
    region_vec_free(&m->outside);
    free(m);
}

static uint64_t sim_page(const struct machine *machine, uint64_t host_page)
{
    (void)machine;
    return host_page;
}

/* All fresh bytes, of the program's files and of somebody else's. */
static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    const struct sim *m = arg;

    if (index == FOREIGN_FILE) {
        machine_file_pattern(index, offset, buf, len);
    } else {
        machine_fresh_bytes(index, m->files[index].size, m->n_files, offset, buf, len);
    }
}

static int add_foreign(struct sim *m, int fd, uint64_t addr)
{
    const struct host_map_req req = {
        .addr = addr,
        .len = FOREIGN_LEN,
        .prot = HOST_R | HOST_W,
        .flags = HOST_MAP_PRIVATE | (addr ? HOST_MAP_FIXED : 0),
        .fd = fd,
        .offset = m->n_foreign * FOREIGN_LEN,
    };
    struct range window = {m->window.base, m->window.base + (m->window.size - 1)};
    struct range *r = &m->foreign[m->n_foreign];
    uint64_t at;
    int rc = host_map(m->machine.host, &req, &at);

    if (rc < 0) {
        return rc;
    }
    *r = (struct range){at, at + (FOREIGN_LEN - 1)};
    if (range_overlaps(*r, window)) {
        return host_unmap(m->machine.host, at, FOREIGN_LEN);
    }
    m->n_foreign++;
    return 0;
}

/* Somebody else's memory. */
static int lay_foreign(struct sim *m)
{
    const struct vm_file_spec spec = {
        .size = FOREIGN_MAX * FOREIGN_LEN,
        .readable = true,
        .fill = fill,
        .arg = m,
        .index = FOREIGN_FILE,
    };
    const struct machine_window *w = &m->window;
    int fd = sim_host_file(m->host, &spec);
    int rc = fd < 0 ? fd : 0;

    m->n_foreign = 0;
    if (rc == 0 && w->base) {
        rc = add_foreign(m, fd, w->base - FOREIGN_LEN);
    }
    rc = rc < 0 ? rc : add_foreign(m, fd, w->base + w->size);
    return rc < 0 ? rc : add_foreign(m, fd, 0);
}

static int sim_take(struct machine *machine, const struct machine_want *want,
                    struct machine_window *ret, struct err *e)
{
    struct sim *m = sim_of(machine);
    const struct sim_setup setup = {.page = want->host_page, .frames_max = machine->memory};
    int rc = sim_host_begin(m->host, &setup, e);

    if (rc < 0) {
        return rc;
    }
    m->window = (struct machine_window){
        .base = want->zero ? 0 : WINDOW_BASE,
        .size = want->bits == 32 ? WINDOW_SIZE_32 : WINDOW_SIZE_64,
        .min_addr = want->zero ? machine->host->min_addr : 0,
    };
    rc = lay_foreign(m);
    if (rc < 0) {
        return err_set(e, rc, "cannot begin a simulated host: %s", strerror(-rc));
    }
    *ret = m->window;
    return 0;
}

static int sim_reset(struct machine *machine, uint64_t reserved, struct err *e)
{
    const struct machine_window *w = &sim_of(machine)->window;
    const struct host_map_req req = {
        .addr = w->base + w->min_addr,
        .len = reserved - w->min_addr,
        .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_NORESERVE | HOST_MAP_FIXED,
        .fd = -1,
    };
    uint64_t at;
    int rc = reserved > w->min_addr ? host_map(machine->host, &req, &at) : 0;

    return rc < 0 ? err_set(e, rc, "cannot lay the placeholder: %s", strerror(-rc)) : 0;
}

/* The next take forgets everything. */
static int sim_leave(struct machine *machine, struct err *e)
{
    (void)machine;
    (void)e;
    return 0;
}

static int sim_files(struct machine *machine, const struct prog_file *files, size_t n, int *fds,
                     struct err *e)
{
    struct sim *m = sim_of(machine);

    m->files = files;
    m->n_files = n;
    for (size_t i = 0; i < n; i++) {
        const struct vm_file_spec spec = {
            .size = files[i].size,
            .readable = files[i].open != PROG_WRONLY,
            .writable = files[i].open != PROG_RDONLY,
            .fill = fill,
            .arg = m,
            .index = (unsigned)i,
        };

        fds[i] = sim_host_file(m->host, &spec);
        if (fds[i] < 0) {
            return err_set(e, fds[i], "cannot make the program's files: %s", strerror(-fds[i]));
        }
    }
    return 0;
}

static void sim_stored(struct machine *machine, size_t i)
{
    (void)machine;
    (void)i;
}

/* A simulated host knows its own map: there is no choice of readers. */
static int sim_map_open(struct machine *machine, const char *name, struct err *e)
{
    (void)machine;
    (void)name;
    (void)e;
    return 0;
}

static void sim_map_close(struct machine *machine)
{
    (void)machine;
}

/* FreeBSD's map does not say whether anonymous memory is shared; a simulated one knows. */
static void add_sharing(const struct vm_proc *p, struct region_vec *v)
{
    for (size_t i = 0; i < v->n; i++) {
        struct region *g = &v->v[i];

        g->shared = g->shared || (g->kind == REGION_ANON && vm_shared(p, g->r.start));
    }
}

static int sim_map_read(struct machine *machine, struct range within, struct region_vec *out,
                        struct err *e)
{
    const struct vm_proc *p = sim_host_proc(sim_of(machine)->host);
    int rc;

    region_vec_clear(out);
    rc = vm_regions(p, within, out);
    if (rc == 0) {
        add_sharing(p, out);
    }
    return rc < 0 ? err_set(e, rc, "cannot read the host map: %s", strerror(-rc)) : 0;
}

static int sim_everything(struct machine *machine, const struct region_vec **ret, struct err *e)
{
    struct sim *m = sim_of(machine);

    *ret = &m->all;
    return sim_map_read(machine, (struct range){0, UINT64_MAX}, &m->all, e);
}

static struct range window_of(const struct sim *m)
{
    return (struct range){m->window.base, m->window.base + (m->window.size - 1)};
}

static int sim_learn(struct machine *machine, struct err *e)
{
    struct sim *m = sim_of(machine);
    const struct region_vec *all;
    int rc = sim_everything(machine, &all, e);

    region_vec_clear(&m->outside);
    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        if (!range_overlaps(all->v[i].r, window_of(m))) {
            rc = region_vec_push(&m->outside, all->v[i]);
        }
    }
    return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

static bool same_region(const struct region *a, const struct region *b)
{
    return a->r.start == b->r.start && a->r.last == b->r.last && a->prot == b->prot &&
           a->kind == b->kind && a->shared == b->shared && a->object == b->object &&
           a->offset == b->offset;
}

/* NULL, or how the map outside the window, and in it behind WINDOW_LAST, differs. */
static const char *map_changed(const struct sim *m, uint64_t window_last)
{
    struct range window = window_of(m);
    size_t known = 0;

    for (size_t i = 0; i < m->all.n; i++) {
        const struct region *g = &m->all.v[i];

        if (range_overlaps(g->r, window)) {
            if (g->r.last > window_last) {
                return "something is mapped in the window above reserved_va";
            }
        } else if (known == m->outside.n || !same_region(g, &m->outside.v[known++])) {
            return "the memory outside the window is not mapped as it was";
        }
    }
    return known == m->outside.n ? NULL : "a part of the memory outside the window is gone";
}

static const char *sim_changed(struct machine *machine, uint64_t window_last)
{
    const struct sim *m = sim_of(machine);
    const char *what = map_changed(m, window_last);

    for (size_t i = 0; !what && i < m->n_foreign; i++) {
        uint64_t at = m->foreign[i].start;

        if (vm_next_written(sim_host_proc(m->host), m->foreign[i], &at)) {
            what = "memory outside the window was stored to";
        }
    }
    return what;
}

static int sim_fork(struct machine *machine)
{
    return sim_host_fork(sim_of(machine)->host);
}

static void sim_exit(struct machine *machine)
{
    sim_host_exit(sim_of(machine)->host);
}

#define SIM_OPS(NAME, NOTE, OPEN) \
    { \
        .name = (NAME), .note = (NOTE), .open = (OPEN), .close = sim_close, .page = sim_page, \
        .take = sim_take, .reset = sim_reset, .leave = sim_leave, .files = sim_files, \
        .stored = sim_stored, .map_open = sim_map_open, .map_close = sim_map_close, \
        .map_read = sim_map_read, .everything = sim_everything, .learn = sim_learn, \
        .changed = sim_changed, .fork = sim_fork, .exit = sim_exit, \
    }

const struct machine_ops machine_sim_linux =
    SIM_OPS("sim-linux", "a simulated Linux", sim_open_linux);
const struct machine_ops machine_sim_freebsd =
    SIM_OPS("sim-freebsd", "a simulated FreeBSD", sim_open_freebsd);
