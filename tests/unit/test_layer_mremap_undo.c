/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_mremap: the way back from every failing host call, and what a call costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/int.h"
#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define MAYMOVE ABI_MREMAP_MAYMOVE
#define FIXED (ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)

static struct bed bed;

static struct bed_config relation(uint64_t t, uint64_t r, uint64_t h, bool reserved)
{
    struct bed_config c = bed_default;

    c.guest_page = t;
    c.real_page = r;
    c.host_page = h;
    c.reserved = reserved;
    c.min_addr = 0;
    return c;
}

/* N pages from START hold BYTE, BYTE + 1, ... */
static void expect_bytes(uint64_t start, unsigned n, int byte)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(bed_byte(&bed, start + i * bed.c.guest_page), byte + (int)i);
    }
}

/* A world with a bit of everything under H > T, and a call on it. */
struct scene {
    const char *name;
    uint64_t old, old_size, new_size;
    uint32_t flags;
    uint64_t to;
};

static void set_scene(const struct bed_config *c)
{
    int fd;

    bed_open(&bed, c);
    fd = fake_host_file(&bed.fake, 0x20000, 3);
    bed_anon(&bed, 0x20000, 0x1000, ABI_PROT_READ);
    bed_anon(&bed, 0x21000, 0x8000, ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC);
    bed_mark(&bed, 0x20000, 9, 1);
    bed_mmap(&bed, 0x30000, 0x4000, BED_RW, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0x4000);
    bed_anon(&bed, 0x38000, 0x4000, 0);
    bed_anon(&bed, 0x50000, 0x1000, BED_RW);
    bed_anon(&bed, 0x51000, 0x2000, ABI_PROT_READ);
    bed_mark(&bed, 0x50000, 3, 60);
    bed.c.ops->translate(bed.layer, 0x25000);
}

/* What F says, host rights everywhere, and the bytes of VALID pages: slack may hold anything. */
static uint64_t visible(void)
{
    uint64_t hash = 0;

    bed_dump(&bed);
    for (uint64_t at = 0; at < bed.c.window; at += bed.c.guest_page) {
        const struct layer_run *run = bed_run(&bed, at);
        uint64_t word = (uint64_t)(bed_host(&bed, at) + 1);

        if (run) {
            word |= (uint64_t)run->flags << 8 | (uint64_t)run->shared << 16 | run->object << 24;
            word += (uint64_t)(bed_byte(&bed, at) + 1) << 40;
        }
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 31;
    }
    return hash;
}

static void every_failing_host_call_is_taken_back(void **state)
{
    static const struct scene scenes[] = {
        {"in place, no room", 0x21000, 0x8000, 0xa000, 0, 0},
        {"grow by moving", 0x21000, 0x8000, 0x18000, MAYMOVE, 0},
        {"object in place", 0x30000, 0x4000, 0x6000, 0, 0},
        {"object by moving", 0x30000, 0x4000, 0xa000, MAYMOVE, 0},
        {"shrink", 0x21000, 0x8000, 0x2000, 0, 0},
        {"fixed, congruent", 0x21000, 0x8000, 0x8000, FIXED, 0x41000},
        {"fixed, copied", 0x21000, 0x8000, 0x8000, FIXED, 0x42000},
        {"fixed, beside others", 0x21000, 0x8000, 0x8000, FIXED, 0x53000},
        {"fixed, over others", 0x21000, 0x8000, 0x2000, FIXED, 0x51000},
        {"fixed, several", 0x21000, 0x1c000, 0x1c000, FIXED, 0x81000},
        {"twice", 0x30000, 0, 0x6000, MAYMOVE, 0},
        {"twice, fixed", 0x30000, 0, 0x6000, FIXED, 0x50000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scenes) * 6; i++) {
        const struct scene *s = &scenes[i / 6];
        struct bed_config c = i % 6 < 2   ? relation(0x1000, 0x4000, 0x4000, i & 1)
                              : i % 6 < 4 ? relation(0x1000, 0x1000, 0x4000, i & 1)
                                          : relation(0x1000, 0x1000, 0x1000, i & 1);
        unsigned n = 0;
        bool fired;

        do {
            uint64_t before;
            bool lost;

            set_scene(&c);
            before = visible();
            fake_host_arm(&bed.fake, ++n, EIO);
            bed_mremap(&bed, s->old, s->old_size, s->new_size, s->flags, s->to);
            /* A fixed destination may be gone. */
            lost = (s->flags & ABI_MREMAP_FIXED) && bed_flags(&bed, 0x51000) == 0;
            if (bed.err && !lost && visible() != before) {
                fail_msg("%s, call %u, world %zu: errno %d, and not as before", s->name, n, i % 6,
                         bed.err);
            }
            if (bed.err) {
                expect_bytes(0x20000, 9, 1);
                assert_int_equal(bed_byte(&bed, 0x30000), fake_file_byte(0x4000));
            }
            bed_check(&bed);
            fired = bed.fake.fired;
            bed_close(&bed);
        } while (fired);
        assert_true(n > 1 && n < 60);
    }
}

/* One run, however long: host calls and look-ups do not grow with it. */
static void cost_does_not_grow_with_length(void **state)
{
    struct bed_config c = relation(0x1000, 0x4000, 0x4000, false);
    struct layer_counters before, after;
    uint64_t at, len = (uint64_t)1 << 40;

    (void)state;
    c.bits = 64;
    c.window = (uint64_t)1 << 42;
    bed_open(&bed, &c);
    bed.fake.top = c.guest_base + c.window;
    at = bed_mmap(&bed, 0x100000, len, 0, BED_ANON | ABI_MAP_NORESERVE, -1, 0);
    assert_int_equal(bed.err, 0);
    bed_anon(&bed, at + len, 0x4000, BED_RW);
    bed.c.ops->counters(bed.layer, &before);
    fake_host_arm(&bed.fake, 0, 0);
    at = bed_mremap(&bed, at, len, len + 0x4000, MAYMOVE, 0);
    assert_int_equal(bed.err, 0);
    bed.c.ops->counters(bed.layer, &after);
    assert_true(bed.fake.calls <= 8);
    assert_true(after.lookups - before.lookups < 100);
    /* What would have to be copied is refused beyond the scratch buffer. */
    assert_int_equal(bed_mremap(&bed, at, len, len, FIXED, 0x1000), LAYER_FAILED);
    assert_int_equal(bed.err, ENOMEM);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failing_host_call_is_taken_back),
        cmocka_unit_test(cost_does_not_grow_with_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
