/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every reader of the process's own map must see, checked with each reader that opens here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostmap/hostmap.h"
#include "region/object.h"

#define PAGES 8

/* Far from where a kernel puts what nobody placed, so that the holes stay holes. A wish only. */
#define FAR_AWAY UINT64_C(0x200000000000)

struct world {
    uint64_t page;
    char *base; /* PAGES pages */
    int fd;     /* a file without a name, PAGES pages */
};

static struct world world;

static uint64_t at(unsigned page)
{
    return (uintptr_t)world.base + page * world.page;
}

static struct range pages(unsigned first, unsigned last)
{
    return (struct range){at(first), at(last) + world.page - 1};
}

static void map(unsigned first, unsigned count, int prot, int flags, int fd, unsigned file_page)
{
    void *want = (void *)(uintptr_t)at(first);

    assert_ptr_equal(mmap(want, count * world.page, prot, flags | MAP_FIXED, fd,
                          (off_t)(file_page * world.page)),
                     want);
}

static void unmap(unsigned first, unsigned count)
{
    assert_int_equal(munmap((void *)(uintptr_t)at(first), count * world.page), 0);
}

/*   0   1   2   3   4   5   6   7
 * | r |rw | x | - | . |f rw|f r s|. |     f: pages 2 and 5 of the file, s: shared */
static void lay_out(void)
{
    unmap(0, PAGES);
    map(0, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map(1, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map(2, 1, PROT_EXEC | PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map(3, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map(5, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, world.fd, 2);
    map(6, 1, PROT_READ, MAP_SHARED, world.fd, 5);
}

static int set_up(void **state)
{
    char *p;

    (void)state;
    world.page = (uint64_t)sysconf(_SC_PAGESIZE);
    p = mmap((void *)(uintptr_t)FAR_AWAY, PAGES * world.page, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    world.fd = memfd_create("known", 0);
    if (p == MAP_FAILED || world.fd < 0) {
        return -1;
    }
    world.base = p;
    return ftruncate(world.fd, (off_t)(PAGES * world.page));
}

static int tear_down(void **state)
{
    (void)state;
    munmap(world.base, PAGES * world.page);
    return close(world.fd);
}

struct reader {
    const struct hostmap_ops *ops;
    struct hostmap *map;
};

static bool reader_open(size_t n, struct reader *ret)
{
    struct err e = {""};

    ret->ops = hostmap_nth(n);
    if (ret->ops->open(&ret->map, &e) != 0) {
        assert_string_not_equal(e.text, "");
        print_message("# %s not checked: %s\n", ret->ops->name, e.text);
        return false;
    }
    return true;
}

static void with_each_reader(void (*check)(struct reader *))
{
    unsigned opened = 0;

    for (size_t n = 0; hostmap_nth(n); n++) {
        struct reader r;

        if (reader_open(n, &r)) {
            lay_out();
            check(&r);
            r.ops->close(r.map);
            opened++;
        }
    }
    if (!opened) {
        skip();
    }
}

static void read_all(struct reader *r, struct range within, struct region_vec *v)
{
    region_vec_clear(v);
    assert_int_equal(r->ops->read(r->map, within, v), 0);
}

static void is(const struct region *r, unsigned page, unsigned prot, unsigned kind, bool shared)
{
    assert_int_equal(r->r.start, at(page));
    assert_int_equal(r->r.last, at(page) + world.page - 1);
    assert_int_equal(r->prot, prot);
    assert_int_equal(r->kind, kind);
    assert_int_equal(r->shared, shared);
    assert_int_equal(r->flags, 0);
}

static void check_known_pages(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;

    read_all(r, pages(0, PAGES - 1), &v);
    assert_int_equal(v.n, 6);
    is(&v.v[0], 0, REGION_R, REGION_ANON, false);
    is(&v.v[1], 1, REGION_R | REGION_W, REGION_ANON, false);
    is(&v.v[2], 2, REGION_R | REGION_X, REGION_ANON, false);
    is(&v.v[3], 3, 0, REGION_ANON, false);
    is(&v.v[4], 5, REGION_R | REGION_W, REGION_FILE, false);
    is(&v.v[5], 6, REGION_R, REGION_FILE, true);
    assert_int_equal(v.v[0].object, 0);
    region_vec_free(&v);
}

static void test_known_pages(void **state)
{
    (void)state;
    with_each_reader(check_known_pages);
}

static void check_identity(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;
    struct stat st;

    assert_int_equal(fstat(world.fd, &st), 0);
    read_all(r, pages(5, 6), &v);
    assert_int_equal(v.n, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(v.v[i].object,
                         object_identity(major(st.st_dev), minor(st.st_dev), st.st_ino));
        assert_int_equal(v.v[i].offset, (i ? 5 : 2) * world.page);
        assert_true(v.v[i].named);
    }
    region_vec_free(&v);
}

static void test_a_file_is_known_by_what_fstat_says(void **state)
{
    (void)state;
    with_each_reader(check_identity);
}

/* Page 0 only; a hole; the middle of one mapping, with its offset moved along. */
static void check_cut(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;

    read_all(r, pages(0, 0), &v);
    assert_int_equal(v.n, 1);
    read_all(r, pages(4, 4), &v);
    assert_int_equal(v.n, 0);
    map(0, 8, PROT_READ, MAP_SHARED, world.fd, 0);
    read_all(r, pages(2, 3), &v);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.v[0].r.start, at(2));
    assert_int_equal(v.v[0].r.last, at(4) - 1);
    assert_int_equal(v.v[0].offset, 2 * world.page);
    region_vec_free(&v);
}

static void test_regions_are_cut_to_the_range(void **state)
{
    (void)state;
    with_each_reader(check_cut);
}

static void check_appends(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;

    read_all(r, pages(0, 1), &v);
    assert_int_equal(r->ops->read(r->map, pages(5, 6), &v), 0);
    assert_int_equal(v.n, 4);
    assert_int_equal(v.v[2].r.start, at(5));
    region_vec_free(&v);
}

static void test_read_appends(void **state)
{
    (void)state;
    with_each_reader(check_appends);
}

static void check_follows_changes(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;

    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(
            mprotect((void *)(uintptr_t)at(1), world.page, i & 1 ? PROT_NONE : PROT_READ), 0);
        read_all(r, pages(1, 1), &v);
        assert_int_equal(v.n, 1);
        assert_int_equal(v.v[0].prot, i & 1 ? 0 : REGION_R);
    }
    unmap(0, PAGES);
    read_all(r, pages(0, PAGES - 1), &v);
    assert_int_equal(v.n, 0);
    region_vec_free(&v);
}

static void test_each_read_is_fresh(void **state)
{
    (void)state;
    with_each_reader(check_follows_changes);
}

static void check_shared_anon(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;

    map(0, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    map(1, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    read_all(r, pages(0, 1), &v);
    assert_int_equal(v.n, 2);
    is(&v.v[0], 0, REGION_R, REGION_ANON, true);
    assert_int_not_equal(v.v[0].object, 0);
    assert_int_not_equal(v.v[0].object, v.v[1].object);
    region_vec_free(&v);
}

static void test_shared_anonymous_memory_has_an_object(void **state)
{
    (void)state;
    with_each_reader(check_shared_anon);
}

/* A path too long for any fixed buffer must cost nothing but its text. */
static void check_long_name(struct reader *r)
{
    char dir[] = "/tmp/twinmap-XXXXXX";
    char path[512];
    struct region_vec v = REGION_VEC_INIT;
    int fd;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/%0240d", dir, 7);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)world.page), 0);
    map(0, 1, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    unlink(path);
    rmdir(dir);
    read_all(r, pages(0, 0), &v);
    assert_int_equal(v.n, 1);
    is(&v.v[0], 0, REGION_R, REGION_FILE, false);
    assert_true(v.v[0].named);
    assert_int_not_equal(v.v[0].object, 0);
    region_vec_free(&v);
}

static void test_long_names(void **state)
{
    (void)state;
    with_each_reader(check_long_name);
}

static void check_fork(struct reader *r)
{
    struct region_vec v = REGION_VEC_INIT;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        bool good = munmap((void *)(uintptr_t)at(0), 2 * world.page) == 0 &&
                    r->ops->read(r->map, pages(0, 3), &v) == 0 && v.n == 2 &&
                    v.v[0].r.start == at(2);

        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    read_all(r, pages(0, 3), &v);
    assert_int_equal(v.n, 4);
    region_vec_free(&v);
}

static void test_a_child_sees_its_own_map(void **state)
{
    (void)state;
    with_each_reader(check_fork);
}

static void check_many(struct reader *r)
{
    const size_t n = 3000;
    char *p = mmap(NULL, 2 * n * world.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct range all = {(uintptr_t)p, (uintptr_t)p + 2 * n * world.page - 1};
    struct region_vec v = REGION_VEC_INIT;

    assert_ptr_not_equal(p, MAP_FAILED);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(mprotect(p + 2 * i * world.page, world.page, PROT_READ), 0);
    }
    read_all(r, all, &v);
    assert_int_equal(v.n, 2 * n);
    for (size_t i = 0; i < v.n; i++) {
        assert_int_equal(v.v[i].r.start, (uintptr_t)p + i * world.page);
        assert_int_equal(v.v[i].prot, i & 1 ? 0 : REGION_R);
    }
    munmap(p, 2 * n * world.page);
    region_vec_free(&v);
}

static void test_thousands_of_regions(void **state)
{
    (void)state;
    with_each_reader(check_many);
}

/* The whole address space, by every reader, is the same map. */
static void test_readers_agree(void **state)
{
    const struct range all = {0, UINT64_MAX};
    struct region_vec first = REGION_VEC_INIT;
    struct region_vec next = REGION_VEC_INIT;
    struct region_difference d;
    struct reader a;
    struct reader b;
    unsigned pairs = 0;

    (void)state;
    for (size_t n = 0; hostmap_nth(n) && hostmap_nth(n + 1); n++) {
        if (!reader_open(n, &a) || !reader_open(n + 1, &b)) {
            continue;
        }
        lay_out();
        /* Once to grow every buffer, then for good: a reader must not change what it reads. */
        for (unsigned round = 0; round < 2; round++) {
            read_all(&a, all, &first);
            read_all(&b, all, &next);
        }
        read_all(&a, all, &first);
        assert_true(first.n > PAGES);
        assert_int_equal(first.n, next.n);
        if (region_diff(&first, &next, all, REGION_MASK_ALL, &d)) {
            fail_msg("%s and %s differ at 0x%llx", a.ops->name, b.ops->name,
                     (unsigned long long)d.where.start);
        }
        a.ops->close(a.map);
        b.ops->close(b.map);
        pairs++;
    }
    region_vec_free(&first);
    region_vec_free(&next);
    if (!pairs) {
        skip();
    }
}

static void test_best_is_the_first_that_opens(void **state)
{
    const struct hostmap_ops *ops = NULL;
    struct hostmap *m = NULL;
    struct err e = {""};
    struct reader r;
    size_t n = 0;

    (void)state;
    while (hostmap_nth(n) && !reader_open(n, &r)) {
        n++;
    }
    if (!hostmap_nth(n)) {
        assert_int_not_equal(hostmap_open_best(&ops, &m, &e), 0);
        assert_string_not_equal(e.text, "");
        return;
    }
    r.ops->close(r.map);
    assert_int_equal(hostmap_open_best(&ops, &m, &e), 0);
    assert_ptr_equal(ops, r.ops);
    ops->close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_pages),
        cmocka_unit_test(test_a_file_is_known_by_what_fstat_says),
        cmocka_unit_test(test_regions_are_cut_to_the_range),
        cmocka_unit_test(test_read_appends),
        cmocka_unit_test(test_each_read_is_fresh),
        cmocka_unit_test(test_shared_anonymous_memory_has_an_object),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_a_child_sees_its_own_map),
        cmocka_unit_test(test_thousands_of_regions),
        cmocka_unit_test(test_readers_agree),
        cmocka_unit_test(test_best_is_the_first_that_opens),
    };

    return cmocka_run_group_tests_name("hostmap contract", tests, set_up, tear_down);
}
