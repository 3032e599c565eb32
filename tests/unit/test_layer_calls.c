/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mprotect, munmap and the EOF splice: the figures of layer.md 3, 6.4 and 8; and every map call
 * with each of its host calls failing in turn.
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

#define BOTH(f) \
    {#f " linux", f, NULL, NULL, (void *)&layer_linux}, \
    { \
#f " bsd", f, NULL, NULL, (void *)&layer_bsd \
    }

static void open_bed(struct bed *b, void **state)
{
    struct bed_config c = bed_default;

    c.ops = *state;
    bed_open(b, &c);
}

/*
 *              0x10000   0x11000   0x12000   0x13000   0x14000
 * F before     |   R     |   RW    |   R     |   RX    |
 * asked for    .         |<-- R -->|
 */
static void mprotect_figure(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x10000, 0x3000, ABI_PROT_READ);
    bed_anon(&b, 0x13000, 0x1000, ABI_PROT_READ | ABI_PROT_EXEC);
    assert_int_equal(bed_mprotect(&b, 0x11000, 0x1000, BED_RW), 0);
    assert_int_equal(bed_host(&b, 0x10000), HOST_R | HOST_W);
    assert_int_equal(bed_mprotect(&b, 0x11000, 0x1000, ABI_PROT_READ), 0);
    assert_string_equal(bed_map(&b, 0x10000, 4), "r- r- r- r-x");
    assert_int_equal(bed_host(&b, 0x10000), HOST_R);
    assert_true(bed_invalidated(&b, 0x11000) && !bed_invalidated(&b, 0x12000));
    /* No rights: the host page stays readable for the others. */
    assert_int_equal(bed_mprotect(&b, 0x11000, 0x1000, 0), 0);
    assert_int_equal(bed_flags(&b, 0x11000), PAGE_VALID);
    assert_int_equal(bed_host(&b, 0x10000), HOST_R);
    bed_check(&b);
    bed_close(&b);
}

/* Giving W beside a TB-protected page must not open the page with code. */
static void mprotect_beside_code(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x10000, 0x1000, BED_RW | ABI_PROT_EXEC);
    bed_anon(&b, 0x11000, 0x1000, ABI_PROT_READ);
    assert_int_equal(b.c.ops->translate(b.layer, 0x10000), 0);
    assert_int_equal(bed_mprotect(&b, 0x11000, 0x1000, BED_RW), 0);
    assert_string_equal(bed_map(&b, 0x10000, 2), "r!x rw");
    assert_int_equal(bed_host(&b, 0x10000), HOST_R);
    bed_check(&b);
    assert_int_equal(b.c.ops->page_unprotect(b.layer, 0x11000), 1);
    assert_string_equal(bed_map(&b, 0x10000, 2), "rwx rw");
    bed_check(&b);
    bed_close(&b);
}

/*
 * A shared map of a read-only descriptor: the host refuses W, and nothing has changed, before or
 * behind it.
 */
static void mprotect_refused(void **state)
{
    struct bed b;
    uint64_t before;
    int fd;

    open_bed(&b, state);
    fd = fake_host_file(&b.fake, 0x8000, 1);
    bed_anon(&b, 0x10000, 0x4000, ABI_PROT_READ);
    assert_int_equal(
        bed_mmap(&b, 0x14000, 0x4000, ABI_PROT_READ, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0),
        0x14000);
    bed_anon(&b, 0x18000, 0x4000, ABI_PROT_READ);
    before = bed_digest(&b);
    assert_int_equal(bed_mprotect(&b, 0x10000, 0xc000, BED_RW), EACCES);
    assert_int_equal(bed_digest(&b), before);
    bed_check(&b);
    bed_close(&b);
}

/*
 *             0x10000         0x14000         0x18000         0x1c000
 * F before    |rw |rw |rw |rw |rw |rw |rw |rw |rw |r  |r  |r  |
 * asked               |<------------------------->|
 * F after     |rw |rw | . | . | . | . | . | . | . |r  |r  |r  |
 */
static void munmap_figure(void **state)
{
    for (int reserved = 0; reserved < 2; reserved++) {
        struct bed_config c = bed_default;
        struct bed b;

        c.ops = *state;
        c.reserved = reserved;
        bed_open(&b, &c);
        bed_anon(&b, 0x10000, 0x9000, BED_RW);
        bed_anon(&b, 0x19000, 0x3000, ABI_PROT_READ);
        bed_mark(&b, 0x10000, 12, 'a');
        assert_int_equal(bed_munmap(&b, 0x12000, 0x7000), 0);
        assert_string_equal(bed_map(&b, 0x10000, 12), "rw rw .. .. .. .. .. .. .. r- r- r-");
        assert_int_equal(bed_host(&b, 0x10000), HOST_R | HOST_W);
        assert_int_equal(bed_host(&b, 0x14000), reserved ? 0 : -1);
        assert_int_equal(bed_host(&b, 0x18000), HOST_R);
        assert_int_equal(bed_byte(&b, 0x11000), 'b');
        assert_int_equal(bed_byte(&b, 0x19000), 'j');
        assert_true(bed_invalidated(&b, 0x12000) && bed_invalidated(&b, 0x18fff));
        bed_check(&b);
        /* Once more changes nothing, and what is empty is no page of the guest's to unmap. */
        fake_host_arm(&b.fake, 0, 0);
        assert_int_equal(bed_munmap(&b, 0x12000, 0x7000), 0);
        assert_int_equal(b.fake.calls, 0);
        assert_int_equal(b.n_events, 0);
        bed_close(&b);
    }
}

static void munmap_spares_emulator(void **state)
{
    struct bed_config c = bed_default;
    struct bed b;

    c.ops = *state;
    c.reserved = false;
    bed_open(&b, &c);
    bed_anon(&b, 0x10000, 0x4000, BED_RW);
    fake_host_emulator(&b.fake, c.guest_base + 0x14000, 0x4000);
    bed_anon(&b, 0x18000, 0x4000, BED_RW);
    assert_int_equal(bed_munmap(&b, 0x10000, 0x10000), 0);
    assert_int_equal(b.fake.areas.n, 1);
    assert_true(fake_host_area(&b.fake, c.guest_base + 0x14000)->emulator);
    bed_close(&b);
}

/*
 * offset   0       0x1000  0x2000  0x3000  0x4000  0x5000  0x6000
 * guest    |<-- page 0 --->|<-- page 1 --->|<-- page 2 --->|    T = H = 8K, R = 4K
 * real     |  f    |  f    |  f    | anon  |  f    |  f    |    EOF at 0x2328
 */
static void splice_figure(void **state)
{
    for (int fixed = 0; fixed < 2; fixed++) {
        for (int shared = 0; shared < 2; shared++) {
            struct bed_config c = bed_default;
            uint64_t flags =
                (shared ? ABI_MAP_SHARED : ABI_MAP_PRIVATE) | (fixed ? ABI_MAP_FIXED : 0);
            const struct fake_area *a;
            struct bed b;
            uint64_t at;
            int fd;

            c.ops = *state;
            c.guest_page = c.host_page = 0x2000;
            c.real_page = 0x1000;
            bed_open(&b, &c);
            fd = fake_host_file(&b.fake, 0x2328, 3);
            at = bed_mmap(&b, 0x40000, 0x6000, BED_RW, flags, fd, 0);
            assert_int_equal(at, 0x40000);
            assert_string_equal(bed_map(&b, at, 3), "rw rw rw");
            assert_int_equal(bed_byte(&b, at + 0x2327), fake_file_byte(0x2327));
            assert_int_equal(bed_byte(&b, at + 0x2328), 0);
            assert_int_equal(bed_byte(&b, at + 0x3000), 0);
            assert_int_equal(bed_byte(&b, at + 0x3fff), 0);
            assert_int_equal(bed_byte(&b, at + 0x4000), -1);
            a = fake_host_area(&b.fake, c.guest_base + at + 0x3000);
            assert_int_equal(a->shared, shared);
            assert_int_equal(a->prot, HOST_R | HOST_W);
            bed_check(&b);
            /* Rights of the whole guest page change together. */
            assert_int_equal(bed_mprotect(&b, at + 0x2000, 0x2000, ABI_PROT_READ), 0);
            assert_int_equal(bed_host(&b, at + 0x3000), HOST_R);
            bed_check(&b);
            bed_close(&b);
        }
    }
}

/* No splice: EOF at or before the offset, at a guest page, behind the end. */
static void no_splice(void **state)
{
    static const struct {
        uint64_t size, offset;
    } rows[] = {{0x2000, 0x2000}, {0x1000, 0x4000}, {0x4000, 0}, {0x3800, 0}, {0x10000, 0}, {0, 0}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bed_config c = bed_default;
        struct bed b;
        int fd;

        c.ops = *state;
        c.guest_page = c.host_page = 0x2000;
        c.real_page = 0x1000;
        bed_open(&b, &c);
        fd = fake_host_file(&b.fake, rows[i].size, 3);
        fake_host_arm(&b.fake, 0, 0);
        assert_int_equal(bed_mmap(&b, 0x40000, 0x6000, BED_RW, ABI_MAP_PRIVATE, fd, rows[i].offset),
                         0x40000);
        assert_int_equal(b.fake.calls, 2);
        bed_check(&b);
        bed_close(&b);
    }
}

/* ---- each host call fails in turn ---- */

enum { CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT };

struct fail_row {
    const char *what;
    int call;
    uint64_t start, len;
    int prot;
    uint64_t flags;
    bool file;
    uint64_t offset;
    bool
        may_lose; /* a map with FIXED over live host pages, of which more than one call is needed */
};

/* On what prepare_rows lays out. */
static const struct fail_row fail_rows[] = {
    {"fill in place", CALL_MMAP, 0x11000, 0x1000, BED_RW, BED_FIXED, false, 0, false},
    {"fill in place beside code", CALL_MMAP, 0x21000, 0x1000, BED_RW, BED_FIXED, false, 0, false},
    {"fill with file bytes", CALL_MMAP, 0x11000, 0x2000, 1, ABI_MAP_PRIVATE | ABI_MAP_FIXED, true,
     0x1000, false},
    {"head, middle, tail", CALL_MMAP, 0x11000, 0xc000, 1, BED_FIXED, false, 0, false},
    {"head, middle, tail of a file", CALL_MMAP, 0x11000, 0xc000, 1, ABI_MAP_PRIVATE | ABI_MAP_FIXED,
     true, 0x1000, false},
    {"file edges alone", CALL_MMAP, 0x41000, 0x8000, 1, ABI_MAP_PRIVATE | ABI_MAP_FIXED, true,
     0x1000, false},
    {"read-in", CALL_MMAP, 0x40000, 0x9000, 1, ABI_MAP_PRIVATE | ABI_MAP_FIXED, true, 0x1000,
     false},
    {"read-in over live pages", CALL_MMAP, 0x12000, 0x8000, 1, ABI_MAP_PRIVATE | ABI_MAP_FIXED,
     true, 0x1000, true},
    {"middle over live pages", CALL_MMAP, 0x14000, 0x8000, 3, BED_FIXED, false, 0, false},
    {"edges and middle over live pages", CALL_MMAP, 0x15000, 0x7000, 1,
     ABI_MAP_PRIVATE | ABI_MAP_FIXED, true, 0x1000, false},
    {"placed", CALL_MMAP, 0, 0x5000, 3, BED_ANON, false, 0, false},
    {"placed file", CALL_MMAP, 0, 0x5000, 3, ABI_MAP_PRIVATE, true, 0x3000, false},
    {"mprotect, several unions", CALL_MPROTECT, 0x11000, 0xf000, 0, 0, false, 0, false},
    {"mprotect, one page", CALL_MPROTECT, 0x1d000, 0x1000, BED_RW, 0, false, 0, false},
    {"munmap with edges", CALL_MUNMAP, 0x11000, 0xc000, 0, 0, false, 0, false},
    {"munmap of one", CALL_MUNMAP, 0x13000, 0x1000, 0, 0, false, 0, false},
    {"munmap of all", CALL_MUNMAP, 0x10000, 0x10000, 0, 0, false, 0, false},
};

/*
 *  0x10000         0x14000         0x18000         0x1c000         0x20000
 *  |r  |r  |r  |rw |rw |rw |rw |rw |rw |rw |rw |r  |r  |r  |r  |r  |r!x| . |rw | . |
 */
static void prepare_rows(struct bed *b, const struct bed_config *c, int *fd)
{
    bed_open(b, c);
    *fd = fake_host_file(&b->fake, 0x6800, 3);
    bed_anon(b, 0x10000, 0x3000, ABI_PROT_READ);
    bed_anon(b, 0x13000, 0x8000, BED_RW);
    bed_anon(b, 0x1b000, 0x5000, ABI_PROT_READ);
    bed_mark(b, 0x10000, 16, 'a');
    bed_anon(b, 0x20000, 0x1000, BED_RW | ABI_PROT_EXEC);
    bed_anon(b, 0x22000, 0x1000, BED_RW);
    bed_mark(b, 0x20000, 1, 'x');
    bed_mark(b, 0x22000, 1, 'y');
    assert_int_equal(c->ops->translate(b->layer, 0x20000), 0);
}

static int make_call(struct bed *b, const struct fail_row *r, int fd)
{
    switch (r->call) {
    case CALL_MMAP:
        bed_mmap(b, r->start, r->len, r->prot, r->flags, r->file ? fd : -1, r->offset);
        return b->err;
    case CALL_MUNMAP:
        return bed_munmap(b, r->start, r->len);
    default:
        return bed_mprotect(b, r->start, r->len, r->prot);
    }
}

/* Books that lost pages of the range, and nothing else. */
static void check_lost(struct bed *b, const struct fail_row *r, const struct layer_run *before,
                       size_t n)
{
    bed_dump(b);
    for (size_t i = 0; i < n; i++) {
        for (uint64_t at = before[i].start; at <= before[i].last; at += b->c.guest_page) {
            const struct layer_run *now = bed_run(b, at);
            bool named = at >= r->start && at - r->start < r->len;

            assert_true(now ? now->flags == before[i].flags : named && r->may_lose);
        }
    }
    for (size_t i = 0; i < b->n_runs; i++) {
        assert_true(b->runs[i].start >= 0x10000 && b->runs[i].last < 0x23000);
    }
}

/* Returns false when the N-th call was never made. */
static bool fails_once(const struct bed_config *c, const struct fail_row *r, unsigned n, bool *lost)
{
    static const int errors[] = {ENOMEM, EACCES, EAGAIN};
    static struct layer_run runs[BED_RUNS];
    uint64_t before;
    size_t n_runs;
    struct bed b;
    int fd, err;
    bool fired;

    prepare_rows(&b, c, &fd);
    before = bed_digest(&b);
    n_runs = b.n_runs;
    memcpy(runs, b.runs, sizeof(runs));
    fake_host_arm(&b.fake, n, errors[n % 3]);
    err = make_call(&b, r, fd);
    fired = b.fake.fired;
    if (err) {
        assert_true(fired);
        check_lost(&b, r, runs, n_runs);
        *lost |= bed_digest(&b) != before;
        if (!r->may_lose && bed_digest(&b) != before) {
            fail_msg("%s: call %u failed and left traces", r->what, n);
        }
    }
    bed_check(&b);
    bed_close(&b);
    return fired;
}

static void each_fails(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(fail_rows); i++) {
        for (int k = 0; k < 4; k++) {
            struct bed_config c = bed_default;
            bool lost = false;
            unsigned n = 1;

            c.ops = *state;
            c.reserved = k & 1;
            c.real_page = k & 2 ? 0x1000 : 0x4000;
            while (fails_once(&c, &fail_rows[i], n, &lost)) {
                n++;
            }
            assert_true(n > 1);
            /* A row that claims it may lose pages has to, or the claim is idle. */
            if (lost != fail_rows[i].may_lose) {
                fail_msg("%s: pages were %s", fail_rows[i].what, lost ? "lost" : "never lost");
            }
        }
    }
}

/*
 * The kernel may take the old mappings and fail then: the page flags must not claim what is gone.
 */
static int take_and_fail(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    (void)ret;
    if (req->flags & HOST_MAP_FIXED) {
        assert_int_equal(host_unmap(h, req->addr, req->len), 0);
    }
    return -ENOMEM;
}

static void taken(void **state)
{
    struct bed_config c = bed_default;
    struct host_ops ops;
    struct bed b;

    c.ops = *state;
    c.reserved = false;
    bed_open(&b, &c);
    bed_anon(&b, 0x10000, 0x8000, BED_RW);
    ops = *b.fake.host.ops;
    ops.map = take_and_fail;
    b.fake.host.ops = &ops;
    assert_int_equal(bed_mmap(&b, 0x10000, 0x4000, ABI_PROT_READ, BED_FIXED, -1, 0), LAYER_FAILED);
    assert_string_equal(bed_map(&b, 0x10000, 5), ".. .. .. .. rw");
    assert_true(bed_invalidated(&b, 0x10000));
    bed_check(&b);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(mprotect_figure), BOTH(mprotect_beside_code), BOTH(mprotect_refused),
        BOTH(munmap_figure),   BOTH(splice_figure),        BOTH(munmap_spares_emulator),
        BOTH(no_splice),       BOTH(each_fails),           BOTH(taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
