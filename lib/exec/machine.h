/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where programs run: the real host of the system twinmap runs on, or a simulated one. A machine
 * has the struct host that layers are given, the window of a configuration, the files of a program,
 * a reader of its own map, and what lies outside the window and must be after a program what it was
 * before. The runner knows machines by this interface alone.
 *
 * The order within a program: machine_take, machine_reset, machine_files, machine_learn, the
 * program, machine_everything, machine_changed, machine_leave.
 */
#pragma once

#include "base/err.h"
#include "host/host.h"
#include "op/prog.h"
#include "region/region.h"

/* What a configuration asks for. */
struct machine_want {
    unsigned bits;      /* width of a guest address */
    bool zero;          /* guest_base 0 */
    uint64_t host_page; /* the configuration's */
};

/* The stretch of host addresses that belongs to the guest. */
struct machine_window {
    uint64_t base;     /* host address of guest address 0 */
    uint64_t size;     /* bytes of guest address space */
    uint64_t min_addr; /* guest_base 0: nothing below can be mapped; else 0 */
};

struct machine;

struct machine_ops {
    const char *name; /* "real", "sim-linux" */
    const char *note; /* what it is, behind "on" */
    bool real;        /* a real kernel: may refuse for reasons that nobody here can know */

    int (*open)(struct machine **ret, struct err *e);
    void (*close)(struct machine *m);

    /* R, the page size of the host, under a configuration's host_page. */
    uint64_t (*page)(const struct machine *m, uint64_t host_page);
    /*
     * The window for WANT, nothing of an earlier program in it once it is reset. 0, or
     * -EADDRNOTAVAIL with the reason in E if it cannot be had here, or another negative errno.
     */
    int (*take)(struct machine *m, const struct machine_want *want, struct machine_window *ret,
                struct err *e);
    /*
     * RESERVED bytes from guest address 0 (min_addr at guest_base 0) become placeholder, the rest
     * of the window holes. A multiple of R, at most the window's size.
     */
    int (*reset)(struct machine *m, uint64_t reserved, struct err *e);
    /* After a program: nothing of it stays. */
    int (*leave)(struct machine *m, struct err *e);

    /* FDS[i] becomes the descriptor of file i, with fresh bytes. */
    int (*files)(struct machine *m, const struct prog_file *files, size_t n, int *fds,
                 struct err *e);
    /* The program may have stored to file I. Before leave. */
    void (*stored)(struct machine *m, size_t i);

    /* Begin to read the map with the reader NAME (NULL: any); free if it is open already. */
    int (*map_open)(struct machine *m, const char *name, struct err *e);
    /* In a child made by the real fork(): what is open shows the parent. */
    void (*map_close)(struct machine *m);
    /* The regions within WITHIN, cut to it, into OUT. 0 or a negative errno with E filled. */
    int (*map_read)(struct machine *m, struct range within, struct region_vec *out, struct err *e);
    /* All there is, in *RET until the next call. */
    int (*everything)(struct machine *m, const struct region_vec **ret, struct err *e);

    /* Remember what lies outside the window. */
    int (*learn)(struct machine *m, struct err *e);
    /*
     * NULL, or what is not any more what was learnt, by what everything found last. WINDOW_LAST is
     * the last host address that the program could use.
     */
    const char *(*changed)(struct machine *m, uint64_t window_last);

    /*
     * Fork in this process: the child's address space is the current one until exit. 0 or a
     * negative errno. NULL: the machine is this process's own and forks as it does.
     */
    int (*fork)(struct machine *m);
    void (*exit)(struct machine *m);
};

struct machine {
    const struct machine_ops *ops;
    struct host *host; /* its page and min_addr are valid after take */
    uint64_t memory;   /* bytes that a program's memory may take together; 0: no bound here */
};

/* The N-th kind, NULL past the last; by name, NULL if unknown. */
const struct machine_ops *machine_nth(size_t n);
const struct machine_ops *machine_find(const char *name);

/* Takes NULL, returns NULL. */
struct machine *machine_close(struct machine *m);

/*
 * What byte OFFSET and the LEN - 1 behind it of file INDEX of SIZE bytes, in a program of N_FILES,
 * hold before any store, on every machine: the pattern, or zeros where a big file has none.
 */
void machine_fresh_bytes(unsigned index, uint64_t size, size_t n_files, uint64_t offset, void *buf,
                         size_t len);
/* The pattern of file INDEX, whatever its size. */
void machine_file_pattern(unsigned index, uint64_t offset, void *buf, size_t len);


/* The kinds: machine_real.c, machine_sim.c. */
extern const struct machine_ops machine_real;
extern const struct machine_ops machine_sim_linux;
extern const struct machine_ops machine_sim_freebsd;
