/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the native child: what it needs is allocated once, then programs are taken from the
 * ring, run and written down. While a program runs the child allocates nothing, for what the
 * allocator mapped would lie among the program's own mappings.
 */
#include "exec/kernel_impl.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "base/vec.h"
#include "host/real.h"
#include "op/codec.h"

enum { WAIT_MS = 1000, HEAP_ROOM = 64 << 20 };

/* The C library's heap gets all its room now and never maps anything elsewhere. */
static void settle_heap(void)
{
#ifdef __GLIBC__
    void *room;

    (void)mallopt(M_MMAP_MAX, 0);
    (void)mallopt(M_TRIM_THRESHOLD, -1);
    room = malloc(HEAP_ROOM);
    /* the compiler must not see that nobody uses it */
    __asm__ volatile("" : : "r"(room) : "memory");
    free(room);
#endif
}

static int allocate(struct kernel_child *c, struct err *e)
{
    c->prog = PROG_INIT;
    c->bytes = malloc(PROG_ACCESS_MAX);
    if (!c->bytes || vec_reserve(&c->now, KERNEL_REGIONS_MAX) < 0 ||
        vec_reserve(&c->prog.ops, PROG_OPS_MAX) < 0 ||
        vec_reserve(&c->prog.files, PROG_FILES_MAX) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    return hostmap_open_best(&c->map_ops, &c->map, e);
}

static int setup(struct kernel_child *c, struct err *e)
{
    int rc;

    if (personality(0xffffffff) & READ_IMPLIES_EXEC) {
        return err_set(e, -ENOTSUP, "this process has READ_IMPLIES_EXEC");
    }
    settle_heap();
    rc = host_catch_install(e);
    if (rc < 0) {
        return rc;
    }
    (void)host_real();
    rc = allocate(c, e);
    if (rc < 0) {
        return rc;
    }
    c->place = (struct record_place){
        .system = ABI_LINUX,
        .bits = 64,
        .window = KERNEL_WINDOW,
    };
    kernel_limits(&c->place);
    return kernel_space_clear(c, e);
}

static int begin(struct kernel_child *c, struct err *e)
{
    int rc = prog_decode(&c->prog, c->slot->program, c->slot->len);

    if (rc < 0) {
        return err_set(e, rc, "out of memory");
    }
    c->how = (struct op_resolver){
        .system = ABI_LINUX,
        .bits = 64,
        .window = KERNEL_WINDOW,
        .n_files = c->prog.files.n,
        .mremap = true,
    };
    op_results_clear(&c->results);
    c->process = 0;
    c->locks = false;
    c->grows = false;
    c->over = false;
    rc = kernel_files_begin(c, e);
    if (rc == 0) {
        rc = kernel_space_read(c);
    }
    /* the allocator has come here after all: the room for programs begins elsewhere */
    if (rc == 0 && c->now.n > 0) {
        rc = kernel_space_clear(c, e);
    }
    c->slot->record.place = c->place;
    return rc < 0 ? rc : kernel_space_begin(c);
}

static void run_program(struct kernel_child *c)
{
    struct err e = {""};
    int rc;

    c->rec = &c->slot->record;
    if (c->slot->len == 0) {
        return;
    }
    rc = begin(c, &e);
    if (rc == 0) {
        kernel_run_ops(c, 0, c->prog.ops.n);
        kernel_files_end(c);
        rc = kernel_space_empty(c);
    }
    if (rc < 0) {
        c->slot->rc = rc;
        snprintf(c->slot->error, sizeof(c->slot->error), "%s", e.text[0] ? e.text : strerror(-rc));
    }
}

_Noreturn void kernel_child(struct kernel_shared *sh)
{
    static struct kernel_child self; /* too large for a stack; this process has no other */
    struct kernel_child *c = &self;
    struct err e = {""};
    int rc;

    memset(c, 0, sizeof(*c));
    c->sh = sh;
    rc = setup(c, &e);
    sh->place = c->place;
    snprintf(sh->error, sizeof(sh->error), "%s", e.text);
    sh->rc = rc;
    atomic_fetch_add(&sh->beat, 1);
    kernel_wake(&sh->beat);
    if (rc < 0) {
        _exit(1);
    }
    for (;;) {
        unsigned done = atomic_load(&sh->done);

        while (atomic_load(&sh->submitted) == done) {
            atomic_store(&sh->child_waits, 1);
            if (atomic_load(&sh->submitted) == done) {
                kernel_wait(&sh->submitted, done, WAIT_MS);
            }
            atomic_store(&sh->child_waits, 0);
        }
        c->slot = &sh->slot[done % KERNEL_RING];
        run_program(c);
        atomic_store(&sh->done, done + 1);
        if (atomic_load(&sh->parent_waits)) {
            kernel_wake(&sh->done);
        }
    }
}
