/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Placement: layer.md 5 (the figure of 5.1, the table of 5.2), placed maps of 6.2, alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/int.h"
#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define BOTH(f) \
    {#f " linux", f, NULL, NULL, (void *)&layer_linux}, \
    { \
#f " bsd", f, NULL, NULL, (void *)&layer_bsd \
    }

/*
 * 0               0x40000         0x80000         0xc0000         0x100000
 * m##.####.####.##.##########.#############.##################...#       want 0x8000 from 0x40000
 *                 ^ 1                                          ^ 3: 0xf4000
 */
static void reserved_figure(void **state)
{
    static const char picture[] =
        "m##.####.####.##.##########.#############.##################...#";
    struct bed_config c = bed_default;
    struct bed b;

    c.ops = *state;
    c.min_addr = 0x4000;
    bed_open(&b, &c);
    assert_int_equal(strlen(picture) * 0x4000, c.window);
    for (size_t i = 0; i < strlen(picture); i++) {
        if (picture[i] == '#') {
            bed_anon(&b, i * 0x4000 + 0x1000 * (i % 4), 0x1000, ABI_PROT_READ);
        }
    }
    fake_host_arm(&b.fake, 0, 0);
    assert_int_equal(bed_mmap(&b, 0x40000, 0x8000, BED_RW, BED_ANON, -1, 0), 0xf4000);
    assert_int_equal(b.fake.calls, 1);
    /* One page of it is free at the hint. */
    assert_int_equal(bed_mmap(&b, 0x40000, 0x4000, BED_RW, BED_ANON, -1, 0), 0x40000);
    /* Downwards from the hint, then nothing left that is large enough. */
    assert_int_equal(bed_mmap(&b, 0x40000, 0x1000, BED_RW, BED_ANON, -1, 0), 0x34000);
    assert_int_equal(bed_mmap(&b, 0, 0x5000, BED_RW, BED_ANON, -1, 0), LAYER_FAILED);
    assert_int_equal(b.err, ENOMEM);
    bed_check(&b);
    bed_close(&b);
}

/*
 * The whole window can be filled, page by page, down to the lowest address, and 0 is never given.
 */
static void reserved_exhausts(void **state)
{
    struct bed_config c = bed_default;
    uint64_t lowest;
    struct bed b;
    unsigned n = 0;

    c.ops = *state;
    lowest = c.ops == &layer_linux ? 0x10000 : 0x4000;
    bed_open(&b, &c);
    for (;;) {
        uint64_t at = bed_mmap(&b, 0, 0x1000, BED_RW, BED_ANON, -1, 0);

        if (at == LAYER_FAILED) {
            break;
        }
        assert_true(at >= lowest);
        n++;
    }
    assert_int_equal(b.err, ENOMEM);
    assert_int_equal(n, (c.window - lowest) / 0x4000);
    assert_int_equal(bed_munmap(&b, 0x80000, 0x1000), 0);
    assert_int_equal(bed_mmap(&b, 0, 0x4000, BED_RW, BED_ANON, -1, 0), 0x80000);
    bed_close(&b);
}

/* Offset and result agree modulo the host page; what the block has beside the map is slack. */
static void placed_file(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    uint64_t at;
    int fd;

    c.ops = *state;
    bed_open(&b, &c);
    fd = fake_host_file(&b.fake, 0x20000, 3);
    at = bed_mmap(&b, 0x40000, 0x2000, ABI_PROT_READ, ABI_MAP_PRIVATE, fd, 0x3000);
    assert_int_equal(at, 0x43000);
    assert_string_equal(bed_map(&b, 0x40000, 8), ".. .. .. r- r- .. .. ..");
    assert_int_equal(bed_byte(&b, 0x43000), fake_file_byte(0x3000));
    assert_int_equal(bed_byte(&b, 0x44fff), fake_file_byte(0x4fff));
    bed_check(&b);
    /* Slack is busy: the next block may not touch it. */
    assert_int_equal(bed_mmap(&b, 0x44000, 0x1000, ABI_PROT_READ, BED_ANON, -1, 0), 0x3c000);
    /* Truly shared, though it is no whole host page. */
    at = bed_mmap(&b, 0x60000, 0x1000, BED_RW, ABI_MAP_SHARED, fd, 0x1000);
    assert_int_equal(at, 0x61000);
    assert_true(fake_host_area(&b.fake, c.guest_base + at)->shared);
    bed_check(&b);
    bed_close(&b);
}

/* A forced host page: the block ends behind the file's last real page, and that is slack too. */
static void placed_forced(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    uint64_t at;
    int fd;

    c.ops = *state;
    c.real_page = 0x1000;
    bed_open(&b, &c);
    fd = fake_host_file(&b.fake, 0x1000, 3);
    at = bed_mmap(&b, 0x40000, 0x1000, ABI_PROT_READ, ABI_MAP_PRIVATE, fd, 0);
    assert_int_equal(at, 0x40000);
    assert_int_equal(bed_byte(&b, 0x43000), 0);
    bed_check(&b);
    for (unsigned i = 1; i <= 3; i++) {
        uint64_t before = bed_digest(&b);

        fake_host_arm(&b.fake, i, ENOMEM);
        assert_int_equal(bed_mmap(&b, 0x60000, 0x1000, ABI_PROT_READ, ABI_MAP_PRIVATE, fd, 0),
                         LAYER_FAILED);
        assert_int_equal(bed_digest(&b), before);
    }
    bed_close(&b);
}

/* ---- MAP_ALIGNED(n), FreeBSD ---- */

static void aligned(void **state)
{
    struct bed_config c = bed_default;

    (void)state;
    c.ops = &layer_bsd;
    c.window = 0x1000000;
    for (int reserved = 0; reserved < 2; reserved++) {
        struct bed b;
        int fd;

        c.reserved = reserved;
        bed_open(&b, &c);
        fd = fake_host_file(&b.fake, 0x20000, 3);
        bed_anon(&b, 0x10000, 0x1000, ABI_PROT_READ);
        for (unsigned n = 12; n <= 18; n++) {
            uint64_t at =
                bed_mmap(&b, 0x14000, 0x3000, BED_RW, BED_ANON | ABI_MAP_ALIGNED(n), -1, 0);

            assert_true(at != LAYER_FAILED && u64_is_aligned(at, 1u << n));
            bed_check(&b);
            /* The result, not its block: this file offset cannot be had by mapping. */
            at = bed_mmap(&b, 0, 0x1000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_ALIGNED(n), fd, 0x1000);
            assert_true(at != LAYER_FAILED && u64_is_aligned(at, 1u << n));
            assert_int_equal(bed_byte(&b, at), fake_file_byte(0x1000));
            bed_check(&b);
        }
        assert_int_equal(
            bed_mmap(&b, 0, 0x1000, BED_RW, ABI_MAP_SHARED | ABI_MAP_ALIGNED(14), fd, 0x1000),
            LAYER_FAILED);
        assert_int_equal(b.err, EINVAL);
        bed_check(&b);
        bed_close(&b);
    }
}

/* A hole that fits exactly is enough, and 2^31 is no sign bit. */
static void aligned_exact(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;

    (void)state;
    c.ops = &layer_bsd;
    c.bits = 64;
    bed_open(&b, &c);
    bed_anon(&b, 0x4000, 0x7c000, ABI_PROT_READ);
    bed_anon(&b, 0x84000, 0x7c000, ABI_PROT_READ);
    assert_int_equal(bed_mmap(&b, 0, 0x4000, BED_RW, BED_ANON | ABI_MAP_ALIGNED(19), -1, 0),
                     0x80000);
    for (unsigned n = 31; n < 64; n++) {
        assert_int_equal(bed_mmap(&b, 0, 0x4000, BED_RW, BED_ANON | ABI_MAP_ALIGNED(n), -1, 0),
                         LAYER_FAILED);
        assert_int_equal(b.err, ENOMEM);
    }
    bed_close(&b);
}

/* An unaligned file offset is legal on FreeBSD: the result carries the remainder. */
static void remainder_kept(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    uint64_t at;
    int fd;

    (void)state;
    c.ops = &layer_bsd;
    bed_open(&b, &c);
    fd = fake_host_file(&b.fake, 0x20000, 3);
    at = bed_mmap(&b, 0x40000, 0x1000, ABI_PROT_READ, ABI_MAP_PRIVATE, fd, 0x5123);
    assert_int_equal(at, 0x41123);
    assert_string_equal(bed_map(&b, 0x40000, 4), ".. r- r- ..");
    assert_int_equal(bed_byte(&b, at), fake_file_byte(0x5123));
    at = bed_mmap(&b, 0x51123, 0x1000, ABI_PROT_READ, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0x5123);
    assert_int_equal(at, 0x51123);
    assert_int_equal(bed_byte(&b, at), fake_file_byte(0x5123));
    bed_check(&b);
    bed_close(&b);
}

/* MAP_32BIT: below 2 GiB on FreeBSD, a name without meaning for a Linux guest in general. */
static void low_addresses(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    uint64_t at;

    c.ops = *state;
    c.bits = 64;
    c.reserved = true;
    c.window = UINT64_C(1) << 40;
    bed_open(&b, &c);
    at = bed_mmap(&b, UINT64_C(1) << 36, 0x1000, BED_RW, BED_ANON | ABI_MAP_32BIT, -1, 0);
    if (c.ops == &layer_bsd) {
        assert_true(at < UINT64_C(1) << 31);
        bed_mmap(&b, UINT64_C(1) << 31, 0x1000, BED_RW, BED_FIXED | ABI_MAP_32BIT, -1, 0);
        assert_int_equal(b.err, EINVAL);
    } else {
        assert_int_equal(at, UINT64_C(1) << 36);
    }
    bed_close(&b);
}

/* ---- probing ---- */

/* A host whose answers to hints are written down; all else is the fake host's. */
struct script {
    struct host host; /* first */
    struct fake_host *fake;
    uint64_t base;
    uint64_t answer[16], hint[16]; /* guest addresses */
    unsigned n, asked;
};

static int script_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    struct script *s = (struct script *)h;
    struct host_map_req fixed = *req;

    if (!(req->flags & HOST_MAP_FIXED)) {
        assert_true(s->asked < s->n);
        s->hint[s->asked] = req->addr - s->base;
        fixed.addr = s->base + s->answer[s->asked++];
        fixed.flags |= HOST_MAP_FIXED;
    }
    return host_map(&s->fake->host, &fixed, ret);
}

static int script_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    return host_unmap(&((struct script *)h)->fake->host, addr, len);
}

struct probed {
    uint64_t answer[8], hint[8];
    unsigned n;
    uint64_t result;
};

static void run_script(const struct layer_ops *ops, uint64_t t, uint64_t r, uint64_t start,
                       uint64_t len, const struct probed *want)
{
    static const struct host_ops script_ops = {
        .name = "script", .map = script_map, .unmap = script_unmap};
    struct fake_host fake;
    struct script s = {
        .host = {.ops = &script_ops, .page = r}, .fake = &fake, .base = 0x7000000000, .n = want->n};
    struct layer_setup setup = {.size = sizeof(setup),
                                .bits = 32,
                                .guest_page = t,
                                .host_page = u64_max(t, r),
                                .real_page = r,
                                .guest_base = s.base,
                                .window_last = UINT32_MAX,
                                .min_addr = 0x10000,
                                .host = &s.host};
    struct layer *l = ops->create();
    uint32_t flags;

    fake_host_init(&fake, r);
    memcpy(s.answer, want->answer, sizeof(want->answer));
    abi_mapflags_to_system(ops == &layer_linux ? ABI_LINUX : ABI_FREEBSD, BED_ANON, &flags);
    assert_int_equal(ops->start(l, &setup), 0);
    assert_int_equal(ops->mmap(l, start, len, 0, flags, -1, 0), want->result);
    assert_int_equal(s.asked, want->n);
    for (unsigned i = 0; i < want->n; i++) {
        assert_int_equal(s.hint[i], want->hint[i]);
    }
    /* Rejected blocks are given back. */
    for (size_t i = 0; i < fake.areas.n; i++) {
        assert_int_equal(fake.areas.v[i].start, s.base + want->result);
    }
    ops->destroy(l);
    fake_host_free(&fake);
}

/* The table of 5.2: T = H = 8K, R = 4K, 0x4000 bytes from 0x40000000. */
static void probe_table(void **state)
{
    const uint64_t low = *state == &layer_bsd ? 0x2000 : 0x10000;
    const struct probed accepted = {
        {0x40003000, 0xb7ff5000, 0xb7ff5000, 0xb7ff5000, 0x12000},
        {0x40000000, 0x40004000, 0xb7ff6000, 0xb7ff4000, low},
        5,
        0x12000,
    };
    /* 5b: then the gaps known from the page flags, here the whole window, low end first. */
    const struct probed gaps = {
        {0x40003000, 0xb7ff5000, 0xb7ff5000, 0xb7ff5000, 0x41001000, low},
        {0x40000000, 0x40004000, 0xb7ff6000, 0xb7ff4000, low, low},
        6,
        low,
    };
    const struct probed outside = {
        /* beyond 2^32, twice: low memory, then the ends of the gap, then a larger block */
        {UINT64_C(1) << 33, 0x5000000000, UINT64_C(1) << 33, UINT64_C(1) << 33, 0x20001000},
        {0x40000000, low, low, 0xffffc000, 0x40000000},
        5,
        0x20002000,
    };

    const struct probed top = {
        /* the larger block does not fit behind the hint: its own hint is the lowest address */
        {UINT64_C(1) << 33, UINT64_C(1) << 34, UINT64_C(1) << 33, UINT64_C(1) << 33, 0x20001000},
        {0xffffc000, low, low, 0xffffc000, low},
        5,
        0x20002000,
    };

    run_script(*state, 0x2000, 0x1000, 0x40000000, 0x4000, &accepted);
    run_script(*state, 0x2000, 0x1000, 0x40000000, 0x4000, &gaps);
    run_script(*state, 0x2000, 0x1000, 0x40000000, 0x4000, &outside);
    run_script(*state, 0x2000, 0x1000, 0xffffc000, 0x4000, &top);
    /* A block whose last byte is in the window but not its first. */
    run_script(*state, 0x2000, 0x2000, 0x40000000, 0x4000,
               &(struct probed){{(uint64_t)-0x2000, low}, {0x40000000, low}, 2, low});
}

/* Without reserved_va maps go upwards, and come back to freed room in the end. */
static void probe_walks(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    unsigned n = 0;

    c.ops = *state;
    c.reserved = false;
    bed_open(&b, &c);
    fake_host_emulator(&b.fake, c.guest_base + 0x80000, 0x4000);
    while (bed_mmap(&b, 0, 0x1000, BED_RW, BED_ANON, -1, 0) != LAYER_FAILED) {
        n++;
    }
    assert_int_equal(b.err, ENOMEM);
    assert_true(n >= 40); /* best effort beside the emulator's memory */
    bed_check(&b);
    assert_int_equal(bed_munmap(&b, 0, c.window), c.ops == &layer_bsd ? EINVAL : 0);
    assert_int_equal(bed_munmap(&b, 0x1000, c.window - 0x1000), 0);
    assert_int_equal(b.fake.areas.n, 1); /* the emulator's */
    bed_close(&b);
}

/* NOREPLACE, EXCL without reserved_va: what is not the guest's is not overwritten. */
static void spares_emulator(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;
    bool bsd = *state == &layer_bsd;

    c.ops = *state;
    c.reserved = false;
    bed_open(&b, &c);
    fake_host_emulator(&b.fake, c.guest_base + 0x80000, 0x4000);
    bed_mmap(&b, 0x7f000, 0x3000, BED_RW,
             BED_FIXED | (bsd ? ABI_MAP_EXCL : ABI_MAP_FIXED_NOREPLACE), -1, 0);
    assert_int_equal(b.err, bsd ? ENOMEM : EEXIST);
    assert_true(fake_host_area(&b.fake, c.guest_base + 0x80000)->emulator);
    assert_int_equal(b.fake.areas.n, 1);
    bed_close(&b);
}

/* 1 TiB without rights is one run and one host call. */
static void cost(void **state)
{
    struct bed_config c = bed_default;
    struct layer_counters before, after;
    struct bed b;
    uint64_t at;

    c.ops = *state;
    c.bits = 64;
    c.window = UINT64_C(1) << 42;
    for (int reserved = 0; reserved < 2; reserved++) {
        c.reserved = reserved;
        bed_open(&b, &c);
        c.ops->counters(b.layer, &before);
        fake_host_arm(&b.fake, 0, 0);
        at = bed_mmap(&b, 0, UINT64_C(1) << 40, 0, BED_ANON, -1, 0);
        assert_true(at != LAYER_FAILED);
        assert_int_equal(bed_mprotect(&b, at + 0x1000, (UINT64_C(1) << 40) - 0x2000, ABI_PROT_READ),
                         0);
        assert_int_equal(bed_munmap(&b, at + 0x1000, (UINT64_C(1) << 40) - 0x2000), 0);
        c.ops->counters(b.layer, &after);
        assert_true(b.fake.calls <= 10);
        assert_true(after.lookups - before.lookups <= 200);
        bed_dump(&b);
        assert_int_equal(b.n_runs, 2);
        bed_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(reserved_figure),     BOTH(reserved_exhausts),
        BOTH(placed_file),         BOTH(placed_forced),
        cmocka_unit_test(aligned), cmocka_unit_test(aligned_exact),
        BOTH(low_addresses),       cmocka_unit_test(remainder_kept),
        BOTH(probe_table),         BOTH(probe_walks),
        BOTH(spares_emulator),     BOTH(cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
