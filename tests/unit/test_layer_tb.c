/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TB protection: translate takes W from a page and its host page, a store gives it back to the
 * whole host page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define RX (ABI_PROT_READ | ABI_PROT_EXEC)
#define RWX (RX | ABI_PROT_WRITE)

static struct bed bed;

static int translate(uint64_t addr)
{
    bed.n_events = 0;
    return bed.c.ops->translate(bed.layer, addr);
}

static int unprotect(uint64_t addr)
{
    bed.n_events = 0;
    return bed.c.ops->page_unprotect(bed.layer, addr);
}

static void open_bed(const struct layer_ops *ops)
{
    struct bed_config c = bed_default;

    c.ops = ops;
    bed_open(&bed, &c);
}

static void only_code_is_translated(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x1000, BED_RW);
    bed_anon(&bed, 0x24000, 0x1000, RX);
    assert_int_equal(translate(0x20000), -1);
    assert_int_equal(translate(0x21000), -1);
    assert_int_equal(translate(0x90000), -1);
    assert_int_equal(translate(0x24fff), 0);
    assert_string_equal(bed_map(&bed, 0x24000, 1), "r-x");
    bed_check(&bed);
    bed_close(&bed);
}

static void the_whole_host_page_loses_and_regains_w(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x1000, RWX);
    bed_anon(&bed, 0x21000, 0x1000, BED_RW);
    bed_anon(&bed, 0x22000, 0x1000, ABI_PROT_READ);
    bed_anon(&bed, 0x23000, 0x1000, RWX);
    assert_int_equal(bed_host(&bed, 0x20000), HOST_R | HOST_W);
    assert_int_equal(translate(0x20ffc), 0);
    assert_int_equal(translate(0x20000), 0);
    assert_string_equal(bed_map(&bed, 0x20000, 4), "r!x rw r- rwx");
    assert_int_equal(bed_host(&bed, 0x20000), HOST_R);
    bed_check(&bed);
    /* A store to a neighbour faults for the same reason. */
    assert_int_equal(unprotect(0x21080), 1);
    assert_string_equal(bed_map(&bed, 0x20000, 4), "rwx rw r- rwx");
    assert_int_equal(bed_host(&bed, 0x20000), HOST_R | HOST_W);
    assert_true(bed_invalidated(&bed, 0x20000) && bed_invalidated(&bed, 0x23fff));
    assert_false(bed_invalidated(&bed, 0x24000));
    bed_check(&bed);
    bed_close(&bed);
}

static void other_faults_are_the_guests(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x1000, RWX);
    bed_anon(&bed, 0x21000, 0x1000, ABI_PROT_READ);
    assert_int_equal(translate(0x20000), 0);
    assert_int_equal(unprotect(0x21000), 0);
    assert_int_equal(unprotect(0x22000), 0);
    assert_int_equal(unprotect(0x200000), 0);
    assert_string_equal(bed_map(&bed, 0x20000, 2), "r!x r-");
    assert_int_equal(bed.n_events, 0);
    bed_check(&bed);
    bed_close(&bed);
}

/*
 * F grants W and nothing is protected: another thread was faster. Once; the same fault again is
 * none of that.
 */
static void a_lost_race_is_retried_once(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x1000, RWX);
    assert_int_equal(unprotect(0x20000), 1);
    assert_int_equal(unprotect(0x20000), 0);
    assert_int_equal(translate(0x20000), 0);
    assert_int_equal(unprotect(0x20000), 1);
    assert_int_equal(unprotect(0x20000), 1);
    assert_int_equal(unprotect(0x20000), 0);
    bed_close(&bed);
}

static void mprotect_ends_the_protection(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x2000, RWX);
    assert_int_equal(translate(0x20000), 0);
    assert_int_equal(bed_mprotect(&bed, 0x20000, 0x1000, RWX), 0);
    assert_true(bed_invalidated(&bed, 0x20000));
    assert_string_equal(bed_map(&bed, 0x20000, 2), "rwx rwx");
    assert_int_equal(bed_host(&bed, 0x20000), HOST_R | HOST_W);
    bed_check(&bed);
    bed_close(&bed);
}

static void host_refusals(void **state)
{
    open_bed(*state);
    bed_anon(&bed, 0x20000, 0x2000, RWX);
    /* One refusal is not the last word, in either direction. */
    fake_host_arm(&bed.fake, 1, ENOMEM);
    assert_int_equal(translate(0x20000), 0);
    assert_true(bed.fake.fired);
    bed_check(&bed);
    fake_host_arm(&bed.fake, 1, ENOMEM);
    assert_int_equal(unprotect(0x21000), 1);
    assert_true(bed.fake.fired);
    bed_check(&bed);
    bed_close(&bed);
}

#define BOTH(test) \
    {#test " linux", test, NULL, NULL, (void *)&layer_linux}, \
    { \
#test " bsd", test, NULL, NULL, (void *)&layer_bsd \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(only_code_is_translated),      BOTH(the_whole_host_page_loses_and_regains_w),
        BOTH(other_faults_are_the_guests),  BOTH(a_lost_race_is_retried_once),
        BOTH(mprotect_ends_the_protection), BOTH(host_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
