/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The minimiser under predicates made up here: what is left is the least that they ask for, every
 * candidate is a valid program that was not asked for before, and what comes out stays as it is.
 * TWINMAP_TEST_SEED repeats a run.
 */
#include "minimise_bed.h"

#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "op/gen.h"
#include "op/text.h"

enum { BOUND = 400, ROUNDS = 60 };

/* TEXT under HOLDS ends as LEFT. */
static void check_left(bool (*holds)(const struct prog *p), const char *text, const char *left)
{
    struct probe x = {.holds = holds};
    struct prog p = PROG_INIT;
    struct buf out = BUF_INIT;

    parse(&p, text);
    assert_true(holds(&p));
    probe_run(&x, &p, 0, 0);
    prog_print(&p, &out);
    assert_string_equal(buf_text(&out), left);
    buf_free(&out);
    prog_free(&p);
    probe_free(&x);
}

static bool (*const predicates[])(const struct prog *p) = {
    has_mprotect,  stores_then_forks,   unmaps_shared,     maps_over_second_page,
    waits_between, is_bigger_host_page, expects_a_failure, maps_a_file_off_its_start,
};

/* Tables: a program, what is left of it. */

static void test_one_op_of_many(void **state)
{
    (void)state;
    check_left(has_mprotect,
               "config guest_page=16384 host_page=65536 bits=32 reserved=0x8000000\n"
               "requires linux\n"
               "file f0 size=10000 open=O_RDONLY\n"
               "r7 = mmap(NULL, 0x8000, PROT_READ, MAP_SHARED, f0, 0)\n"
               "store(r7+0x10, 100, 0xab)\n"
               "mprotect(r7+0x4000, 0x4000, PROT_READ|PROT_EXEC) = -1 ENOMEM\n"
               "munmap(r7, 0x8000)\n",
               "twinmap 1\n"
               "mprotect(@0x10000, 0x1000, PROT_NONE)\n");
}

static void test_a_map_and_what_unmaps_it(void **state)
{
    (void)state;
    check_left(unmaps_shared,
               "config host_page=16384\n"
               "r0 = mmap(@0x7fff000, 0x30000, PROT_READ|PROT_EXEC, "
               "MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n"
               "r1 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
               "store(r0, 10, 3)\n"
               "munmap(r1, 0x1000)\n"
               "munmap(r0+0x8010, 0x2345)\n"
               "load(r0, 1)\n",
               "twinmap 1\n"
               "mmap(@0x10000, 0x1000, PROT_NONE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
               "munmap(@0x10000, 0x1000)\n");
}

static void test_forks(void **state)
{
    const char *const forked = "r0 = mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, "
                               "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                               "store(r0, 4096, 7)\n"
                               "fork()\n"
                               "munmap(r0, 0x1000)\n"
                               "fork()\n"
                               "load(r0, 16)\n"
                               "wait()\n"
                               "store(r0, 1, 1)\n"
                               "wait()\n"
                               "load(r0, 16)\n";

    (void)state;
    check_left(stores_then_forks, forked, "twinmap 1\nstore(@0x10000, 1, 1)\nfork()\n");
    check_left(waits_between, forked, "twinmap 1\nfork()\nmunmap(@0x10000, 0x1000)\nwait()\n");
    check_left(has_mprotect, "fork()\nmprotect(@0, 1, PROT_READ)\nwait()\n",
               "twinmap 1\nmprotect(@0x10000, 0x1000, PROT_NONE)\n");
}

static void test_shapes_stay_and_move(void **state)
{
    (void)state;
    check_left(maps_over_second_page,
               "config guest_page=8192 host_page=65536\n"
               "mmap(@0x5000000, 0x900000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|"
               "MAP_ANONYMOUS, -1, 0)\n"
               "mmap(@0x5700000, 0x2000, PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n",
               "twinmap 1\n"
               "mmap(@0x10000, 0x2000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
               "mmap(@0x11000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n");
}

static void test_the_smallest_ratio_that_is_left(void **state)
{
    (void)state;
    check_left(is_bigger_host_page,
               "config guest_page=4096 host_page=65536 guest_base=0\n"
               "msync(@0x12345000, 0x20000, MS_ASYNC|MS_INVALIDATE)\n",
               "twinmap 1\n"
               "config guest_page=8192 host_page=16384\n"
               "msync(@0x10000, 0x2000, MS_SYNC)\n");
}

static void test_conditions_that_are_needed_stay(void **state)
{
    (void)state;
    check_left(expects_a_failure,
               "requires linux\n"
               "requires h_eq_g\n"
               "munmap(@0x1000, 0x1000) = 0\n"
               "munmap(@0x1001, 0x1000) = -1 EINVAL\n"
               "munmap(@0x2001, 0x1000) = -1\n",
               "twinmap 1\n"
               "requires linux\n"
               "munmap(@0x10000, 0x1000) = -1 EINVAL\n");
}

static void test_files(void **state)
{
    (void)state;
    check_left(maps_a_file_off_its_start,
               "file f0 size=4096\n"
               "file f1 size=100000 open=O_WRONLY\n"
               "r0 = mmap(NULL, 0x4000, PROT_READ, MAP_PRIVATE, f0, 0x1000)\n"
               "r1 = mmap(NULL, 0x4000, PROT_READ, MAP_SHARED, f1, 0x7000)\n"
               "load(r1, 16)\n",
               "twinmap 1\n"
               "file f0 size=4096\n"
               "mmap(@0x10000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED, f0, 0x2000)\n");
}

/* Random programs. */

static void start(struct prng *rng, const char *what)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20240711;

    print_message("# %s: TWINMAP_TEST_SEED=%llu\n", what, (unsigned long long)seed);
    prng_seed(rng, seed);
}

/* About 60 random ops for which HOLDS. */
static void draw(struct prog *p, struct prng *rng, bool (*holds)(const struct prog *p))
{
    const struct gen_options o = {
        .system = ABI_LINUX, .ops_max = 60, .host_fail = true, .fork = true};
    struct prog more = PROG_INIT;

    for (;;) {
        assert_int_equal(gen_prog(p, rng, &o), 0);
        while (p->ops.n < o.ops_max) {
            assert_int_equal(gen_prog(&more, rng, &o), 0);
            assert_int_equal(mutate_splice(p, &more, rng, &o), 0);
        }
        if (holds == expects_a_failure) {
            struct prog_require q = {.kind = REQUIRE_LINUX};

            prog_add_require(p, q);
            p->ops.v[0] = (struct op){.kind = OP_munmap, .result = OP_NO_RESULT};
            p->ops.v[0].arg[1].num = 1;
            p->ops.v[0].expect = (struct expect){.kind = EXPECT_ERRNO, .err = ABI_ENOMEM};
            prog_fixup(p);
        }
        if (holds(p)) {
            break;
        }
    }
    prog_free(&more);
}

/* Small, within the bound, the same once more, and the same again from there. */
static void check_random(struct prog *p, bool (*holds)(const struct prog *p), struct prog *left)
{
    struct probe x = {.holds = holds};
    struct probe again = {.holds = holds};
    struct minimise_stats s = probe_run(&x, p, 0, 0);

    assert_true(holds(p));
    assert_true(p->ops.n <= 3);
    assert_true(s.executed <= BOUND);
    assert_false(s.exhausted);
    assert_int_equal(prog_copy(left, p), 0);
    probe_run(&again, p, 0, 0);
    assert_true(prog_equal(p, left));
    probe_free(&x);
    probe_free(&again);
}

static void test_random_programs_end_small_and_stay_so(void **state)
{
    struct prog p = PROG_INIT;
    struct prog left = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "random programs");
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool (*holds)(const struct prog *p) = predicates[round % ARRAY_LEN(predicates)];

        draw(&p, &rng, holds);
        check_random(&p, holds, &left);
    }
    prog_free(&p);
    prog_free(&left);
}

static void test_different_programs_end_alike(void **state)
{
    struct prog p = PROG_INIT;
    struct prog left = PROG_INIT;
    struct prog first = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "different programs");
    for (size_t i = 0; i < ARRAY_LEN(predicates); i++) {
        for (unsigned n = 0; n < 5; n++) {
            draw(&p, &rng, predicates[i]);
            check_random(&p, predicates[i], &left);
            if (n == 0) {
                assert_int_equal(prog_copy(&first, &left), 0);
            } else if (!prog_equal(&left, &first)) {
                struct buf out = BUF_INIT;

                prog_print(&first, &out);
                prog_print(&left, &out);
                fail_msg("predicate %zu ends in two forms:\n%s", i, buf_text(&out));
            }
        }
    }
    prog_free(&p);
    prog_free(&left);
    prog_free(&first);
}

/* What an op does that is made of others' work is led to them. */
static void test_ops_become_simpler_ones(void **state)
{
    (void)state;
    check_left(reaches_second_page, "r0 = mremap(@0x10000, 0x4000, 0x1000, MREMAP_MAYMOVE)\n",
               "twinmap 1\nmunmap(@0x11000, 0x1000)\n");
    check_left(reaches_second_page,
               "mremap(@0x50000, 0x1000, 0x3000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x10000)\n",
               "twinmap 1\nmunmap(@0x11000, 0x1000)\n");
    check_left(reaches_second_page, "store(@0x11000, 1, 7)\n", "twinmap 1\nload(@0x11000, 1)\n");
    check_left(reaches_second_page, "madvise(@0x11000, 0x1000, MADV_DONTNEED)\n",
               "twinmap 1\n"
               "mmap(@0x11000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n");
}

static void test_a_budget_is_kept(void **state)
{
    struct prog p = PROG_INIT;
    struct prng rng;

    (void)state;
    start(&rng, "budget");
    for (uint64_t budget = 1; budget < 30; budget++) {
        struct probe x = {.holds = unmaps_shared};
        struct minimise_stats s;

        draw(&p, &rng, unmaps_shared);
        s = probe_run(&x, &p, 0, budget);
        assert_true(s.executed <= budget);
        assert_true(s.executed == budget || !s.exhausted);
        assert_true(unmaps_shared(&p));
        probe_free(&x);
    }
    prog_free(&p);
}

static void test_flaky_programs_need_several_runs(void **state)
{
    struct prog p = PROG_INIT;
    struct prng rng;
    struct prng coin;
    struct minimise_stats s;
    struct probe x = {.holds = unmaps_shared, .flaky = &coin};

    (void)state;
    start(&rng, "flaky");
    prng_seed(&coin, 5);
    draw(&p, &rng, unmaps_shared);
    s = probe_run(&x, &p, 12, 0);
    assert_true(unmaps_shared(&p));
    assert_int_equal(p.ops.n, 2);
    assert_true(s.executed > 50);
    assert_true(s.executed <= 12 * BOUND);
    probe_free(&x);
    prog_free(&p);
}

static void test_votes(void **state)
{
    struct prng coin;
    struct probe x = {.holds = has_mprotect, .flaky = &coin};
    struct minimise_options o = {.pred = {.same = probe_same, .arg = &x}, .runs = 40, .needed = 40};
    struct minimise_stats s;
    struct prog p = PROG_INIT;
    struct err e;

    (void)state;
    prng_seed(&coin, 5);
    x.repeats = true;
    parse(&p, "munmap(@0, 1)\nmprotect(@0x10000, 0x1000, PROT_NONE)\n");
    assert_int_equal(minimise(&p, &o, &s, &e), 0);
    assert_int_equal(p.ops.n, 2); /* never 40 of 40 */
    assert_true(s.executed < 40); /* and given up as soon as it cannot be */
    probe_free(&x);
    prog_free(&p);
}

static void test_a_world_that_fails(void **state)
{
    struct prog p = PROG_INIT;
    struct prng rng;
    unsigned failed = 0;

    (void)state;
    start(&rng, "failing world");
    for (uint64_t at = 1; at < 20; at++) {
        struct probe x = {.holds = unmaps_shared, .fail_at = at};
        struct minimise_options o = {.pred = {.same = probe_same, .arg = &x}};
        struct minimise_stats s;
        struct err e;

        draw(&p, &rng, unmaps_shared);
        if (minimise(&p, &o, &s, &e) == 0) {
            assert_true(x.asked < at); /* it was small before */
        } else {
            assert_string_equal(e.text, "the world failed");
            assert_int_equal(x.asked, at);
            failed++;
        }
        assert_true(unmaps_shared(&p));
        probe_free(&x);
    }
    assert_true(failed > 0);
    prog_free(&p);
}

/* Candidates of other page sizes are asked for as such, and only they. */
static int same_pages(void *arg, const struct prog *p, enum minimise_change change, struct err *e)
{
    const struct prog_config *now = arg;

    (void)e;
    assert_true((change == MINIMISE_PAGES) ==
                (p->config.value[CONFIG_HOST_PAGE] != now->value[CONFIG_HOST_PAGE] ||
                 p->config.value[CONFIG_GUEST_PAGE] != now->value[CONFIG_GUEST_PAGE]));
    return has_mprotect(p);
}

static void pages_taken(void *arg, const struct prog *p)
{
    *(struct prog_config *)arg = p->config;
}

static void test_page_sizes_are_asked_for_apart(void **state)
{
    struct prog p = PROG_INIT;
    struct prog_config now;
    struct minimise_options o = {.pred = {.same = same_pages, .taken = pages_taken, .arg = &now}};
    struct minimise_stats s;
    struct err e;

    (void)state;
    parse(&p, "config guest_page=4096 host_page=65536\nmprotect(@0x20000, 0x5000, PROT_READ)\n"
              "munmap(@0, 0x1000)\n");
    now = p.config;
    assert_int_equal(minimise(&p, &o, &s, &e), 0);
    assert_int_equal(p.config.value[CONFIG_HOST_PAGE], 4096);
    assert_int_equal(p.ops.n, 1);
    prog_free(&p);
}

/* Thousands of ops cost no more than their number allows. */
static void test_long_programs(void **state)
{
    struct prog p = PROG_INIT;
    struct prog_require q = {.kind = REQUIRE_LINUX};
    struct op op = {.kind = OP_munmap, .result = OP_NO_RESULT};
    struct probe x = {.holds = has_mprotect};
    struct minimise_stats s;

    (void)state;
    assert_int_equal(prog_add_require(&p, q), 0);
    for (size_t i = 0; i < PROG_OPS_MAX; i++) {
        op.kind = i == 1234 ? OP_mprotect : OP_munmap;
        op.arg[0] = (struct value){VALUE_WINDOW, 0, i * 4096};
        op.arg[1].num = 4096;
        assert_int_equal(prog_insert(&p, i, &op), 0);
    }
    s = probe_run(&x, &p, 0, 0);
    assert_int_equal(p.ops.n, 1);
    assert_true(s.executed < 100);
    probe_free(&x);
    prog_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_op_of_many),
        cmocka_unit_test(test_a_map_and_what_unmaps_it),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_shapes_stay_and_move),
        cmocka_unit_test(test_the_smallest_ratio_that_is_left),
        cmocka_unit_test(test_conditions_that_are_needed_stay),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_random_programs_end_small_and_stay_so),
        cmocka_unit_test(test_different_programs_end_alike),
        cmocka_unit_test(test_ops_become_simpler_ones),
        cmocka_unit_test(test_a_budget_is_kept),
        cmocka_unit_test(test_flaky_programs_need_several_runs),
        cmocka_unit_test(test_votes),
        cmocka_unit_test(test_a_world_that_fails),
        cmocka_unit_test(test_page_sizes_are_asked_for_apart),
        cmocka_unit_test(test_long_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
