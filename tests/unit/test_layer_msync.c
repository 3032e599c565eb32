/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_msync: the checks of both guest systems, holes by the page flags, and what is handed to
 * the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/int.h"
#include "layer_bed.h"

#define SHARED_FIXED (ABI_MAP_SHARED | ABI_MAP_FIXED)

static struct bed bed;

/* Host calls made; the errno in bed.err. */
static unsigned sync_calls(uint64_t start, uint64_t len, uint32_t flags)
{
    int r;

    fake_host_arm(&bed.fake, 0, 0);
    bed.n_events = 0;
    errno = 0;
    r = bed.c.ops->msync(bed.layer, start, len, flags);
    bed.err = r < 0 ? errno : 0;
    assert_true(r == 0 || (r == -1 && bed.err > 0));
    assert_int_equal(bed.n_events, 0);
    return bed.fake.calls;
}

/*
 * 0x20000: two pages of a shared file, 0x22000: one private, 0x24000: one shared; 0x23000 is a
 * hole.
 */
static void open_bed(const struct layer_ops *ops, uint64_t host_page)
{
    struct bed_config c = bed_default;
    int fd;

    c.ops = ops;
    c.host_page = c.real_page = host_page;
    c.min_addr = 0;
    bed_open(&bed, &c);
    fd = fake_host_file(&bed.fake, 0x10000, 3);
    assert_int_equal(bed_mmap(&bed, 0x20000, 0x2000, BED_RW, SHARED_FIXED, fd, 0), 0x20000);
    bed_anon(&bed, 0x22000, 0x1000, BED_RW);
    assert_int_equal(bed_mmap(&bed, 0x24000, 0x1000, BED_RW, SHARED_FIXED, fd, 0x4000), 0x24000);
}

struct row {
    uint64_t start, len;
    uint32_t flags;
    int err;
    unsigned calls;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t before = bed_digest(&bed);
        unsigned calls = sync_calls(rows[i].start, rows[i].len, rows[i].flags);

        if (bed.err != rows[i].err || calls != rows[i].calls) {
            fail_msg("row %zu: errno %d with %u host calls, must be %d with %u", i, bed.err, calls,
                     rows[i].err, rows[i].calls);
        }
        assert_int_equal(bed_digest(&bed), before);
        bed_check(&bed);
    }
}

static void linux_rules(void **state)
{
    static const struct row rows[] = {
        {0x20000, 0x2000, 4, 0, 1},
        {0x20000, 0x1001, 1, 0, 1},
        {0x20000, 0x2000, 0, 0, 0},
        {0x20000, 0x2000, 6, 0, 1},
        {0x22000, 0x1000, 4, 0, 0},
        {0x20000, 0x2000, 8, EINVAL, 0},
        {0x20001, 0x2000, 4, EINVAL, 0},
        {0x20000, 0x2000, 5, EINVAL, 0},
        {0x20000, 0, 4, 0, 0},
        {0x80000, 0, 4, 0, 0},
        {0x80000, 0xfffff001, 4, 0, 0},
        {0xfffff000, 0x2000, 4, ENOMEM, 0},
        {0x80000, 0x1000, 4, ENOMEM, 0},
        {0x200000, 0x1000, 4, ENOMEM, 0},
        /* A hole: the mapped parts are synced all the same. */
        {0x20000, 0x5000, 4, ENOMEM, 2},
        {0x23000, 0x2000, 4, ENOMEM, 1},
        {0x24000, 0x1000000, 4, ENOMEM, 1},
        /* Unknown flags come first, then the address, then what contradicts. */
        {0x20001, 0x2000, 0x45, EINVAL, 0},
    };

    (void)state;
    open_bed(&layer_linux, 0x1000);
    check_rows(rows, ARRAY_LEN(rows));
    bed_close(&bed);
}

static void bsd_rules(void **state)
{
    static const struct row rows[] = {
        {0x20000, 0x2000, 0, 0, 1},
        {0x20000, 0x2000, 1, 0, 1},
        {0x20000, 0x2000, 2, 0, 1},
        {0x20000, 0x2000, 3, EINVAL, 0},
        {0x20000, 0x2000, 0x40, 0, 1},
        {0x20fff, 2, 0, 0, 1},
        {0x20000, 0, 0, 0, 1},
        {0x20000, 0xfffff001, 0, 0, 1},
        {0x80000, 0, 0, ENOMEM, 0},
        {0xfffff000, 0x2000, 0, EINVAL, 0},
        /* The wrap is judged before the flags. */
        {0xfffff000, 0x2000, 3, EINVAL, 0},
        {0x80000, 0x1000, 0, ENOMEM, 0},
        {0x20000, 0x5000, 0, ENOMEM, 0},
        {0x24000, 0x1000000, 0, ENOMEM, 0},
        {0, 0x1000, 0, ENOMEM, 0},
    };

    (void)state;
    open_bed(&layer_bsd, 0x1000);
    check_rows(rows, ARRAY_LEN(rows));
    bed_close(&bed);
}

/* The page of EOF is the file before the splice, and a store there must reach it. */
static void the_page_of_eof_is_synced(void **state)
{
    const struct layer_ops *ops = *state;
    struct bed_config c = bed_default;
    int fd;

    c.ops = ops;
    c.guest_page = c.host_page = 0x4000;
    c.real_page = 0x1000;
    c.min_addr = 0;
    bed_open(&bed, &c);
    fd = fake_host_file(&bed.fake, 0x1100, 3);
    assert_int_equal(bed_mmap(&bed, 0x20000, 0x4000, BED_RW, SHARED_FIXED, fd, 0), 0x20000);
    assert_int_equal(sync_calls(0x20000, 0x4000, ops == &layer_linux ? 4 : 0), 1);
    assert_int_equal(bed.err, 0);
    bed_close(&bed);
}

static void a_live_host_page_does_not_hide_a_hole(void **state)
{
    const struct layer_ops *ops = *state;
    uint32_t sync = ops == &layer_linux ? 4 : 0;
    struct bed_config c = bed_default;
    int fd;

    c.ops = ops;
    bed_open(&bed, &c);
    fd = fake_host_file(&bed.fake, 0x10000, 3);
    assert_int_equal(bed_mmap(&bed, 0x20000, 0x8000, BED_RW, SHARED_FIXED, fd, 0), 0x20000);
    bed_munmap(&bed, 0x22000, 0x1000);
    assert_int_equal(sync_calls(0x21000, 0x1000, sync), 1);
    assert_int_equal(bed.err, 0);
    sync_calls(0x20000, 0x4000, sync);
    assert_int_equal(bed.err, ENOMEM);
    /* A snapshot has nothing to write. */
    assert_int_equal(bed_mmap(&bed, 0x31000, 0x4000, ABI_PROT_READ, SHARED_FIXED, fd, 0), 0x31000);
    assert_int_equal(sync_calls(0x31000, 0x4000, sync), 0);
    assert_int_equal(bed.err, 0);
    bed_close(&bed);
}

static void a_host_failure_is_reported(void **state)
{
    int r;

    (void)state;
    open_bed(&layer_linux, 0x1000);
    fake_host_arm(&bed.fake, 1, EIO);
    errno = 0;
    r = bed.c.ops->msync(bed.layer, 0x20000, 0x5000, 4);
    assert_int_equal(r, -1);
    assert_int_equal(errno, EIO);
    bed_check(&bed);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_rules),
        cmocka_unit_test(bsd_rules),
        {"holes linux", a_live_host_page_does_not_hide_a_hole, NULL, NULL, (void *)&layer_linux},
        {"holes bsd", a_live_host_page_does_not_hide_a_hole, NULL, NULL, (void *)&layer_bsd},
        {"EOF linux", the_page_of_eof_is_synced, NULL, NULL, (void *)&layer_linux},
        {"EOF bsd", the_page_of_eof_is_synced, NULL, NULL, (void *)&layer_bsd},
        cmocka_unit_test(a_host_failure_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
