/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/hostmap: both text formats row by row, what each wrong row is refused for, and the registry.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/int.h"
#include "hostmap/check_text.h"
#include "hostmap/hostmap.h"
#include "region/object.h"

typedef int parse_fn(const char *text, size_t len, struct region_vec *out, struct err *e);

static void parse(parse_fn *fn, const char *text, struct region_vec *v)
{
    struct err e = {""};

    *v = REGION_VEC_INIT;
    if (fn(text, strlen(text), v, &e) != 0) {
        fail_msg("%s", e.text);
    }
}

/* The vector as text, object numbers left out. */
static void expect(struct region_vec *v, const char *want)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < v->n; i++) {
        v->v[i].object = 0;
    }
    region_vec_print(v, &out);
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void refused(parse_fn *fn, const char *text, const char *why)
{
    struct region_vec v = REGION_VEC_INIT;
    struct err e = {""};

    assert_int_equal(region_vec_push(&v, (struct region){.r = {0, 1}}), 0);
    assert_int_equal(fn(text, strlen(text), &v, &e), -EINVAL);
    assert_string_equal(e.text, why);
    assert_int_equal(v.n, 1);
    region_vec_free(&v);
}

static const char proc_text[] =
    "00010000-00012000 rw-p 00000000 00:00 0 \n"
    "00012000-00013000 r-xp 00001000 08:01 1234                               /usr/bin/with a "
    "blank\n"
    "00013000-00014000 rw-s 00002000 00:01 77                                 /memfd:f0 (deleted)\n"
    "00014000-00015000 rw-s 00000000 00:01 78                                 /dev/zero (deleted)\n"
    "00015000-00016000 ---p 00000000 00:00 0                                  [heap]\n"
    "00016000-00017000 r--p 00000000 00:00 0                                  [anon:mine]\n"
    "00017000-00018000 rw-s 00000000 00:01 79                                 [anon_shmem:ours]\n"
    "00018000-00019000 rw-p 00000000 00:05 4                                  /dev/zero\n"
    "7ffc99810000-7ffc99831000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]";

static void test_proc_rows(void **state)
{
    struct region_vec v;

    (void)state;
    parse(hostmap_parse_proc, proc_text, &v);
    assert_int_equal(v.v[1].object, object_identity(8, 1, 1234));
    assert_int_equal(v.v[1].offset, 0x1000);
    assert_int_equal(v.v[3].object, object_identity(0, 1, 78));
    assert_int_equal(v.v[0].object, 0);
    assert_int_equal(v.v[8].object, 0);
    assert_false(v.v[0].named);
    assert_true(v.v[1].named);
    assert_true(v.v[4].named);
    expect(&v, "  0x10000-0x11fff rw-p anon\n"
               "  0x12000-0x12fff r-xp file\n"
               "  0x13000-0x13fff rw-s file\n"
               "  0x14000-0x14fff rw-s anon\n"
               "  0x15000-0x15fff ---p special\n"
               "  0x16000-0x16fff r--p anon\n"
               "  0x17000-0x17fff rw-s anon\n"
               "  0x18000-0x18fff rw-p file\n"
               "  0x7ffc99810000-0x7ffc99830fff rw-p special\n"
               "  0xffffffffff600000-0xffffffffff600fff --xp special\n");
    region_vec_free(&v);
}

static void test_proc_refuses(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"\n", "line 1: expected a start address, found ''"},
        {"1000-2000 rw-p 0 00:00 0\nx", "line 2: expected a start address, found 'x'"},
        {"11112222333344445-1 rw-p 0 00:00 0",
         "line 1: expected a start address, found '11112222333344445-1 rw-p'"},
        {"1000 2000 rw-p 0 00:00 0",
         "line 1: expected '-' and an address above the start, found ' 2000 rw-p 0 00:00 0'"},
        {"2000-2000 rw-p 0 00:00 0",
         "line 1: expected '-' and an address above the start, found ' rw-p 0 00:00 0'"},
        {"1000-2000 rwq- 0 00:00 0", "line 1: expected rights like rwxp, found 'rwq- 0 00:00 0'"},
        {"1000-2000 rw-x 0 00:00 0", "line 1: expected rights like rwxp, found 'x 0 00:00 0'"},
        {"1000-2000 rw-p", "line 1: expected an offset, found ''"},
        {"1000-2000 rw-p 0 0000 0", "line 1: expected a device like 08:01, found ' 0'"},
        {"1000-2000 rw-p 0 111111111:0 0",
         "line 1: expected a device like 08:01, found '111111111:0 0'"},
        {"1000-2000 rw-p 0 00:00 /x\t", "line 1: expected an inode number, found '/x?'"},
        {"1000-2000 rw-p 0 00:00 7x", "line 1: expected an inode number, found 'x'"},
        {"1000-2000 rw-p 0 00:00 0\n1fff-3000 rw-p 0 00:00 0",
         "line 2: expected a range above the one before, found 0x1fff"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        refused(hostmap_parse_proc, rows[i].text, rows[i].why);
    }
}

static void test_empty_texts(void **state)
{
    struct region_vec v = REGION_VEC_INIT;

    (void)state;
    assert_int_equal(hostmap_parse_proc(NULL, 0, &v, NULL), 0);
    assert_int_equal(hostmap_parse_procstat(NULL, 0, &v, NULL), 0);
    assert_int_equal(v.n, 0);
}

/* The format of FreeBSD 14, each kind of row. */
static const char procstat_text[] =
    "  PID              START                END PRT  RES PRES REF SHD FLAG  TP PATH\n"
    " 1234           0x200000           0x204000 r--    4   14   3   1 CN--- vn /u/a.out\n"
    " 1234           0x204000           0x20e000 r-x   10   14   3   1 CN--- vn /u/with a blank\n"
    " 1234           0x20e000           0x20f000 rw-    1    1   1   0 C---- vn /u/a.out\n"
    " 1234        0x800210000        0x800230000 rw-    2    2   1   0 ----- sw \n"
    " 1234        0x800400000        0x800410000 ---    0    0   0   0 ----- -- \n"
    " 1234        0x800500000        0x800508000 ---    0    0   0   0 ----- gd \n"
    " 1234        0x800600000        0x800601000 rw- 12345 23456 100 200 ----- vn /tmp/shared\n"
    " 1234        0x800700000        0x800701000 rw-    1    1   1   0 --S-- sw  posixshm@/shm\n"
    " 1234        0x800800000        0x800801000 rw-    1    1   1   0 ----- sw  sysvshm(17:1)\n"
    " 1234     0x7fffdffff000     0x7ffffffdf000 ---    0    0   0   0 ----- gd \n"
    " 1234     0x7ffffffdf000     0x7ffffffff000 rw-    3    3   1   0 ---D- sw \n"
    " 1234     0x7ffffffff000     0x800000000000 r-x    1    1  50   0 ----- ph \n";

static const char procstat_regions[] = "  0x200000-0x203fff r--p file\n"
                                       "  0x204000-0x20dfff r-xp file\n"
                                       "  0x20e000-0x20efff rw-p file\n"
                                       "  0x800210000-0x80022ffff rw-p anon\n"
                                       "  0x800400000-0x80040ffff ---p anon\n"
                                       "  0x800500000-0x800507fff ---p guard\n"
                                       "  0x800600000-0x800600fff rw-s file\n"
                                       "  0x800700000-0x800700fff rw-s anon\n"
                                       "  0x800800000-0x800800fff rw-s anon\n"
                                       "  0x7fffdffff000-0x7ffffffdefff ---p guard\n"
                                       "  0x7ffffffdf000-0x7fffffffefff rw-p anon\n"
                                       "  0x7ffffffff000-0x7fffffffffff r-xp special\n";

static void test_procstat_rows(void **state)
{
    struct region_vec v;

    (void)state;
    parse(hostmap_parse_procstat, procstat_text, &v);
    assert_true(v.v[0].named);
    assert_false(v.v[3].named);
    assert_true(v.v[7].named);
    expect(&v, procstat_regions);
    region_vec_free(&v);
    /* procstat -h leaves the header out. */
    parse(hostmap_parse_procstat, strchr(procstat_text, '\n') + 1, &v);
    expect(&v, procstat_regions);
    region_vec_free(&v);
}

static void test_procstat_other_versions(void **state)
{
    struct region_vec v;

    (void)state;
    /*
     * FreeBSD 10: four flag letters. 32-bit: narrow addresses. A wide process id pushes the
     * columns.
     */
    parse(hostmap_parse_procstat,
          "  PID      START        END PRT  RES PRES REF SHD FL   TP PATH\n"
          "1234567  0x8048000  0x8050000 r-x   10   14   3   1 CN-- vn /bin/sh\n"
          "1234567 0x28050000 0x28051000 rw-    1    1   1   0 ---- df",
          &v);
    expect(&v, "  0x8048000-0x804ffff r-xp file\n  0x28050000-0x28050fff rw-p anon\n");
    region_vec_free(&v);
}

static void test_procstat_refuses(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"x", "line 1: expected a process id, found 'x'"},
        {"1 0x1000 0x2000 rw- 1 1 1 0 ----- sw \n  PID",
         "line 2: expected a process id, found 'PID'"},
        {"1 1000 0x2000", "line 1: expected a start address, found '1000 0x2000'"},
        {"1 0x2000 0x2000 r--", "line 1: expected an address above the start, found ' r--'"},
        {"1 0x1000 0x2000 rwq", "line 1: expected rights like rwx, found 'rwq'"},
        {"1 0x1000 0x2000 rw-RW 1 1 1 0 ----- sw",
         "line 1: expected four counters, found 'RW 1 1 1 0 ----- sw'"},
        {"1 0x1000 0x2000 rw- 1 1 1 ----- sw", "line 1: expected four counters, found '----- sw'"},
        {"1 0x1000 0x2000 rw- 1 1 1 0 --- sw", "line 1: expected flags like CN---, found '---'"},
        {"1 0x1000 0x2000 rw- 1 1 1 0 ----- qu",
         "line 1: expected a type like vn or sw, found 'qu'"},
        {"1 0x1000 0x2000 rw- 1 1 1 0 ----- sw\n1 0x1000 0x3000 rw- 1 1 1 0 ----- sw",
         "line 2: expected a range above the one before, found 0x1000"},
        {"1 0x1000 0x2000 rw- 1 1 1 0 ----- sw\n2 0x3000 0x4000 rw- 1 1 1 0 ----- sw",
         "line 2: expected process 1, found 2: one process at a time"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        refused(hostmap_parse_procstat, rows[i].text, rows[i].why);
    }
}

/* Every prefix of a good text is either refused with a reason or a shorter good map. */
static void test_cut_texts(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(proc_text) - 1; len++) {
        assert_int_equal(hostmap_check_text((const uint8_t *)proc_text, len), 0);
    }
    for (size_t len = 0; len <= sizeof(procstat_text) - 1; len++) {
        assert_int_equal(hostmap_check_text((const uint8_t *)procstat_text, len), 0);
    }
}

static void test_registry(void **state)
{
    size_t n = 0;

    (void)state;
    while (hostmap_nth(n)) {
        assert_ptr_equal(hostmap_find(hostmap_nth(n)->name), hostmap_nth(n));
        n++;
    }
    assert_int_not_equal(n, 0);
    assert_null(hostmap_nth(n + 1));
    assert_null(hostmap_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proc_rows),
        cmocka_unit_test(test_proc_refuses),
        cmocka_unit_test(test_empty_texts),
        cmocka_unit_test(test_procstat_rows),
        cmocka_unit_test(test_procstat_other_versions),
        cmocka_unit_test(test_procstat_refuses),
        cmocka_unit_test(test_cut_texts),
        cmocka_unit_test(test_registry),
    };

    return cmocka_run_group_tests_name("hostmap", tests, NULL, NULL);
}
