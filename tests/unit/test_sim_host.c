/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/host: what is the simulated hosts' own, beside the host contract: their set-up, their limits
 * and their processes. test_sim_host_random.c: equal effects of equal calls, and allocation.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>

#include "host/decorators.h"
#include "sim_rig.h"

static void test_page_sizes(void **state)
{
    static const uint64_t bad[] = {0, 2048, 4097, 12288, 131072};

    (void)state;
    for (size_t i = 0; i < ABI_SYSTEM_COUNT; i++) {
        struct sim_setup setup = {.page = 4096};
        struct rig r = open_rig((enum abi_system)i, &setup);

        assert_string_equal(r.h->ops->name, i == 0 ? "sim-linux" : "sim-freebsd");
        assert_int_equal(r.h->caps.remap, i == 0);
        assert_true(r.h->caps.noreplace);
        for (; setup.page <= 65536; setup.page *= 2) {
            begin(&r, &setup);
            assert_ptr_equal(sim_host_host(r.s), r.h);
            assert_int_equal(r.h->page, setup.page);
            assert_int_equal(r.h->min_addr, i == 0 ? 65536 : setup.page);
            assert_int_equal(map(&r, 1, 2, RW, FIXED_ANON), 0);
            assert_int_equal(put(&r, 2, 9), 0);
            assert_int_equal(get(&r, 2), 9);
            assert_int_equal(get(&r, 3), -1);
            assert_null(vm_check(sim_host_proc(r.s)));
        }
        for (size_t j = 0; j < ARRAY_LEN(bad); j++) {
            struct err e = {""};

            setup.page = bad[j];
            assert_int_equal(sim_host_begin(r.s, &setup, &e), -EINVAL);
            assert_string_not_equal(e.text, "");
        }
        /* a refused set-up leaves what was */
        assert_int_equal(get(&r, 2), 9);
        close_rig(&r);
    }
    assert_null(sim_host_free(NULL));
}

static void check_min_addr(struct rig *r)
{
    const struct host_map_req low = {0x10000, r->page, RW, FIXED_ANON, -1, 0};
    const struct host_map_req good = {0x20000, r->page, RW, FIXED_ANON, -1, 0};
    uint64_t ret = 42;

    assert_int_equal(r->h->min_addr, 0x20000);
    assert_int_equal(host_map(r->h, &low, &ret), -EPERM);
    assert_int_equal(ret, 42);
    assert_int_equal(host_map(r->h, &good, &ret), 0);
}

static void test_min_addr(void **state)
{
    const struct sim_setup setup = {.page = 16384, .min_addr = 0x1c001};

    (void)state;
    for_both(&setup, check_min_addr);
}

static void check_last(struct rig *r)
{
    struct host_map_req req = {0xffff0000, r->page, RW, FIXED_ANON, -1, 0};
    uint64_t ret = 42;

    assert_int_equal(host_map(r->h, &req, &ret), 0);
    req.addr += r->page;
    assert_true(host_map(r->h, &req, &ret) < 0);
    req.addr = BASE;
    assert_true(host_map(r->h, &req, &ret) < 0);
    req = (struct host_map_req){0, 1 << 20, RW, ANON, -1, 0};
    for (int i = 0; i < 64; i++) {
        assert_int_equal(host_map(r->h, &req, &ret), 0);
        assert_true(ret >= r->h->min_addr && ret + req.len - 1 <= UINT32_MAX);
    }
}

/* A short address space, whatever the page makes of its end. */
static void test_last(void **state)
{
    const struct sim_setup setup = {.page = 65536, .last = UINT32_MAX};
    const struct sim_setup empty = {.page = 65536, .last = 65536};
    struct rig r;

    (void)state;
    for_both(&setup, check_last);
    r = open_rig(ABI_LINUX, &setup);
    assert_int_equal(sim_host_begin(r.s, &empty, NULL), -EINVAL);
    close_rig(&r);
}

static void test_areas_max(void **state)
{
    const struct sim_setup setup = {.page = 4096, .areas_max = 10};
    struct rig r = open_rig(ABI_LINUX, &setup);
    uint64_t n = 0;
    uint64_t before;

    (void)state;
    while (n < 40 && map(&r, 2 * n, 1, RW, FIXED_ANON) == 0) {
        n++;
    }
    assert_in_range(n, 9, 11);
    before = digest(&r);
    assert_int_equal(map(&r, 2 * n, 1, RW, FIXED_ANON), -ENOMEM);
    assert_true(digest(&r) == before);
    assert_int_equal(host_unmap(r.h, at(&r, 0), 4 * r.page), 0);
    assert_int_equal(map(&r, 2 * n, 1, RW, FIXED_ANON), 0);
    close_rig(&r);
}

static void check_bytes_max(struct rig *r)
{
    assert_int_equal(map(r, 0, 7, RW, FIXED_ANON), 0);
    assert_int_equal(map(r, 8, 2, RW, FIXED_ANON), -ENOMEM);
    assert_int_equal(map(r, 8, 2, RW, FIXED_ANON | HOST_MAP_NOREPLACE), -ENOMEM);
    assert_int_equal(map(r, 6, 2, RW, FIXED_ANON | HOST_MAP_NOREPLACE), -EEXIST);
    assert_int_equal(map(r, 8, 1, RW, FIXED_ANON), 0);
    assert_int_equal(host_unmap(r->h, at(r, 0), r->page), 0);
    assert_int_equal(map(r, 9, 1, RW, FIXED_ANON), 0);
}

static void test_bytes_max(void **state)
{
    const struct sim_setup setup = {.page = 16384, .bytes_max = 8 * 16384};

    (void)state;
    for_both(&setup, check_bytes_max);
}

static void check_frames_max(struct rig *r)
{
    struct host_fault fault = {.signal = 99};
    unsigned char byte = 7;
    uint64_t n = 0;

    assert_int_equal(map(r, 0, 64, RW, FIXED_ANON), 0);
    while (n < 64 && put(r, n, (unsigned char)(n + 1)) == 0) {
        n++;
    }
    assert_in_range(n, 4, 8);
    assert_int_equal(host_write(r->h, at(r, n) + 5, &byte, 1, &fault), -ENOMEM);
    assert_int_equal(fault.signal, 0);
    /* what is there can be changed, what is not reads as zero and takes no memory */
    assert_int_equal(put(r, 0, 200), 0);
    assert_int_equal(get(r, 0), 200);
    for (uint64_t i = 1; i < 64; i++) {
        assert_int_equal(get(r, i), i < n ? (int)i + 1 : 0);
    }
    assert_int_equal(host_unmap(r->h, at(r, 0), r->page), 0);
    assert_int_equal(put(r, n, 3), 0);
    assert_int_equal(get(r, n), 3);
}

static void test_frames_max(void **state)
{
    const struct sim_setup setup = {.page = 4096, .frames_max = 8 * 4096};

    (void)state;
    for_both(&setup, check_frames_max);
}

static void check_foreign(struct rig *r)
{
    const struct host_map_req hint = {at(r, 4), 2 * r->page, RW, ANON, -1, 0};
    uint64_t ret = 0;

    assert_int_equal(sim_host_foreign(r->s, at(r, 4), 2 * r->page), 0);
    assert_int_equal(sim_host_foreign(r->s, at(r, 5), r->page), -EEXIST);
    assert_int_equal(map(r, 5, 2, RW, FIXED_ANON | HOST_MAP_NOREPLACE), -EEXIST);
    assert_int_equal(host_map(r->h, &hint, &ret), 0);
    assert_true(ret < at(r, 3) || ret >= at(r, 6));
    assert_int_equal(put(r, 5, 8), 0);
    assert_int_equal(get(r, 5), 8);
}

static void test_foreign_memory_is_in_the_way(void **state)
{
    const struct sim_setup setup = {.page = 16384};

    (void)state;
    for_both(&setup, check_foreign);
}

static void check_merge(struct rig *r, size_t want)
{
    assert_int_equal(map(r, 0, 1, RW, FIXED_ANON), 0);
    assert_int_equal(map(r, 1, 1, RW, FIXED_ANON), 0);
    assert_int_equal(vm_areas(sim_host_proc(r->s)), want);
}

static void check_merges(struct rig *r)
{
    check_merge(r, 1);
}

static void check_keeps_apart(struct rig *r)
{
    check_merge(r, 2);
}

static void test_neighbours_merge_unless_told_not_to(void **state)
{
    struct sim_setup setup = {.page = 4096};

    (void)state;
    for_both(&setup, check_merges);
    setup.no_merge = true;
    for_both(&setup, check_keeps_apart);
}

/* A locked mapping shows by what msync says. */
static void test_a_large_wish_is_dropped(void **state)
{
    const struct sim_setup setup = {.page = 4096};
    struct rig r = open_rig(ABI_LINUX, &setup);

    (void)state;
    assert_int_equal(map(&r, 0, 1, RW, FIXED_ANON | HOST_MAP_LOCKED), 0);
    assert_int_equal(host_sync(r.h, at(&r, 0), r.page, HOST_SYNC_INVALIDATE), -EBUSY);
    assert_int_equal(map(&r, 0, 512, RW, FIXED_ANON | HOST_MAP_LOCKED), 0);
    assert_int_equal(host_sync(r.h, at(&r, 0), r.page, HOST_SYNC_INVALIDATE), 0);
    close_rig(&r);
}

static void check_fork(struct rig *r)
{
    assert_int_equal(map(r, 0, 1, RW, FIXED_ANON), 0);
    assert_int_equal(map(r, 1, 1, RW, SHARED_ANON), 0);
    assert_int_equal(put(r, 0, 1), 0);
    for (unsigned char deep = 1; deep <= 8; deep++) {
        struct vm_proc *parent = sim_host_proc(r->s);

        assert_int_equal(sim_host_fork(r->s), 0);
        assert_ptr_not_equal(sim_host_proc(r->s), parent);
        assert_int_equal(get(r, 0), deep);
        assert_int_equal(get(r, 1), deep - 1);
        assert_int_equal(put(r, 0, deep + 1), 0);
        assert_int_equal(put(r, 1, deep), 0);
        assert_int_equal(map(r, 1 + deep, 1, RW, FIXED_ANON), 0);
    }
    for (unsigned char deep = 8; deep >= 1; deep--) {
        assert_int_equal(get(r, 0), deep + 1);
        assert_int_equal(get(r, 1), 8);
        assert_int_equal(get(r, 1 + deep), 0);
        assert_null(vm_check(sim_host_proc(r->s)));
        sim_host_exit(r->s);
        assert_int_equal(get(r, 1 + deep), -1);
    }
    assert_int_equal(get(r, 0), 1);
    assert_int_equal(get(r, 1), 8);
}

static void check_fork_ends(struct rig *r)
{
    const struct sim_setup setup = {.page = r->page};
    int deep = 0;
    int rc;

    do {
        rc = sim_host_fork(r->s);
        deep += rc == 0;
    } while (rc == 0 && deep < 100);
    assert_int_equal(rc, -ENOMEM);
    assert_in_range(deep, 8, 99);
    /* begin ends them all */
    begin(r, &setup);
    assert_int_equal(map(r, 0, 1, RW, FIXED_ANON), 0);
    assert_int_equal(sim_host_fork(r->s), 0);
    sim_host_exit(r->s);
}

static void test_processes(void **state)
{
    const struct sim_setup setup = {.page = 16384};

    (void)state;
    for_both(&setup, check_fork);
    for_both(&setup, check_fork_ends);
}

/* The N-th kind of call, to be refused by an injector. */
static int64_t call_kind(struct rig *r, struct host *h, unsigned n, int fd)
{
    const struct host_map_req req = {at(r, 1), r->page, RW, FIXED_ANON, -1, 0};
    const struct host_remap_req move = {at(r, 0), r->page, r->page, at(r, 2),
                                        HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};
    struct host_stat st;
    unsigned char byte = 55;
    uint64_t ret;

    switch (n) {
    case 0:
        return host_map(h, &req, &ret);
    case 1:
        return host_unmap(h, at(r, 0), 2 * r->page);
    case 2:
        return host_protect(h, at(r, 0), r->page, 0);
    case 3:
        return host_remap(h, &move, &ret);
    case 4:
        return host_sync(h, at(r, 0), r->page, HOST_SYNC_SYNC);
    case 5:
        return host_advise(h, at(r, 0), r->page, HOST_ADVISE_DONTNEED);
    case 6:
        return host_fstat(h, fd, &st);
    case 7:
        return host_pread(h, fd, &byte, 1, 0);
    case 8:
        return host_read(h, at(r, 0), &byte, 1, NULL);
    default:
        return host_write(h, at(r, 0), &byte, 1, NULL);
    }
}

static void check_injected(struct rig *r)
{
    struct host_fault_injector f;
    int fd = file(r, 5000);
    uint64_t before;

    host_fault_init(&f, r->h);
    assert_int_equal(map(r, 0, 3, RW, FIXED_ANON), 0);
    assert_int_equal(put(r, 0, 4), 0);
    assert_int_equal(put(r, 1, 5), 0);
    before = digest(r);
    for (unsigned n = 0; n < 10; n++) {
        host_fault_arm(&f, 1, EIO);
        assert_int_equal(call_kind(r, &f.host, n, fd), -EIO);
        assert_true(f.fired);
        assert_true(digest(r) == before);
        assert_null(vm_check(sim_host_proc(r->s)));
    }
    for (unsigned n = 0; n < 10; n++) {
        int64_t want = n == 7 ? 1 : n == 3 && !is_linux(r) ? -ENOSYS : 0;

        assert_int_equal(map(r, 0, 3, RW, FIXED_ANON), 0);
        assert_int_equal(call_kind(r, &f.host, n, fd), want);
    }
}

static void test_an_injected_failure_changes_nothing(void **state)
{
    const struct sim_setup setup = {.page = 8192};

    (void)state;
    for_both(&setup, check_injected);
}

static void check_special_files(struct rig *r)
{
    const struct vm_file_spec pipe_end = {.kind = VM_FILE_PIPE_READ, .readable = true};
    int fd = sim_host_file(r->s, &pipe_end);
    const struct host_map_req req = {at(r, 4), r->page, HOST_R, HOST_MAP_PRIVATE | HOST_MAP_FIXED,
                                     fd,       0};
    uint64_t ret = 42;

    assert_int_equal(host_map(r->h, &req, &ret), -ENODEV);
    assert_int_equal(ret, 42);
    assert_int_equal(get(r, 4), -1);
}

/* Numbers of this system's errno.h come out, signals are those of <signal.h>. */
static void check_faults(struct rig *r)
{
    int fd = file(r, 10);
    const struct host_map_req req = {
        at(r, 0), 2 * r->page, RW, HOST_MAP_SHARED | HOST_MAP_FIXED, fd, 0};
    struct host_fault fault;
    unsigned char byte = 3;
    uint64_t ret;

    assert_int_equal(host_map(r->h, &req, &ret), 0);
    assert_int_equal(host_write(r->h, at(r, 1) + 3, &byte, 1, &fault), -EFAULT);
    assert_int_equal(fault.signal, SIGBUS);
    assert_int_equal(fault.addr, at(r, 1) + 3);
    assert_int_equal(host_read(r->h, at(r, 2) + 3, &byte, 1, &fault), -EFAULT);
    assert_int_equal(fault.signal, SIGSEGV);
    assert_int_equal(fault.addr, at(r, 2) + 3);
    check_special_files(r);
}

static void test_faults_and_special_files(void **state)
{
    const struct sim_setup setup = {.page = 65536};

    (void)state;
    for_both(&setup, check_faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_sizes),
        cmocka_unit_test(test_min_addr),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_areas_max),
        cmocka_unit_test(test_bytes_max),
        cmocka_unit_test(test_frames_max),
        cmocka_unit_test(test_foreign_memory_is_in_the_way),
        cmocka_unit_test(test_neighbours_merge_unless_told_not_to),
        cmocka_unit_test(test_a_large_wish_is_dropped),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_an_injected_failure_changes_nothing),
        cmocka_unit_test(test_faults_and_special_files),
    };

    return cmocka_run_group_tests_name("simulated hosts", tests, NULL, NULL);
}
