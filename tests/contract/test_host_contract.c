/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of host/host.h, checked over the real host, over the simulated ones and over each
 * stack of decorators on them: every check runs once per world and stack. Here: mapping and the
 * stacks; host_contract_access.c: what accesses and descriptors show; host_contract_worlds.c: the
 * hosts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/int.h"
#include "host/decorators.h"
#include "host_contract.h"

#define ERRNO_MARK 7777

struct host_contract t;

static struct host_guard guard;
static struct host_fault_injector fault_injector;
static struct host_recorder recorder;

uint64_t page_at(unsigned n)
{
    return t.base + 0x100000 + n * t.page;
}

void map_pages(unsigned first, unsigned n, int prot)
{
    const struct host_map_req req = {page_at(first), n * t.page, prot, FIXED_ANON, -1, 0};
    uint64_t at = 0;

    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(at, page_at(first));
}

static void check_a_free_hint_is_taken(void)
{
    struct host_map_req req = {page_at(5), 2 * t.page, 0, ANON | HOST_MAP_NORESERVE, -1, 0};
    uint64_t at = 0;

    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(at, page_at(5));
    /* taken now: the host chooses elsewhere, and the caller gives it back */
    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_not_equal(at, page_at(5));
    assert_true(u64_is_aligned(at, t.page));
    assert_int_equal(host_unmap(t.h, at, req.len), 0);
}

static void check_the_host_chooses_without_a_hint(void)
{
    const struct host_map_req req = {0, 3 * t.page, RW, ANON, -1, 0};
    uint64_t at = 0;

    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_true(at >= t.h->min_addr);
    assert_int_equal(host_unmap(t.h, at, req.len), 0);
}

static void check_noreplace_keeps_what_is_there(void)
{
    struct host_map_req req = {page_at(0), 2 * t.page, RW, FIXED_ANON | HOST_MAP_NOREPLACE, -1, 0};
    unsigned char byte = 9;
    uint64_t at = 0;

    assert_true(t.h->caps.noreplace);
    map_pages(1, 1, RW);
    assert_int_equal(host_write(t.h, page_at(1), &byte, 1, NULL), 0);
    at = 42;
    assert_int_equal(host_map(t.h, &req, &at), -EEXIST);
    assert_int_equal(at, 42);
    byte = 0;
    assert_int_equal(host_read(t.h, page_at(1), &byte, 1, NULL), 0);
    assert_int_equal(byte, 9);
    assert_int_equal(host_read(t.h, page_at(0), &byte, 1, NULL), -EFAULT);
    req.len = t.page;
    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(at, page_at(0));
}

static void check_fixed_replaces(void)
{
    unsigned char byte = 9;

    map_pages(0, 3, RW);
    assert_int_equal(host_write(t.h, page_at(1), &byte, 1, NULL), 0);
    map_pages(1, 1, HOST_R);
    assert_int_equal(host_read(t.h, page_at(1), &byte, 1, NULL), 0);
    assert_int_equal(byte, 0);
    assert_int_equal(host_write(t.h, page_at(1), &byte, 1, NULL), -EFAULT);
    assert_int_equal(host_write(t.h, page_at(2), &byte, 1, NULL), 0);
}

static void check_nothing_is_mapped_below_min_addr(void)
{
    const struct host_map_req req = {0, t.page, RW, FIXED_ANON, -1, 0};
    bool guarded = t.h != t.bare;
    uint64_t at = 42;

    assert_int_equal(host_map(t.h, &req, &at), guarded ? -EFAULT : -EPERM);
    assert_int_equal(at, 42);
    if (t.h->caps.remap) {
        const struct host_remap_req move = {page_at(0), t.page, t.page, 0,
                                            HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};

        map_pages(0, 1, RW);
        assert_int_equal(host_remap(t.h, &move, &at), guarded ? -EFAULT : -EPERM);
    }
}

static void check_unmap_leaves_a_hole_and_likes_holes(void)
{
    struct host_fault fault = {0};
    unsigned char byte = 1;

    map_pages(0, 3, RW);
    assert_int_equal(host_unmap(t.h, page_at(1), t.page), 0);
    assert_int_equal(host_unmap(t.h, page_at(0), 4 * t.page), 0);
    assert_int_equal(host_unmap(t.h, page_at(0), 4 * t.page), 0);
    assert_int_equal(host_read(t.h, page_at(0) + 5, &byte, 1, &fault), -EFAULT);
    assert_int_equal(fault.signal, SIGSEGV);
    assert_int_equal(fault.addr, page_at(0) + 5);
    assert_int_equal(host_peek(t.h, page_at(0), &byte, 1), -EFAULT);
}

/* FreeBSD passes over holes. */
static void check_protect_refuses_holes(void)
{
    int want = t.system == ABI_LINUX ? -ENOMEM : 0;
    unsigned char byte = 1;

    map_pages(0, 1, RW);
    map_pages(2, 1, RW);
    assert_int_equal(host_protect(t.h, page_at(3), t.page, HOST_R), want);
    assert_int_equal(host_protect(t.h, page_at(0), 3 * t.page, HOST_R), want);
    assert_int_equal(host_write(t.h, page_at(2), &byte, 1, NULL), want ? 0 : -EFAULT);
}

static void check_protect_refuses_what_the_object_forbids(void)
{
    int fd = t.w->file(100);
    int ro = t.w->again(fd, false);
    const struct host_map_req req = {page_at(0), t.page, HOST_R, HOST_MAP_SHARED | HOST_MAP_FIXED,
                                     ro,         0};
    uint64_t at;

    assert_true(ro >= 0);
    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(host_protect(t.h, page_at(0), t.page, RW), -EACCES);
    t.w->close_fd(ro);
    t.w->close_fd(fd);
}

static void check_sharing(void)
{
    int fd = t.w->file(3 * t.page);
    struct host_map_req req = {page_at(0), t.page, RW, HOST_MAP_SHARED | HOST_MAP_FIXED,
                               fd,         t.page};
    unsigned char byte = 0xee;
    uint64_t at;

    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(host_write(t.h, page_at(0) + 7, &byte, 1, NULL), 0);
    req.addr = page_at(1);
    req.flags = HOST_MAP_PRIVATE | HOST_MAP_FIXED;
    assert_int_equal(host_map(t.h, &req, &at), 0);
    assert_int_equal(host_write(t.h, page_at(1) + 8, &byte, 1, NULL), 0);
    byte = 0;
    assert_int_equal(host_pread(t.h, fd, &byte, 1, t.page + 7), 1);
    assert_int_equal(byte, 0xee);
    assert_int_equal(host_pread(t.h, fd, &byte, 1, t.page + 8), 1);
    assert_int_equal(byte, 9);
    t.w->close_fd(fd);
}

static void check_remap_grows_moves_and_shrinks(void)
{
    struct host_remap_req req = {page_at(0), t.page, 2 * t.page, 0, 0};
    unsigned char byte = 3;
    uint64_t at = 0;

    if (!t.h->caps.remap) {
        assert_int_equal(host_remap(t.h, &req, &at), -ENOSYS);
        return;
    }
    map_pages(0, 1, RW);
    assert_int_equal(host_write(t.h, page_at(0), &byte, 1, NULL), 0);
    assert_int_equal(host_remap(t.h, &req, &at), 0);
    assert_int_equal(at, page_at(0));
    map_pages(2, 1, RW);
    req = (struct host_remap_req){page_at(0), 2 * t.page, 3 * t.page, 0, 0};
    at = 42;
    assert_int_equal(host_remap(t.h, &req, &at), -ENOMEM);
    assert_int_equal(at, 42);
    req = (struct host_remap_req){page_at(0), 2 * t.page, 3 * t.page, page_at(8),
                                  HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};
    assert_int_equal(host_remap(t.h, &req, &at), 0);
    assert_int_equal(at, page_at(8));
    byte = 0;
    assert_int_equal(host_read(t.h, page_at(8), &byte, 1, NULL), 0);
    assert_int_equal(byte, 3);
    assert_int_equal(host_read(t.h, page_at(0), &byte, 1, NULL), -EFAULT);
    req = (struct host_remap_req){page_at(8), 3 * t.page, t.page, 0, 0};
    assert_int_equal(host_remap(t.h, &req, &at), 0);
    assert_int_equal(host_read(t.h, page_at(9), &byte, 1, NULL), -EFAULT);
}

static void check_remap_can_keep_the_source(void)
{
    const struct host_remap_req req = {page_at(0), t.page, t.page, page_at(4),
                                       HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED |
                                           HOST_REMAP_DONTUNMAP};
    unsigned char byte = 3;
    uint64_t at;

    if (!t.h->caps.remap) {
        return;
    }
    map_pages(0, 1, RW);
    assert_int_equal(host_write(t.h, page_at(0), &byte, 1, NULL), 0);
    assert_int_equal(host_remap(t.h, &req, &at), 0);
    assert_int_equal(host_read(t.h, page_at(0), &byte, 1, NULL), 0);
    assert_int_equal(byte, 0);
    assert_int_equal(host_read(t.h, page_at(4), &byte, 1, NULL), 0);
    assert_int_equal(byte, 3);
}

static void check_sync(void)
{
    const uint32_t both = HOST_SYNC_ASYNC | HOST_SYNC_INVALIDATE;

    map_pages(0, 1, RW);
    assert_int_equal(host_sync(t.h, page_at(0), t.page, HOST_SYNC_SYNC), 0);
    assert_int_equal(host_sync(t.h, page_at(0), t.page, both), t.system == ABI_LINUX ? 0 : -EINVAL);
    assert_int_equal(host_sync(t.h, page_at(0), 2 * t.page, HOST_SYNC_SYNC), -ENOMEM);
}

/* On FreeBSD advice is no order: the bytes stay. */
static void check_advice_drops_anonymous_bytes(void)
{
    unsigned char byte = 3;

    map_pages(0, 1, RW);
    assert_int_equal(host_write(t.h, page_at(0), &byte, 1, NULL), 0);
    assert_int_equal(host_advise(t.h, page_at(0), t.page, HOST_ADVISE_DONTNEED), 0);
    assert_int_equal(host_read(t.h, page_at(0), &byte, 1, NULL), 0);
    assert_int_equal(byte, t.system == ABI_LINUX ? 0 : 3);
}

static void check_big_wishes_eat_no_memory(void)
{
    const uint64_t len = 256ull << 20;
    const struct host_map_req big = {
        page_at(0),
        len,
        RW,
        FIXED_ANON | HOST_MAP_LOCKED | HOST_MAP_POPULATE | HOST_MAP_NOCORE | HOST_MAP_NORESERVE,
        -1,
        0};
    struct host_map_req small = big;
    uint64_t at;

    small.len = t.page;
    assert_int_equal(host_map(t.h, &small, &at), 0);
    assert_int_equal(host_map(t.h, &big, &at), 0);
    assert_false(t.w->resident(page_at(0) + len / 2));
}

static void check_bad_arguments_are_errors(void)
{
    struct host_map_req req = {page_at(0), t.page, HOST_R, HOST_MAP_PRIVATE | HOST_MAP_FIXED,
                               -1,         0};
    uint64_t at = 42;

    assert_int_equal(host_map(t.h, &req, &at), -EBADF);
    req.flags = FIXED_ANON | HOST_MAP_SHARED;
    assert_true(host_map(t.h, &req, &at) < 0);
    assert_int_equal(at, 42);
    /* FreeBSD rounds outward */
    if (t.system == ABI_LINUX) {
        assert_int_equal(host_unmap(t.h, page_at(0) + 1, t.page), -EINVAL);
        assert_int_equal(host_protect(t.h, page_at(0) + 1, t.page, HOST_R), -EINVAL);
    }
}

/* Success and failure of every call, errno looked at after each. */
static void check_errno_is_never_touched(void)
{
    const struct host_map_req good = {page_at(0), t.page, RW, FIXED_ANON, -1, 0};
    const struct host_map_req bad = {page_at(0), t.page, RW, HOST_MAP_PRIVATE, -1, 0};
    const struct host_remap_req move = {page_at(20), t.page, 2 * t.page, 0, 0};
    struct host_stat st;
    struct host_fault fault;
    unsigned char byte;
    uint64_t at;

    errno = ERRNO_MARK;
#define UNTOUCHED(x) ((void)(x), assert_int_equal(errno, ERRNO_MARK))
    UNTOUCHED(host_map(t.h, &good, &at));
    UNTOUCHED(host_map(t.h, &bad, &at));
    UNTOUCHED(host_protect(t.h, page_at(0), t.page, HOST_R));
    UNTOUCHED(host_protect(t.h, page_at(20), t.page, HOST_R));
    UNTOUCHED(host_remap(t.h, &move, &at));
    UNTOUCHED(host_sync(t.h, page_at(20), t.page, HOST_SYNC_SYNC));
    UNTOUCHED(host_advise(t.h, page_at(20), t.page, HOST_ADVISE_DONTNEED));
    UNTOUCHED(host_fstat(t.h, -1, &st));
    UNTOUCHED(host_fstat(t.h, 0, &st));
    UNTOUCHED(host_pread(t.h, -1, &byte, 1, 0));
    UNTOUCHED(host_read(t.h, page_at(0), &byte, 1, &fault));
    UNTOUCHED(host_read(t.h, page_at(20), &byte, 1, &fault));
    UNTOUCHED(host_write(t.h, page_at(0), &byte, 1, &fault));
    UNTOUCHED(host_peek(t.h, page_at(20), &byte, 1));
    UNTOUCHED(host_unmap(t.h, page_at(0), t.page));
    UNTOUCHED(host_unmap(t.h, page_at(0) + 1, t.page));
#undef UNTOUCHED
}

static const struct {
    const char *name;
    void (*run)(void);
} checks[] = {
    {"anonymous memory is zero and keeps bytes", check_anonymous_memory_is_zero_and_keeps_bytes},
    {"a free hint is taken", check_a_free_hint_is_taken},
    {"the host chooses without a hint", check_the_host_chooses_without_a_hint},
    {"noreplace keeps what is there", check_noreplace_keeps_what_is_there},
    {"fixed replaces", check_fixed_replaces},
    {"nothing is mapped below min_addr", check_nothing_is_mapped_below_min_addr},
    {"unmap leaves a hole and likes holes", check_unmap_leaves_a_hole_and_likes_holes},
    {"protect rules access but not peek", check_protect_rules_access_but_not_peek},
    {"protect refuses holes", check_protect_refuses_holes},
    {"protect refuses what the object forbids", check_protect_refuses_what_the_object_forbids},
    {"a fault in the middle is exact", check_a_fault_in_the_middle_is_exact},
    {"a page past EOF is a bus error", check_a_page_past_eof_is_a_bus_error},
    {"sharing", check_sharing},
    {"remap grows, moves and shrinks", check_remap_grows_moves_and_shrinks},
    {"remap can keep the source", check_remap_can_keep_the_source},
    {"sync", check_sync},
    {"advice drops anonymous bytes", check_advice_drops_anonymous_bytes},
    {"fstat", check_fstat},
    {"pread is short only at EOF", check_pread_is_short_only_at_eof},
    {"peek crosses rights and stops at holes", check_peek_crosses_rights_and_stops_at_holes},
    {"big wishes eat no memory", check_big_wishes_eat_no_memory},
    {"bad arguments are errors", check_bad_arguments_are_errors},
    {"errno is never touched", check_errno_is_never_touched},
};

static struct host *stack_bare(void)
{
    return t.bare;
}

static struct host *stack_guard(void)
{
    host_guard_init(&guard, t.bare);
    (void)host_guard_begin(&guard, t.base, t.base + t.size - 1);
    return &guard.host;
}

static struct host *stack_fault(void)
{
    host_fault_init(&fault_injector, stack_guard());
    return &fault_injector.host;
}

static struct host *stack_record(void)
{
    host_record_free(&recorder);
    host_record_init(&recorder, stack_fault());
    return &recorder.host;
}

static const struct {
    const char *name;
    struct host *(*make)(void);
} stacks[] = {
    {"bare", stack_bare},
    {"guard", stack_guard},
    {"fault(guard)", stack_fault},
    {"record(fault(guard))", stack_record},
};

struct run {
    char name[96];
    const struct contract_world *world;
    size_t stack, check;
};

static void run_check(void **state)
{
    const struct run *r = *state;

    t.w = r->world;
    t.bare = t.w->begin(t.w);
    t.h = stacks[r->stack].make();
    t.page = t.h->page;
    assert_true(t.w->page == 0 || t.page == t.w->page);
    checks[r->check].run();
}

static int open_worlds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTRACT_WORLDS; i++) {
        int rc = contract_worlds[i].open();

        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int close_worlds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTRACT_WORLDS; i++) {
        contract_worlds[i].close();
    }
    host_record_free(&recorder);
    return 0;
}

int main(void)
{
    enum { PER_WORLD = ARRAY_LEN(stacks) * ARRAY_LEN(checks) };
    static struct run runs[CONTRACT_WORLDS * PER_WORLD];
    static struct CMUnitTest tests[ARRAY_LEN(runs)];

    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        struct run *r = &runs[i];

        r->world = &contract_worlds[i / PER_WORLD];
        r->stack = i % PER_WORLD / ARRAY_LEN(checks);
        r->check = i % ARRAY_LEN(checks);
        (void)snprintf(r->name, sizeof(r->name), "%s, %s: %s", r->world->name,
                       stacks[r->stack].name, checks[r->check].name);
        tests[i] = (struct CMUnitTest){r->name, run_check, NULL, NULL, r};
    }
    return cmocka_run_group_tests_name("host contract", tests, open_worlds, close_worlds);
}
