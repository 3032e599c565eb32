/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model that is warm allocates nothing: not in steps, not in following, not in forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model_bed.h"
#include "op/gen.h"

enum { PROGRAMS = 200, OPS_MAX = 40, ROUNDS = 3 };

static size_t allocations;

void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);

void *__wrap_malloc(size_t len)
{
    allocations++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t n, size_t len)
{
    allocations++;
    return __real_calloc(n, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    allocations++;
    return __real_realloc(p, len);
}

/* The program of B once more; every third step is forced to have happened as well. */
static void run(struct model_bed *b, enum abi_system system)
{
    bed_begin(b, system);
    for (size_t i = 0; i < b->prog.ops.n; i++) {
        const struct op *op = &b->prog.ops.v[i];
        struct model_verdict v;
        struct op_args args;

        if (!bed_args(b, i, &args)) {
            continue;
        }
        assert_int_equal(model_step(b->m, op, &args, NULL, &v), 0);
        op_results_put(&b->results, op, v.took.kind == MODEL_OK, v.took.value);
        if (i % 3 == 0) {
            assert_int_equal(model_force(b->m, op, &args, &v.took), 0);
        }
    }
    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), (struct range){0, b->setup.last}, &b->regions),
                     0);
    assert_int_equal(model_adopt(b->m, (struct range){0, b->setup.last}, &b->regions), 0);
}

static void run_system(enum abi_system system)
{
    static struct prog programs[PROGRAMS];
    struct gen_options options = {.system = system, .ops_max = OPS_MAX, .fork = true};
    struct model_bed b;
    struct prog own;
    struct prng rng;

    bed_open(&b);
    own = b.prog;
    prng_seed(&rng, 7);
    for (size_t i = 0; i < PROGRAMS; i++) {
        programs[i] = PROG_INIT;
        assert_int_equal(gen_prog(&programs[i], &rng, &options), 0);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        allocations = 0;
        for (size_t i = 0; i < PROGRAMS; i++) {
            b.prog = programs[i];
            run(&b, system);
        }
        assert_true(round > 0 || allocations > 0); /* they are counted */
    }
    assert_int_equal(allocations, 0);
    for (size_t i = 0; i < PROGRAMS; i++) {
        prog_free(&programs[i]);
    }
    b.prog = own;
    bed_close(&b);
}

static void test_linux(void **state)
{
    (void)state;
    run_system(ABI_LINUX);
}

static void test_freebsd(void **state)
{
    (void)state;
    run_system(ABI_FREEBSD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux),
        cmocka_unit_test(test_freebsd),
    };

    return cmocka_run_group_tests_name("model_cost", tests, NULL, NULL);
}
