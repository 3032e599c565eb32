/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated host of this system answers as the real one: the same random calls on both, placed
 * ones only, with equal answers, faults and bytes after each. Not here: where a host puts what
 * nobody placed, remap of more than a page, whose rules moved with the kernel's release, and growth
 * of shared anonymous memory, which on Linux ends where its first map did and in vm/ nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/int.h"
#include "base/prng.h"
#include "host/real.h"
#include "host/sim.h"
#include "host/window.h"

#define PAGES 24
#define FILE_PAGES 5
#define TAIL 100
#define PROGRAMS 300
#define CALLS 60

struct side {
    struct host *h;
    uint64_t base;
    int fd[2]; /* open for both, and for reading only */
};

struct pair {
    struct host_window window;
    struct sim_host *sim;
    struct side real, same;
    uint64_t page;
};

static void pattern(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    unsigned char *bytes = buf;

    (void)arg;
    (void)index;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (unsigned char)((offset + i) * 7 + ((offset + i) >> 12) + 1);
    }
}

static uint64_t file_size(const struct pair *p)
{
    return FILE_PAGES * p->page + TAIL;
}

static void make_files(struct pair *p)
{
    static unsigned char bytes[65536];
    const struct vm_file_spec spec = {
        .size = file_size(p), .readable = true, .writable = true, .fill = pattern};
    char path[64];
    int fd = memfd_create("sim", MFD_CLOEXEC);

    assert_true(fd >= 0);
    for (uint64_t at = 0; at < file_size(p); at += p->page) {
        size_t len = u64_min(p->page, file_size(p) - at);

        pattern(NULL, 0, at, bytes, len);
        assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    p->real.fd[0] = fd;
    p->real.fd[1] = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(p->real.fd[1] >= 0);
    p->same.fd[0] = sim_host_file(p->sim, &spec);
    p->same.fd[1] = vm_file_reopen(sim_host_vm(p->sim), p->same.fd[0], true, false);
    assert_true(p->same.fd[0] > 0 && p->same.fd[1] > 0);
}

static void begin(struct pair *p)
{
    const struct sim_setup setup = {.page = p->page, .exec_only = host_real()->caps.exec_only};

    /* cmocka takes the signals for each test */
    assert_int_equal(host_catch_install(NULL), 0);
    assert_int_equal(host_window_reset(&p->window, 0, NULL), 0);
    assert_int_equal(sim_host_begin(p->sim, &setup, NULL), 0);
    p->real.h = host_real();
    p->same.h = sim_host_host(p->sim);
    p->real.base = p->same.base = p->window.base + 0x100000;
    make_files(p);
}

struct answer {
    int64_t rc;
    struct host_fault fault;
    unsigned char bytes[32];
};

struct call {
    unsigned kind;
    uint64_t first, pages, to, file_page, skew;
    int prot;
    uint32_t flags;
    unsigned fd; /* 2: anonymous */
    unsigned char byte;
};

static struct call random_call(struct prng *rng)
{
    struct call c = {.kind = (unsigned)prng_below(rng, 10)};

    c.first = prng_below(rng, PAGES - 6);
    c.pages = 1 + prng_below(rng, 6);
    c.to = prng_below(rng, PAGES - 6);
    c.file_page = prng_below(rng, FILE_PAGES + 1);
    c.skew = prng_below(rng, 4096);
    c.prot = (int)prng_below(rng, 8);
    c.fd = (unsigned)prng_below(rng, 4);
    c.fd = c.fd > 2 ? 2 : c.fd;
    c.flags = HOST_MAP_FIXED | (prng_below(rng, 2) ? HOST_MAP_SHARED : HOST_MAP_PRIVATE);
    c.flags |= prng_below(rng, 4) ? 0 : HOST_MAP_NOREPLACE;
    c.flags |= c.fd == 2 ? HOST_MAP_ANON : 0;
    c.byte = (unsigned char)prng_below(rng, 256);
    return c;
}

static int64_t map_at(const struct pair *p, const struct side *s, const struct call *c)
{
    const struct host_map_req req = {
        .addr = s->base + c->first * p->page,
        .len = c->pages * p->page,
        .prot = c->prot,
        .flags = c->flags,
        .fd = c->fd == 2 ? -1 : s->fd[c->fd],
        .offset = c->fd == 2 ? 0 : c->file_page * p->page,
    };
    uint64_t at = 0;
    int rc = host_map(s->h, &req, &at);

    assert_true(rc != 0 || at == req.addr);
    return rc;
}

static bool is_shared_anon(const struct pair *p, uint64_t page)
{
    struct region_vec v = REGION_VEC_INIT;
    uint64_t at = p->same.base + page * p->page;
    bool ret;

    assert_int_equal(vm_regions(sim_host_proc(p->sim), (struct range){at, at}, &v), 0);
    ret = v.n && v.v[0].shared && v.v[0].kind == REGION_ANON;
    region_vec_free(&v);
    return ret;
}

/* The first page goes elsewhere, and may grow on the way. */
static int64_t remap_to(const struct pair *p, const struct side *s, const struct call *c)
{
    const struct host_remap_req req = {
        .old_addr = s->base + c->first * p->page,
        .old_len = p->page,
        .new_len = (c->byte & 1 && !is_shared_anon(p, c->first) ? c->pages : 1) * p->page,
        .new_addr = s->base + c->to * p->page,
        .flags = HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED,
    };
    uint64_t at = 0;
    int rc = host_remap(s->h, &req, &at);

    assert_true(rc != 0 || at == req.new_addr);
    return rc;
}

static struct answer make(const struct pair *p, const struct side *s, const struct call *c)
{
    uint64_t at = s->base + c->first * p->page;
    uint64_t len = c->pages * p->page;
    struct answer a = {0};

    switch (c->kind) {
    case 0:
    case 1:
        a.rc = map_at(p, s, c);
        break;
    case 2:
        a.rc = host_unmap(s->h, at, len);
        break;
    case 3:
        a.rc = host_protect(s->h, at, len, c->prot);
        break;
    case 4:
        a.rc = host_sync(s->h, at, len, c->byte & 1 ? HOST_SYNC_SYNC : HOST_SYNC_INVALIDATE);
        break;
    case 5:
        a.rc = host_advise(s->h, at, len, HOST_ADVISE_DONTNEED);
        break;
    case 6:
        memset(a.bytes, c->byte, sizeof(a.bytes));
        a.rc = host_write(s->h, at + c->skew, a.bytes, sizeof(a.bytes), &a.fault);
        break;
    case 7:
        a.rc = host_read(s->h, at + c->skew, a.bytes, sizeof(a.bytes), &a.fault);
        break;
    case 8:
        a.rc = remap_to(p, s, c);
        break;
    default:
        a.rc = host_pread(s->h, s->fd[0], a.bytes, sizeof(a.bytes), c->file_page * p->page);
        break;
    }
    a.fault.addr -= a.fault.addr ? s->base : 0;
    return a;
}

/* Some bytes of every page, whatever the rights. */
static bool same_bytes(const struct pair *p)
{
    for (uint64_t i = 0; i < PAGES * 2; i++) {
        unsigned char a[40] = {0};
        unsigned char b[40] = {0};
        uint64_t at = i * (p->page / 2) + (i & 1 ? 0 : p->page / 2 - sizeof(a));
        int ra = host_peek(p->real.h, p->real.base + at, a, sizeof(a));
        int rb = host_peek(p->same.h, p->same.base + at, b, sizeof(b));

        if (ra != rb || (ra == 0 && memcmp(a, b, sizeof(a)) != 0)) {
            return false;
        }
    }
    return true;
}

static void run_program(struct pair *p, uint64_t seed)
{
    struct prng rng;

    prng_seed(&rng, seed);
    begin(p);
    for (int i = 0; i < CALLS; i++) {
        struct call c = random_call(&rng);
        struct answer a = make(p, &p->real, &c);
        struct answer b = make(p, &p->same, &c);

        if (memcmp(&a, &b, sizeof(a)) != 0) {
            fail_msg("seed %d, call %d, kind %u: real %lld, simulated %lld", (int)seed, i, c.kind,
                     (long long)a.rc, (long long)b.rc);
        }
        if (!same_bytes(p)) {
            fail_msg("seed %d, call %d, kind %u: memory differs", (int)seed, i, c.kind);
        }
    }
    close(p->real.fd[0]);
    close(p->real.fd[1]);
}

static void test_a_simulated_host_answers_as_the_real_one(void **state)
{
    static struct pair p;
    enum abi_system system = host_real()->caps.remap ? ABI_LINUX : ABI_FREEBSD;
    struct err e = {""};

    (void)state;
    p.page = host_real()->page;
    assert_int_equal(host_window_open(&p.window, WINDOW_32, &e), 0);
    assert_int_equal(sim_host_new(&p.sim, system, &e), 0);
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        run_program(&p, seed);
    }
    p.sim = sim_host_free(p.sim);
    host_window_close(&p.window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_simulated_host_answers_as_the_real_one),
    };

    return cmocka_run_group_tests_name("simulated and real host", tests, NULL, NULL);
}
