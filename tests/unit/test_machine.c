/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/exec/machine*: every kind of machine gives a program the same start and sees what it left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/machine.h"

#define RESERVED UINT64_C(0x100000)
#define UNIT UINT64_C(0x10000) /* a multiple of every page size */

static struct machine *open_machine(const struct machine_ops *ops)
{
    struct machine *m = NULL;
    struct err e = {""};

    if (ops->open(&m, &e) < 0 || ops->map_open(m, NULL, &e) < 0) {
        fail_msg("%s: %s", ops->name, e.text);
    }
    return m;
}

static struct machine_window take(struct machine *m, unsigned bits, uint64_t host_page,
                                  uint64_t reserved)
{
    const struct machine_want want = {.bits = bits, .host_page = host_page};
    struct machine_window w;
    struct err e = {""};

    if (m->ops->take(m, &want, &w, &e) < 0 || m->ops->reset(m, reserved, &e) < 0) {
        fail_msg("%s: %s", m->ops->name, e.text);
    }
    assert_int_equal(m->host->page, m->ops->page(m, host_page));
    return w;
}

static void leave(struct machine *m)
{
    struct err e = {""};

    if (m->ops->leave(m, &e) < 0) {
        fail_msg("%s: %s", m->ops->name, e.text);
    }
}

static uint64_t map_at(struct machine *m, uint64_t addr, uint64_t len, int prot, uint32_t flags,
                       int fd)
{
    const struct host_map_req req = {
        .addr = addr,
        .len = len,
        .prot = prot,
        .flags = flags | (fd < 0 ? HOST_MAP_ANON : 0),
        .fd = fd,
    };
    uint64_t at = 0;

    assert_int_equal(host_map(m->host, &req, &at), 0);
    return at;
}

static uint64_t map_anon(struct machine *m, uint64_t addr, uint64_t len)
{
    return map_at(m, addr, len, HOST_R | HOST_W, HOST_MAP_PRIVATE | HOST_MAP_FIXED, -1);
}

/* The window holds nothing but RESERVED bytes of placeholder. */
static void check_clean(struct machine *m, const struct machine_window *w, uint64_t reserved)
{
    struct region_vec v = REGION_VEC_INIT;
    struct err e = {""};

    assert_int_equal(m->ops->map_read(m, (struct range){w->base, w->base + (w->size - 1)}, &v, &e),
                     0);
    region_normalise(&v, REGION_MASK_PROT);
    assert_int_equal(v.n, reserved ? 1 : 0);
    if (reserved) {
        assert_true(v.v[0].r.start == w->base);
        assert_true(v.v[0].r.last == w->base + (reserved - 1));
        assert_int_equal(v.v[0].prot, 0);
    }
    region_vec_free(&v);
}

static void test_a_window_is_clean_every_time(void **state)
{
    static const struct {
        unsigned bits;
        uint64_t host_page, reserved;
    } starts[] = {
        {32, 4096, RESERVED}, {32, 4096, RESERVED}, {32, 16384, 0},           {64, 65536, RESERVED},
        {64, 4096, 0},        {32, 65536, 0},       {32, 4096, 2 * RESERVED}, {64, 16384, RESERVED},
    };
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);

    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct machine_window w = take(m, starts[i].bits, starts[i].host_page, starts[i].reserved);

        assert_true(w.base != 0 && w.min_addr == 0);
        assert_true(w.size >= UINT64_C(1) << 32);
        check_clean(m, &w, starts[i].reserved);
        map_anon(m, w.base + UNIT, UNIT);
        assert_int_equal(host_write(m->host, w.base + UNIT, "x", 1, NULL), 0);
        map_anon(m, w.base + 8 * UNIT, UNIT);
        assert_int_equal(host_unmap(m->host, w.base + 4 * UNIT, UNIT), 0);
        leave(m);
    }
    machine_close(m);
}

static void test_page_sizes(void **state)
{
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);

    for (uint64_t page = 4096; page <= 65536; page *= 4) {
        take(m, 32, page, 0);
        assert_int_equal(m->host->page, ops->real ? (uint64_t)sysconf(_SC_PAGESIZE) : page);
        leave(m);
    }
    machine_close(m);
}

/* Guest address 0 at host address 0: always on a simulated host, elsewhere if there is room. */
static void test_guest_base_zero(void **state)
{
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    const struct machine_want want = {.bits = 32, .zero = true, .host_page = 4096};
    struct machine_window w;
    struct err e = {""};
    int rc = ops->take(m, &want, &w, &e);

    if (rc == 0) {
        assert_int_equal(w.base, 0);
        assert_true(w.min_addr >= 4096);
        assert_int_equal(ops->reset(m, RESERVED, &e), 0);
        map_anon(m, w.min_addr, UNIT);
        leave(m);
    } else {
        assert_true(ops->real);
        assert_true(e.text[0] != '\0');
    }
    machine_close(m);
}

/* Bytes as every machine has them, in files small and sparse. */
static void test_files_have_their_bytes(void **state)
{
    static const struct prog_file files[] = {
        {.size = 100},
        {.size = 70000, .open = PROG_RDONLY},
        {.size = UINT64_C(1) << 30},
        {.size = 4096, .open = PROG_WRONLY},
        {.size = 0},
    };
    const uint64_t big = files[2].size;
    const uint64_t offsets[] = {
        0,       50,           4096,       69632,  1 << 20, 2 << 20, (2 << 20) - 7,
        big / 2, big - 200000, big - 4096, big - 1};
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    int fds[ARRAY_LEN(files)];
    struct err e = {""};
    uint64_t objects[ARRAY_LEN(files)];

    take(m, 32, 4096, 0);
    assert_int_equal(ops->files(m, files, ARRAY_LEN(files), fds, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct host_stat st;

        assert_int_equal(host_fstat(m->host, fds[i], &st), 0);
        assert_true(st.regular && st.size == files[i].size && st.object != 0);
        assert_int_equal(st.readable, files[i].open != PROG_WRONLY);
        assert_int_equal(st.writable, files[i].open != PROG_RDONLY);
        for (size_t k = 0; k < i; k++) {
            assert_true(objects[k] != st.object);
        }
        objects[i] = st.object;
        for (size_t k = 0; k < ARRAY_LEN(offsets) && st.readable; k++) {
            uint64_t left = offsets[k] < st.size ? st.size - offsets[k] : 0;
            uint8_t got[300], want[300];
            int64_t n = host_pread(m->host, fds[i], got, sizeof(got), offsets[k]);

            assert_int_equal(n, u64_min(left, sizeof(got)));
            machine_fresh_bytes((unsigned)i, st.size, ARRAY_LEN(files), offsets[k], want,
                                sizeof(want));
            assert_memory_equal(got, want, (size_t)n);
        }
    }
    leave(m);
    machine_close(m);
}

static void test_files_are_fresh_every_time(void **state)
{
    static const struct prog_file files[] = {{.size = 8192}, {.size = 8192}};
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    struct err e = {""};
    uint8_t byte;
    int fds[2];

    for (int round = 0; round < 3; round++) {
        struct machine_window w = take(m, 64, 4096, 0);

        assert_int_equal(ops->files(m, files, 2, fds, &e), 0);
        map_at(m, w.base, UNIT, HOST_R | HOST_W, HOST_MAP_SHARED | HOST_MAP_FIXED, fds[1]);
        assert_int_equal(host_read(m->host, w.base + 600, &byte, 1, NULL), 0);
        assert_int_equal(byte, prog_file_byte(1, 600));
        assert_int_equal(host_write(m->host, w.base + 600, "", 1, NULL), 0);
        assert_int_equal(host_pread(m->host, fds[1], &byte, 1, 600), 1);
        assert_int_equal(byte, 0);
        ops->stored(m, 1);
        leave(m);
    }
    machine_close(m);
}

/* What changed outside says after a program in which HURT happened; NULL if nothing did. */
static const char *outside_after(struct machine *m, uint64_t reserved,
                                 void (*hurt)(struct machine *m, const struct machine_window *w))
{
    struct machine_window w = take(m, 32, 4096, reserved);
    uint64_t last = w.base + (reserved ? reserved : w.size) - 1;
    const struct region_vec *all;
    struct err e = {""};
    const char *what;

    assert_int_equal(m->ops->learn(m, &e), 0);
    map_anon(m, w.base, UNIT);
    map_anon(m, last + 1 - UNIT, UNIT);
    if (hurt) {
        hurt(m, &w);
    }
    assert_int_equal(m->ops->everything(m, &all, &e), 0);
    what = m->ops->changed(m, last);
    leave(m);
    return what;
}

static void hurt_above_reserved(struct machine *m, const struct machine_window *w)
{
    map_anon(m, w->base + RESERVED, UNIT);
}

static void hurt_below(struct machine *m, const struct machine_window *w)
{
    assert_int_equal(host_unmap(m->host, w->base - UNIT, UNIT), 0);
}

static void hurt_above(struct machine *m, const struct machine_window *w)
{
    assert_int_equal(host_protect(m->host, w->base + w->size, UNIT, HOST_R), 0);
}

static void hurt_far_away(struct machine *m, const struct machine_window *w)
{
    map_anon(m, w->base - (UINT64_C(1) << 30), UNIT);
}

static void hurt_bytes(struct machine *m, const struct machine_window *w)
{
    assert_int_equal(host_write(m->host, w->base + w->size + 5, "x", 1, NULL), 0);
}

static void hurt_bytes_of_the_kernels_place(struct machine *m, const struct machine_window *w)
{
    const struct region_vec *all;
    struct err e;
    size_t i = 0;

    assert_int_equal(m->ops->everything(m, &all, &e), 0);
    while (i < all->n && (all->v[i].object == 0 || all->v[i].r.start < w->base + 2 * w->size)) {
        i++;
    }
    /* FreeBSD places below the window, Linux far above it */
    i = i < all->n ? i : 0;
    assert_int_equal(host_write(m->host, all->v[i].r.last, "x", 1, NULL), 0);
}

static void test_outside_is_judged(void **state)
{
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    static const struct {
        void (*hurt)(struct machine *m, const struct machine_window *w);
        const char *says;
    } rows[] = {
        {hurt_below, "not mapped as it was"},
        {hurt_above, "not mapped as it was"},
        {hurt_far_away, "not mapped as it was"},
        {hurt_bytes, "was stored to"},
        {hurt_bytes_of_the_kernels_place, "was stored to"},
    };

    for (int i = 0; i < 2; i++) {
        assert_null(outside_after(m, 0, NULL));
        assert_null(outside_after(m, RESERVED, NULL));
    }
    assert_string_equal(outside_after(m, RESERVED, hurt_above_reserved),
                        "something is mapped in the window above reserved_va");
    for (size_t i = 0; i < ARRAY_LEN(rows) && !ops->real; i++) {
        const char *what = outside_after(m, RESERVED, rows[i].hurt);

        assert_non_null(what);
        assert_non_null(strstr(what, rows[i].says));
        assert_null(outside_after(m, RESERVED, NULL));
    }
    machine_close(m);
    if (ops->real) {
        m = open_machine(ops);
        assert_string_equal(outside_after(m, RESERVED, hurt_below),
                            "a fence beside the window is not what it was");
        machine_close(m);
    }
}

/* A place the kernel likes is somebody else's already, so a map without a hint goes elsewhere. */
static void test_the_kernels_first_place_is_taken(void **state)
{
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    struct machine_window w = take(m, 64, 16384, 0);
    const struct region_vec *all;
    struct err e = {""};
    uint64_t at;

    assert_int_equal(ops->everything(m, &all, &e), 0);
    assert_int_equal(all->n, 3);
    at = map_at(m, 0, UNIT, HOST_R, HOST_MAP_PRIVATE, -1);
    assert_true(at < w.base || at > w.base + (w.size - 1));
    for (size_t i = 0; i < all->n; i++) {
        assert_false(range_has(all->v[i].r, at));
        assert_int_equal(all->v[i].prot, REGION_R | REGION_W);
    }
    leave(m);
    machine_close(m);
}

static void test_forks_in_this_process(void **state)
{
    const struct machine_ops *ops = *state;
    struct machine *m = open_machine(ops);
    struct machine_window w = take(m, 64, 65536, RESERVED);
    uint8_t byte = 0;

    map_anon(m, w.base, UNIT);
    map_at(m, w.base + UNIT, UNIT, HOST_R | HOST_W, HOST_MAP_SHARED | HOST_MAP_FIXED, -1);
    assert_int_equal(ops->fork(m), 0);
    assert_int_equal(host_write(m->host, w.base, "c", 1, NULL), 0);
    assert_int_equal(host_write(m->host, w.base + UNIT, "c", 1, NULL), 0);
    ops->exit(m);
    assert_int_equal(host_read(m->host, w.base, &byte, 1, NULL), 0);
    assert_int_equal(byte, 0);
    assert_int_equal(host_read(m->host, w.base + UNIT, &byte, 1, NULL), 0);
    assert_int_equal(byte, 'c');
    leave(m);
    machine_close(m);
}

static void test_only_the_real_one_needs_a_real_fork(void **state)
{
    (void)state;
    assert_null(machine_real.fork);
    assert_true(machine_real.real);
    for (size_t i = 1; machine_nth(i); i++) {
        assert_non_null(machine_nth(i)->fork);
        assert_non_null(machine_nth(i)->exit);
        assert_false(machine_nth(i)->real);
    }
    assert_null(machine_find("sim"));
}

static void test_fresh_bytes_do_not_depend_on_the_cut(void **state)
{
    static const uint64_t sizes[] = {0, 1, 4095, 70000, UINT64_C(9) << 20, UINT64_C(1) << 33};
    unsigned seed = 1;

    (void)state;
    printf("# seed %u\n", seed);
    srand(seed);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (int round = 0; round < 200; round++) {
            uint64_t at = (uint64_t)rand() * 5 % (sizes[i] + 5000);
            uint8_t whole[5000], parts[5000];

            if (round % 3 == 0) {
                at = sizes[i] > 3000 ? sizes[i] - 3000 : 0;
            }
            machine_fresh_bytes(2, sizes[i], 3, at, whole, sizeof(whole));
            for (size_t done = 0; done < sizeof(parts);) {
                size_t n = u64_min(1 + (size_t)rand() % 900, sizeof(parts) - done);

                machine_fresh_bytes(2, sizes[i], 3, at + done, parts + done, n);
                done += n;
            }
            assert_memory_equal(whole, parts, sizeof(whole));
        }
    }
}

#define ON(test, ops) \
    { \
#test " " #ops, test, NULL, NULL, (void *)(uintptr_t)(&(ops)) \
    }
#define ALL(test) ON(test, machine_real), ON(test, machine_sim_linux), ON(test, machine_sim_freebsd)
#define SIMS(test) ON(test, machine_sim_linux), ON(test, machine_sim_freebsd)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(test_a_window_is_clean_every_time),
        ALL(test_page_sizes),
        ALL(test_guest_base_zero),
        ALL(test_files_have_their_bytes),
        ALL(test_files_are_fresh_every_time),
        ALL(test_outside_is_judged),
        SIMS(test_the_kernels_first_place_is_taken),
        SIMS(test_forks_in_this_process),
        cmocka_unit_test(test_only_the_real_one_needs_a_real_fork),
        cmocka_unit_test(test_fresh_bytes_do_not_depend_on_the_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
