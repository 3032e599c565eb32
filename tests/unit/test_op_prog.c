/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/op: the container, the configuration, and each rule of a valid program: seen, and repaired as
 * said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "op/text.h"

/* The program of a text that must be right. */
static struct prog read_prog(const char *text)
{
    struct prog p = PROG_INIT;
    struct err e = {""};

    if (prog_parse(&p, "t", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    return p;
}

/*
 * P is refused with MESSAGE (NULL: it is valid) and becomes TEXT by repair, once and for all. P is
 * freed.
 */
static void assert_repaired(struct prog p, const char *message, const char *text)
{
    struct prog want = read_prog(text);
    struct err e = {""};

    assert_int_equal(prog_check(&p, &e), message ? -EINVAL : 0);
    assert_string_equal(e.text, message ? message : "");
    for (int i = 0; i < 2; i++) {
        struct buf got = BUF_INIT;

        prog_fixup(&p);
        assert_int_equal(prog_check(&p, &e), 0);
        prog_print(&p, &got);
        if (!prog_equal(&p, &want)) {
            fail_msg("repaired to\n%s", buf_text(&got));
        }
        buf_free(&got);
    }
    prog_free(&p);
    prog_free(&want);
}

static void test_op_table(void **state)
{
    (void)state;
    for (unsigned k = 0; k < OP_KIND_COUNT; k++) {
        const struct op_desc *d = &op_descs[k];

        assert_int_equal(op_kind_parse(d->name, strlen(d->name)), k);
        for (unsigned i = 0; i < OP_ARGS_MAX; i++) {
            assert_int_equal(d->arg[i] != ARG_NONE, i < d->n_args);
        }
    }
    assert_int_equal(op_descs[OP_mmap].n_args, 6);
    assert_int_equal(op_descs[OP_fork].n_args, 0);
    assert_int_equal(op_kind_parse("mma", 3), OP_KIND_COUNT);
    assert_int_equal(op_kind_parse("", 0), OP_KIND_COUNT);
}

static void test_insert_remove_copy(void **state)
{
    struct prog p = read_prog("fork()\nwait()\n");
    struct prog q = PROG_INIT;
    struct op store = {.kind = OP_store, .result = OP_NO_RESULT, .arg = {{0}, {0, 0, 1}}};

    (void)state;
    assert_int_equal(prog_insert(&p, 1, &store), 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(prog_insert(&p, 0, &p.ops.v[p.ops.n - 2]), 0);
    }
    assert_int_equal(p.ops.n, 23);
    assert_int_equal(p.ops.v[0].kind, OP_store);
    assert_int_equal(prog_copy(&q, &p), 0);
    assert_true(prog_equal(&p, &q));
    prog_remove(&p, 0, 20);
    assert_false(prog_equal(&p, &q));
    prog_remove(&p, 3, 0);
    prog_remove(&p, 1, 2);
    assert_int_equal(p.ops.n, 1);
    assert_int_equal(p.ops.v[0].kind, OP_fork);
    prog_clear(&q);
    assert_true(prog_equal(&q, &PROG_INIT));
    assert_int_equal(prog_copy(&p, &p), 0);
    prog_free(&p);
    prog_free(&q);
}

static void test_bounds_of_the_container(void **state)
{
    struct prog p = PROG_INIT;
    struct op op = {.kind = OP_exec, .result = OP_NO_RESULT};
    struct err e;

    (void)state;
    for (int i = 0; i < PROG_OPS_MAX; i++) {
        assert_int_equal(prog_insert(&p, p.ops.n, &op), 0);
    }
    assert_int_equal(prog_insert(&p, 0, &op), -E2BIG);
    for (int i = 0; i < PROG_FILES_MAX; i++) {
        assert_int_equal(prog_add_file(&p, (struct prog_file){0}), 0);
    }
    assert_int_equal(prog_add_file(&p, (struct prog_file){0}), -E2BIG);
    for (int i = 0; i < PROG_REQUIRES_MAX; i++) {
        assert_int_equal(prog_add_require(&p, (struct prog_require){0}), 0);
    }
    assert_int_equal(prog_add_require(&p, (struct prog_require){0}), -E2BIG);
    assert_int_equal(prog_check(&p, &e), 0);
    prog_free(&p);
}

static void test_equal_sees_each_field(void **state)
{
    const char *texts[] = {
        "r0 = mmap(0,1,0,0,-1,0)",
        "r1 = mmap(0,1,0,0,-1,0)",
        "mmap(0,1,0,0,-1,0)",
        "mmap(@0,1,0,0,-1,0)",
        "mmap(0,2,0,0,-1,0)",
        "mmap(0,1,0,0,-1,0) = ok",
        "mmap(0,1,0,0,-1,0) = -1",
        "mmap(0,1,0,0,-1,0) = -1 EINVAL",
        "mmap(0,1,0,0,-1,0) = -1 ENOMEM",
        "mmap(0,1,0,0,-1,0) = NULL",
        "mmap(0,1,0,0,-1,0) = @0",
        "config bits=64\nmmap(0,1,0,0,-1,0)",
        "config bits=32\nmmap(0,1,0,0,-1,0)",
        "requires bits=32\nmmap(0,1,0,0,-1,0)",
        "requires bits=64\nmmap(0,1,0,0,-1,0)",
        "requires linux\nmmap(0,1,0,0,-1,0)",
        "file f0 size=1\nmmap(0,1,0,0,-1,0)",
        "file f0 size=2\nmmap(0,1,0,0,-1,0)",
        "file f0 size=2 open=O_RDONLY\nmmap(0,1,0,0,-1,0)",
        "file f0 size=2 open=O_RDONLY\nmmap(0,1,0,0,f0,0)",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
            struct prog a = read_prog(texts[i]);
            struct prog b = read_prog(texts[k]);

            assert_int_equal(prog_equal(&a, &b), i == k);
            prog_free(&a);
            prog_free(&b);
        }
    }
}

static void test_config_keys(void **state)
{
    struct prog_config c = PROG_CONFIG_DEFAULT;
    struct err e;

    (void)state;
    assert_int_equal(config_key_parse("reserved", 8), CONFIG_RESERVED);
    assert_int_equal(config_key_parse("reserve", 7), CONFIG_KEY_COUNT);
    assert_string_equal(config_key_name(CONFIG_GUEST_BASE), "guest_base");
    assert_int_equal(config_check(&c, &e), 0);
    assert_int_equal(config_effective_host_page(&c), 4096);
    assert_int_equal(config_set(&c, CONFIG_GUEST_PAGE, 65536, &e), 0);
    assert_int_equal(c.given, 1);
    assert_int_equal(config_effective_host_page(&c), 65536);
    assert_int_equal(config_set(&c, CONFIG_HOST_PAGE, 8192, &e), -EINVAL);
    assert_string_equal(e.text, "host_page=8192: expected 4096, 16384 or 65536");
    assert_int_equal(c.value[CONFIG_HOST_PAGE], 4096);
    assert_int_equal(config_set(&c, CONFIG_RESERVED, 0x11000, &e), 0);
    assert_int_equal(config_check(&c, &e), -EINVAL);
    assert_string_equal(e.text, "config: no legal value of reserved");
    assert_int_equal(config_set(&c, CONFIG_RESERVED, UINT64_C(1) << 40, &e), 0);
    assert_int_equal(config_check(&c, &e), 0);
    assert_int_equal(config_set(&c, CONFIG_RESERVED, (UINT64_C(1) << 40) + 4096, &e), -EINVAL);
    assert_int_equal(config_set(&c, CONFIG_BITS, 32, &e), 0);
    assert_int_equal(config_check(&c, &e), -EINVAL);
}

static void test_repairs_config(void **state)
{
    static const struct {
        struct prog_config config;
        const char *what;
        const char *text;
    } rows[] = {
        {{0x1f, {4096, 4096, 64, 0, 1}},
         NULL,
         "config guest_page=4096 host_page=4096 bits=64 reserved=0 guest_base=1"},
        {{0, {8192, 4096, 64, 0, 1}}, "guest_page", ""},
        {{1, {12288, 4096, 64, 0, 1}}, "guest_page", "config guest_page=8192"},
        {{1, {0, 4096, 64, 0, 1}}, "guest_page", "config guest_page=4096"},
        {{2, {4096, UINT64_MAX, 64, 0, 1}}, "host_page", "config host_page=65536"},
        {{4, {4096, 4096, 33, 0, 1}}, "bits", "config bits=32"},
        {{16, {4096, 4096, 64, 0, 2}}, "guest_base", "config guest_base=1"},
        {{8, {4096, 4096, 64, 1, 1}}, "reserved", "config reserved=0x10000"},
        {{10, {4096, 16384, 64, 0x11000, 1}},
         "reserved",
         "config host_page=16384 reserved=0x10000"},
        {{12, {4096, 4096, 32, UINT64_MAX, 1}}, "reserved", "config bits=32 reserved=0x100000000"},
        {{8, {4096, 4096, 64, UINT64_MAX, 1}}, "reserved", "config reserved=0x10000000000"},
        {{0xe0, {4096, 4096, 64, 0, 1}}, "a key that does not exist", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prog p = {.config = rows[i].config};
        struct buf message = BUF_INIT;

        buf_fmt(&message, "config: no legal value of %s", rows[i].what ? rows[i].what : "");
        assert_repaired(p, rows[i].what ? buf_text(&message) : NULL, rows[i].text);
        buf_free(&message);
    }
}

static void test_repairs_head(void **state)
{
    struct prog p = read_prog("requires bits=32\nrequires linux\nfile f0 size=1\nfile f1 size=2\n");

    (void)state;
    p.requires.v[0].value = 50;
    assert_repaired(p, "requirement 0: a requirement with an illegal value",
                    "requires bits=32\nrequires linux\nfile f0 size=1\nfile f1 size=2\n");
    p = read_prog("requires linux");
    p.requires.v[0].value = 1;
    assert_repaired(p, "requirement 0: a requirement with an illegal value", "requires linux");
    p = read_prog("requires linux");
    p.requires.v[0].kind = REQUIRE_KIND_COUNT + REQUIRE_FREEBSD;
    assert_repaired(p, "requirement 0: a requirement that does not exist", "requires freebsd");
    p = read_prog("file f0 size=1");
    p.files.v[0].size = UINT64_MAX;
    assert_repaired(p, "file f0: a size above 2^33", "file f0 size=8589934592");
    p = read_prog("file f0 size=1");
    p.files.v[0].open = PROG_OPEN_COUNT + PROG_WRONLY;
    assert_repaired(p, "file f0: a way to open that does not exist",
                    "file f0 size=1 open=O_WRONLY");
}

#define MAP0 "r7 = mmap(0,1,0,0,-1,0)\n"
#define NUM(n) \
    { \
        VALUE_NUM, 0, (n) \
    }

/* One argument of the last op of BEFORE made wrong. */
static const struct {
    const char *before;
    unsigned arg;
    struct value wrong;
    const char *what; /* behind "op N " */
    const char *after;
} argument_rows[] = {
    {"munmap(0, 1)",
     0,
     {VALUE_RESULT, 3, 5},
     "0 (munmap): an address relative to a result that is not set before",
     "munmap(@5, 1)"},
    {MAP0 "munmap(0, 1)",
     0,
     {VALUE_RESULT, 3, 5},
     "1 (munmap): an address relative to a result that is not set before",
     MAP0 "munmap(r7+5, 1)"},
    {MAP0 "munmap(0, 1)", 0, {VALUE_RESULT, 7, 5}, NULL, MAP0 "munmap(r7+5, 1)"},
    {"munmap(0, 1)",
     0,
     {VALUE_FILE, 0, 5},
     "0 (munmap): an address relative to a result that is not set before",
     "munmap(@5, 1)"},
    {"munmap(0, 1)",
     0,
     {VALUE_NUM, 1, 5},
     "0 (munmap): an address relative to a result that is not set before",
     "munmap(5, 1)"},
    {"munmap(0, 1)",
     1,
     {VALUE_WINDOW, 1, 5},
     "0 (munmap): a length that is no number",
     "munmap(0, 5)"},
    {"munmap(0, 1)", 2, {VALUE_NUM, 0, 5}, "0 (munmap): an argument too many", "munmap(0, 1)"},
    {"mmap(0,1,0,0,-1,0)", 2, NUM(UINT64_C(0x100000001)),
     "0 (mmap): a protection of more than 32 bits", "mmap(0,1,PROT_READ,0,-1,0)"},
    {"mmap(0,1,0,0,-1,0)", 3, NUM(0x400001), "0 (mmap): map flags without a meaning",
     "mmap(0,1,0,MAP_SHARED,-1,0)"},
    {"mmap(0,1,0,0,-1,0)",
     4,
     {VALUE_FILE, 2, 0},
     "0 (mmap): a file that is not declared, or a descriptor of more than 32 bits",
     "mmap(0,1,0,0,-1,0)"},
    {"file f0 size=1\nfile f1 size=1\nmmap(0,1,0,0,-1,0)",
     4,
     {VALUE_FILE, 3, 9},
     "0 (mmap): a file that is not declared, or a descriptor of more than 32 bits",
     "file f0 size=1\nfile f1 size=1\nmmap(0,1,0,0,f1,0)"},
    {"mmap(0,1,0,0,-1,0)", 4, NUM(UINT64_C(0x1ffffffff)),
     "0 (mmap): a file that is not declared, or a descriptor of more than 32 bits",
     "mmap(0,1,0,0,-1,0)"},
    {"mmap(0,1,0,0,-1,0)",
     5,
     {VALUE_RESULT, 0, 1},
     "0 (mmap): an offset that is no number",
     "mmap(0,1,0,0,-1,1)"},
    {"mremap(0,1,1,0)", 3, NUM(UINT64_C(0x100000001)),
     "0 (mremap): mremap flags of more than 32 bits", "mremap(0,1,1,MREMAP_MAYMOVE)"},
    {"mremap(0,1,1,0)", 4, NUM(1), "0 (mremap): an argument too many", "mremap(0,1,1,0)"},
    {"mremap(0,1,1,MREMAP_FIXED, 0)", 4, NUM(1), NULL, "mremap(0,1,1,MREMAP_FIXED,1)"},
    {"msync(0,1,0)", 2, NUM(9), "0 (msync): msync flags without a meaning", "msync(0,1,MS_ASYNC)"},
    {"madvise(0,1,0)", 2, NUM(0x20003), "0 (madvise): an advice without a meaning",
     "madvise(0,1,3)"},
    {"store(0,1,0)", 1, NUM(0), "0 (store): an access of no byte or of more than 1048576",
     "store(0,1,0)"},
    {"load(0,1)", 1, NUM(1048577), "0 (load): an access of no byte or of more than 1048576",
     "load(0,1048576)"},
    {"store(0,1,0)", 2, NUM(256), "0 (store): a byte above 255", "store(0,1,0)"},
    {"host_fail(3,EIO)", 0, NUM(0), "0 (host_fail): a count of 0 or above 1000000",
     "host_fail(1,EIO)"},
    {"host_fail(3,EIO)", 0, NUM(1000001), "0 (host_fail): a count of 0 or above 1000000",
     "host_fail(1000000,EIO)"},
    {"host_fail(3,EIO)", 1, NUM(0), "0 (host_fail): an errno without a name", "host_fail(3,EPERM)"},
};

static void test_repairs_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(argument_rows); i++) {
        struct prog p = read_prog(argument_rows[i].before);
        struct buf message = BUF_INIT;

        p.ops.v[p.ops.n - 1].arg[argument_rows[i].arg] = argument_rows[i].wrong;
        buf_fmt(&message, "op %s", argument_rows[i].what ? argument_rows[i].what : "");
        assert_repaired(p, argument_rows[i].what ? buf_text(&message) : NULL,
                        argument_rows[i].after);
        buf_free(&message);
    }
}

static void test_repairs_results_and_kinds(void **state)
{
    struct prog p = read_prog(MAP0 "mmap(0,2,0,0,-1,0)\nmunmap(0,1)");

    (void)state;
    p.ops.v[1].result = 7;
    assert_repaired(p, "op 1 (mmap): a result that is set before",
                    MAP0 "mmap(0,2,0,0,-1,0)\nmunmap(0,1)");
    p = read_prog(MAP0);
    p.ops.v[0].result = PROG_RESULTS_MAX;
    assert_repaired(p, "op 0 (mmap): a result above r4095", "mmap(0,1,0,0,-1,0)");
    p = read_prog("munmap(0,1)");
    p.ops.v[0].result = 0;
    assert_repaired(p, "op 0 (munmap): a result that is no address", "munmap(0,1)");
    p = read_prog("munmap(0,1)");
    p.ops.v[0].kind = OP_KIND_COUNT + OP_munmap;
    assert_repaired(p, "op 0 (munmap): a kind that does not exist", "munmap(0,1)");
}

static void test_repairs_expectations(void **state)
{
    static const struct {
        const char *op;
        struct expect wrong;
        const char *repaired; /* NULL: it was right */
    } rows[] = {
        {"munmap(0,1)", {.kind = EXPECT_SIGSEGV}, "munmap(0,1)"},
        {"munmap(0,1)", {.kind = EXPECT_KIND_COUNT}, "munmap(0,1)"},
        {"munmap(0,1)", {.kind = EXPECT_OK, .err = 1}, "munmap(0,1) = ok"},
        {"munmap(0,1)", {.kind = EXPECT_ERRNO, .err = 0}, "munmap(0,1) = -1 EPERM"},
        {"munmap(0,1)", {.kind = EXPECT_ERRNO, .err = ABI_ENOMEM}, NULL},
        {"munmap(0,1)", {.kind = EXPECT_VALUE, .value = {0, 0, 1}}, "munmap(0,1) = 0"},
        {"load(0,1)", {.kind = EXPECT_VALUE, .value = {0, 0, 256}}, "load(0,1) = 0"},
        {"load(0,1)", {.kind = EXPECT_FAIL}, "load(0,1)"},
        {"store(0,1,1)", {.kind = EXPECT_ERRNO, .err = ABI_EFAULT}, "store(0,1,1)"},
        {"store(0,1,1)", {.kind = EXPECT_SIGBUS}, NULL},
        {"exec(0)", {.kind = EXPECT_SIGSEGV}, NULL},
        {"host_fail(1,EIO)", {.kind = EXPECT_OK}, "host_fail(1,EIO)"},
        {"mmap(0,1,0,0,-1,0)",
         {.kind = EXPECT_VALUE, .value = {VALUE_RESULT, 0, 1}},
         "mmap(0,1,0,0,-1,0) = @1"},
        {"mmap(0,1,0,0,-1,0)",
         {.kind = EXPECT_NONE, .value = {VALUE_NUM, 0, 1}},
         "mmap(0,1,0,0,-1,0)"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prog p = read_prog(rows[i].op);
        struct err e;

        p.ops.v[0].expect = rows[i].wrong;
        assert_int_equal(prog_check(&p, &e), rows[i].repaired ? -EINVAL : 0);
        if (rows[i].repaired) {
            assert_non_null(strstr(e.text, "an expectation that this op cannot have"));
            assert_repaired(p, e.text, rows[i].repaired);
        } else {
            prog_free(&p);
        }
    }
}

/* Forks over the bound go with their waits; a wait without a fork goes. */
static void test_repairs_forks(void **state)
{
    struct prog p = PROG_INIT;
    struct op op = {.result = OP_NO_RESULT};
    const char kinds[] =
        "wffwffffwwwwwww"; /* the 5th and 6th f are too many, as is what waits for them */

    (void)state;
    for (size_t i = 0; kinds[i]; i++) {
        op.kind = kinds[i] == 'f' ? OP_fork : OP_wait;
        assert_int_equal(prog_insert(&p, i, &op), 0);
    }
    assert_repaired(p, "op 0 (wait): no fork to wait for",
                    "fork()\nfork()\nwait()\nfork()\nfork()\nwait()\nwait()\nwait()\n");
}

static void test_drop_expectations(void **state)
{
    struct prog p = read_prog("munmap(0,1) = 0\nmmap(0,1,0,0,-1,0) = @3\nload(0,1) = SIGBUS\n");
    struct prog q = read_prog("munmap(0,1)\nmmap(0,1,0,0,-1,0)\nload(0,1)\n");

    (void)state;
    prog_drop_expectations(&p);
    assert_true(prog_equal(&p, &q));
    prog_free(&p);
    prog_free(&q);
}

static void test_file_bytes(void **state)
{
    (void)state;
    assert_int_equal(prog_file_byte(0, 0), 1);
    assert_int_equal(prog_file_byte(0, 511), 1);
    assert_int_equal(prog_file_byte(0, 512), 2);
    assert_int_equal(prog_file_byte(1, 0), 38);
    for (uint64_t at = 0; at < 1 << 20; at += 512) {
        assert_int_not_equal(prog_file_byte(3, at), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_op_table),
        cmocka_unit_test(test_insert_remove_copy),
        cmocka_unit_test(test_bounds_of_the_container),
        cmocka_unit_test(test_equal_sees_each_field),
        cmocka_unit_test(test_config_keys),
        cmocka_unit_test(test_repairs_config),
        cmocka_unit_test(test_repairs_head),
        cmocka_unit_test(test_repairs_arguments),
        cmocka_unit_test(test_repairs_results_and_kinds),
        cmocka_unit_test(test_repairs_expectations),
        cmocka_unit_test(test_repairs_forks),
        cmocka_unit_test(test_drop_expectations),
        cmocka_unit_test(test_file_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
