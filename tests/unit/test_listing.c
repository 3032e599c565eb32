/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an emulator's list of mappings, made from its host's, can leave out or show otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "diff/listing.h"

#define PAGE(at, rights) \
    { \
        .r = {at, (at) + 0xfff}, .prot = (rights) \
    }

static struct region regions[3];
static const struct region_vec truth = {.v = regions, .n = 3};

static void set(struct region a, struct region b, struct region c)
{
    regions[0] = a;
    regions[1] = b;
    regions[2] = c;
}

static void test_one_mapping_of_the_host_has_one_line(void **state)
{
    const struct region executable = {.r = {0x2000, 0x2fff}, .prot = REGION_R | REGION_X};
    const struct region writable = {.r = {0x2000, 0x2fff}, .prot = REGION_W};

    (void)state;
    set((struct region)PAGE(0x1000, REGION_R | REGION_X), (struct region)PAGE(0x2000, REGION_R),
        (struct region)PAGE(0x8000, REGION_R));
    assert_true(listing_explains(&truth, 0x2000, &executable));
    assert_false(listing_explains(&truth, 0x2000, &writable));
    assert_true(listing_explains(&truth, 0x2000, NULL));  /* its first page has X, this has not */
    assert_false(listing_explains(&truth, 0x8000, NULL)); /* alone */
    assert_false(listing_explains(&truth, 0x5000, &executable));
}

static void test_a_reservation_hides_what_looks_like_it(void **state)
{
    (void)state;
    set((struct region)PAGE(0x1000, 0), (struct region)PAGE(0x3000, REGION_R),
        (struct region)PAGE(0x5000, 0));
    regions[2].shared = true;
    assert_true(listing_hides(&truth, 0x1000));
    assert_false(listing_hides(&truth, 0x2000)); /* nothing */
    assert_false(listing_hides(&truth, 0x3000)); /* it has rights */
    assert_false(listing_hides(&truth, 0x5000)); /* of another kind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_mapping_of_the_host_has_one_line),
        cmocka_unit_test(test_a_reservation_hides_what_looks_like_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
