/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_mremap: each check, each form, what moves and what is copied, and the way back from every
 * failing host call.
 */
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

#define MAYMOVE ABI_MREMAP_MAYMOVE
#define FIXED (ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)
#define RX (ABI_PROT_READ | ABI_PROT_EXEC)

static struct bed bed;

static int fails(uint64_t old, uint64_t old_size, uint64_t new_size, uint32_t flags, uint64_t to)
{
    uint64_t before = bed_digest(&bed);

    assert_int_equal(bed_mremap(&bed, old, old_size, new_size, flags, to), LAYER_FAILED);
    assert_int_equal(bed_digest(&bed), before);
    bed_check(&bed);
    return bed.err;
}

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

static const struct bed_config *eq(bool reserved)
{
    static struct bed_config c;

    c = relation(0x1000, 0x1000, 0x1000, reserved);
    return &c;
}

static const struct bed_config *gt(bool reserved)
{
    static struct bed_config c;

    c = relation(0x1000, 0x4000, 0x4000, reserved);
    return &c;
}

/* N pages from START hold BYTE, BYTE + 1, ... */
static void expect_bytes(uint64_t start, unsigned n, int byte)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(bed_byte(&bed, start + i * bed.c.guest_page), byte + (int)i);
    }
}

static void each_check_has_its_code(void **state)
{
    static const struct {
        uint64_t old, old_size, new_size;
        uint32_t flags;
        uint64_t to;
        int err;
    } rows[] = {
        {0x20000, 0x1000, 0x1000, 8, 0, EINVAL},
        {0x20000, 0x1000, 0x1000, MAYMOVE | 4, 0x40000, EINVAL},
        {0x20800, 0x1000, 0x1000, 0, 0, EINVAL},
        {0x20000, 0x1000, 0, MAYMOVE, 0, EINVAL},
        {0x20000, 0x1000, 0xfffff001, MAYMOVE, 0, EINVAL},
        {0x20000, 0x1000, 0x101000, MAYMOVE, 0, EINVAL},
        {0x20000, 0x1000, 0x1000, FIXED, 0x40800, EINVAL},
        {0x20000, 0x1000, 0x2000, FIXED, 0xff000, EINVAL},
        {0x20000, 0x1000, 0x1000, ABI_MREMAP_FIXED, 0x40000, EINVAL},
        {0x20000, 0x1000, 0x1000, FIXED, 0x20000, EINVAL},
        {0x20000, 0x2000, 0x1000, FIXED, 0x21000, EINVAL},
        {0x21000, 0, 0x2000, FIXED, 0x20000, EINVAL},
        /* EINVAL of the arguments comes before EFAULT of the memory, ... */
        {0x80000, 0x1000, 0, 0, 0, EINVAL},
        {0x80000, 0x1000, 0x1000, 0, 0, EFAULT},
        {0x200000, 0x1000, 0x1000, 0, 0, EFAULT},
        /* ... and that before what the form needs. */
        {0x80000, 0, 0x1000, MAYMOVE, 0, EFAULT},
        {0x20000, 0, 0x1000, MAYMOVE, 0, EINVAL},
        {0x30000, 0, 0x1000, 0, 0, ENOMEM},
        {0x30000, 0, 0x1000, FIXED, 0x30000, EFAULT},
        {0x20000, 0x4000, 0x6000, MAYMOVE, 0, EFAULT},
        {0x21000, 0x2000, 0x3000, MAYMOVE, 0, EFAULT},
        {0x21000, 0x3000, 0x2000, FIXED, 0x40000, EFAULT},
        {0x20000, 0x200000, 0x1000, FIXED, 0x40000, EINVAL},
        {0x20000, 0x200000, 0x1000, 0, 0, EINVAL},
        {0x20000, 0x1000, 0x2000, 0, 0, ENOMEM},
        {0xff000, 0x1000, 0x2000, 0, 0, ENOMEM},
    };

    for (int reserved = 0; reserved < 2; reserved++) {
        bed_open(&bed, eq(reserved));
        bed_anon(&bed, 0x20000, 0x2000, BED_RW);
        bed_anon(&bed, 0x22000, 0x1000, ABI_PROT_READ);
        bed_anon(&bed, 0xff000, 0x1000, BED_RW);
        assert_int_equal(bed_mmap(&bed, 0x30000, 0x1000, BED_RW,
                                  ABI_MAP_SHARED | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED, -1, 0),
                         0x30000);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            int err =
                fails(rows[i].old, rows[i].old_size, rows[i].new_size, rows[i].flags, rows[i].to);

            if (err != rows[i].err) {
                fail_msg("row %zu: errno %d, must be %d", i, err, rows[i].err);
            }
        }
        bed_close(&bed);
    }
    (void)state;
}

static void equal_sizes_do_nothing(void **state)
{
    uint64_t before;

    (void)state;
    bed_open(&bed, eq(true));
    bed_anon(&bed, 0x20000, 0x1000, BED_RW);
    before = bed_digest(&bed);
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x1000, 0x1000, MAYMOVE, 0), 0x20000);
    /* Over a hole, and off the end of the window too. */
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x5000, 0x4001, 0, 0), 0x20000);
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x100000, 0x100000, 0, 0), 0x20000);
    assert_int_equal(bed_digest(&bed), before);
    bed_close(&bed);
}

static void a_shrink_unmaps_the_tail(void **state)
{
    (void)state;
    for (int reserved = 0; reserved < 2; reserved++) {
        bed_open(&bed, gt(reserved));
        bed_anon(&bed, 0x20000, 0xa000, BED_RW);
        bed_mark(&bed, 0x20000, 10, 1);
        assert_int_equal(bed_mremap(&bed, 0x20000, 0xa000, 0x2000, MAYMOVE, 0x50000), 0x20000);
        assert_string_equal(bed_map(&bed, 0x20000, 10), "rw rw .. .. .. .. .. .. .. ..");
        assert_true(bed_invalidated(&bed, 0x22000) && !bed_invalidated(&bed, 0x21000));
        expect_bytes(0x20000, 2, 1);
        bed_check(&bed);
        bed_close(&bed);
    }
}

static void growth_in_place_over_the_placeholder(void **state)
{
    (void)state;
    for (int reserved = 0; reserved < 2; reserved++) {
        bed_open(&bed, eq(reserved));
        bed_anon(&bed, 0x20000, 0x2000, BED_RW);
        bed_mark(&bed, 0x20000, 2, 1);
        assert_int_equal(bed_mremap(&bed, 0x20000, 0x2000, 0x4000, MAYMOVE, 0), 0x20000);
        expect_bytes(0x20000, 2, 1);
        assert_int_equal(bed_byte(&bed, 0x22000), 0);
        assert_string_equal(bed_map(&bed, 0x20000, 5), "rw rw rw rw ..");
        assert_true(bed_invalidated(&bed, 0x22000) && !bed_invalidated(&bed, 0x21000));
        bed_check(&bed);
        bed_close(&bed);
    }
}

static void growth_zeroes_the_slack_of_the_host_page(void **state)
{
    (void)state;
    bed_open(&bed, gt(true));
    bed_anon(&bed, 0x20000, 0x4000, BED_RW);
    bed_mark(&bed, 0x20000, 4, 1);
    bed_munmap(&bed, 0x21000, 0x3000);
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x1000, 0x6000, 0, 0), 0x20000);
    assert_string_equal(bed_map(&bed, 0x20000, 7), "rw rw rw rw rw rw ..");
    assert_int_equal(bed_byte(&bed, 0x20000), 1);
    for (uint64_t at = 0x21000; at < 0x26000; at += 0x1000) {
        assert_int_equal(bed_byte(&bed, at), 0);
    }
    bed_check(&bed);
    bed_close(&bed);
}

static void growth_stops_at_a_neighbour_and_at_the_emulator(void **state)
{
    (void)state;
    /* The next guest page is another mapping's, though the host page is the same. */
    bed_open(&bed, gt(false));
    bed_anon(&bed, 0x20000, 0x1000, BED_RW);
    bed_anon(&bed, 0x21000, 0x1000, ABI_PROT_READ);
    assert_int_equal(fails(0x20000, 0x1000, 0x2000, 0, 0), ENOMEM);
    bed_close(&bed);
    /* What is behind is in no table: only the host knows. */
    bed_open(&bed, gt(false));
    fake_host_emulator(&bed.fake, bed.c.guest_base + 0x24000, 0x4000);
    bed_anon(&bed, 0x20000, 0x4000, BED_RW);
    bed_mark(&bed, 0x20000, 4, 1);
    assert_int_equal(fails(0x20000, 0x4000, 0x5000, 0, 0), ENOMEM);
    assert_int_not_equal(bed_mremap(&bed, 0x20000, 0x4000, 0x5000, MAYMOVE, 0), 0x20000);
    assert_int_equal(bed.err, 0);
    assert_true(fake_host_area(&bed.fake, bed.c.guest_base + 0x24000)->emulator);
    bed_check(&bed);
    bed_close(&bed);
}

static void a_move_carries_bytes_and_leaves_placeholder(void **state)
{
    (void)state;
    for (int reserved = 0; reserved < 2; reserved++) {
        uint64_t to;

        bed_open(&bed, eq(reserved));
        bed_anon(&bed, 0x20000, 0x2000, BED_RW);
        bed_anon(&bed, 0x22000, 0x1000, ABI_PROT_READ);
        bed_mark(&bed, 0x20000, 3, 1);
        to = bed_mremap(&bed, 0x20000, 0x2000, 0x3000, MAYMOVE, 0);
        assert_int_equal(bed.err, 0);
        assert_true(to != 0x20000);
        expect_bytes(to, 2, 1);
        assert_int_equal(bed_byte(&bed, to + 0x2000), 0);
        assert_string_equal(bed_map(&bed, to, 3), "rw rw rw");
        assert_string_equal(bed_map(&bed, 0x20000, 3), ".. .. r-");
        assert_int_equal(bed_byte(&bed, 0x22000), 3);
        assert_true(bed_invalidated(&bed, 0x20000) && bed_invalidated(&bed, to + 0x2000));
        bed_check(&bed);
        bed_close(&bed);
    }
}

static void equal_fixed_moves_run_by_run(void **state)
{
    for (int many = 0; many < 2; many++) {
        bed_open(&bed, eq(many));
        bed.fake.moves_many = many;
        bed_anon(&bed, 0x20000, 0x1000, BED_RW);
        bed_anon(&bed, 0x21000, 0x1000, RX);
        bed_anon(&bed, 0x23000, 0x1000, 0);
        bed_mark(&bed, 0x20000, 2, 1);
        bed_mark(&bed, 0x23000, 1, 4);
        bed_anon(&bed, 0x50000, 0x5000, BED_RW);
        assert_int_equal(bed_mremap(&bed, 0x20000, 0x4000, 0x4000, FIXED, 0x50000), 0x50000);
        assert_string_equal(bed_map(&bed, 0x20000, 4), ".. .. .. ..");
        assert_string_equal(bed_map(&bed, 0x50000, 5), "rw r-x .. -- rw");
        expect_bytes(0x50000, 2, 1);
        expect_bytes(0x53000, 1, 4);
        bed_check(&bed);
        bed_close(&bed);
    }
    (void)state;
}

static void a_fixed_shrink_takes_the_surplus_away(void **state)
{
    (void)state;
    bed_open(&bed, gt(true));
    bed_anon(&bed, 0x20000, 0x2000, ABI_PROT_READ);
    bed_anon(&bed, 0x22000, 0x4000, BED_RW);
    bed_mark(&bed, 0x20000, 6, 1);
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x6000, 0x2000, FIXED, 0x50000), 0x50000);
    assert_string_equal(bed_map(&bed, 0x20000, 6), ".. .. .. .. .. ..");
    expect_bytes(0x50000, 2, 1);
    /* The surplus was the only one in its host page with W. */
    assert_int_equal(bed_host(&bed, 0x50000), HOST_R);
    bed_check(&bed);
    bed_close(&bed);
}

static void neighbours_in_edge_host_pages_stay(void **state)
{
    (void)state;
    for (int reserved = 0; reserved < 2; reserved++) {
        bed_open(&bed, gt(reserved));
        bed_anon(&bed, 0x20000, 0x1000, ABI_PROT_READ);
        bed_anon(&bed, 0x21000, 0x8000, BED_RW);
        bed_anon(&bed, 0x29000, 0x1000, RX);
        bed_mark(&bed, 0x20000, 10, 1);
        bed_anon(&bed, 0x40000, 0x1000, ABI_PROT_READ);
        bed_anon(&bed, 0x4b000, 0x1000, ABI_PROT_READ);
        bed_mark(&bed, 0x40000, 1, 40);
        bed_mark(&bed, 0x4b000, 1, 41);
        assert_int_equal(bed_mremap(&bed, 0x21000, 0x8000, 0x8000, FIXED, 0x41000), 0x41000);
        assert_string_equal(bed_map(&bed, 0x20000, 12), "r- .. .. .. .. .. .. .. .. r-x .. ..");
        assert_string_equal(bed_map(&bed, 0x40000, 12), "r- rw rw rw rw rw rw rw rw .. .. r-");
        assert_int_equal(bed_byte(&bed, 0x20000), 1);
        assert_int_equal(bed_byte(&bed, 0x29000), 10);
        assert_int_equal(bed_byte(&bed, 0x40000), 40);
        assert_int_equal(bed_byte(&bed, 0x4b000), 41);
        expect_bytes(0x41000, 8, 2);
        bed_check(&bed);
        bed_close(&bed);
    }
}

static void what_lies_differently_in_its_host_page_is_copied(void **state)
{
    int fd;

    (void)state;
    bed_open(&bed, gt(true));
    fd = fake_host_file(&bed.fake, 0x8000, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x20000, 0x6000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0), 0x20000);
    bed_mprotect(&bed, 0x22000, 0x1000, 0);
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x6000, 0x6000, FIXED, 0x51000), 0x51000);
    assert_string_equal(bed_map(&bed, 0x50000, 8), ".. rw rw -- rw rw rw ..");
    for (uint64_t i = 0; i < 0x6000; i += 0x1000) {
        assert_int_equal(bed_byte(&bed, 0x51000 + i), fake_file_byte(i));
    }
    /* A copy does not know its file any more. */
    assert_int_equal(fails(0x54000, 0x3000, 0x4000, MAYMOVE, 0), ENOMEM);
    bed_check(&bed);
    bed_close(&bed);
}

static void shared_parts_are_truly_shared_or_refused(void **state)
{
    uint64_t anon, to;
    int fd;

    (void)state;
    bed_open(&bed, gt(true));
    anon = bed_mmap(&bed, 0, 0x3000, BED_RW, ABI_MAP_SHARED | ABI_MAP_ANONYMOUS, -1, 0);
    /* Writable and not congruent: a copy would not be shared. */
    assert_int_equal(fails(anon, 0x3000, 0x3000, FIXED, 0x31000), EINVAL);
    /* Alone in its host page it moves, slack and all. */
    assert_int_equal(bed_mremap(&bed, anon, 0x3000, 0x3000, FIXED, 0x30000), 0x30000);
    to = bed_mremap(&bed, 0x30000, 0, 0x3000, MAYMOVE, 0);
    assert_int_equal(bed.err, 0);
    fake_host_poke(&bed.fake, bed.c.guest_base + 0x31000, 77);
    assert_int_equal(bed_byte(&bed, to + 0x1000), 77);
    assert_string_equal(bed_map(&bed, 0x30000, 3), "rw rw rw");
    assert_string_equal(bed_map(&bed, to, 3), "rw rw rw");
    /* Read-only: a snapshot, which can never grow nor be written. */
    fd = fake_host_file(&bed.fake, 0x8000, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x60000, 0x4000, ABI_PROT_READ, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0),
        0x60000);
    assert_int_equal(bed_mremap(&bed, 0x60000, 0x4000, 0x4000, FIXED, 0x71000), 0x71000);
    bed_dump(&bed);
    assert_true(bed_run(&bed, 0x71000)->snapshot && bed_run(&bed, 0x71000)->shared);
    assert_int_equal(bed_byte(&bed, 0x72000), fake_file_byte(0x1000));
    assert_int_equal(bed_mprotect(&bed, 0x71000, 0x1000, BED_RW), EACCES);
    assert_int_equal(fails(0x71000, 0x4000, 0x5000, MAYMOVE, 0), ENOMEM);
    bed_check(&bed);
    bed_close(&bed);
}

static void an_object_grows_by_its_own_pages(void **state)
{
    static const uint64_t sizes[][3] = {
        {0x1000, 0x1000, 0x1000}, {0x1000, 0x4000, 0x4000}, {0x1000, 0x1000, 0x4000}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes) * 2; i++) {
        struct bed_config c = relation(sizes[i / 2][0], sizes[i / 2][1], sizes[i / 2][2], i & 1);
        uint64_t at;
        int fd;

        bed_open(&bed, &c);
        fd = fake_host_file(&bed.fake, 0x10000, 3);
        at = bed_mmap(&bed, 0, 0x3000, BED_RW, ABI_MAP_SHARED, fd, 0x4000);
        assert_int_equal(bed_mremap(&bed, at, 0x3000, 0x4000, MAYMOVE, 0) == LAYER_FAILED, false);
        bed_dump(&bed);
        at = bed.runs[0].start;
        assert_int_equal(bed_byte(&bed, at + 0x3000), fake_file_byte(0x7000));
        assert_int_equal(bed_mremap(&bed, at, 0x4000, 0x9000, FIXED, 0x80000), 0x80000);
        for (uint64_t k = 0; k < 0x9000; k += 0x1000) {
            assert_int_equal(bed_byte(&bed, 0x80000 + k), fake_file_byte(0x4000 + k));
        }
        bed_dump(&bed);
        assert_int_equal(bed.n_runs, 1);
        bed_check(&bed);
        bed_close(&bed);
    }
}

static void a_private_file_does_not_grow_into_stale_slack(void **state)
{
    int fd;

    (void)state;
    bed_open(&bed, gt(true));
    fd = fake_host_file(&bed.fake, 0x10000, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x20000, 0x8000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0), 0x20000);
    bed_mark(&bed, 0x21000, 1, 99);
    bed_munmap(&bed, 0x21000, 0x7000);
    assert_int_equal(fails(0x20000, 0x1000, 0x2000, MAYMOVE, 0), ENOMEM);
    bed_close(&bed);
}

/* T = 8K, R = 4K: EOF inside a guest page is a splice. */
static void a_splice_does_not_grow_and_new_pages_get_one(void **state)
{
    struct bed_config c = relation(0x2000, 0x1000, 0x2000, true);
    int fd;

    (void)state;
    bed_open(&bed, &c);
    fd = fake_host_file(&bed.fake, 0x4800, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x20000, 0x6000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0), 0x20000);
    assert_int_equal(fails(0x20000, 0x6000, 0x8000, MAYMOVE, 0), ENOMEM);
    /* It moves, though the host holds two pieces. */
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x6000, 0x6000, FIXED, 0x40000), 0x40000);
    assert_int_equal(bed_byte(&bed, 0x44000), fake_file_byte(0x4000));
    assert_int_equal(bed_byte(&bed, 0x45000), 0);
    /* Growth over EOF finds it. */
    assert_int_equal(bed_mremap(&bed, 0x40000, 0x6000, 0x2000, 0, 0), 0x40000);
    bed_mprotect(&bed, 0x40000, 0x2000, 0);
    assert_int_equal(bed_mremap(&bed, 0x40000, 0x2000, 0xa000, 0, 0), 0x40000);
    assert_int_equal(bed_byte(&bed, 0x44000), fake_file_byte(0x4000));
    assert_int_equal(bed_byte(&bed, 0x44800), 0);
    assert_int_equal(bed_byte(&bed, 0x45000), 0);
    assert_int_equal(bed_byte(&bed, 0x46000), -1);
    assert_int_equal(bed_host(&bed, 0x45000), 0);
    bed_check(&bed);
    bed_close(&bed);
}

static void tb_protection_is_lifted_by_a_move(void **state)
{
    (void)state;
    bed_open(&bed, eq(true));
    bed_anon(&bed, 0x20000, 0x3000, ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC);
    bed_mark(&bed, 0x20000, 3, 1);
    assert_int_equal(bed.c.ops->translate(bed.layer, 0x21010), 0);
    assert_string_equal(bed_map(&bed, 0x20000, 3), "rwx r!x rwx");
    /* For the guest this is one mapping: it may grow. */
    assert_int_equal(bed_mremap(&bed, 0x20000, 0x3000, 0x4000, FIXED, 0x50000), 0x50000);
    assert_string_equal(bed_map(&bed, 0x50000, 4), "rwx rwx rwx rwx");
    assert_true(bed_invalidated(&bed, 0x21000));
    expect_bytes(0x50000, 3, 1);
    bed_check(&bed);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_has_its_code),
        cmocka_unit_test(equal_sizes_do_nothing),
        cmocka_unit_test(a_shrink_unmaps_the_tail),
        cmocka_unit_test(growth_in_place_over_the_placeholder),
        cmocka_unit_test(growth_zeroes_the_slack_of_the_host_page),
        cmocka_unit_test(growth_stops_at_a_neighbour_and_at_the_emulator),
        cmocka_unit_test(a_move_carries_bytes_and_leaves_placeholder),
        cmocka_unit_test(equal_fixed_moves_run_by_run),
        cmocka_unit_test(a_fixed_shrink_takes_the_surplus_away),
        cmocka_unit_test(neighbours_in_edge_host_pages_stay),
        cmocka_unit_test(what_lies_differently_in_its_host_page_is_copied),
        cmocka_unit_test(shared_parts_are_truly_shared_or_refused),
        cmocka_unit_test(an_object_grows_by_its_own_pages),
        cmocka_unit_test(a_private_file_does_not_grow_into_stale_slack),
        cmocka_unit_test(a_splice_does_not_grow_and_new_pages_get_one),
        cmocka_unit_test(tb_protection_is_lifted_by_a_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
