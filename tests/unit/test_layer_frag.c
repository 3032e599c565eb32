/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_frag and the fixed maps around it: the figures of layer.md sections 4 and 6.3, both
 * flavours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define FLAVOURS(f) \
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
 * 0x10000         0x14000         0x18000
 * | n | n | n | * | * | * | * | * |
 *             |frg|<-- middle --->|
 */
static void head(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x10000, 0x4000, BED_RW);
    bed_mark(&b, 0x10000, 4, 'a');
    bed_anon(&b, 0x13000, 0x5000, ABI_PROT_READ);
    assert_string_equal(bed_map(&b, 0x10000, 8), "rw rw rw r- r- r- r- r-");
    assert_int_equal(bed_byte(&b, 0x12000), 'c');
    assert_int_equal(bed_byte(&b, 0x13000), 0);
    assert_int_equal(bed_host(&b, 0x10000), HOST_R | HOST_W);
    assert_int_equal(bed_host(&b, 0x14000), HOST_R);
    assert_true(bed_invalidated(&b, 0x13000) && bed_invalidated(&b, 0x17fff));
    assert_false(bed_invalidated(&b, 0x12fff));
    bed_check(&b);
    bed_close(&b);
}

/*
 * 0x10000         0x14000         0x18000
 * | * | * | * | * | * | n | . | n |
 * |<-- middle --->|frg|
 */
static void tail(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x14000, 0x4000, BED_RW);
    bed_mark(&b, 0x14000, 4, 'a');
    assert_int_equal(bed_munmap(&b, 0x16000, 0x1000), 0);
    bed_anon(&b, 0x10000, 0x5000, BED_RW);
    assert_string_equal(bed_map(&b, 0x10000, 8), "rw rw rw rw rw rw .. rw");
    assert_int_equal(bed_byte(&b, 0x14000), 0);
    assert_int_equal(bed_byte(&b, 0x15000), 'b');
    assert_int_equal(bed_byte(&b, 0x17000), 'd');
    bed_check(&b);
    bed_close(&b);
}

static void within(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x10000, 0x4000, ABI_PROT_READ);
    bed_mark(&b, 0x10000, 4, 'a');
    bed_anon(&b, 0x11000, 0x2000, 0);
    assert_string_equal(bed_map(&b, 0x10000, 4), "r- -- -- r-");
    assert_int_equal(bed_byte(&b, 0x10000), 'a');
    assert_int_equal(bed_byte(&b, 0x11000), 0);
    assert_int_equal(bed_byte(&b, 0x12000), 0);
    assert_int_equal(bed_byte(&b, 0x13000), 'd');
    bed_check(&b);
    /* Old bytes of an unmapped page must not come back. */
    bed_mark(&b, 0x12000, 1, 'z');
    assert_int_equal(bed_munmap(&b, 0x12000, 0x1000), 0);
    bed_anon(&b, 0x12000, 0x1000, ABI_PROT_READ);
    assert_int_equal(bed_byte(&b, 0x12000), 0);
    bed_check(&b);
    bed_close(&b);
}

/*
 * read-in: start mod H = 0, offset mod H = 0x1000
 * 0x10000         0x14000
 * | f1| f2| f3| n |
 */
static void read_in(void **state)
{
    struct bed b;
    int fd;

    open_bed(&b, state);
    fd = fake_host_file(&b.fake, 0x2800, 3);
    bed_anon(&b, 0x13000, 0x1000, BED_RW);
    bed_mark(&b, 0x13000, 1, 'n');
    assert_int_equal(
        bed_mmap(&b, 0x10000, 0x3000, ABI_PROT_READ, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0x1000),
        0x10000);
    assert_string_equal(bed_map(&b, 0x10000, 4), "r- r- r- rw");
    assert_int_equal(bed_byte(&b, 0x10000), fake_file_byte(0x1000));
    assert_int_equal(bed_byte(&b, 0x117ff), fake_file_byte(0x27ff));
    assert_int_equal(bed_byte(&b, 0x11800), 0);
    assert_int_equal(bed_byte(&b, 0x12fff), 0);
    assert_int_equal(bed_byte(&b, 0x13000), 'n');
    bed_check(&b);
    /* Shared without W: a snapshot, for good. */
    assert_int_equal(
        bed_mmap(&b, 0x20000, 0x1000, ABI_PROT_READ, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0x1000),
        0x20000);
    bed_dump(&b);
    assert_true(bed_run(&b, 0x20000)->snapshot && bed_run(&b, 0x20000)->shared);
    assert_int_equal(bed_run(&b, 0x20000)->kind, REGION_FILE);
    assert_int_equal(bed_run(&b, 0x20000)->offset, 0x1000);
    assert_int_equal(bed_mprotect(&b, 0x20000, 0x1000, BED_RW), EACCES);
    bed_check(&b);
    /* Writable: refused before anything is touched. */
    fake_host_arm(&b.fake, 0, 0);
    assert_int_equal(
        bed_mmap(&b, 0x24000, 0x3000, BED_RW, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0x1000),
        LAYER_FAILED);
    assert_int_equal(b.err, EINVAL);
    assert_int_equal(b.fake.calls, 1);
    bed_close(&b);
}

/*
 * 0x10000         0x14000         0x18000         0x1c000
 * | n | f5| f6| f7| f8| f9| fa| fb| fc| . | . | . |
 *     |<- frag -->|<- host mmap ->|<->| frag
 */
static void congruent(void **state)
{
    struct bed b;
    int fd;

    open_bed(&b, state);
    fd = fake_host_file(&b.fake, 0x20000, 3);
    bed_anon(&b, 0x10000, 0x1000, BED_RW);
    bed_mark(&b, 0x10000, 1, 'n');
    assert_int_equal(
        bed_mmap(&b, 0x11000, 0x8000, ABI_PROT_READ, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0x5000),
        0x11000);
    assert_string_equal(bed_map(&b, 0x10000, 10), "rw r- r- r- r- r- r- r- r- ..");
    assert_int_equal(bed_byte(&b, 0x10000), 'n');
    for (uint64_t at = 0x11000; at < 0x19000; at += 0x1000) {
        assert_int_equal(bed_byte(&b, at), fake_file_byte(at - 0x11000 + 0x5000));
        assert_int_equal(bed_byte(&b, at + 0xfff), fake_file_byte(at - 0x11000 + 0x5fff));
    }
    assert_null(fake_host_area(&b.fake, b.c.guest_base + 0x11000)->object);
    assert_non_null(fake_host_area(&b.fake, b.c.guest_base + 0x14000)->object);
    assert_null(fake_host_area(&b.fake, b.c.guest_base + 0x18000)->object);
    bed_check(&b);
    /* A writable shared map with a fragment could not be shared. */
    assert_int_equal(bed_mmap(&b, 0x24000, 0x5000, BED_RW, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0),
                     LAYER_FAILED);
    assert_int_equal(b.err, EINVAL);
    assert_int_equal(bed_flags(&b, 0x24000), 0);
    /* Without fragments it is. */
    assert_int_equal(bed_mmap(&b, 0x24000, 0x4000, BED_RW, ABI_MAP_SHARED | ABI_MAP_FIXED, fd, 0),
                     0x24000);
    assert_true(fake_host_area(&b.fake, b.c.guest_base + 0x24000)->shared);
    bed_check(&b);
    bed_close(&b);
}

/* Section 4, step 5: who may live beside whom. */
static void backing_table(void **state)
{
    enum { PRIVATE_ANON, PRIVATE_FILE, SHARED_ANON, SHARED_FILE, KINDS };
    static const uint64_t flags[KINDS] = {
        [PRIVATE_ANON] = ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS,
        [PRIVATE_FILE] = ABI_MAP_PRIVATE,
        [SHARED_ANON] = ABI_MAP_SHARED | ABI_MAP_ANONYMOUS,
        [SHARED_FILE] = ABI_MAP_SHARED,
    };

    for (int there = 0; there < KINDS; there++) {
        for (int fresh = 0; fresh < KINDS; fresh++) {
            bool fits = (there == PRIVATE_ANON || there == PRIVATE_FILE) && fresh != SHARED_ANON;
            struct bed b;
            int fd;

            open_bed(&b, state);
            fd = fake_host_file(&b.fake, 0x10000, 3);
            assert_int_equal(bed_mmap(&b, 0x20000, 0x4000, ABI_PROT_READ,
                                      flags[there] | ABI_MAP_FIXED,
                                      flags[there] & ABI_MAP_ANONYMOUS ? -1 : fd, 0),
                             0x20000);
            bed_mmap(&b, 0x21000, 0x2000, ABI_PROT_READ, flags[fresh] | ABI_MAP_FIXED,
                     flags[fresh] & ABI_MAP_ANONYMOUS ? -1 : fd, 0x1000);
            if (strcmp(b.c.ops->name, "bsd") == 0 && (flags[fresh] & ABI_MAP_ANONYMOUS)) {
                /* FreeBSD knows no offset of anonymous memory. */
                bed_mmap(&b, 0x21000, 0x2000, ABI_PROT_READ, flags[fresh] | ABI_MAP_FIXED, -1, 0);
            }
            assert_int_equal(b.err, fits ? 0 : EINVAL);
            bed_dump(&b);
            assert_int_equal(bed_run(&b, 0x21000)->snapshot, fits && fresh == SHARED_FILE);
            bed_check(&b);
            bed_close(&b);
        }
    }
}

/* A shared anonymous fragment alone in its host page is truly shared memory. */
static void shared_alone(void **state)
{
    struct bed b;

    open_bed(&b, state);
    assert_int_equal(bed_mmap(&b, 0x21000, 0x1000, BED_RW,
                              ABI_MAP_SHARED | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED, -1, 0),
                     0x21000);
    assert_true(fake_host_area(&b.fake, b.c.guest_base + 0x20000)->shared);
    bed_dump(&b);
    assert_true(bed_run(&b, 0x21000)->shared);
    assert_true(bed_run(&b, 0x21000)->object != 0);
    bed_check(&b);
    bed_close(&b);
}

/* Section 4, step 7: below a host page wholly past EOF nothing can be written. */
static void past_eof(void **state)
{
    struct bed b;
    int fd;

    open_bed(&b, state);
    fd = fake_host_file(&b.fake, 0x800, 3);
    assert_int_equal(
        bed_mmap(&b, 0x20000, 0x8000, ABI_PROT_READ, ABI_MAP_PRIVATE | ABI_MAP_FIXED, fd, 0),
        0x20000);
    assert_int_equal(bed_byte(&b, 0x24000), -1);
    bed_anon(&b, 0x25000, 0x1000, BED_RW);
    assert_int_equal(bed_byte(&b, 0x24000), 0);
    assert_int_equal(bed_byte(&b, 0x25000), 0);
    assert_string_equal(bed_map(&b, 0x24000, 4), "r- rw r- r-");
    bed_check(&b);
    bed_close(&b);
}

/* A neighbour with translated code loses it before its host page becomes writable. */
static void beside_code(void **state)
{
    struct bed b;

    open_bed(&b, state);
    bed_anon(&b, 0x20000, 0x2000, BED_RW | ABI_PROT_EXEC);
    bed_mark(&b, 0x20000, 1, 'c');
    assert_int_equal(b.c.ops->translate(b.layer, 0x20000), 0);
    assert_string_equal(bed_map(&b, 0x20000, 4), "r!x rwx .. ..");
    assert_int_equal(bed_host(&b, 0x20000), HOST_R);
    bed_anon(&b, 0x22000, 0x1000, BED_RW);
    assert_true(bed_invalidated(&b, 0x20000));
    assert_string_equal(bed_map(&b, 0x20000, 4), "rwx rwx rw ..");
    assert_int_equal(bed_host(&b, 0x20000), HOST_R | HOST_W);
    assert_int_equal(bed_byte(&b, 0x20000), 'c');
    bed_check(&b);
    bed_close(&b);
}

/* layer.md 4, BSD row: a guard beside neighbours is page flags only; alone it is the host page. */
static void guard(void **state)
{
    struct bed b;

    (void)state;
    open_bed(&b, &(void *){(void *)&layer_bsd});
    bed_anon(&b, 0x20000, 0x4000, BED_RW);
    bed_mark(&b, 0x20000, 4, 'a');
    assert_int_equal(bed_mmap(&b, 0x21000, 0x1000, 0, ABI_MAP_GUARD | ABI_MAP_FIXED, -1, 0),
                     0x21000);
    assert_string_equal(bed_map(&b, 0x20000, 4), "rw -- rw rw");
    bed_dump(&b);
    assert_int_equal(bed_run(&b, 0x21000)->kind, REGION_GUARD);
    assert_int_equal(bed_byte(&b, 0x20000), 'a');
    assert_int_equal(bed_host(&b, 0x20000), HOST_R | HOST_W);
    bed_check(&b);
    /* Guards keep no rights. */
    assert_int_equal(bed_mprotect(&b, 0x20000, 0x4000, ABI_PROT_READ), 0);
    assert_string_equal(bed_map(&b, 0x20000, 4), "r- -- r- r-");
    bed_check(&b);
    assert_int_equal(bed_mmap(&b, 0x31000, 0x1000, 0, ABI_MAP_GUARD | ABI_MAP_FIXED, -1, 0),
                     0x31000);
    assert_int_equal(bed_host(&b, 0x30000), 0);
    bed_anon(&b, 0x32000, 0x1000, ABI_PROT_READ);
    assert_int_equal(bed_host(&b, 0x30000), HOST_R);
    bed_check(&b);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLAVOURS(head),        FLAVOURS(tail),          FLAVOURS(within),       FLAVOURS(read_in),
        FLAVOURS(congruent),   FLAVOURS(backing_table), FLAVOURS(shared_alone), FLAVOURS(past_eof),
        FLAVOURS(beside_code), cmocka_unit_test(guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
