/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/host: simulated hosts are deterministic, and allocate nothing once warm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "sim_rig.h"

#define PAGES 48 /* that random calls play on */

/* The linker sends every allocation here (--wrap, tests/unit/meson.build). */
static size_t allocations;

void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);

void *__wrap_malloc(size_t len)
{
    allocations++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t n, size_t len)
{
    allocations++;
    return __real_calloc(n, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    allocations++;
    return __real_realloc(p, len);
}

/* One random call of any kind; what it answered, as a number. */
static uint64_t random_call(struct rig *r, struct prng *rng, int fd)
{
    uint64_t first = prng_below(rng, PAGES - 8);
    uint64_t len = (1 + prng_below(rng, 8)) * r->page;
    uint64_t to = at(r, prng_below(rng, PAGES - 8));
    int prot = (int)prng_below(rng, 8);
    bool anon = prng_below(rng, 2);
    bool fixed = prng_below(rng, 4);
    struct host_map_req req = {
        .addr = at(r, first),
        .len = len,
        .prot = prot,
        .flags = (prng_below(rng, 2) ? HOST_MAP_SHARED : HOST_MAP_PRIVATE) |
                 (anon ? HOST_MAP_ANON : 0) | (fixed ? HOST_MAP_FIXED : 0),
        .fd = anon ? -1 : fd,
        .offset = anon ? 0 : prng_below(rng, 4) * r->page,
    };
    struct host_remap_req move = {at(r, first), len, (1 + prng_below(rng, 8)) * r->page, to,
                                  (uint32_t)(prng_below(rng, 2) * 3)};
    struct host_fault fault = {0};
    unsigned char byte = (unsigned char)prng_below(rng, 256);
    uint64_t ret = 0;
    int rc = 0;

    switch (prng_below(rng, 8)) {
    case 0:
    case 1:
        rc = host_map(r->h, &req, &ret);
        break;
    case 2:
        rc = host_unmap(r->h, at(r, first), len);
        break;
    case 3:
        rc = host_protect(r->h, at(r, first), len, prot);
        break;
    case 4:
        rc = host_remap(r->h, &move, &ret);
        break;
    case 5:
        rc = host_advise(r->h, at(r, first), len, HOST_ADVISE_DONTNEED);
        break;
    case 6:
        rc = host_sync(r->h, at(r, first), len, HOST_SYNC_SYNC);
        break;
    default:
        rc = host_write(r->h, at(r, first) + r->page / 2, &byte, 1, &fault);
        break;
    }
    return mix(mix(mix(ret, (uint64_t)(int64_t)rc), fault.addr), (uint64_t)fault.signal);
}

/* Answers and end state of a random program, with children. */
static uint64_t random_program(struct rig *r, uint64_t seed)
{
    struct prng rng;
    uint64_t hash = 0;
    unsigned deep = 0;
    int fd = file(r, 6 * r->page + 100);

    prng_seed(&rng, seed);
    for (int i = 0; i < 300; i++) {
        uint64_t what = prng_below(&rng, 40);

        if (what == 0 && deep < 6) {
            assert_int_equal(sim_host_fork(r->s), 0);
            deep++;
        } else if (what == 1 && deep > 0) {
            sim_host_exit(r->s);
            deep--;
        }
        hash = mix(hash, random_call(r, &rng, fd));
    }
    for (; deep > 0; deep--) {
        assert_null(vm_check(sim_host_proc(r->s)));
        sim_host_exit(r->s);
    }
    assert_null(vm_check(sim_host_proc(r->s)));
    return hash;
}

static void test_equal_calls_have_equal_effects(void **state)
{
    struct sim_setup setup = {.page = 4096};

    (void)state;
    for (size_t i = 0; i < ABI_SYSTEM_COUNT; i++) {
        struct rig a = open_rig((enum abi_system)i, &setup);
        struct rig b = open_rig((enum abi_system)i, &setup);

        for (uint64_t seed = 1; seed <= 60; seed++) {
            uint64_t one, two;

            setup.page = UINT64_C(4096) << (seed % 5);
            begin(&a, &setup);
            /* B has another past */
            setup.page = 8192;
            begin(&b, &setup);
            (void)random_program(&b, seed + 1000);
            setup.page = a.page;
            begin(&b, &setup);
            one = random_program(&a, seed);
            two = random_program(&b, seed);
            if (one != two || digest(&a) != digest(&b)) {
                fail_msg("%s differs from itself with seed %d", a.h->ops->name, (int)seed);
            }
        }
        close_rig(&a);
        close_rig(&b);
    }
}

static void check_allocates_nothing(struct rig *r)
{
    const struct sim_setup setup = {.page = r->page};

    for (int round = 0; round < 3; round++) {
        allocations = 0;
        for (uint64_t seed = 1; seed <= 40; seed++) {
            begin(r, &setup);
            (void)random_program(r, seed);
        }
        if (round == 0) {
            assert_true(allocations > 0);
        } else {
            assert_int_equal(allocations, 0);
        }
    }
}

static void test_a_warm_host_allocates_nothing(void **state)
{
    const struct sim_setup setup = {.page = 4096};

    (void)state;
    for_both(&setup, check_allocates_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_calls_have_equal_effects),
        cmocka_unit_test(test_a_warm_host_allocates_nothing),
    };

    return cmocka_run_group_tests_name("simulated hosts, random calls", tests, NULL, NULL);
}
