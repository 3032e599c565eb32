/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs drawn for comparisons: valid, the same from a seed, with what their recipe asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "diff/diff_gen.h"

enum { PROGRAMS = 400 };

/* How many of the programs of HOW have an op of KIND. */
static unsigned with(const struct diff_gen *how, enum op_kind kind)
{
    struct prog p = PROG_INIT;
    struct prog again = PROG_INIT;
    unsigned n = 0;

    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        bool has = false;

        assert_int_equal(diff_generate(&p, how, seed), 0);
        assert_int_equal(diff_generate(&again, how, seed), 0);
        assert_int_equal(prog_check(&p, NULL), 0);
        assert_true(prog_equal(&p, &again));
        for (size_t i = 0; i < p.ops.n; i++) {
            has |= p.ops.v[i].kind == kind;
        }
        n += has;
    }
    prog_free(&p);
    prog_free(&again);
    return n;
}

static void test_host_calls_fail_where_only_layers_run(void **state)
{
    const struct diff_gen layers = {
        .system = ABI_LINUX, .peers = true, .faults = true, .systems = true};
    struct diff_gen others = layers;

    (void)state;
    others.faults = false;
    assert_in_range(with(&layers, OP_host_fail), PROGRAMS / 20, PROGRAMS / 3);
    assert_int_equal(with(&others, OP_host_fail), 0);
}

static void test_forks_are_drawn(void **state)
{
    const struct diff_gen how = {.system = ABI_FREEBSD, .native = &PROG_CONFIG_DEFAULT};

    (void)state;
    assert_true(with(&how, OP_fork) >= PROGRAMS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_calls_fail_where_only_layers_run),
        cmocka_unit_test(test_forks_are_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
