/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/host: the guest window lies where nothing else is, keeps out of its neighbours' way, and
 * resets whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/real.h"
#include "host/window.h"

#define RW (HOST_R | HOST_W)
#define FENCE 0x100000ull

/* What the kernel shows at ADDR: its rights as "rwxp", "" for a hole; the line's bounds in *R. */
static const char *rights_at(uint64_t addr, struct range *r)
{
    static char rights[5];
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    uint64_t start;
    uint64_t past;

    assert_non_null(f);
    rights[0] = '\0';
    while (fgets(line, sizeof(line), f)) {
        char now[5];

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &past, now) == 3 && addr >= start &&
            addr < past) {
            memcpy(rights, now, sizeof(rights));
            *r = (struct range){start, past - 1};
        }
    }
    fclose(f);
    return rights;
}

static void assert_placeholder(uint64_t start, uint64_t last)
{
    struct range r = {0, 0};

    assert_string_equal(rights_at(start, &r), "---p");
    assert_true(r.start <= start && r.last >= last);
}

/* No mapping overlaps [START, LAST]. */
static void assert_hole(uint64_t start, uint64_t last)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    uint64_t from;
    uint64_t past;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        assert_int_equal(sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &past), 2);
        assert_true(past <= start || from > last);
    }
    fclose(f);
}

static int map_fixed(uint64_t addr, uint64_t len)
{
    const struct host_map_req req = {
        addr, len, RW, HOST_MAP_FIXED | HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0};
    uint64_t at;

    return host_map(host_real(), &req, &at);
}

static uint64_t first_of(const struct host_window *w)
{
    return w->base + w->min_addr;
}

/* Whether the window may be refused here: guest_base 0 under a sanitizer. */
static bool opened(struct host_window *w, enum window_kind kind)
{
    struct err e = {""};
    int rc = host_window_open(w, kind, &e);

    if (rc == -EEXIST && (kind == WINDOW_32_ZERO || kind == WINDOW_64_ZERO)) {
        assert_non_null(strstr(e.text, "guest_base 0"));
        print_message("# %s\n", e.text);
        return false;
    }
    assert_string_equal(e.text, "");
    assert_int_equal(rc, 0);
    return true;
}

static void check_size(const struct host_window *w, enum window_kind kind)
{
    switch (kind) {
    case WINDOW_32:
        assert_true(w->size == 1ull << 32 && w->base >= 1ull << 32);
        break;
    case WINDOW_64:
        assert_true(w->size >= 1ull << 38 && w->base >= 1ull << 32);
        break;
    case WINDOW_32_ZERO:
        assert_true(w->size >= 0x70000000 && w->size <= 1ull << 32 && w->base == 0);
        break;
    default:
        assert_true(w->size >= 1ull << 40 && w->base == 0);
        break;
    }
    assert_int_equal(w->min_addr, w->base ? 0 : host_real()->min_addr);
    assert_true(u64_is_aligned(w->base, 1ull << 32));
}

/* | fence | placeholder, reserved | holes to the end | fence | */
static void check_states(struct host_window *w)
{
    uint64_t last = w->base + w->size - 1;
    struct err e;

    assert_int_equal(host_window_reset(w, 0, &e), 0);
    assert_int_equal(w->reserved, 0);
    assert_hole(first_of(w), last);
    assert_int_equal(host_window_reset(w, 0x8000000, &e), 0);
    assert_int_equal(w->reserved, 0x8000000);
    assert_placeholder(first_of(w), w->base + 0x8000000 - 1);
    assert_hole(w->base + 0x8000000, last);
    /* less than before, and rubbish in both parts */
    assert_int_equal(map_fixed(w->base + 0x7000000, 0x2000), 0);
    assert_int_equal(map_fixed(last + 1 - 0x2000, 0x2000), 0);
    assert_int_equal(map_fixed(w->base + 0x100000, 0x2000), 0);
    assert_int_equal(host_window_reset(w, 0x4000000, &e), 0);
    assert_placeholder(first_of(w), w->base + 0x4000000 - 1);
    assert_hole(w->base + 0x4000000, last);
    /* the same again, and rubbish above it */
    assert_int_equal(map_fixed(last + 1 - 0x2000, 0x2000), 0);
    assert_int_equal(host_window_reset(w, 0x4000000, &e), 0);
    assert_hole(w->base + 0x4000000, last);
    assert_int_equal(host_window_reset(w, w->size, &e), 0);
    assert_placeholder(first_of(w), last);
    assert_int_equal(map_fixed(first_of(w), 0x2000), 0);
    assert_int_equal(host_window_reset(w, 0, &e), 0);
    assert_hole(first_of(w), last);
    assert_placeholder(w->fence[1].start, w->fence[1].last);
    assert_placeholder(w->fence[0].start, w->fence[0].last);
}

static void check_kind(enum window_kind kind)
{
    struct host_window w = {0};
    struct range all;

    if (!opened(&w, kind)) {
        return;
    }
    check_size(&w, kind);
    assert_int_equal(w.fence[1].start, w.base + w.size);
    assert_int_equal(range_len(w.fence[1]), FENCE);
    if (w.base) {
        assert_int_equal(w.fence[0].last, w.base - 1);
        assert_int_equal(range_len(w.fence[0]), FENCE);
    }
    all = (struct range){w.base ? w.fence[0].start : first_of(&w), w.fence[1].last};
    assert_int_equal(w.reserved, w.size);
    assert_placeholder(all.start, all.last);
    check_states(&w);
    host_window_close(&w);
    assert_int_equal(w.size, 0);
    assert_hole(all.start, all.last);
    host_window_close(&w);
}

static void test_window_32(void **state)
{
    (void)state;
    check_kind(WINDOW_32);
}

static void test_window_64(void **state)
{
    (void)state;
    check_kind(WINDOW_64);
}

static void test_window_32_zero(void **state)
{
    (void)state;
    check_kind(WINDOW_32_ZERO);
}

static void test_window_64_zero(void **state)
{
    (void)state;
    check_kind(WINDOW_64_ZERO);
}

static void test_open_windows_do_not_overlap(void **state)
{
    static const enum window_kind kinds[] = {WINDOW_32, WINDOW_64, WINDOW_32, WINDOW_64};
    struct host_window w[4] = {0};
    struct err e;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int rc = host_window_open(&w[n], kinds[i], &e);

        if (rc != 0) {
            assert_true(n >= 2); /* TSan leaves room for one of 64 bits */
            continue;
        }
        /* holes: only the fences can keep the next one away */
        assert_int_equal(host_window_reset(&w[n], 0, &e), 0);
        for (size_t j = 0; j < n; j++) {
            assert_true(w[n].fence[0].start > w[j].fence[1].last ||
                        w[n].fence[1].last < w[j].fence[0].start);
        }
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        host_window_close(&w[i]);
    }
}

static void test_one_window_at_guest_base_0(void **state)
{
    struct host_window a = {0};
    struct host_window b = {0};
    struct err e;

    (void)state;
    if (!opened(&a, WINDOW_32_ZERO)) {
        return;
    }
    assert_int_equal(host_window_reset(&a, 0, &e), 0);
    assert_int_equal(host_window_open(&b, WINDOW_64_ZERO, &e), -EBUSY);
    assert_int_equal(host_window_open(&b, WINDOW_32_ZERO, &e), -EBUSY);
    host_window_close(&b);
    host_window_close(&a);
    assert_true(opened(&b, WINDOW_32_ZERO));
    host_window_close(&b);
}

static void test_a_taken_range_is_refused_whole(void **state)
{
    struct host_window w = {0};
    struct err e = {""};

    (void)state;
    if (!opened(&w, WINDOW_32_ZERO)) {
        return;
    }
    host_window_close(&w);
    assert_int_equal(map_fixed(0x400000, 0x1000), 0);
    assert_int_equal(host_window_open(&w, WINDOW_32_ZERO, &e), -EEXIST);
    assert_int_equal(w.size, 0);
    assert_non_null(strstr(e.text, "without PIE"));
    assert_hole(0x401000, 0x6fffffff);
    assert_int_equal(host_unmap(host_real(), 0x400000, 0x1000), 0);
}

static void test_reset_refuses_what_does_not_fit(void **state)
{
    struct host_window w = {0};
    struct err e;

    (void)state;
    assert_true(opened(&w, WINDOW_32));
    assert_int_equal(host_window_reset(&w, 0x10000, &e), 0);
    assert_int_equal(host_window_reset(&w, w.size + 0x1000, &e), -EINVAL);
    assert_int_equal(host_window_reset(&w, 0x10001, &e), -EINVAL);
    assert_int_equal(w.reserved, 0x10000);
    host_window_close(&w);
}

/* The kernel gives nobody the holes: many maps of all sizes, none lands there. */
static void test_holes_stay_the_guests(void **state)
{
    static const enum window_kind kinds[] = {WINDOW_32, WINDOW_64, WINDOW_32_ZERO};
    struct {
        uint64_t addr, len;
    } maps[200];

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct host_window w = {0};
        struct err e;

        if (!opened(&w, kinds[k])) {
            continue;
        }
        assert_int_equal(host_window_reset(&w, 0, &e), 0);
        for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
            const struct host_map_req req = {
                .len = 0x1000ull << (i % 25), /* up to 64 GiB */
                .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_NORESERVE,
                .fd = -1,
            };

            maps[i].len = req.len;
            assert_int_equal(host_map(host_real(), &req, &maps[i].addr), 0);
        }
        assert_hole(first_of(&w), w.base + w.size - 1);
        for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
            assert_int_equal(host_unmap(host_real(), maps[i].addr, maps[i].len), 0);
        }
        host_window_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_32),
        cmocka_unit_test(test_window_64),
        cmocka_unit_test(test_window_32_zero),
        cmocka_unit_test(test_window_64_zero),
        cmocka_unit_test(test_open_windows_do_not_overlap),
        cmocka_unit_test(test_one_window_at_guest_base_0),
        cmocka_unit_test(test_a_taken_range_is_refused_whole),
        cmocka_unit_test(test_reset_refuses_what_does_not_fit),
        cmocka_unit_test(test_holes_stay_the_guests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
