/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_madvise: the checks of both guest systems, and what DONTNEED does to each kind of page on
 * each page-size relation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/int.h"
#include "layer_bed.h"
#include "pageflags/pageflags.h"

static struct bed bed;

static int advise(uint64_t start, uint64_t len, uint32_t advice)
{
    int r;

    bed.n_events = 0;
    errno = 0;
    r = bed.c.ops->madvise(bed.layer, start, len, advice);
    bed.err = r < 0 ? errno : 0;
    assert_true(r == 0 || (r == -1 && bed.err > 0));
    bed_check(&bed);
    return bed.err;
}

static void open_bed(const struct layer_ops *ops, uint64_t t, uint64_t r, uint64_t h)
{
    struct bed_config c = bed_default;

    c.ops = ops;
    c.guest_page = t;
    c.real_page = r;
    c.host_page = h;
    c.min_addr = 0;
    bed_open(&bed, &c);
}

struct row {
    uint64_t start, len;
    uint32_t advice;
    int err;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int err = advise(rows[i].start, rows[i].len, rows[i].advice);

        if (err != rows[i].err) {
            fail_msg("row %zu: errno %d, must be %d", i, err, rows[i].err);
        }
    }
}

/*
 * 0x20000: private anonymous, 0x22000: shared anonymous, 0x24000: private file, 0x26000: shared
 * file, two pages each.
 */
static void fill_bed(void)
{
    int fd = fake_host_file(&bed.fake, 0x10000, 3);

    bed_anon(&bed, 0x20000, 0x2000, BED_RW);
    bed_mmap(&bed, 0x22000, 0x2000, BED_RW, ABI_MAP_SHARED | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED, -1,
             0);
    bed_mmap(&bed, 0x24000, 0x2000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0);
    bed_mmap(&bed, 0x26000, 0x2000, BED_RW, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0);
    bed_mark(&bed, 0x20000, 8, 1);
}

static void linux_rules(void **state)
{
    static const struct row rows[] = {
        {0x20000, 0x1000, 5, EINVAL},
        {0x20000, 0x1000, 7, EINVAL},
        {0x20000, 0x1000, 26, EINVAL},
        {0x20800, 0x1000, 0, EINVAL},
        {0x20800, 0, 0, EINVAL},
        {0x20000, 0xfffff001, 0, EINVAL},
        {0xfffff000, 0x2000, 0, EINVAL},
        {0x80000, 0, 4, 0},
        {0x80000, 0x1000, 4, ENOMEM},
        {0x200000, 0x1000, 4, ENOMEM},
        {0x27000, 0x2000, 0, ENOMEM},
        {0x26000, 0x1000000, 0, ENOMEM},
        {0x20000, 0x8000, 3, 0},
        {0x20000, 0x8000, 0, 0},
        {0x20000, 0x2000, 8, 0},
        {0x22000, 0x2000, 8, EINVAL},
        {0x24000, 0x2000, 8, EINVAL},
        {0x26000, 0x2000, 8, EINVAL},
        {0x20000, 0x2000, 9, EINVAL},
        {0x22000, 0x2000, 9, 0},
        {0x24000, 0x2000, 9, EACCES},
        {0x26000, 0x2000, 9, 0},
        {0x20000, 0x2000, 18, 0},
        {0x24000, 0x2000, 18, EINVAL},
        {0x20000, 0x8000, 19, 0},
        /* A refusal wins over a hole before it. */
        {0x1f000, 0x6000, 8, EINVAL},
    };

    (void)state;
    open_bed(&layer_linux, 0x1000, 0x1000, 0x1000);
    fill_bed();
    check_rows(rows, ARRAY_LEN(rows));
    /* The private pages kept what they hold. */
    assert_int_equal(bed_byte(&bed, 0x20000), 1);
    assert_int_equal(bed_byte(&bed, 0x24000), 5);
    bed_close(&bed);
}

static void bsd_rules(void **state)
{
    static const struct row rows[] = {
        {0x20000, 0x1000, 10, EPERM}, {0x20000, 0x1000, 11, EINVAL}, {0x20000, 0, 11, EINVAL},
        {0, 0x1000, 0, EINVAL},       {0xff000, 0x2000, 11, EINVAL}, {0xff000, 0x2000, 4, EINVAL},
        {0x200000, 0, 0, EINVAL},     {0x20800, 0x10, 4, 0},         {0x20000, 0x8000, 4, 0},
        {0x20000, 0x8000, 5, 0},      {0x80000, 0x8000, 4, 0},       {0x80000, 0, 9, 0},
    };

    (void)state;
    open_bed(&layer_bsd, 0x1000, 0x1000, 0x1000);
    fill_bed();
    check_rows(rows, ARRAY_LEN(rows));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(bed_byte(&bed, 0x20000 + (uint64_t)i * 0x1000), i + 1);
    }
    bed_close(&bed);
}

static void dontneed_by_kind(void **state)
{
    (void)state;
    open_bed(&layer_linux, 0x1000, 0x1000, 0x1000);
    fill_bed();
    bed_mprotect(&bed, 0x21000, 0x1000, 0);
    assert_int_equal(advise(0x20000, 0x8000, LINUX_MADV_DONTNEED), 0);
    assert_int_equal(bed_byte(&bed, 0x20000), 0);
    assert_int_equal(bed_byte(&bed, 0x21000), 0);
    assert_int_equal(bed_byte(&bed, 0x22000), 3);
    /* The shared map of the same file wrote 7: that is what the private one shows again. */
    assert_int_equal(bed_byte(&bed, 0x26000), 7);
    assert_int_equal(bed_byte(&bed, 0x24000), 7);
    assert_true(bed_invalidated(&bed, 0x20000) && bed_invalidated(&bed, 0x24000));
    assert_string_equal(bed_map(&bed, 0x20000, 8), "rw -- rw rw rw rw rw rw");
    bed_close(&bed);
}

/* A private file page shows the file again; the file is untouched by the guest here. */
static void a_private_file_reverts(void **state)
{
    int fd;

    (void)state;
    open_bed(&layer_linux, 0x1000, 0x4000, 0x4000);
    fd = fake_host_file(&bed.fake, 0x10000, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x20000, 0x9000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0), 0x20000);
    bed_mark(&bed, 0x20000, 9, 100);
    assert_int_equal(advise(0x21000, 0x8000, LINUX_MADV_DONTNEED), 0);
    /* Host pages in whole; at 0x21000 a neighbour stays, at 0x28000 the page is a copy. */
    assert_int_equal(bed_byte(&bed, 0x20000), 100);
    assert_int_equal(bed_byte(&bed, 0x21000), 101);
    for (uint64_t at = 0x4000; at < 0x8000; at += 0x1000) {
        assert_int_equal(bed_byte(&bed, 0x20000 + at), fake_file_byte(at));
    }
    assert_int_equal(bed_byte(&bed, 0x28000), 108);
    bed_close(&bed);
}

static void parts_of_a_host_page_become_zero_alone(void **state)
{
    (void)state;
    open_bed(&layer_linux, 0x1000, 0x4000, 0x4000);
    bed_anon(&bed, 0x20000, 0xb000, ABI_PROT_READ);
    bed_mark(&bed, 0x20000, 11, 1);
    assert_int_equal(advise(0x21000, 0x8000, LINUX_MADV_DONTNEED), 0);
    assert_int_equal(bed_byte(&bed, 0x20000), 1);
    for (uint64_t at = 0x21000; at < 0x29000; at += 0x1000) {
        assert_int_equal(bed_byte(&bed, at), 0);
    }
    assert_int_equal(bed_byte(&bed, 0x29000), 10);
    assert_int_equal(bed_byte(&bed, 0x2a000), 11);
    /* Slack is nobody's: its host page counts as whole. */
    bed_mark(&bed, 0x29000, 2, 50);
    assert_int_equal(advise(0x28000, 0x3000, LINUX_MADV_DONTNEED), 0);
    assert_int_equal(bed_byte(&bed, 0x29000), 0);
    assert_int_equal(bed_byte(&bed, 0x2a000), 0);
    bed_close(&bed);
}

/*
 * Four anonymous pages, each filled alone into a host page that is a file map below: zero, not the
 * file.
 */
static void what_is_anonymous_for_the_guest_is_zero(void **state)
{
    int fd;

    (void)state;
    open_bed(&layer_linux, 0x1000, 0x4000, 0x4000);
    fd = fake_host_file(&bed.fake, 0x10000, 3);
    assert_int_equal(
        bed_mmap(&bed, 0x20000, 0x4000, BED_RW, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0), 0x20000);
    for (uint64_t at = 0x20000; at < 0x24000; at += 0x1000) {
        bed_anon(&bed, at, 0x1000, BED_RW);
    }
    bed_mark(&bed, 0x20000, 4, 1);
    assert_int_equal(advise(0x20000, 0x4000, LINUX_MADV_DONTNEED), 0);
    for (uint64_t at = 0x20000; at < 0x24000; at += 0x1000) {
        assert_int_equal(bed_byte(&bed, at), 0);
    }
    bed_close(&bed);
}

static void tb_protection_survives_or_is_lifted(void **state)
{
    const int rwx = ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC;

    (void)state;
    open_bed(&layer_linux, 0x1000, 0x4000, 0x4000);
    bed_anon(&bed, 0x20000, 0x8000, rwx);
    bed_mark(&bed, 0x20000, 8, 1);
    assert_int_equal(bed.c.ops->translate(bed.layer, 0x20000), 0);
    assert_int_equal(bed.c.ops->translate(bed.layer, 0x21000), 0);
    assert_int_equal(bed.c.ops->translate(bed.layer, 0x25000), 0);
    assert_int_equal(advise(0x21000, 0x7000, LINUX_MADV_DONTNEED), 0);
    assert_true(bed_invalidated(&bed, 0x20000) && bed_invalidated(&bed, 0x25000));
    assert_int_equal(bed_byte(&bed, 0x20000), 1);
    assert_int_equal(bed_byte(&bed, 0x21000), 0);
    assert_int_equal(bed_byte(&bed, 0x25000), 0);
    bed_close(&bed);
}

static void a_host_failure_leaves_books_and_host_in_step(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 12; n++) {
        open_bed(&layer_linux, 0x1000, 0x4000, 0x4000);
        bed_anon(&bed, 0x20000, 0xb000, BED_RW);
        bed_mark(&bed, 0x20000, 11, 1);
        fake_host_arm(&bed.fake, n, EIO);
        advise(0x21000, 0x8000, LINUX_MADV_DONTNEED);
        assert_int_equal(bed.err != 0, bed.fake.fired);
        assert_int_equal(bed_byte(&bed, 0x20000), 1);
        assert_int_equal(bed_byte(&bed, 0x29000), 10);
        bed_close(&bed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_rules),
        cmocka_unit_test(bsd_rules),
        cmocka_unit_test(dontneed_by_kind),
        cmocka_unit_test(a_private_file_reverts),
        cmocka_unit_test(parts_of_a_host_page_become_zero_alone),
        cmocka_unit_test(what_is_anonymous_for_the_guest_is_zero),
        cmocka_unit_test(tb_protection_survives_or_is_lifted),
        cmocka_unit_test(a_host_failure_leaves_books_and_host_in_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
