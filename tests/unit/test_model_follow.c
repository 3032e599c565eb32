/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/model: what happened against the rules, followed by outcome and by books. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_bed.h"

#define RW "PROT_READ|PROT_WRITE"
#define FIXED_ANON "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"
#define MAP_AT(at, len) "mmap(" at ", " len ", " RW ", " FIXED_ANON ", -1, 0)\n"
#define RWBITS (REGION_R | REGION_W)

static struct model_outcome ok(uint64_t value)
{
    return (struct model_outcome){.kind = MODEL_OK, .value = value};
}

static struct model_outcome take(struct model_bed *b, size_t at)
{
    struct model_verdict v;

    assert_true(bed_step(b, at, NULL, &v));
    return v.took;
}

static void force(struct model_bed *b, size_t at, struct model_outcome seen)
{
    struct op_args args;

    assert_true(bed_args(b, at, &args));
    assert_int_equal(model_force(b->m, &b->prog.ops.v[at], &args, &seen), 0);
}

static void holds(struct model_bed *b, size_t at, uint8_t value)
{
    struct model_outcome took = take(b, at);

    assert_int_equal(took.kind, MODEL_OK);
    assert_false(took.mixed);
    assert_int_equal(took.value, value);
}

static void faults(struct model_bed *b, size_t at)
{
    assert_int_equal(take(b, at).kind, MODEL_SIGNAL);
}

static void unknown(struct model_bed *b, size_t at)
{
    struct model_outcome seen = ok(0xd1);
    struct model_verdict v;

    assert_true(bed_step(b, at, &seen, &v));
    assert_true(v.allowed);
    assert_true(v.undefined);
}

/* The page at AT: mapped with PROT, SHARED; PROT -1: not mapped. */
static struct region page(struct model_bed *b, uint64_t at, int prot, bool shared)
{
    struct range r = {at, at + b->setup.page - 1};
    struct region g = {0};

    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), r, &b->regions), 0);
    assert_int_equal(b->regions.n, prot < 0 ? 0 : 1);
    if (prot >= 0) {
        g = b->regions.v[0];
        assert_int_equal(g.prot, prot);
        assert_int_equal(vm_shared(model_proc(b->m), at), shared);
    }
    assert_null(vm_check(model_proc(b->m)));
    return g;
}

static void test_failure_and_load(void **state)
{
    struct model_bed *b = *state;
    struct model_outcome failed = {.kind = MODEL_FAIL, .err = ABI_ENOMEM};

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x1000") "munmap(@0x100000, 0x1000)\n"
                                           "load(@0x100000, 1)\n");
    force(b, 0, failed);
    page(b, 0x100000, -1, false);
    take(b, 0);
    force(b, 1, failed);
    force(b, 2, ok(0x55));
    holds(b, 2, 0);
}

static void test_mmap(void **state)
{
    static const char text[] = "file f0 size=0x2000\n"
                               "mmap(@0x100000, 0x2000, " RW ", MAP_SHARED|MAP_FIXED, f0, 0)\n"
                               "mmap(@0x300000, 0x1800, " RW ", MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
                               "mmap(@0x300000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, 77, 0)\n"
                               "store(@0x100000, 1, 0x19)\n"
                               "load(@0x200000, 1)\n"
                               "load(@0x400001, 1)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        take(b, 0);
        force(b, 0, ok(0x200000)); /* not where it was asked for */
        page(b, 0x200000, RWBITS, true);
        take(b, 3);
        holds(b, 4, 0x19);
        force(b, 1, ok(0x200000)); /* and over what is there */
        page(b, 0x201000, RWBITS, false);
        holds(b, 4, 0);
        force(b, 2, ok(0x400000)); /* nobody knows of what */
        page(b, 0x400000, REGION_R, false);
        unknown(b, 5);
        force(b, 1, ok(b->setup.last - 0xfff)); /* beyond the end: not followed */
    }
}

static void test_mmap_with_a_residue(void **state)
{
    static const char text[] = "file f0 size=0x4000\n"
                               "mmap(NULL, 0xe00, PROT_READ, MAP_PRIVATE, f0, 0x1200)\n"
                               "load(@0x200200, 0x200)\n"
                               "load(@0x200000, 0x200)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        force(b, 0, ok(0x200200));
        assert_int_equal(page(b, 0x200000, REGION_R, false).offset, 0x1000);
        page(b, 0x201000, -1, false);
        holds(b, 1, 10);
        holds(b, 2, 9);
    }
}

static void test_munmap_and_mprotect(void **state)
{
    static const char text[] =
        MAP_AT("@0x100000", "0x4000") "mprotect(@0x101000, 0x3000, PROT_READ)\n"
                                      "munmap(@0x100000, 0x5000)\n"
                                      "munmap(@0x102000, 0)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        take(b, 0);
        force(b, 1, ok(0));
        page(b, 0x100000, RWBITS, false);
        page(b, 0x103000, REGION_R, false);
        force(b, 3, ok(0));
        page(b, 0x102000, REGION_R, false);
        force(b, 2, ok(0));
        page(b, 0x100000, -1, false);
    }
}

static void test_mremap(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x2000") "store(@0x100000, 0x2000, 0x61)\n"
                                           "mremap(@0x100000, 0x2000, 0x3000, 0)\n"
                                           "load(@0x200000, 0x2000)\n"
                                           "load(@0x202000, 0x1000)\n"
                                           "mremap(@0x100000, 0x2000, 0x3000, 0)\n"
                                           "load(@0x300000, 0x2000)\n"
                                           "load(@0x100000, 1)\n");
    take(b, 0);
    take(b, 1);
    force(b, 2, ok(0x200000)); /* moved although it might not: by the rules but for that */
    faults(b, 7);
    holds(b, 3, 0x61);
    holds(b, 4, 0);
    force(b, 5, ok(0x300000)); /* from nowhere */
    page(b, 0x302000, RWBITS, false);
    unknown(b, 6);
}

static void test_mremap_over_a_hole(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             "mmap(@0x100000, 0x1000, PROT_READ, " FIXED_ANON ", -1, 0)\n" MAP_AT(
                 "@0x102000", "0x1000") "mremap(@0x100000, 0x3000, 0x4000, MREMAP_MAYMOVE)\n"
                                        "load(@0x200000, 1)\n"
                                        "load(@0x203000, 1)\n");
    take(b, 0);
    take(b, 1);
    force(b, 2, ok(0x200000)); /* no kernel grows what is not one mapping */
    page(b, 0x100000, -1, false);
    page(b, 0x102000, -1, false);
    page(b, 0x200000, REGION_R, false);
    page(b, 0x202000, RWBITS, false);
    page(b, 0x203000, RWBITS, false);
    unknown(b, 3);
    unknown(b, 4);
}

static void test_mremap_keeps_the_source(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x1000") "mremap(@0x100000, 0x2000, 0x3000, "
                                           "MREMAP_MAYMOVE|MREMAP_DONTUNMAP, @0x200000)\n");
    take(b, 0);
    force(b, 1, ok(0x200000)); /* no kernel does that with another length */
    page(b, 0x100000, RWBITS, false);
    page(b, 0x202000, RWBITS, false);
}

static void test_store(void **state)
{
    static const char text[] =
        "mmap(@0x100000, 0x1000, PROT_READ, " FIXED_ANON
        ", -1, 0)\n" MAP_AT("@0x102000", "0x1000") "store(@0x100000, 0x3000, 0x71)\n"
                                                   "load(@0x100000, 0x1000)\n"
                                                   "load(@0x102000, 0x1000)\n"
                                                   "load(@0x102800, 0x800)\n"
                                                   "load(@0x102000, 0x800)\n";
    struct model_outcome at = {
        .kind = MODEL_SIGNAL, .signal = SIGSEGV, .has_at = true, .at = 0x102800};
    struct model_outcome somewhere = {.kind = MODEL_SIGNAL, .signal = SIGSEGV};

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;

        bed_text(b, (enum abi_system)s, text);
        take(b, 0);
        take(b, 1);
        at.at = 0x1000; /* nowhere in it */
        force(b, 2, at);
        holds(b, 3, 0);
        at.at = 0x102800;
        force(b, 2, at);
        holds(b, 3, 0x71);
        holds(b, 6, 0x71);
        holds(b, 5, 0);
        at.at = 0x100000;
        force(b, 2, at);
        at.at = 0x102800;
        force(b, 2, ok(0)); /* whatever the rights, whatever the holes */
        holds(b, 3, 0x71);
        holds(b, 4, 0x71);
        force(b, 2, somewhere);
        unknown(b, 3);
        unknown(b, 4);
    }
}

static void test_advice(void **state)
{
    struct model_bed *b = *state;

    bed_text(b, ABI_LINUX,
             MAP_AT("@0x100000", "0x1000") "store(@0x100000, 0x1000, 0x71)\n"
                                           "madvise(@0x100000, 0x3000, MADV_WILLNEED)\n"
                                           "madvise(@0x100000, 0x3000, MADV_DONTNEED)\n"
                                           "load(@0x100000, 1)\n");
    take(b, 0);
    take(b, 1);
    force(b, 2, ok(0));
    holds(b, 4, 0x71);
    force(b, 3, ok(0));
    unknown(b, 4);
}

/* Books as a layer's page flags say it. */
static struct region books_of(const struct model_bed *b, struct region g)
{
    g.shared = vm_shared(model_proc(b->m), g.r.start);
    g.flags = PAGE_VALID | g.prot | (g.prot & REGION_W ? PAGE_WRITE_ORG : 0);
    g.named = false;
    return g;
}

static void test_adopt_what_agrees(void **state)
{
    static const char text[] = "file f0 size=0x4000\n" MAP_AT(
        "@0x100000",
        "0x2000") "mmap(@0x104000, 0x2000, " RW ", MAP_SHARED|MAP_FIXED, f0, 0x1000)\n"
                  "mmap(@0x106000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                  "store(@0x100000, 0x2000, 0x71)\n"
                  "store(@0x104000, 0x1000, 0x72)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;
        struct region_vec books = REGION_VEC_INIT;
        struct range all;
        struct buf before = BUF_INIT;
        struct buf after = BUF_INIT;

        bed_text(b, (enum abi_system)s, text);
        for (size_t i = 0; i < b->prog.ops.n; i++) {
            assert_int_equal(take(b, i).kind, MODEL_OK);
        }
        all = (struct range){0, b->setup.last};
        assert_int_equal(vm_regions(model_proc(b->m), all, &books), 0);
        for (size_t i = 0; i < books.n; i++) {
            books.v[i] = books_of(b, books.v[i]);
        }
        bed_state(b, &before);
        assert_int_equal(model_adopt(b->m, all, &books), 0);
        bed_state(b, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
        buf_free(&before);
        buf_free(&after);
        region_vec_free(&books);
    }
}

static void test_adopt_what_differs(void **state)
{
    static const char text[] =
        "file f0 size=0x4000\n" MAP_AT("@0x100000", "0x6000") "store(@0x100000, 0x6000, 0x71)\n"
                                                              "load(@0x100000, 0x1000)\n"
                                                              "load(@0x101000, 1)\n"
                                                              "load(@0x102000, 1)\n"
                                                              "load(@0x105000, 1)\n"
                                                              "load(@0x106000, 1)\n";

    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        struct model_bed *b = *state;
        struct region v[] = {
            {.r = {0x100000, 0x100fff}, .prot = REGION_R, .flags = PAGE_VALID | PAGE_WRITE_ORG},
            {.r = {0x102000, 0x102fff}, .prot = REGION_R, .flags = PAGE_VALID, .shared = true},
            {.r = {0x103000, 0x103fff}, .prot = REGION_R, .flags = PAGE_VALID},
            {.r = {0x106000, 0x106fff}, .prot = RWBITS, .flags = PAGE_VALID},
        };
        struct region_vec books = {.v = v, .n = ARRAY_LEN(v)};

        bed_text(b, (enum abi_system)s, text);
        take(b, 0);
        take(b, 1);
        assert_int_equal(model_adopt(b->m, (struct range){0x100000, 0x106fff}, &books), 0);
        page(b, 0x100000, RWBITS, false); /* W is only lent to the translator */
        holds(b, 2, 0x71);
        page(b, 0x101000, -1, false);
        faults(b, 3);
        page(b, 0x102000, REGION_R, true);
        unknown(b, 4);
        page(b, 0x103000, REGION_R, false);
        page(b, 0x105000, -1, false);
        faults(b, 5);
        page(b, 0x106000, RWBITS, false);
        unknown(b, 6);
    }
}

static void test_adopt_part(void **state)
{
    struct model_bed *b = *state;
    struct region v[] = {{.r = {0x101000, 0x102fff}, .prot = REGION_R, .flags = PAGE_VALID}};
    struct region_vec books = {.v = v, .n = 1};
    struct region_vec none = REGION_VEC_INIT;

    bed_text(b, ABI_LINUX, MAP_AT("@0x100000", "0x4000"));
    take(b, 0);
    assert_int_equal(model_adopt(b->m, (struct range){0x102000, 0x102fff}, &books), 0);
    page(b, 0x101000, RWBITS, false);
    page(b, 0x102000, REGION_R, false);
    page(b, 0x103000, RWBITS, false);
    assert_int_equal(model_adopt(b->m, (struct range){0x101000, 0x101fff}, &none), 0);
    page(b, 0x101000, -1, false);
    page(b, 0x102000, REGION_R, false);
}

static void test_adopt_objects(void **state)
{
    static const uint64_t identity[] = {0x1111, 0x2222};
    struct model_bed *b = *state;
    struct region v[] = {{.r = {0x100000, 0x100fff},
                          .prot = RWBITS,
                          .flags = PAGE_VALID,
                          .kind = REGION_FILE,
                          .shared = true,
                          .object = 0x2222}};
    struct region_vec books = {.v = v, .n = 1};
    struct range r = {0x100000, 0x100fff};

    bed_text(b, ABI_LINUX,
             "file f0 size=0x4000\n"
             "file f1 size=0x4000\n"
             "mmap(@0x100000, 0x1000, " RW ", MAP_SHARED|MAP_FIXED, f0, 0)\n"
             "load(@0x100000, 1)\n"
             "mmap(@0x100000, 0x1000, " RW ", MAP_SHARED|MAP_FIXED, f1, 0)\n");
    b->setup.identity = identity;
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
    take(b, 0);
    assert_int_equal(model_adopt(b->m, r, &books), 0);
    assert_int_equal(page(b, r.start, RWBITS, true).object, 0x2222);
    unknown(b, 1);
    take(b, 2);
    v[0].offset = 0x1000; /* of the same file */
    assert_int_equal(model_adopt(b->m, r, &books), 0);
    assert_int_equal(page(b, r.start, RWBITS, true).offset, 0x1000);
    unknown(b, 1);
    v[0].snapshot = true; /* a copy that stands for it */
    assert_int_equal(model_adopt(b->m, r, &books), 0);
    assert_int_equal(page(b, r.start, RWBITS, false).object, 0);
    unknown(b, 1);
}

static void test_adopt_guards(void **state)
{
    struct model_bed *b = *state;
    struct region v[] = {{.r = {0x100000, 0x100fff}, .flags = PAGE_VALID, .kind = REGION_GUARD},
                         {.r = {0x101000, 0x101fff}, .flags = PAGE_VALID}};
    struct region_vec books = {.v = v, .n = ARRAY_LEN(v)};

    bed_text(b, ABI_FREEBSD,
             "mmap(@0x100000, 0x1000, PROT_NONE, " FIXED_ANON ", -1, 0)\n"
             "mmap(@0x101000, 0x1000, PROT_NONE, MAP_GUARD|MAP_FIXED, -1, 0)\n");
    take(b, 0);
    take(b, 1);
    assert_int_equal(model_adopt(b->m, (struct range){0x100000, 0x101fff}, &books), 0);
    assert_int_equal(page(b, 0x100000, 0, false).kind, REGION_GUARD);
    assert_int_equal(page(b, 0x101000, 0, false).kind, REGION_ANON);
}

static int setup(void **state)
{
    static struct model_bed b;

    bed_open(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bed_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_and_load),
        cmocka_unit_test(test_mmap),
        cmocka_unit_test(test_mmap_with_a_residue),
        cmocka_unit_test(test_munmap_and_mprotect),
        cmocka_unit_test(test_mremap),
        cmocka_unit_test(test_mremap_over_a_hole),
        cmocka_unit_test(test_mremap_keeps_the_source),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_adopt_what_agrees),
        cmocka_unit_test(test_adopt_what_differs),
        cmocka_unit_test(test_adopt_part),
        cmocka_unit_test(test_adopt_objects),
        cmocka_unit_test(test_adopt_guards),
    };

    return cmocka_run_group_tests_name("model_follow", tests, setup, teardown);
}
