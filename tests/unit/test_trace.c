/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trace: outcomes against expectations, and outcomes as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "trace/trace.h"

static const struct outcome ok0 = {.kind = OUTCOME_OK};
static const struct outcome at = {.kind = OUTCOME_OK, .value = 0x10000};
static const struct outcome mixed = {.kind = OUTCOME_OK, .mixed = true, .value = 7};
static const struct outcome einval = {.kind = OUTCOME_FAIL, .err = ABI_EINVAL, .value = UINT64_MAX};
static const struct outcome no_errno = {.kind = OUTCOME_FAIL, .value = UINT64_MAX};
static const struct outcome negated = {
    .kind = OUTCOME_FAIL, .err = ABI_EINVAL, .value = (uint64_t)-22};
static const struct outcome odd_errno = {.kind = OUTCOME_FAIL, .err = 4000, .value = UINT64_MAX};
static const struct outcome segv = {.kind = OUTCOME_SIGNAL, .signal = SIGSEGV};
static const struct outcome bus = {.kind = OUTCOME_SIGNAL, .signal = SIGBUS};
static const struct outcome crash = {.kind = OUTCOME_CRASH, .signal = SIGABRT};
static const struct outcome crash_odd = {.kind = OUTCOME_CRASH, .signal = 63};
static const struct outcome hang = {.kind = OUTCOME_HANG};
static const struct outcome skipped = {.kind = OUTCOME_SKIPPED};
static const struct outcome not_run = {.kind = OUTCOME_NOT_RUN};

struct row {
    const struct outcome *o;
    enum expect_kind kind;
    uint64_t value;
    enum op_kind op;
    const char *want; /* NULL: holds */
};

static const struct row rows[] = {
    {&einval, EXPECT_NONE, 0, OP_mmap, NULL},
    {&crash, EXPECT_NONE, 0, OP_mmap, NULL},
    {&at, EXPECT_OK, 0, OP_mmap, NULL},
    {&einval, EXPECT_OK, 0, OP_mmap, "success"},
    {&segv, EXPECT_OK, 0, OP_load, "success"},
    {&at, EXPECT_VALUE, 0x10000, OP_mmap, NULL},
    {&at, EXPECT_VALUE, 0x11000, OP_mmap, "value"},
    {&einval, EXPECT_VALUE, UINT64_MAX, OP_mmap, "success"},
    {&mixed, EXPECT_VALUE, 7, OP_load, "value"},
    {&mixed, EXPECT_OK, 0, OP_load, NULL},
    {&einval, EXPECT_FAIL, 0, OP_munmap, NULL},
    {&ok0, EXPECT_FAIL, 0, OP_munmap, "failure"},
    {&einval, EXPECT_ERRNO, ABI_EINVAL, OP_munmap, NULL},
    {&einval, EXPECT_ERRNO, ABI_ENOMEM, OP_munmap, "errno"},
    {&no_errno, EXPECT_ERRNO, ABI_EINVAL, OP_munmap, "errno"},
    {&ok0, EXPECT_ERRNO, ABI_EINVAL, OP_munmap, "failure"},
    {&segv, EXPECT_ERRNO, ABI_EINVAL, OP_load, "signal"},
    {&segv, EXPECT_SIGSEGV, 0, OP_load, NULL},
    {&bus, EXPECT_SIGSEGV, 0, OP_load, "signal"},
    {&bus, EXPECT_SIGBUS, 0, OP_store, NULL},
    {&ok0, EXPECT_SIGBUS, 0, OP_store, "failure"},
    {&einval, EXPECT_SIGBUS, 0, OP_store, "success"},
    {&crash, EXPECT_FAIL, 0, OP_mmap, "crash"},
    {&hang, EXPECT_OK, 0, OP_mmap, "hang"},
    {&skipped, EXPECT_OK, 0, OP_mremap, NULL},
    {&not_run, EXPECT_SIGSEGV, 0, OP_load, NULL},
};

static void test_outcome_against_expectation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct expect x = {.kind = (uint8_t)r->kind};
        const char *got;

        if (r->kind == EXPECT_ERRNO) {
            x.err = (uint8_t)r->value;
        }
        got = outcome_mismatch(r->o, &x, r->value, r->op);
        if (!got != !r->want || (got && strcmp(got, r->want) != 0)) {
            fail_msg("row %zu: got %s, want %s", i, got ? got : "nothing",
                     r->want ? r->want : "nothing");
        }
    }
}

static const struct {
    const struct outcome *o;
    enum op_kind op;
    const char *want;
} texts[] = {
    {&at, OP_mmap, " = @0x10000"},
    {&ok0, OP_munmap, " = 0"},
    {&ok0, OP_store, " = ok"},
    {&ok0, OP_exec, " = ok"},
    {&ok0, OP_fork, ""},
    {&ok0, OP_host_fail, ""},
    {&ok0, OP_load, " = 0x0"},
    {&mixed, OP_load, " = ok"},
    {&einval, OP_mmap, " = -1 EINVAL"},
    {&no_errno, OP_mmap, " = -1 # errno not written"},
    {&odd_errno, OP_mmap, " = -1 # errno 4000"},
    {&negated, OP_mprotect, " = -1 EINVAL # returned 0xffffffffffffffea"},
    {&segv, OP_load, " = SIGSEGV"},
    {&bus, OP_store, " = SIGBUS"},
    {&crash, OP_mmap, " # crash: SIGABRT"},
    {&crash_odd, OP_mmap, " # crash: signal 63"},
    {&hang, OP_mmap, " # hang"},
    {&skipped, OP_mremap, " # skipped"},
    {&not_run, OP_mmap, " # not run"},
};

static void test_outcome_as_text(void **state)
{
    struct buf out = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buf_clear(&out);
        outcome_print(texts[i].o, texts[i].op, &out);
        assert_string_equal(buf_text(&out), texts[i].want);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_against_expectation),
        cmocka_unit_test(test_outcome_as_text),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
