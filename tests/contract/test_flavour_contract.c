/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of flavour/layer.h, the same checks over every layer: the two built-in ones and one
 * from a shared object. And the registry, with what it says about objects that are no layers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/int.h"
#include "../unit/fake_host.h"
#include "flavour/flavour.h"

#define PAGE 0x1000u
#define WINDOW 0x1000000u
#define BASE UINT64_C(0x7000000000)
#define RWX 7

struct rig {
    const struct layer_ops *ops;
    struct layer *layer;
    struct fake_host fake;
    unsigned events, lines;
    uint32_t fixed_anon; /* PRIVATE, FIXED, ANONYMOUS of the layer's system */
};

static struct rig rig;

static void on_tb(void *arg, uint64_t start, uint64_t last)
{
    struct rig *r = arg;

    assert_true(start <= last && last < WINDOW);
    assert_true(r->ops->have_mmap_lock(r->layer));
    r->events++;
}

static void on_line(void *arg, const char *line)
{
    struct rig *r = arg;

    assert_null(strchr(line, '\n'));
    errno = ERANGE;
    r->lines++;
}

static struct layer_setup setup_of(struct rig *r)
{
    return (struct layer_setup){
        .size = sizeof(struct layer_setup),
        .bits = 32,
        .guest_page = PAGE,
        .host_page = PAGE,
        .real_page = PAGE,
        .guest_base = BASE,
        .window_last = WINDOW - 1,
        .host = &r->fake.host,
        .arg = r,
        .tb_invalidate = on_tb,
    };
}

static int open_rig(void **state)
{
    struct layer_setup setup;

    rig = (struct rig){.ops = *state};
    rig.fixed_anon = strcmp(rig.ops->system, "linux") == 0 ? 0x32 : 0x1012;
    fake_host_init(&rig.fake, PAGE);
    setup = setup_of(&rig);
    rig.layer = rig.ops->create();
    return rig.layer ? rig.ops->start(rig.layer, &setup) : -1;
}

static int close_rig(void **state)
{
    (void)state;
    rig.ops->destroy(rig.layer);
    rig.ops->destroy(NULL);
    fake_host_free(&rig.fake);
    return 0;
}

static uint64_t map(uint64_t start, uint64_t len, int prot)
{
    return rig.ops->mmap(rig.layer, start, len, prot, rig.fixed_anon, -1, 0);
}

/* The lock is free, depth 0, as many releases as acquisitions. */
static void assert_balanced(void)
{
    struct layer_counters c;

    rig.ops->counters(rig.layer, &c);
    assert_int_equal(c.depth, 0);
    assert_int_equal(c.locks, c.unlocks);
    assert_false(rig.ops->have_mmap_lock(rig.layer));
}

static void a_call_works_and_tells(void **state)
{
    (void)state;
    assert_int_equal(map(0x20000, 2 * PAGE, 3), 0x20000);
    assert_true(rig.events > 0);
    assert_int_equal(fake_host_prot(&rig.fake, BASE + 0x21000), HOST_R | HOST_W);
    assert_int_equal(rig.ops->mprotect(rig.layer, 0x21000, PAGE, 1), 0);
    assert_int_equal(fake_host_prot(&rig.fake, BASE + 0x21000), HOST_R);
    assert_int_equal(rig.ops->msync(rig.layer, 0x20000, 2 * PAGE, 0), 0);
    assert_int_equal(rig.ops->madvise(rig.layer, 0x20000, 2 * PAGE, 0), 0);
    assert_int_equal(rig.ops->munmap(rig.layer, 0x20000, PAGE), 0);
    assert_int_equal(fake_host_prot(&rig.fake, BASE + 0x20000), -1);
    assert_balanced();
}

/* Whatever goes wrong: all ones or -1, errno written, the lock given back. */
static void failures_keep_the_convention(void **state)
{
    static const uint64_t odd[] = {0,          1,          0x20800,           0x7ffff000,
                                   0xfffff000, UINT64_MAX, UINT64_MAX - 0xfff};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(odd) * ARRAY_LEN(odd); i++) {
        uint64_t a = odd[i / ARRAY_LEN(odd)], b = odd[i % ARRAY_LEN(odd)];
        uint64_t at;
        int r;

        errno = 0;
        at = rig.ops->mmap(rig.layer, a, b, (int)a, (uint32_t)(a ^ b), -1, b);
        assert_true(at != LAYER_FAILED || errno > 0);
        assert_balanced();
        errno = 0;
        r = rig.ops->munmap(rig.layer, a, b);
        assert_true(r == 0 || (r == -1 && errno > 0));
        errno = 0;
        r = rig.ops->mprotect(rig.layer, a, b, (int)(a >> 4));
        assert_true(r == 0 || (r == -1 && errno > 0));
        errno = 0;
        r = rig.ops->msync(rig.layer, a, b, (uint32_t)a);
        assert_true(r == 0 || (r == -1 && errno > 0));
        errno = 0;
        r = rig.ops->madvise(rig.layer, a, b, (uint32_t)b);
        assert_true(r == 0 || (r == -1 && errno > 0));
        if (rig.ops->mremap) {
            errno = 0;
            at = rig.ops->mremap(rig.layer, a, b, a ^ b, (uint32_t)a, b);
            assert_true(at != LAYER_FAILED || errno > 0);
        }
        assert_balanced();
    }
}

static void host_failures_reach_the_caller(void **state)
{
    (void)state;
    fake_host_arm(&rig.fake, 1, EIO);
    errno = 0;
    assert_true(map(0x20000, PAGE, 3) == LAYER_FAILED);
    assert_true(rig.fake.fired);
    assert_int_equal(errno, EIO);
    assert_balanced();
}

static void a_missing_mremap_is_no_function(void **state)
{
    (void)state;
    if (strcmp(rig.ops->system, "freebsd") == 0) {
        assert_null(rig.ops->mremap);
    }
}

static void the_lock_counts_its_depth(void **state)
{
    struct layer_counters c;

    (void)state;
    rig.ops->mmap_lock(rig.layer);
    rig.ops->mmap_lock(rig.layer);
    assert_true(rig.ops->have_mmap_lock(rig.layer));
    rig.ops->counters(rig.layer, &c);
    assert_int_equal(c.depth, 2);
    assert_int_equal(c.locks, 1);
    /* Calls work under the caller's own lock. */
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
    assert_int_equal(rig.ops->mmap_fork_start(rig.layer), -EDEADLK);
    rig.ops->counters(rig.layer, &c);
    assert_int_equal(c.depth, 2);
    assert_int_equal(c.locks, 1);
    rig.ops->mmap_unlock(rig.layer);
    rig.ops->mmap_unlock(rig.layer);
    assert_balanced();
}

static void fork_hooks_leave_a_free_lock(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(rig.ops->mmap_fork_start(rig.layer), 0);
    pid = fork();
    if (pid == 0) {
        rig.ops->mmap_fork_end(rig.layer, true);
        _exit(!rig.ops->have_mmap_lock(rig.layer) && map(0x20000, PAGE, 3) == 0x20000 ? 0 : 1);
    }
    rig.ops->mmap_fork_end(rig.layer, false);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_balanced();
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
}

struct dump {
    uint64_t at; /* where the next run may begin */
    unsigned n;
    unsigned stop_after;
};

static int on_run(void *arg, const struct layer_run *run)
{
    struct dump *d = arg;

    assert_true(run->start >= d->at && run->last >= run->start && run->last < WINDOW);
    assert_int_equal(run->start % PAGE, 0);
    assert_int_equal(run->last % PAGE, PAGE - 1);
    assert_true(run->flags & 8);
    d->at = run->last + 1;
    d->n++;
    return d->n == d->stop_after ? 42 : 0;
}

/* What a child does is the child's alone, but for the host, of which there is one here. */
static void a_copy_is_a_child(void **state)
{
    const struct layer_ops *ops = rig.ops;
    struct layer *parent = rig.layer;
    struct layer_counters c, d;
    struct layer *child;

    (void)state;
    if (!layer_can_copy(ops)) {
        return;
    }
    child = ops->create();
    assert_non_null(child);
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
    for (int round = 0; round < 2; round++) {
        struct dump seen = {0}, own = {0};

        assert_int_equal(ops->mmap_fork_start(rig.layer), 0);
        ops->counters(rig.layer, &c);
        assert_int_equal(ops->copy(child, rig.layer), 0);
        ops->mmap_fork_end(rig.layer, false);
        ops->counters(child, &d);
        assert_memory_equal(&c, &d, sizeof(c));
        ops->mmap_fork_end(child, true);
        assert_false(ops->have_mmap_lock(child));
        ops->mmap_lock(child); /* not the parent's */
        assert_false(ops->have_mmap_lock(rig.layer));
        ops->mmap_unlock(child);
        ops->counters(child, &d);
        assert_int_equal(d.locks, d.unlocks);
        assert_int_equal(ops->page_dump(child, on_run, &seen), 0);
        assert_int_equal(seen.n, 1);
        rig.layer = child; /* for the hook */
        assert_int_equal(ops->munmap(child, 0x20000, PAGE), 0);
        rig.layer = parent;
        assert_int_equal(ops->page_dump(parent, on_run, &own), 0);
        assert_int_equal(own.n, 1);
        assert_balanced();
        /* A child that was left in the middle of a call is taken again. */
        ops->mmap_lock(child);
    }
    ops->destroy(child);
}

static void the_dump_is_in_order_and_stops_when_told(void **state)
{
    struct dump all = {0}, one = {.stop_after = 1};

    (void)state;
    assert_int_equal(map(0x40000, 2 * PAGE, 3), 0x40000);
    assert_int_equal(map(0x20000, PAGE, 1), 0x20000);
    assert_int_equal(map(0x30000, PAGE, 0), 0x30000);
    assert_int_equal(rig.ops->page_dump(rig.layer, on_run, &all), 0);
    assert_int_equal(all.n, 3);
    assert_int_equal(rig.ops->page_dump(rig.layer, on_run, &one), 42);
    assert_int_equal(one.n, 1);
    assert_balanced();
}

static void start_again_is_a_fresh_start(void **state)
{
    struct layer_setup setup = setup_of(&rig);
    struct dump d = {0};

    (void)state;
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
    /* As after a longjmp out of a call. */
    rig.ops->mmap_lock(rig.layer);
    rig.ops->mmap_lock(rig.layer);
    fake_host_free(&rig.fake);
    fake_host_init(&rig.fake, PAGE);
    assert_int_equal(rig.ops->start(rig.layer, &setup), 0);
    assert_balanced();
    assert_int_equal(rig.ops->page_dump(rig.layer, on_run, &d), 0);
    assert_int_equal(d.n, 0);
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
}

static void code_and_stores(void **state)
{
    (void)state;
    assert_int_equal(map(0x20000, PAGE, 1), 0x20000);
    assert_int_equal(map(0x21000, PAGE, 5), 0x21000);
    assert_int_equal(rig.ops->translate(rig.layer, 0x20000), -1);
    assert_int_equal(rig.ops->translate(rig.layer, 0x30000), -1);
    assert_int_equal(rig.ops->translate(rig.layer, 0x21004), 0);
    assert_int_equal(rig.ops->page_unprotect(rig.layer, 0x20000), 0);
    assert_int_equal(rig.ops->page_unprotect(rig.layer, 0x30000), 0);
    assert_balanced();
}

/* Only layers of this tree log; errno survives the sink. */
static void the_log_leaves_errno_alone(void **state)
{
    struct layer_setup setup = setup_of(&rig);

    (void)state;
    setup.log = on_line;
    assert_int_equal(rig.ops->start(rig.layer, &setup), 0);
    assert_int_equal(map(0x20000, PAGE, 3), 0x20000);
    assert_true(rig.lines == 0 || rig.lines >= 4);
    errno = 0;
    assert_int_equal(rig.ops->munmap(rig.layer, 0x20001, 0), -1);
    assert_int_equal(errno, EINVAL);
    assert_balanced();
}

static void the_registry_knows_the_built_in_ones(void **state)
{
    (void)state;
    assert_ptr_equal(layer_find("linux"), &layer_linux);
    assert_ptr_equal(layer_find("bsd"), &layer_bsd);
    assert_null(layer_find("nothing"));
    assert_ptr_equal(layer_nth(0), &layer_linux);
    assert_ptr_equal(layer_nth(1), &layer_bsd);
    assert_null(layer_nth(2));
    assert_string_equal(layer_linux.system, "linux");
    assert_string_equal(layer_bsd.system, "freebsd");
    assert_non_null(layer_linux.mremap);
}

/* The shared object NAME of the test's folder. */
static const struct layer_ops *load(const char *name, struct err *e)
{
    char path[4096];

    assert_non_null(getenv("TWINMAP_SO_DIR"));
    snprintf(path, sizeof(path), "%s/%s.so", getenv("TWINMAP_SO_DIR"), name);
    e->text[0] = '\0';
    return layer_load(path, e);
}

static void the_loader_says_what_is_wrong(void **state)
{
    struct err e;

    (void)state;
    assert_null(load("so_missing", &e));
    assert_non_null(strstr(e.text, "so_missing"));
    assert_null(load("so_other_version", &e));
    assert_non_null(strstr(e.text, "version 3, this program knows 1 to 2"));
    assert_null(load("so_incomplete", &e));
    assert_non_null(strstr(e.text, "has no msync"));
    assert_null(load("so_no_symbol", &e));
    assert_non_null(strstr(e.text, LAYER_SYMBOL));
}

static void a_table_of_version_1_has_no_copy(void **state)
{
    struct err e;
    const struct layer_ops *old = load("so_version_1", &e);

    (void)state;
    assert_non_null(old);
    assert_int_equal(old->abi_version, 1);
    assert_false(layer_can_copy(old));
    assert_true(layer_can_copy(&layer_linux));
    assert_true(layer_can_copy(&layer_bsd));
}

#define ROW(test, ops) \
    { \
#test, test, open_rig, close_rig, (void *)(ops) \
    }
#define ROWS(ops) \
    ROW(a_call_works_and_tells, ops), ROW(failures_keep_the_convention, ops), \
        ROW(host_failures_reach_the_caller, ops), ROW(a_missing_mremap_is_no_function, ops), \
        ROW(the_lock_counts_its_depth, ops), ROW(fork_hooks_leave_a_free_lock, ops), \
        ROW(a_copy_is_a_child, ops), ROW(the_dump_is_in_order_and_stops_when_told, ops), \
        ROW(start_again_is_a_fresh_start, ops), ROW(code_and_stores, ops), \
        ROW(the_log_leaves_errno_alone, ops)

int main(void)
{
    struct err e;
    const struct layer_ops *so = load("so_layer", &e);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registry_knows_the_built_in_ones),
        cmocka_unit_test(the_loader_says_what_is_wrong),
        cmocka_unit_test(a_table_of_version_1_has_no_copy),
        ROWS(&layer_linux),
        ROWS(&layer_bsd),
        ROWS(so),
    };

    if (!so) {
        fprintf(stderr, "%s\n", e.text);
        return 99;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
