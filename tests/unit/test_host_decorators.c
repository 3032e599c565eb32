/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/host: guard, fault and record over a host that only counts, so that what never reaches it
 * shows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/decorators.h"

#define FIRST 0x100000ull
#define LAST 0x1fffffull
#define PAGE 0x1000ull
#define FIXED (HOST_MAP_FIXED | HOST_MAP_PRIVATE | HOST_MAP_ANON)
#define ANYWHERE (HOST_MAP_PRIVATE | HOST_MAP_ANON)

/* Does nothing, says yes, counts. */
struct counter {
    struct host host;
    unsigned calls, unmaps, peeks;
    uint64_t place; /* where map without FIXED lands */
    uint64_t unmapped_addr, unmapped_len;
};

static int count(struct host *h)
{
    ((struct counter *)h)->calls++;
    return 0;
}

static int counter_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    *ret = req->flags & HOST_MAP_FIXED ? req->addr : ((struct counter *)h)->place;
    return count(h);
}

static int counter_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    struct counter *c = (struct counter *)h;

    c->unmaps++;
    c->unmapped_addr = addr;
    c->unmapped_len = len;
    return count(h);
}

static int counter_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    (void)addr;
    (void)len;
    (void)prot;
    return count(h);
}

static int counter_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    *ret = req->flags & HOST_REMAP_FIXED ? req->new_addr : req->old_addr;
    return count(h);
}

static int counter_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    (void)addr;
    (void)len;
    (void)flags;
    return count(h);
}

static int counter_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    (void)addr;
    (void)len;
    (void)advice;
    return count(h);
}

static int counter_fstat(struct host *h, int fd, struct host_stat *ret)
{
    (void)fd;
    *ret = (struct host_stat){.object = 1};
    return count(h);
}

static int64_t counter_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    (void)fd;
    (void)offset;
    memset(buf, 1, len);
    (void)count(h);
    return (int64_t)len;
}

static int counter_read(struct host *h, uint64_t addr, void *buf, size_t len,
                        struct host_fault *fault)
{
    (void)addr;
    (void)fault;
    memset(buf, 1, len);
    return count(h);
}

static int counter_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                         struct host_fault *fault)
{
    (void)addr;
    (void)buf;
    (void)len;
    (void)fault;
    return count(h);
}

static int counter_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    (void)addr;
    memset(buf, 1, len);
    ((struct counter *)h)->peeks++;
    return 0;
}

static const struct host_ops counter_ops = {
    .name = "counter",
    .map = counter_map,
    .unmap = counter_unmap,
    .protect = counter_protect,
    .remap = counter_remap,
    .sync = counter_sync,
    .advise = counter_advise,
    .fstat = counter_fstat,
    .pread = counter_pread,
    .read = counter_read,
    .write = counter_write,
    .peek = counter_peek,
};

static struct counter counter_new(void)
{
    return (struct counter){
        .host = {.ops = &counter_ops, .page = PAGE, .min_addr = PAGE, .caps = {.remap = true}},
    };
}

/* A call on [ADDR, ADDR + LEN): each kind that has a range, by number. */
enum { RANGED_CALLS = 8 };
static int ranged_call(struct host *h, unsigned kind, uint64_t addr, uint64_t len)
{
    static unsigned char buf[2 * (LAST - FIRST + 1)];
    const struct host_map_req map = {addr, len, HOST_R, FIXED, -1, 0};
    const struct host_remap_req in_place = {addr, PAGE, len, 0, 0};
    uint64_t at;

    switch (kind) {
    case 0:
        return host_map(h, &map, &at);
    case 1:
        return host_unmap(h, addr, len);
    case 2:
        return host_protect(h, addr, len, HOST_R);
    case 3:
        return host_remap(h, &in_place, &at);
    case 4:
        return host_sync(h, addr, len, HOST_SYNC_SYNC);
    case 5:
        return host_advise(h, addr, len, HOST_ADVISE_DONTNEED);
    case 6:
        return host_read(h, addr, buf, len, NULL);
    default:
        return host_write(h, addr, buf, len, NULL);
    }
}

/* Every call that can fail, by number; the last two have no address. */
enum { FAILING_CALLS = RANGED_CALLS + 2 };
static int failing_call(struct host *h, unsigned kind)
{
    struct host_stat st;
    unsigned char byte;

    if (kind < RANGED_CALLS) {
        return ranged_call(h, kind, FIRST, PAGE);
    }
    return kind == RANGED_CALLS ? host_fstat(h, 3, &st) : (int)host_pread(h, 3, &byte, 1, 0) - 1;
}

static void test_guard_lets_the_window_through(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;

    (void)state;
    host_guard_init(&g, &c.host);
    assert_int_equal(g.host.page, PAGE);
    assert_true(g.host.caps.remap);
    assert_false(host_guard_begin(&g, FIRST, LAST));
    for (unsigned kind = 0; kind < RANGED_CALLS; kind++) {
        c.calls = 0;
        assert_int_equal(ranged_call(&g.host, kind, FIRST, PAGE), 0);
        assert_int_equal(ranged_call(&g.host, kind, LAST - PAGE + 1, PAGE), 0);
        assert_int_equal(ranged_call(&g.host, kind, FIRST, LAST - FIRST + 1), 0);
        assert_int_equal(c.calls, 3);
    }
    assert_int_equal(g.refused, 0);
}

static void test_guard_refuses_what_lies_outside(void **state)
{
    static const struct {
        uint64_t addr, len;
    } outside[] = {
        {FIRST - PAGE, PAGE},      {FIRST - 1, 1},      {FIRST - PAGE, 2 * PAGE},
        {LAST + 1, PAGE},          {LAST, 2},           {FIRST - PAGE, LAST - FIRST + 1 + 2 * PAGE},
        {FIRST, LAST - FIRST + 2}, {0, PAGE},           {UINT64_MAX - PAGE + 1, PAGE},
        {FIRST, 0ull - FIRST},     {FIRST, UINT64_MAX},
    };
    struct counter c = counter_new();
    struct host_guard g;

    (void)state;
    host_guard_init(&g, &c.host);
    for (unsigned kind = 0; kind < RANGED_CALLS; kind++) {
        assert_int_equal(ranged_call(&g.host, kind, FIRST, PAGE), -EFAULT);
    }
    (void)host_guard_begin(&g, FIRST, LAST);
    assert_int_equal(g.refused, 0);
    for (unsigned kind = 0; kind < RANGED_CALLS; kind++) {
        g.refused = 0;
        for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
            assert_int_equal(ranged_call(&g.host, kind, outside[i].addr, outside[i].len), -EFAULT);
        }
        assert_int_equal(g.refused, sizeof(outside) / sizeof(outside[0]));
    }
    assert_int_equal(c.calls, 0);
}

static void test_guard_names_the_first_address_outside(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;
    struct host_fault fault = {.signal = 11};
    unsigned char buf[8];

    (void)state;
    host_guard_init(&g, &c.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    assert_int_equal(host_read(&g.host, LAST - 3, buf, 8, &fault), -EFAULT);
    assert_int_equal(fault.signal, 0);
    assert_int_equal(fault.addr, LAST + 1);
    assert_int_equal(host_write(&g.host, FIRST - 4, buf, 8, &fault), -EFAULT);
    assert_int_equal(fault.addr, FIRST - 4);
}

static void test_guard_judges_both_sides_of_a_remap(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;
    uint64_t at = 42;
    struct host_remap_req req = {FIRST, PAGE, PAGE, LAST + 1 - PAGE,
                                 HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};

    (void)state;
    host_guard_init(&g, &c.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    assert_int_equal(host_remap(&g.host, &req, &at), 0);
    assert_int_equal(at, LAST + 1 - PAGE);
    req.new_len = 2 * PAGE;
    assert_int_equal(host_remap(&g.host, &req, &at), -EFAULT);
    req.new_addr = FIRST - PAGE;
    assert_int_equal(host_remap(&g.host, &req, &at), -EFAULT);
    req =
        (struct host_remap_req){LAST + 1, PAGE, PAGE, FIRST, HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};
    assert_int_equal(host_remap(&g.host, &req, &at), -EFAULT);
    req = (struct host_remap_req){FIRST, PAGE, PAGE, 0, HOST_REMAP_MAYMOVE};
    assert_int_equal(host_remap(&g.host, &req, &at), -EFAULT);
    req = (struct host_remap_req){FIRST, 0, PAGE, FIRST + PAGE,
                                  HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};
    assert_int_equal(host_remap(&g.host, &req, &at), 0);
    assert_int_equal(c.calls, 2);
    assert_int_equal(g.refused, 4);
}

static void test_guard_lets_one_probe_out_and_in_again(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;
    struct host_map_req req = {FIRST, 2 * PAGE, 0, ANYWHERE, -1, 0};
    uint64_t at = 42;

    (void)state;
    host_guard_init(&g, &c.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    c.place = FIRST + PAGE;
    assert_int_equal(host_map(&g.host, &req, &at), 0);
    assert_int_equal(at, FIRST + PAGE);
    assert_int_equal(g.probe_len, 0);

    c.place = LAST + 1 - PAGE; /* half outside counts as outside */
    assert_int_equal(host_map(&g.host, &req, &at), 0);
    assert_int_equal(at, LAST + 1 - PAGE);
    assert_int_equal(g.probe_addr, at);
    assert_int_equal(g.probe_len, 2 * PAGE);
    assert_int_equal(host_protect(&g.host, at, 2 * PAGE, HOST_R), -EFAULT);
    assert_int_equal(host_unmap(&g.host, at, 3 * PAGE), -EFAULT);
    assert_int_equal(host_unmap(&g.host, at + PAGE, PAGE), -EFAULT);

    /* a second one is given back and refused */
    at = 42;
    c.place = 0x7f0000000000;
    assert_int_equal(host_map(&g.host, &req, &at), -EFAULT);
    assert_int_equal(at, 42);
    assert_int_equal(c.unmapped_addr, 0x7f0000000000);
    assert_int_equal(c.unmapped_len, 2 * PAGE);

    assert_int_equal(host_unmap(&g.host, LAST + 1 - PAGE, 2 * PAGE), 0);
    assert_int_equal(host_unmap(&g.host, LAST + 1 - PAGE, 2 * PAGE), -EFAULT);
    assert_int_equal(g.refused, 5);
    req.addr = LAST + 1;
    assert_int_equal(host_map(&g.host, &req, &at), -EFAULT);
    req.addr = 0;
    assert_int_equal(host_map(&g.host, &req, &at), 0);
}

static void test_guard_gives_a_forgotten_probe_back(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;
    struct host_map_req req = {0, PAGE, 0, ANYWHERE, -1, 0};
    uint64_t at;

    (void)state;
    host_guard_init(&g, &c.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    c.place = 0x7f0000000000;
    assert_int_equal(host_map(&g.host, &req, &at), 0);
    assert_true(host_guard_begin(&g, FIRST, LAST));
    assert_int_equal(c.unmaps, 1);
    assert_int_equal(c.unmapped_addr, 0x7f0000000000);
    assert_false(host_guard_begin(&g, FIRST, LAST));
    assert_int_equal(c.unmaps, 1);
}

static void test_fault_fails_exactly_the_nth_of_any_kind(void **state)
{
    struct counter c = counter_new();
    struct host_fault_injector f;

    (void)state;
    host_fault_init(&f, &c.host);
    for (unsigned nth = 1; nth <= FAILING_CALLS; nth++) {
        c.calls = 0;
        host_fault_arm(&f, nth, ENOMEM);
        for (unsigned kind = 0; kind < FAILING_CALLS; kind++) {
            int rc = failing_call(&f.host, kind);

            if (kind + 1 != nth) {
                assert_int_equal(rc, 0);
            } else {
                /* pread's answer is a count less one here */
                assert_int_equal(rc, kind + 1 == FAILING_CALLS ? -ENOMEM - 1 : -ENOMEM);
            }
            assert_int_equal(f.fired, kind + 1 >= nth);
        }
        assert_int_equal(c.calls, FAILING_CALLS - 1);
        assert_int_equal(f.count, FAILING_CALLS);
    }
}

static void test_fault_is_off_until_armed_and_never_in_peek(void **state)
{
    struct counter c = counter_new();
    struct host_fault_injector f;
    struct host_fault fault = {.signal = 11};
    unsigned char byte;

    (void)state;
    host_fault_init(&f, &c.host);
    for (unsigned kind = 0; kind < FAILING_CALLS; kind++) {
        assert_int_equal(failing_call(&f.host, kind), 0);
    }
    host_fault_arm(&f, 1, EIO);
    assert_int_equal(host_peek(&f.host, FIRST, &byte, 1), 0);
    assert_int_equal(f.count, 0);
    assert_int_equal(host_read(&f.host, FIRST + 5, &byte, 1, &fault), -EIO);
    assert_int_equal(fault.signal, 0);
    assert_int_equal(fault.addr, FIRST + 5);
    host_fault_arm(&f, 0, 0);
    assert_int_equal(failing_call(&f.host, 0), 0);
    assert_false(f.fired);
}

static void test_record_keeps_the_arguments(void **state)
{
    struct counter c = counter_new();
    struct host_recorder r;
    const struct host_map_req map = {
        FIRST, PAGE, HOST_R | HOST_X, HOST_MAP_FIXED | HOST_MAP_SHARED, 7, 0x3000};
    const struct host_remap_req move = {FIRST, PAGE, 2 * PAGE, FIRST + 4 * PAGE,
                                        HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED};
    unsigned char buf[16];
    struct host_stat st;
    uint64_t at;

    (void)state;
    host_record_init(&r, &c.host);
    assert_int_equal(host_map(&r.host, &map, &at), 0);
    assert_int_equal(host_unmap(&r.host, FIRST, PAGE), 0);
    assert_int_equal(host_protect(&r.host, FIRST, PAGE, HOST_W), 0);
    assert_int_equal(host_remap(&r.host, &move, &at), 0);
    assert_int_equal(host_sync(&r.host, FIRST, PAGE, HOST_SYNC_ASYNC), 0);
    assert_int_equal(host_advise(&r.host, FIRST, PAGE, HOST_ADVISE_DONTNEED), 0);
    assert_int_equal(host_fstat(&r.host, 7, &st), 0);
    assert_int_equal(host_pread(&r.host, 7, buf, 16, 0x123), 16);
    assert_int_equal(host_read(&r.host, FIRST + 1, buf, 2, NULL), 0);
    assert_int_equal(host_write(&r.host, FIRST + 3, buf, 4, NULL), 0);
    assert_int_equal(host_peek(&r.host, FIRST, buf, 16), 0);
    assert_int_equal(r.n, CALL_KIND_COUNT);
    for (unsigned i = 0; i < CALL_KIND_COUNT; i++) {
        assert_int_equal(r.v[i].kind, i); /* made in the order of the enum */
        assert_int_equal(r.v[i].err, 0);
        assert_false(r.v[i].refused || r.v[i].injected);
        assert_int_equal(r.v[i].addr, i == CALL_FSTAT || i == CALL_PREAD ? 0
                                      : i == CALL_READ                   ? FIRST + 1
                                      : i == CALL_WRITE                  ? FIRST + 3
                                                                         : FIRST);
    }
    assert_int_equal(r.v[CALL_MAP].prot, HOST_R | HOST_X);
    assert_int_equal(r.v[CALL_MAP].flags, HOST_MAP_FIXED | HOST_MAP_SHARED);
    assert_int_equal(r.v[CALL_MAP].addr2, 7);
    assert_int_equal(r.v[CALL_MAP].len2, 0x3000);
    assert_int_equal(r.v[CALL_MAP].result, FIRST);
    assert_int_equal(r.v[CALL_PROTECT].prot, HOST_W);
    assert_int_equal(r.v[CALL_REMAP].addr2, FIRST + 4 * PAGE);
    assert_int_equal(r.v[CALL_REMAP].len2, 2 * PAGE);
    assert_int_equal(r.v[CALL_REMAP].result, FIRST + 4 * PAGE);
    assert_int_equal(r.v[CALL_SYNC].flags, HOST_SYNC_ASYNC);
    assert_int_equal(r.v[CALL_ADVISE].flags, HOST_ADVISE_DONTNEED);
    assert_int_equal(r.v[CALL_FSTAT].addr2, 7);
    assert_int_equal(r.v[CALL_PREAD].addr2, 7);
    assert_int_equal(r.v[CALL_PREAD].len, 16);
    assert_int_equal(r.v[CALL_PREAD].len2, 0x123);
    assert_int_equal(r.v[CALL_PREAD].result, 16);
    assert_int_equal(r.v[CALL_WRITE].len, 4);
    host_record_clear(&r);
    assert_int_equal(r.n, 0);
    assert_true(r.cap >= CALL_KIND_COUNT);
    host_record_free(&r);
}

/* record(fault(guard)) and record(guard(fault)) must tell the same story. */
static void check_marks(struct host_recorder *r, struct host_fault_injector *f)
{
    host_fault_arm(f, 3, EAGAIN);
    assert_int_equal(host_unmap(&r->host, FIRST, PAGE), 0);
    assert_int_equal(host_protect(&r->host, FIRST, PAGE, HOST_R), 0);
    assert_int_equal(host_unmap(&r->host, FIRST, PAGE), -EAGAIN);
    assert_int_equal(host_unmap(&r->host, FIRST, PAGE), 0);
    assert_int_equal(host_unmap(&r->host, LAST, 2), -EFAULT);
    assert_int_equal(r->n, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(r->v[i].injected, i == 2);
        assert_int_equal(r->v[i].refused, i == 4);
        assert_int_equal(r->v[i].err, i == 2 ? EAGAIN : i == 4 ? EFAULT : 0);
    }
    assert_int_equal(r->dropped, 0);
    host_record_free(r);
}

static void test_record_tells_injected_from_refused(void **state)
{
    struct counter c = counter_new();
    struct host_guard g;
    struct host_fault_injector f;
    struct host_recorder r;

    (void)state;
    host_guard_init(&g, &c.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    host_fault_init(&f, &g.host);
    host_record_init(&r, &f.host);
    check_marks(&r, &f);

    host_fault_init(&f, &c.host);
    host_guard_init(&g, &f.host);
    (void)host_guard_begin(&g, FIRST, LAST);
    host_record_init(&r, &g.host);
    check_marks(&r, &f);
}

static void test_record_names_its_calls_as_the_printer_does(void **state)
{
    struct counter c = counter_new();
    struct host_recorder r;
    const struct host_map_req map = {FIRST, PAGE, HOST_R | HOST_W, FIXED, -1, 0};
    struct buf text = BUF_INIT;
    uint64_t at;

    (void)state;
    host_record_init(&r, &c.host);
    assert_int_equal(host_map(&r.host, &map, &at), 0);
    call_print(&r.v[0], FIRST, &text);
    assert_string_equal(buf_text(&text), "map(0x0, 0x1000, rw-, PRIVATE|FIXED|ANON, -1, 0) = 0x0");
    buf_free(&text);
    host_record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_lets_the_window_through),
        cmocka_unit_test(test_guard_refuses_what_lies_outside),
        cmocka_unit_test(test_guard_names_the_first_address_outside),
        cmocka_unit_test(test_guard_judges_both_sides_of_a_remap),
        cmocka_unit_test(test_guard_lets_one_probe_out_and_in_again),
        cmocka_unit_test(test_guard_gives_a_forgotten_probe_back),
        cmocka_unit_test(test_fault_fails_exactly_the_nth_of_any_kind),
        cmocka_unit_test(test_fault_is_off_until_armed_and_never_in_peek),
        cmocka_unit_test(test_record_keeps_the_arguments),
        cmocka_unit_test(test_record_tells_injected_from_refused),
        cmocka_unit_test(test_record_names_its_calls_as_the_printer_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
