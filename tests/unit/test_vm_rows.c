/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole table "call by situation", both columns: no number may be missing, every column of a
 * row is run or says why it cannot be, and the number of skipped columns is stated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm_rows_run.h"

enum { ROWS_LAST = 171, SKIPPED_LINUX = 9, SKIPPED_FREEBSD = 14 };

static const struct row_table *const tables[] = {
    &rows_mmap_args, &rows_mmap_files, &rows_place,  &rows_range,
    &rows_sync,      &rows_mremap,     &rows_memory,
};

static bool present(const char *number)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            if (strcmp(tables[t]->row[i].number, number) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void test_no_number_is_missing(void **state)
{
    char number[16];

    (void)state;
    for (int i = 1; i <= ROWS_LAST; i++) {
        snprintf(number, sizeof(number), "%d", i);
        if (!present(number)) {
            fail_msg("row %s is missing", number);
        }
    }
    assert_true(present("79a"));
    assert_false(present("172"));
}

static size_t steps_of(const struct row *row, unsigned system)
{
    size_t n = 0;

    for (size_t i = 0; i < ROW_STEPS_MAX; i++) {
        n += row->step[i].want[system].kind != WANT_NA;
    }
    return n;
}

/* A column without a reason to be skipped has steps. */
static void test_skips_say_why(void **state)
{
    size_t skipped[ABI_SYSTEM_COUNT] = {0};

    (void)state;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            const struct row *row = &tables[t]->row[i];

            for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
                if (row->skip[s]) {
                    skipped[s]++;
                    print_message("# row %s (%s), %s: %s\n", row->number, row->situation,
                                  abi_system_name(s), row->skip[s]);
                } else if (steps_of(row, s) == 0) {
                    fail_msg("row %s has no steps for %s", row->number, abi_system_name(s));
                }
            }
        }
    }
    assert_int_equal(skipped[ABI_LINUX], SKIPPED_LINUX);
    assert_int_equal(skipped[ABI_FREEBSD], SKIPPED_FREEBSD);
}

static void run_table(const struct row_table *table, enum abi_system system)
{
    struct row_run run = {.vm = vm_new(), .system = system};
    size_t failed = 0;

    assert_non_null(run.vm);
    for (size_t i = 0; i < table->n; i++) {
        failed += !row_run(&run, &table->row[i]);
    }
    if (failed) {
        print_error("%s", buf_text(&run.wrong));
    }
    vm_free(run.vm);
    buf_free(&run.wrong);
    assert_int_equal(failed, 0);
    assert_true(run.steps >= table->n / 2);
}

static void test_table(void **state)
{
    const struct row_table *table = *state;

    run_table(table, ABI_LINUX);
    run_table(table, ABI_FREEBSD);
}

/* Every kind of expectation is seen to fail. */
static const struct row wrong[] = {
    {"ok", "a refusal", .step = {MAP(0, 0, RW, ANON, NOFD, 0, BOTH(OK))}},
    {"at", "another place", .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(AT(A + P)))}},
    {"low", "a high place", .step = {MAP(H, P, RW, ANON | FIX, NOFD, 0, BOTH(LOW))}},
    {"err", "another errno", .step = {UNMAP(A, 0, BOTH(ERR(ENOMEM)))}},
    {"may", "not in the set", .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(MAY(ENOMEM)))}},
    {"may at", "not in the set", .step = {MAP(A, P, R, ANON | FIX, NOFD, 0, BOTH(MAY_AT(H)))}},
    {"byte", "another byte",
     .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(OK)), LOAD(A, BOTH(BYTE(1)))}},
    {"has", "no other bits",
     .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(OK)), INCORE(A, P, BOTH(HAS(1)))}},
    {"fault", "another code", .step = {LOAD(A, BOTH(SEGV(2)))}},
    {"no fault", "a fault", .step = {STORE(A, 1, BOTH(OK))}},
    {"listed", "nothing there", .step = {LIST(A, BOTH(LISTED(ANON, RW)))}},
    {"nothing", "something there",
     .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(OK)), LIST(A, BOTH(NOTHING))}},
    {"one", "two for certain",
     .step = {MAP(A, P, RW, ANON | FIX, NOFD, 0, BOTH(OK)),
              MAP(A + P, P, R, ANON | FIX, NOFD, 0, BOTH(OK)), JOINT(A + P, BOTH(ONE))}},
    {"two", "one for certain",
     .step = {MAP(A, 2 * P, RW, ANON | FIX, NOFD, 0, BOTH(OK)), JOINT(A + P, BOTH(TWO))}},
    {"done", "a flag the system has not", .step = {MAP(A, P, R, RAW(0), NOFD, 0, BOTH(OK))}},
};

static void test_wrong_rows_fail(void **state)
{
    struct row_run run = {.vm = vm_new()};

    (void)state;
    for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
        run.system = (enum abi_system)s;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
            buf_clear(&run.wrong);
            assert_false(row_run(&run, &wrong[i]));
            assert_non_null(strstr(buf_text(&run.wrong), wrong[i].number));
        }
    }
    vm_free(run.vm);
    buf_free(&run.wrong);
}

int main(void)
{
    struct CMUnitTest tests[3 + ARRAY_LEN(tables)] = {
        cmocka_unit_test(test_no_number_is_missing),
        cmocka_unit_test(test_skips_say_why),
        cmocka_unit_test(test_wrong_rows_fail),
    };

    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        tests[3 + t] = (struct CMUnitTest){
            .name = tables[t]->name,
            .test_func = test_table,
            .initial_state = (void *)tables[t],
        };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
