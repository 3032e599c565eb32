/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulated host for the tests of its own: short calls on numbered pages. cmocka comes first. */
#pragma once

#include <string.h>

#include "base/int.h"
#include "host/sim.h"

#define BASE UINT64_C(0x200000000000)
#define ANON (HOST_MAP_PRIVATE | HOST_MAP_ANON)
#define FIXED_ANON (ANON | HOST_MAP_FIXED)
#define SHARED_ANON (HOST_MAP_SHARED | HOST_MAP_ANON | HOST_MAP_FIXED)
#define RW (HOST_R | HOST_W)

struct rig {
    struct sim_host *s;
    struct host *h;
    uint64_t page;
};

static inline void begin(struct rig *r, const struct sim_setup *setup)
{
    struct err e = {""};

    if (sim_host_begin(r->s, setup, &e) != 0) {
        fail_msg("%s", e.text);
    }
    r->page = setup->page;
}

static inline struct rig open_rig(enum abi_system system, const struct sim_setup *setup)
{
    struct rig r = {0};
    struct err e = {""};

    assert_int_equal(sim_host_new(&r.s, system, &e), 0);
    r.h = sim_host_host(r.s);
    begin(&r, setup);
    return r;
}

static inline void close_rig(struct rig *r)
{
    assert_null(vm_check(sim_host_proc(r->s)));
    assert_null(sim_host_free(r->s));
}

static inline void for_both(const struct sim_setup *setup, void (*check)(struct rig *))
{
    for (int i = 0; i < ABI_SYSTEM_COUNT; i++) {
        struct rig r = open_rig((enum abi_system)i, setup);

        check(&r);
        close_rig(&r);
    }
}

static inline bool is_linux(const struct rig *r)
{
    return r->h->caps.remap;
}

static inline uint64_t at(const struct rig *r, uint64_t n)
{
    return BASE + n * r->page;
}

static inline int map(struct rig *r, uint64_t first, uint64_t n, int prot, uint32_t flags)
{
    const struct host_map_req req = {at(r, first), n * r->page, prot, flags, -1, 0};
    uint64_t ret;

    return host_map(r->h, &req, &ret);
}

static inline int put(struct rig *r, uint64_t page, unsigned char byte)
{
    return host_write(r->h, at(r, page), &byte, 1, NULL);
}

/* The first byte of a page, -1 where it cannot be read. */
static inline int get(struct rig *r, uint64_t page)
{
    unsigned char byte;

    return host_read(r->h, at(r, page), &byte, 1, NULL) == 0 ? byte : -1;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Map and bytes of the current process; rows that lie side by side count as one. */
static inline uint64_t digest(struct rig *r)
{
    static unsigned char bytes[65536];
    struct region_vec v = REGION_VEC_INIT;
    uint64_t hash = 1;

    assert_int_equal(vm_regions(sim_host_proc(r->s), (struct range){0, UINT64_MAX}, &v), 0);
    for (size_t i = 0; i < v.n; i++) {
        for (uint64_t a = v.v[i].r.start; a < v.v[i].r.last; a += r->page) {
            hash = mix(mix(hash, a), v.v[i].prot | v.v[i].shared << 4 | v.v[i].kind << 8);
            hash = mix(hash, v.v[i].object);
            if (host_peek(r->h, a, bytes, r->page) != 0) {
                hash = mix(hash, 77);
                continue;
            }
            for (size_t b = 0; b < r->page; b += 8) {
                uint64_t word;

                memcpy(&word, bytes + b, 8);
                hash = word ? mix(hash, mix(word, b)) : hash;
            }
        }
    }
    region_vec_free(&v);
    return hash;
}

static inline void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    unsigned char *bytes = buf;

    (void)arg;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (unsigned char)(offset + i + index + 1);
    }
}

static inline int file(struct rig *r, uint64_t size)
{
    const struct vm_file_spec spec = {
        .size = size, .readable = true, .writable = true, .fill = fill};
    int fd = sim_host_file(r->s, &spec);

    assert_true(fd >= 3);
    return fd;
}
