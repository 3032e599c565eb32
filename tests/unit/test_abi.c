/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/abi: neutral values to a system's numbers, errno by name and number, names in both
 * directions.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "abi/abi.h"
#include "base/int.h"

#define CALL "call"

static void test_system_names(void **state)
{
    (void)state;
    assert_string_equal(abi_system_name(ABI_LINUX), "linux");
    assert_int_equal(abi_system_parse("freebsd"), ABI_FREEBSD);
    assert_int_equal(abi_system_parse("plan9"), ABI_SYSTEM_COUNT);
}

static void test_mapflags_to_system(void **state)
{
    const uint64_t fixed_excl = ABI_MAP_FIXED | ABI_MAP_EXCL;
    const struct {
        enum abi_system system;
        uint64_t neutral;
        int ret;
        uint32_t out;
    } rows[] = {
        {ABI_LINUX, ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS, 0, 0x32},
        {ABI_FREEBSD, ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS, 0, 0x1012},
        {ABI_LINUX, fixed_excl | ABI_MAP_PRIVATE, 0, 0x100002},
        {ABI_FREEBSD, ABI_MAP_FIXED_NOREPLACE | ABI_MAP_PRIVATE, 0, 0x4012},
        {ABI_LINUX, ABI_MAP_EXCL | ABI_MAP_PRIVATE, -ENOTSUP, 0},
        {ABI_LINUX, ABI_MAP_GUARD, -ENOTSUP, 0},
        {ABI_FREEBSD, ABI_MAP_GUARD, 0, 0x2000},
        {ABI_LINUX, ABI_MAP_ALIGNED(20), -ENOTSUP, 0},
        {ABI_FREEBSD, ABI_MAP_ALIGNED(20) | ABI_MAP_SHARED, 0, 20u << 24 | 1},
        {ABI_FREEBSD, ABI_MAP_GROWSDOWN, -ENOTSUP, 0},
        {ABI_FREEBSD, ABI_MAP_PRIVATE | ABI_MAP_DENYWRITE | ABI_MAP_POPULATE, 0, 2},
        {ABI_LINUX, ABI_MAP_PRIVATE | ABI_MAP_NOCORE | ABI_MAP_NOSYNC, 0, 2},
        {ABI_LINUX, ABI_MAP_SHARED | ABI_MAP_PRIVATE, 0, LINUX_MAP_SHARED_VALIDATE},
        {ABI_LINUX, ABI_MAP_PRIVATE | UINT64_C(0x80000000) << ABI_MAP_RAW_SHIFT, 0, 0x80000002},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t out = 0;

        assert_int_equal(abi_mapflags_to_system(rows[i].system, rows[i].neutral, &out),
                         rows[i].ret);
        assert_int_equal(out, rows[i].out);
    }
}

/* Every word of a system, as neutral flags and back. */
static void test_mapflags_from_system(void **state)
{
    const uint64_t raw = UINT64_C(0x4000000) << ABI_MAP_RAW_SHIFT;

    (void)state;
    assert_int_equal(abi_mapflags_from_system(ABI_LINUX, 0x4100002),
                     ABI_MAP_PRIVATE | ABI_MAP_FIXED_NOREPLACE | raw);
    assert_int_equal(abi_mapflags_from_system(ABI_FREEBSD, 20u << 24 | 0x4012),
                     ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_EXCL | ABI_MAP_ALIGNED(20));
    for (uint32_t bit = 1; bit; bit <<= 1) {
        for (int system = 0; system < ABI_SYSTEM_COUNT; system++) {
            uint32_t back = 0;
            uint64_t neutral = abi_mapflags_from_system((enum abi_system)system, bit | 3);

            assert_int_equal(abi_mapflags_to_system((enum abi_system)system, neutral, &back), 0);
            assert_int_equal(back, bit | 3);
        }
    }
}

static void test_other_values_to_system(void **state)
{
    uint32_t out = 7;

    (void)state;
    assert_int_equal(abi_msync_to_system(ABI_LINUX, ABI_MS_SYNC | ABI_MS_INVALIDATE, &out), 0);
    assert_int_equal(out, 6);
    assert_int_equal(abi_msync_to_system(ABI_FREEBSD, ABI_MS_SYNC, &out), 0);
    assert_int_equal(out, 0);
    assert_int_equal(abi_msync_to_system(ABI_LINUX, UINT64_C(8) << ABI_MAP_RAW_SHIFT, &out), 0);
    assert_int_equal(out, 8);
    assert_int_equal(abi_advice_to_system(ABI_LINUX, ABI_MADV_FREE, &out), 0);
    assert_int_equal(out, 8);
    assert_int_equal(abi_advice_to_system(ABI_FREEBSD, ABI_MADV_FREE, &out), 0);
    assert_int_equal(out, 5);
    assert_int_equal(abi_advice_to_system(ABI_FREEBSD, 1234, &out), 0);
    assert_int_equal(out, 1234);
    assert_int_equal(abi_advice_to_system(ABI_FREEBSD, ABI_MADV_REMOVE, &out), -ENOTSUP);
    assert_int_equal(out, 1234);
}

static void test_errno_tables(void **state)
{
    (void)state;
    assert_int_equal(abi_errno_from_host(EAGAIN), ABI_EAGAIN);
    assert_int_equal(abi_errno_from_host(EOPNOTSUPP), ABI_EOPNOTSUPP);
    assert_int_equal(abi_errno_from_host(99999), 99999);
    assert_int_equal(abi_errno_to_host(ABI_EAGAIN), EAGAIN);
    assert_int_equal(abi_errno_to_host(ABI_ENOSYS), ENOSYS);
    assert_int_equal(abi_errno_to_host(99999), 99999);
    for (int n = 1; n < 300; n++) {
        if (abi_errno_name(n)) {
            assert_int_equal(abi_errno_from_host(abi_errno_to_host(n)), n);
        }
    }
    assert_string_equal(abi_errno_name(ABI_ENOMEM), "ENOMEM");
    assert_null(abi_errno_name(0));
    assert_null(abi_errno_name(4095));
    assert_int_equal(abi_errno_parse("EINVAL", 6), 22);
    assert_int_equal(abi_errno_parse("ENOTSUP", 7), ABI_EOPNOTSUPP);
    assert_int_equal(abi_errno_parse("EINVALID", 8), -1);
    assert_int_equal(abi_errno_parse("EINV", 4), -1);
    assert_int_equal(abi_errno_known(ABI_EFAULT), ABI_EFAULT);
    for (uint64_t n = 0; n < 300; n++) {
        assert_non_null(abi_errno_name(abi_errno_known(n)));
    }
    assert_non_null(abi_errno_name(abi_errno_known(UINT64_MAX)));
}

static void test_known_keeps_what_is_legal(void **state)
{
    uint64_t raw = UINT64_C(0xdeadbeef) << ABI_MAP_RAW_SHIFT;

    (void)state;
    assert_int_equal(abi_mapflags_known(raw | ABI_MAP_ALIGNED(255) | ABI_MAP_HASSEMAPHORE),
                     raw | ABI_MAP_ALIGNED(255) | ABI_MAP_HASSEMAPHORE);
    assert_int_equal(abi_mapflags_known(0xc00000 | ABI_MAP_SHARED), ABI_MAP_SHARED);
    assert_int_equal(abi_msync_known(raw | 0xff), raw | 7);
    assert_int_equal(abi_advice_known(ABI_MADV_CORE), ABI_MADV_CORE);
    assert_int_equal(abi_advice_known(ABI_MADV_CORE + 1), (ABI_MADV_CORE + 1) & 0xffff);
    assert_int_equal(abi_advice_known(0xffff), 0xffff);
}

typedef void print_fn(uint64_t value, struct buf *out);

static void assert_prints(print_fn *print, uint64_t value, const char *text)
{
    struct buf out = BUF_INIT;

    buf_str(&out, CALL); /* a list in the middle of a line begins without '|' */
    print(value, &out);
    assert_string_equal(buf_text(&out) + strlen(CALL), text);
    buf_free(&out);
}

static void test_print(void **state)
{
    uint64_t raw = UINT64_C(0x10) << ABI_MAP_RAW_SHIFT;

    (void)state;
    assert_prints(abi_print_prot, 0, "PROT_NONE");
    assert_prints(abi_print_prot, 0x100003, "PROT_READ|PROT_WRITE|0x100000");
    assert_prints(abi_print_prot, 0x30001, "PROT_READ|PROT_MAX(PROT_READ|PROT_WRITE)");
    assert_prints(abi_print_prot, 0x40000, "PROT_MAX(PROT_EXEC)");
    assert_prints(abi_print_mapflags, 0, "0");
    assert_prints(abi_print_mapflags, ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS,
                  "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS");
    assert_prints(abi_print_mapflags, ABI_MAP_SHARED | ABI_MAP_PRIVATE | ABI_MAP_SYNC,
                  "MAP_SHARED_VALIDATE|MAP_SYNC");
    assert_prints(abi_print_mapflags, raw | ABI_MAP_ALIGNED(12), "MAP_ALIGNED(12)|0x10");
    assert_prints(abi_print_mremap, 0, "0");
    assert_prints(abi_print_mremap, 0xb, "MREMAP_MAYMOVE|MREMAP_FIXED|0x8");
    assert_prints(abi_print_msync, ABI_MS_ASYNC | raw, "MS_ASYNC|0x10");
    assert_prints(abi_print_advice, ABI_MADV_DONTNEED, "MADV_DONTNEED");
    assert_prints(abi_print_advice, 77, "77");
}

typedef bool parse_fn(const char *word, size_t len, uint64_t *ret);

static void test_parse_words(void **state)
{
    const struct {
        parse_fn *parse;
        const char *word;
        bool ok;
        uint64_t value;
    } rows[] = {
        {abi_parse_prot_word, "PROT_NONE", true, 0},
        {abi_parse_prot_word, "PROT_EXEC", true, 4},
        {abi_parse_prot_word, "PROT_MAX(PROT_READ|PROT_WRITE)", true, 0x30000},
        {abi_parse_prot_word, "PROT_MAX(PROT_NONE)", true, 0},
        {abi_parse_prot_word, "PROT_MAX()", false, 0},
        {abi_parse_prot_word, "PROT_MAX(PROT_READ|)", false, 0},
        {abi_parse_prot_word, "PROT_MAX(PROT_SEM)", false, 0},
        {abi_parse_prot_word, "PROT_MAX(PROT_MAX(PROT_READ))", false, 0},
        {abi_parse_prot_word, "PROT_REED", false, 0},
        {abi_parse_mapflag_word, "MAP_ANON", true, ABI_MAP_ANONYMOUS},
        {abi_parse_mapflag_word, "MAP_SHARED_VALIDATE", true, 3},
        {abi_parse_mapflag_word, "MAP_ALIGNED(21)", true, ABI_MAP_ALIGNED(21)},
        {abi_parse_mapflag_word, "MAP_ALIGNED(255)", true, ABI_MAP_ALIGNED(255)},
        {abi_parse_mapflag_word, "MAP_ALIGNED(256)", false, 0},
        {abi_parse_mapflag_word, "MAP_ALIGNED(0)", false, 0},
        {abi_parse_mapflag_word, "MAP_ALIGNED(x)", false, 0},
        {abi_parse_mapflag_word, "MAP_ALIGNED()", false, 0},
        {abi_parse_mapflag_word, "MAP_ALIGNED_SUPER", true, ABI_MAP_ALIGNED(1)},
        {abi_parse_mapflag_word, "MAP_COPY", false, 0},
        {abi_parse_mremap_word, "MREMAP_DONTUNMAP", true, 4},
        {abi_parse_mremap_word, "MREMAP", false, 0},
        {abi_parse_msync_word, "MS_SYNC", true, ABI_MS_SYNC},
        {abi_parse_advice_word, "MADV_NOCORE", true, ABI_MADV_NOCORE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t value = 0;

        assert_int_equal(rows[i].parse(rows[i].word, strlen(rows[i].word), &value), rows[i].ok);
        assert_int_equal(value, rows[i].value);
    }
}

/* Each named map flag alone: printed and read back. */
static void test_each_mapflag_round_trips(void **state)
{
    static const uint64_t flags[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) neutral,
#include "abi/mapflag.def"
#undef MAPFLAG
    };
    uint64_t seen = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        struct buf out = BUF_INIT;
        uint64_t back;

        abi_print_mapflags(flags[i], &out);
        assert_true(abi_parse_mapflag_word(out.data, out.len, &back));
        assert_int_equal(back, flags[i]);
        assert_int_equal(seen & flags[i], 0);
        seen |= flags[i];
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_names),
        cmocka_unit_test(test_mapflags_to_system),
        cmocka_unit_test(test_mapflags_from_system),
        cmocka_unit_test(test_other_values_to_system),
        cmocka_unit_test(test_errno_tables),
        cmocka_unit_test(test_known_keeps_what_is_legal),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_parse_words),
        cmocka_unit_test(test_each_mapflag_round_trips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
