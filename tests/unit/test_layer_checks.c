/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Argument checks of mmap, mprotect and munmap, row by row: layer.md 3, 6.1, 8 and vm-semantics D.
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

#define TOP 0x100000  /* the window's size */
#define BUSY 0x20000  /* two pages are mapped here, RW */
#define GUARD 0x30000 /* BSD: a guard page */
#define ANY 0x40000   /* free */

enum fds { FD_NONE = -1, FD_BAD = 99, FD_RW = 3, FD_RO = 4, FD_WO = 5, FD_EMPTY = 6 };

struct mmap_row {
    const char *what;
    uint64_t start, len;
    int prot;
    uint32_t flags; /* the guest system's numbers */
    int fd;
    uint64_t offset;
    int err; /* 0: success */
};

#define LS LINUX_MAP_SHARED
#define LP LINUX_MAP_PRIVATE
#define LA (LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS)
#define LF LINUX_MAP_FIXED
#define LV LINUX_MAP_SHARED_VALIDATE
#define RD ABI_PROT_READ
#define RW BED_RW

static const struct mmap_row linux_rows[] = {
    {"anon, len 0", 0, 0, RW, LA, -1, 0, EINVAL},
    {"len 0, bad fd", 0, 0, RW, LP, FD_BAD, 0, EBADF},
    {"bad fd", 0, 0x1000, RW, LP, FD_BAD, 0, EBADF},
    {"bad fd and no type", 0, 0x1000, RW, 0, FD_BAD, 0, EBADF},
    {"fd -1 without ANON", 0, 0x1000, RW, LP, -1, 0, EBADF},
    {"file, no type", 0, 0x1000, RW, 0, FD_RW, 0, EINVAL},
    {"anon, no type", 0, 0x1000, RW, LINUX_MAP_ANONYMOUS, -1, 0, EINVAL},
    {"anon, SHARED and PRIVATE", 0, 0x1000, RW, LV | LINUX_MAP_ANONYMOUS, -1, 0, EINVAL},
    {"file, SHARED_VALIDATE", 0, 0x1000, RW, LV, FD_RW, 0, 0},
    {"type 8", 0, 0x1000, RW, 8 | LINUX_MAP_ANONYMOUS, -1, 0, EINVAL},
    {"unknown flag, PRIVATE", 0, 0x1000, RW, LA | 0x800000, -1, 0, 0},
    {"unknown flag, SHARED", 0, 0x1000, RW, LS | 0x800000, FD_RW, 0, 0},
    {"unknown flag, SHARED_VALIDATE", 0, 0x1000, RW, LV | 0x800000, FD_RW, 0, EOPNOTSUPP},
    {"SYNC, SHARED_VALIDATE", 0, 0x1000, RW, LV | LINUX_MAP_SYNC, FD_RW, 0, EOPNOTSUPP},
    {"unknown prot bits", 0, 0x1000, -1, LA, -1, 0, 0},
    {"anon, fd given", 0, 0x1000, RW, LA, FD_BAD, 0, 0},
    {"anon, aligned offset", 0, 0x1000, RW, LA, -1, UINT64_MAX - 0xfff, 0},
    {"anon, unaligned offset", 0, 0x1000, RW, LA, -1, 0x800, EINVAL},
    {"unaligned offset before bad fd", 0, 0x1000, RW, LP, FD_BAD, 1, EINVAL},
    {"negative offset", 0, 0x1000, RD, LP, FD_RW, UINT64_MAX - 0xfff, EOVERFLOW},
    {"offset + len too large", 0, 0x2000, RD, LP, FD_RW, INT64_MAX - 0xfff, EOVERFLOW},
    {"a map that ends at 2^63", 0, 0x1000, RD, LP, FD_RW, INT64_MAX - 0xfff, EOVERFLOW},
    {"largest offset", 0, 0x1000, RD, LP, FD_RW, INT64_MAX - 0x1fff, 0},
    {"offset beyond EOF", 0, 0x1000, RD, LP, FD_RW, 0x100000, 0},
    {"len rounds to 0", 0, UINT32_MAX, RW, LA, -1, 0, ENOMEM},
    {"len beyond 2^32", 0, UINT64_C(1) << 33, RW, LA, -1, 0, ENOMEM},
    {"len SIZE_MAX", 0, UINT64_MAX, RW, LA, -1, 0, ENOMEM},
    {"len above the window", 0, TOP + 1, RW, LA, -1, 0, ENOMEM},
    {"no room wins over access", 0, TOP, RW, LS, FD_RO, 0, ENOMEM},
    {"FIXED unaligned", ANY + 1, 0x1000, RW, LA | LF, -1, 0, EINVAL},
    {"FIXED above", TOP, 0x1000, RW, LA | LF, -1, 0, ENOMEM},
    {"FIXED unaligned and above", TOP + 1, 0x1000, RW, LA | LF, -1, 0, ENOMEM},
    {"FIXED wraps", UINT64_MAX - 0xfff, 0x2000, RW, LA | LF, -1, 0, ENOMEM},
    {"FIXED ends behind", TOP - 0x1000, 0x2000, RW, LA | LF, -1, 0, ENOMEM},
    {"FIXED last page", TOP - 0x1000, 0x1000, RW, LA | LF, -1, 0, 0},
    {"FIXED page 0", 0, 0x1000, RW, LA | LF, -1, 0, 0},
    {"FIXED over a map", BUSY, 0x1000, RW, LA | LF, -1, 0, 0},
    {"NOREPLACE, used", BUSY, 0x1000, RW, LA | LINUX_MAP_FIXED_NOREPLACE, -1, 0, EEXIST},
    {"NOREPLACE, partly used", BUSY - 0x1000, 0x2000, RW, LA | LINUX_MAP_FIXED_NOREPLACE, -1, 0,
     EEXIST},
    {"NOREPLACE, slack is free", BUSY + 0x2000, 0x1000, RW, LA | LINUX_MAP_FIXED_NOREPLACE, -1, 0,
     0},
    {"NOREPLACE, free", ANY, 0x1000, RW, LA | LINUX_MAP_FIXED_NOREPLACE, -1, 0, 0},
    {"NOREPLACE, unaligned and used", BUSY + 1, 0x1000, RW, LA | LINUX_MAP_FIXED_NOREPLACE, -1, 0,
     EINVAL},
    {"NOREPLACE wins over access", BUSY, 0x1000, RW, LS | LINUX_MAP_FIXED_NOREPLACE, FD_RO, 0,
     EEXIST},
    {"shared W, read-only fd", 0, 0x1000, RW, LS, FD_RO, 0, EACCES},
    {"shared R, read-only fd", 0, 0x1000, RD, LS, FD_RO, 0, 0},
    {"private W, read-only fd", 0, 0x1000, RW, LP, FD_RO, 0, 0},
    {"R, write-only fd", 0, 0x1000, RD, LP, FD_WO, 0, EACCES},
    {"private NONE, write-only fd", 0, 0x1000, 0, LP, FD_WO, 0, EACCES},
    {"shared W, write-only fd", 0, 0x1000, ABI_PROT_WRITE, LS, FD_WO, 0, EACCES},
    {"empty file", 0, 0x1000, RD, LP, FD_EMPTY, 0, 0},
    {"GROWSDOWN, file", 0, 0x1000, RW, LP | LINUX_MAP_GROWSDOWN, FD_RW, 0, EINVAL},
    {"GROWSDOWN, anon shared", 0, 0x1000, RW, LS | LINUX_MAP_ANONYMOUS | LINUX_MAP_GROWSDOWN, -1, 0,
     EINVAL},
    {"GROWSDOWN, anon private", 0, 0x1000, RW, LA | LINUX_MAP_GROWSDOWN, -1, 0, 0},
    {"HUGETLB, anon", 0, 0x200000, RW, LA | LINUX_MAP_HUGETLB, -1, 0, ENOMEM},
    {"HUGETLB, file", 0, 0x1000, RW, LP | LINUX_MAP_HUGETLB, FD_RW, 0, EINVAL},
    {"STACK, LOCKED, NORESERVE, POPULATE", 0, 0x1000, RW,
     LA | LINUX_MAP_STACK | LINUX_MAP_LOCKED | LINUX_MAP_NORESERVE | LINUX_MAP_POPULATE, -1, 0, 0},
};

#define FS FREEBSD_MAP_SHARED
#define FP FREEBSD_MAP_PRIVATE
#define FA (FREEBSD_MAP_PRIVATE | FREEBSD_MAP_ANONYMOUS)
#define FF FREEBSD_MAP_FIXED
#define FG FREEBSD_MAP_GUARD
#define ALIGN(n) ((uint32_t)(n) << FREEBSD_MAP_ALIGNED_SHIFT)
#define MAX(p) ((p) << ABI_PROT_MAX_SHIFT)

static const struct mmap_row bsd_rows[] = {
    {"unknown prot bits", 0, 0x1000, 0x10, FA, -1, 0, EINVAL},
    {"unknown prot before len 0", 0, 0, 8, FA, -1, 0, EINVAL},
    {"prot beyond PROT_MAX", 0, 0x1000, RW | MAX(RD), FA, -1, 0, ENOTSUP},
    {"prot beyond PROT_MAX before len 0", 0, 0, RW | MAX(RD), FA, -1, 0, ENOTSUP},
    {"prot inside PROT_MAX", 0, 0x1000, RD | MAX(RW), FA, -1, 0, 0},
    {"legacy bits 0x20, 0x40", 0, 0x1000, RW, FA | 0x60, -1, 0, 0},
    {"legacy bit 0x80", 0, 0x1000, RW, FA | 0x80, -1, 0, EINVAL},
    {"len 0, bad fd", 0, 0, RW, FP, FD_BAD, 0, EINVAL},
    {"anon, fd", 0, 0x1000, RW, FA, FD_RW, 0, EINVAL},
    {"anon, offset", 0, 0x1000, RW, FA, -1, 0x1000, EINVAL},
    {"anon, no type", 0, 0x1000, RW, FREEBSD_MAP_ANONYMOUS, -1, 0, 0},
    {"STACK", 0, 0x2000, RW, FREEBSD_MAP_STACK, -1, 0, 0},
    {"STACK, offset is dropped", 0, 0x2000, RW, FREEBSD_MAP_STACK, -1, 0x123, 0},
    {"STACK, fd", 0, 0x2000, RW, FREEBSD_MAP_STACK, FD_RW, 0, EINVAL},
    {"STACK, no W", 0, 0x2000, RD, FREEBSD_MAP_STACK, -1, 0, EINVAL},
    {"STACK, SHARED", 0, 0x2000, RW, FREEBSD_MAP_STACK | FS, -1, 0, 0},
    {"unknown flag", 0, 0x1000, RW, FA | 0x100000, -1, 0, EINVAL},
    {"EXCL without FIXED", 0, 0x1000, RW, FA | FREEBSD_MAP_EXCL, -1, 0, EINVAL},
    {"SHARED and PRIVATE", 0, 0x1000, RW, FS | FP, FD_RW, 0, EINVAL},
    {"GUARD", 0, 0x1000, 0, FG, -1, 0, 0},
    {"GUARD with prot", 0, 0x1000, RD, FG, -1, 0, EINVAL},
    {"GUARD with fd", 0, 0x1000, 0, FG, FD_RW, 0, EINVAL},
    {"GUARD with offset", 0, 0x1000, 0, FG, -1, 0x1000, EINVAL},
    {"GUARD with PRIVATE", 0, 0x1000, 0, FG | FP, -1, 0, EINVAL},
    {"GUARD with NOCORE", 0, 0x1000, 0, FG | FREEBSD_MAP_NOCORE, -1, 0, EINVAL},
    {"GUARD, FIXED, ALIGNED", ANY, 0x1000, 0, FG | FF | ALIGN(14), -1, 0, 0},
    {"len rounds to 0", 0, UINT32_MAX, RW, FA, -1, 0, ENOMEM},
    {"len and offset round to 0", 0, UINT32_MAX - 0xfff, RD, FP, FD_RW, 0x801, ENOMEM},
    {"ALIGNED too small", 0, 0x1000, RW, FA | ALIGN(11), -1, 0, EINVAL},
    {"ALIGNED too large", 0, 0x1000, RW, FA | ALIGN(32), -1, 0, EINVAL},
    {"ALIGNED 255", 0, 0x1000, RW, FA | ALIGN(255), -1, 0, EINVAL},
    {"ALIGNED beyond the window", 0, 0x1000, RW, FA | ALIGN(31), -1, 0, ENOMEM},
    {"ALIGNED_SUPER", 0, 0x1000, RW, FA | ALIGN(1), -1, 0, 0},
    {"FIXED unaligned", ANY + 1, 0x1000, RW, FA | FF, -1, 0, EINVAL},
    {"FIXED unaligned, same residue", ANY + 0x123, 0x1000, RD, FP | FF, FD_RW, 0x123, 0},
    {"FIXED aligned, offset not", ANY, 0x1000, RD, FP | FF, FD_RW, 0x123, EINVAL},
    {"FIXED above", TOP, 0x1000, RW, FA | FF, -1, 0, EINVAL},
    {"FIXED wraps", UINT64_MAX - 0xfff, 0x2000, RW, FA | FF, -1, 0, EINVAL},
    {"FIXED page 0", 0, 0x1000, RW, FA | FF, -1, 0, EINVAL},
    {"FIXED last page", TOP - 0x1000, 0x1000, RW, FA | FF, -1, 0, 0},
    {"FIXED range before bad fd", TOP, 0x1000, RW, FP | FF, FD_BAD, 0, EINVAL},
    {"bad fd", 0, 0x1000, RW, FP, FD_BAD, 0, EBADF},
    {"bad fd and no type", 0, 0x1000, RW, 0, FD_BAD, 0, EBADF},
    {"file, fd -1", BUSY, 0x1000, RW, FP | FF, -1, 0, EBADF},
    {"file, no type", 0, 0x1000, RW, 0, FD_RW, 0, EINVAL},
    {"unaligned offset, bad fd", 0, 0x1000, RW, FP, FD_BAD, 1, EBADF},
    {"shared W, read-only fd", 0, 0x1000, RW, FS, FD_RO, 0, EACCES},
    {"private W, read-only fd", 0, 0x1000, RW, FP, FD_RO, 0, 0},
    {"R, write-only fd", 0, 0x1000, RD, FP, FD_WO, 0, EACCES},
    {"negative offset", 0, 0x1000, RD, FP, FD_RW, UINT64_MAX - 0xfff, EINVAL},
    {"offset + len too large", 0, 0x2000, RD, FP, FD_RW, INT64_MAX - 0xfff, EINVAL},
    {"len above the window", 0, TOP + 1, RW, FA, -1, 0, ENOMEM},
    {"EXCL, used", BUSY, 0x1000, RW, FA | FF | FREEBSD_MAP_EXCL, -1, 0, ENOMEM},
    {"EXCL, guard", GUARD, 0x1000, RW, FA | FF | FREEBSD_MAP_EXCL, -1, 0, ENOMEM},
    {"EXCL, free", ANY, 0x1000, RW, FA | FF | FREEBSD_MAP_EXCL, -1, 0, 0},
    {"EXCL after access", BUSY, 0x1000, RW, FS | FF | FREEBSD_MAP_EXCL, FD_RO, 0, EACCES},
};

static void prepare(struct bed *b, const struct layer_ops *ops)
{
    struct bed_config c = bed_default;

    c.ops = ops;
    bed_open(b, &c);
    assert_int_equal(fake_host_file(&b->fake, 0x3000, 3), FD_RW);
    assert_int_equal(fake_host_file(&b->fake, 0x3000, 1), FD_RO);
    assert_int_equal(fake_host_file(&b->fake, 0x3000, 2), FD_WO);
    assert_int_equal(fake_host_file(&b->fake, 0, 3), FD_EMPTY);
    bed_anon(b, BUSY, 0x2000, BED_RW);
    if (ops == &layer_bsd) {
        assert_int_equal(bed_mmap(b, GUARD, 0x1000, 0, ABI_MAP_GUARD | ABI_MAP_FIXED, -1, 0),
                         GUARD);
    }
}

static void run_mmap_rows(const struct layer_ops *ops, const struct mmap_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct mmap_row *r = &rows[i];
        uint64_t before, at;
        struct bed b;

        prepare(&b, ops);
        before = bed_digest(&b);
        at = bed_mmap_raw(&b, r->start, r->len, r->prot, r->flags, r->fd, r->offset);
        if (b.err != r->err) {
            fail_msg("%s: errno %d, must be %d", r->what, b.err, r->err);
        }
        if (r->err) {
            assert_int_equal(bed_digest(&b), before);
            assert_int_equal(b.n_events, 0);
        } else {
            assert_int_equal(bed_flags(&b, at) & PAGE_BITS, r->prot & PAGE_BITS);
            assert_true(bed_invalidated(&b, at));
        }
        bed_check(&b);
        bed_close(&b);
    }
}

static void mmap_linux(void **state)
{
    (void)state;
    run_mmap_rows(&layer_linux, linux_rows, ARRAY_LEN(linux_rows));
}

static void mmap_bsd(void **state)
{
    (void)state;
    run_mmap_rows(&layer_bsd, bsd_rows, ARRAY_LEN(bsd_rows));
}

struct range_row {
    const char *what;
    uint64_t start, len;
    int prot;
    int linux_err, bsd_err;
    const char *linux_map,
        *bsd_map; /* the four pages at 0x20000, where rw rw .. .. was; NULL unchanged */
};

/* Mapped: 0x20000, 0x21000, RW. */
static const struct range_row mprotect_rows[] = {
    {"one page", BUSY, 0x1000, RD, 0, 0, "r- rw .. ..", "r- rw .. .."},
    {"len is rounded up", BUSY, 1, RD, 0, 0, "r- rw .. ..", "r- rw .. .."},
    {"unaligned start", BUSY + 0x800, 0x800, RD, EINVAL, 0, NULL, "r- rw .. .."},
    {"unaligned start, into the next", BUSY + 0x800, 0x801, RD, EINVAL, 0, NULL, "r- r- .. .."},
    {"unaligned, len 0", BUSY + 0x800, 0, RD, EINVAL, 0, NULL, "r- rw .. .."},
    {"len 0", BUSY, 0, RD, 0, 0, NULL, NULL},
    {"len 0, unmapped", ANY, 0, RD, 0, 0, NULL, NULL},
    {"len 0, bad prot", BUSY, 0, 0x10, 0, EINVAL, NULL, NULL},
    {"len rounds to 0", BUSY, 0xfffff001, RD, ENOMEM, 0, NULL, NULL},
    {"wraps", 0xffffe000, 0x4000, RD, ENOMEM, EINVAL, NULL, NULL},
    {"unknown prot", BUSY, 0x1000, 0x10, EINVAL, EINVAL, NULL, NULL},
    {"unknown prot, wraps", 0xffffe000, 0x4000, 0x10, ENOMEM, EINVAL, NULL, NULL},
    {"unknown prot, hole", ANY, 0x1000, 0x10, EINVAL, EINVAL, NULL, NULL},
    {"PROT_SEM", BUSY, 0x1000, RD | 8, 0, EINVAL, "r- rw .. ..", NULL},
    {"PROT_GROWSDOWN", BUSY, 0x1000, RD | ABI_PROT_GROWSDOWN, EINVAL, EINVAL, NULL, NULL},
    {"PROT_MAX smaller", BUSY, 0x1000, RW | MAX(RD), EINVAL, ENOTSUP, NULL, NULL},
    {"PROT_MAX legal", BUSY, 0x1000, RD | MAX(RW), EINVAL, 0, NULL, "r- rw .. .."},
    {"unmapped", ANY, 0x1000, RD, ENOMEM, 0, NULL, NULL},
    {"starts in a hole", BUSY - 0x1000, 0x2000, RD, ENOMEM, 0, NULL, "r- rw .. .."},
    {"hole behind", BUSY + 0x1000, 0x2000, RD, ENOMEM, 0, "rw r- .. ..", "rw r- .. .."},
    {"above the window", TOP, 0x1000, RD, ENOMEM, 0, NULL, NULL},
    {"leaves the window", BUSY, 0x80000000, RD, ENOMEM, 0, "r- r- .. ..", "r- r- .. .."},
    {"no rights", BUSY, 0x2000, 0, 0, 0, "-- -- .. ..", "-- -- .. .."},
};

static void mprotect_table(void **state)
{
    const struct layer_ops *ops = *state;

    for (size_t i = 0; i < ARRAY_LEN(mprotect_rows); i++) {
        const struct range_row *r = &mprotect_rows[i];
        int err = ops == &layer_bsd ? r->bsd_err : r->linux_err;
        const char *map = ops == &layer_bsd ? r->bsd_map : r->linux_map;
        struct bed b;
        uint64_t before;

        prepare(&b, ops);
        before = bed_digest(&b);
        if (bed_mprotect(&b, r->start, r->len, r->prot) != err) {
            fail_msg("%s: errno %d, must be %d", r->what, b.err, err);
        }
        assert_string_equal(bed_map(&b, BUSY, 4), map ? map : "rw rw .. ..");
        assert_true(map || bed_digest(&b) == before);
        bed_check(&b);
        bed_close(&b);
    }
}

static const struct range_row munmap_rows[] = {
    {"one page", BUSY, 0x1000, 0, 0, 0, ".. rw .. ..", ".. rw .. .."},
    {"len is rounded up", BUSY, 0x1001, 0, 0, 0, ".. .. .. ..", ".. .. .. .."},
    {"unaligned", BUSY + 0x800, 0x800, 0, EINVAL, 0, NULL, ".. rw .. .."},
    {"len 0", BUSY, 0, 0, EINVAL, EINVAL, NULL, NULL},
    {"unaligned, len 0", BUSY + 1, 0, 0, EINVAL, EINVAL, NULL, NULL},
    {"len rounds to 0", BUSY, UINT32_MAX, 0, EINVAL, EINVAL, NULL, NULL},
    {"wraps", 0xffffe000, 0x4000, 0, EINVAL, EINVAL, NULL, NULL},
    {"wraps far", BUSY, UINT64_MAX - 0xfff, 0, EINVAL, EINVAL, NULL, NULL},
    {"unaligned length sum wraps", BUSY + 0x800, UINT64_MAX, 0, EINVAL, EINVAL, NULL, NULL},
    {"above the window", TOP, 0x1000, 0, EINVAL, EINVAL, NULL, NULL},
    {"leaves the window", TOP - 0x1000, 0x2000, 0, EINVAL, EINVAL, NULL, NULL},
    {"nothing mapped", ANY, 0x3000, 0, 0, 0, NULL, NULL},
    {"page 0", 0, 0x1000, 0, 0, EINVAL, NULL, NULL},
    {"holes around", BUSY - 0x8000, 0xa000, 0, 0, 0, ".. .. .. ..", ".. .. .. .."},
};

static void munmap_table(void **state)
{
    const struct layer_ops *ops = *state;

    for (size_t i = 0; i < ARRAY_LEN(munmap_rows); i++) {
        const struct range_row *r = &munmap_rows[i];
        int err = ops == &layer_bsd ? r->bsd_err : r->linux_err;
        const char *map = ops == &layer_bsd ? r->bsd_map : r->linux_map;
        struct bed b;
        uint64_t before;

        prepare(&b, ops);
        before = bed_digest(&b);
        if (bed_munmap(&b, r->start, r->len) != err) {
            fail_msg("%s: errno %d, must be %d", r->what, b.err, err);
        }
        assert_string_equal(bed_map(&b, BUSY, 4), map ? map : "rw rw .. ..");
        assert_true(map || bed_digest(&b) == before);
        bed_check(&b);
        bed_close(&b);
    }
}

/* A 64-bit length can round to 0 and mean nothing, on FreeBSD; on Linux it is refused. */
static void munmap_64(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;

    c.ops = *state;
    c.bits = 64;
    bed_open(&b, &c);
    assert_int_equal(bed_munmap(&b, BUSY, UINT64_MAX), c.ops == &layer_bsd ? 0 : EINVAL);
    assert_int_equal(bed_mprotect(&b, BUSY, UINT64_MAX, RD), c.ops == &layer_bsd ? 0 : ENOMEM);
    assert_int_equal(bed_mmap(&b, 0, UINT64_MAX, RD, BED_ANON, -1, 0), LAYER_FAILED);
    assert_int_equal(b.err, ENOMEM);
    bed_close(&b);
}

/* min_addr counts at guest_base 0, where it is the host's own limit. */
static void min_addr(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;

    (void)state;
    c.guest_base = 0;
    bed_open(&b, &c);
    assert_int_equal(bed_mmap(&b, 0xf000, 0x1000, RW, BED_FIXED, -1, 0), LAYER_FAILED);
    assert_int_equal(b.err, EPERM);
    assert_int_equal(bed_mmap(&b, 0x10000, 0x1000, RW, BED_FIXED, -1, 0), 0x10000);
    bed_close(&b);
}

/* PROT_WRITE alone needs host W, and the guest's flags say W alone. */
static void write_only(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;

    c.ops = *state;
    bed_open(&b, &c);
    bed_anon(&b, BUSY, 0x1000, ABI_PROT_WRITE);
    assert_int_equal(bed_flags(&b, BUSY), PAGE_VALID | PAGE_WRITE | PAGE_WRITE_ORG);
    assert_int_equal(bed_host(&b, BUSY), HOST_W);
    bed_anon(&b, ANY, 0x1000, ABI_PROT_EXEC);
    assert_int_equal(bed_flags(&b, ANY), PAGE_VALID | PAGE_EXEC);
    assert_int_equal(bed_host(&b, ANY), HOST_R);
    bed_close(&b);
}

/* What cannot work as set up is refused at once. */
static void start_refuses(void **state)
{
    const struct layer_ops *ops = *state;
    struct layer *l = ops->create();
    struct fake_host fake;
    struct layer_setup setup = {.size = sizeof(setup),
                                .bits = 32,
                                .guest_page = 0x1000,
                                .host_page = 0x1000,
                                .real_page = 0x4000,
                                .window_last = 0xfffff,
                                .host = &fake.host};

    fake_host_init(&fake, 0x4000);
    assert_int_equal(ops->start(l, &setup), -EINVAL);
    setup.host_page = 0x4000;
    assert_int_equal(ops->start(l, &setup), 0);
    setup.reserved_va = 0xff000;
    assert_int_equal(ops->start(l, &setup), -EINVAL);
    setup.reserved_va = 0;
    setup.host = NULL;
    assert_int_equal(ops->start(l, &setup), -EINVAL);
    ops->destroy(l);
    fake_host_free(&fake);
}

#define BOTH(f) \
    {#f " linux", f, NULL, NULL, (void *)&layer_linux}, \
    { \
#f " bsd", f, NULL, NULL, (void *)&layer_bsd \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mmap_linux),
        cmocka_unit_test(mmap_bsd),
        BOTH(mprotect_table),
        BOTH(munmap_table),
        BOTH(munmap_64),
        cmocka_unit_test(min_addr),
        BOTH(write_only),
        BOTH(start_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
