/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exec/record.h"
#include "op/text.h"

static struct prog parse(const char *text)
{
    struct prog p = PROG_INIT;
    struct err e = {""};

    if (prog_parse(&p, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    return p;
}

static void test_sums_tell_pages_apart(void **state)
{
    uint8_t a[4096] = {0};
    uint8_t b[4096] = {0};
    uint64_t zero = record_sum(a, sizeof(a));

    (void)state;
    assert_int_equal(zero, record_sum(b, sizeof(b)));
    for (size_t i = 0; i < sizeof(b); i++) {
        b[i] = 1;
        assert_int_not_equal(record_sum(b, sizeof(b)), zero);
        b[i] = 0;
    }
    a[0] = b[8] = 5; /* the same byte in another word */
    assert_int_not_equal(record_sum(a, sizeof(a)), record_sum(b, sizeof(b)));
    assert_int_not_equal(record_sum(a, 32), record_sum(a, 64));
}

static struct region region(uint64_t start, uint64_t last)
{
    struct region r;

    memset(&r, 0, sizeof(r)); /* with what lies between its members */
    r.r = (struct range){start, last};
    return r;
}

static void test_equal_regions_are_kept_once(void **state)
{
    struct record r = RECORD_INIT;
    struct region_vec now = REGION_VEC_INIT;
    struct region_vec seen;

    (void)state;
    assert_int_equal(record_put_regions(&r, record_add(&r, RECORD_OP), &now), 0);
    assert_null(record_regions(&r, 0).v); /* of a vector that has no memory yet */
    assert_int_equal(region_vec_push(&now, region(0x1000, 0x1fff)), 0);
    assert_int_equal(record_put_regions(&r, record_add(&r, RECORD_OP), &now), 0);
    assert_non_null(record_add(&r, RECORD_OP)); /* says nothing of regions */
    assert_int_equal(record_put_regions(&r, record_add(&r, RECORD_OP), &now), 0);
    assert_int_equal(region_vec_push(&now, region(0x4000, 0x4fff)), 0);
    assert_int_equal(record_put_regions(&r, record_add(&r, RECORD_OP), &now), 0);
    assert_int_equal(r.regions.n, 3);
    assert_int_equal(record_regions(&r, 0).n, 0);
    for (size_t i = 1; i < 4; i++) {
        seen = record_regions(&r, i);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.v[0].r.start, 0x1000);
    }
    assert_int_equal(record_regions(&r, 4).n, 2);
    region_vec_free(&now);
    record_free(&r);
}

static void test_a_copy_owns_what_it_has(void **state)
{
    struct record a = RECORD_INIT;
    struct record b = RECORD_INIT;
    struct region_vec now = REGION_VEC_INIT;

    (void)state;
    assert_int_equal(region_vec_push(&now, region(0x1000, 0x1fff)), 0);
    assert_int_equal(record_put_regions(&a, record_add(&a, RECORD_OP), &now), 0);
    assert_int_equal(
        record_put_digest(&a, &a.steps.v[0], (struct record_digest){.page = 0x1000, .sum = 7}), 0);
    buf_str(&a.reason, "why");
    assert_int_equal(record_copy(&b, &a), 0);
    record_clear(&a);
    assert_int_equal(b.steps.n, 1);
    assert_int_equal(record_regions(&b, 0).v[0].r.last, 0x1fff);
    assert_int_equal(b.digests.v[b.steps.v[0].digests.first].sum, 7);
    assert_string_equal(buf_text(&b.reason), "why");
    assert_int_equal(a.steps.n, 0);
    assert_string_equal(buf_text(&a.reason), "");
    region_vec_free(&now);
    record_free(&a);
    record_free(&b);
}

static void test_the_wait_of_a_fork(void **state)
{
    struct prog p = parse("fork()\nfork()\nmunmap(0, 1)\nwait()\nmunmap(0, 1)\nwait()\nfork()\n");

    (void)state;
    assert_int_equal(prog_wait_of(&p, 0, p.ops.n), 5);
    assert_int_equal(prog_wait_of(&p, 1, p.ops.n), 3);
    assert_int_equal(prog_wait_of(&p, 6, p.ops.n), p.ops.n);
    assert_int_equal(prog_wait_of(&p, 0, 4), 4); /* as its parent's part ends there */
    prog_free(&p);
}

static void test_what_a_program_requires(void **state)
{
    static const struct {
        const char *text;
        const char *unfit; /* on a Linux of 4096-byte pages and 64 bits */
    } cases[] = {
        {"munmap(0, 1)\n", NULL},
        {"requires linux\nmunmap(0, 1)\n", NULL},
        {"requires freebsd\nmunmap(0, 1)\n", "requires freebsd"},
        {"requires guest_page=4096\nmunmap(0, 1)\n", NULL},
        {"requires guest_page=8192\nmunmap(0, 1)\n", "requires guest_page=8192"},
        {"requires h_eq_g\nmunmap(0, 1)\n", NULL},
        {"requires h_gt_g\nmunmap(0, 1)\n", "requires h_gt_g"},
        {"requires bits=32\nmunmap(0, 1)\n", "requires bits=32"},
        {"requires reserved\nmunmap(0, 1)\n", "requires reserved"},
        {"requires no_reserved\nmunmap(0, 1)\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct prog p = parse(cases[i].text);
        struct buf text = BUF_INIT;
        const char *unfit = record_unfit(&p, &p.config, ABI_LINUX, &text);

        if (cases[i].unfit) {
            assert_non_null(unfit);
            assert_string_equal(unfit, cases[i].unfit);
        } else {
            assert_null(unfit);
        }
        buf_free(&text);
        prog_free(&p);
    }
}

static void test_every_poison_has_its_words(void **state)
{
    (void)state;
    for (int i = RECORD_CLEAN + 1; i < RECORD_POISON_COUNT; i++) {
        assert_true(record_poison_text((enum record_poison)i)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_tell_pages_apart),
        cmocka_unit_test(test_equal_regions_are_kept_once),
        cmocka_unit_test(test_a_copy_owns_what_it_has),
        cmocka_unit_test(test_the_wait_of_a_fork),
        cmocka_unit_test(test_what_a_program_requires),
        cmocka_unit_test(test_every_poison_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
