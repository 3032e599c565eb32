/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer_bed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/int.h"
#include "pageflags/pageflags.h"

const struct bed_config bed_default = {
    .ops = &layer_linux,
    .bits = 32,
    .guest_page = 0x1000,
    .host_page = 0x4000,
    .real_page = 0x4000,
    .guest_base = 0x7000000000,
    .window = 0x100000,
    .reserved = true,
    .min_addr = 0x10000,
};

static void on_tb(void *arg, uint64_t start, uint64_t last)
{
    struct bed *b = arg;

    assert_true(b->n_events < BED_EVENTS);
    assert_true(start <= last);
    assert_true(b->c.ops->have_mmap_lock(b->layer));
    b->events[b->n_events].start = start;
    b->events[b->n_events++].last = last;
}

void bed_open(struct bed *b, const struct bed_config *c)
{
    struct layer_setup setup = {
        .size = sizeof(setup),
        .bits = c->bits,
        .guest_page = c->guest_page,
        .host_page = c->host_page,
        .real_page = c->real_page,
        .guest_base = c->guest_base,
        .reserved_va = c->reserved ? c->window : 0,
        .window_last = c->window - 1,
        .min_addr = c->min_addr,
        .arg = b,
        .tb_invalidate = on_tb,
    };

    *b = (struct bed){.c = *c};
    fake_host_init(&b->fake, c->real_page);
    if (c->reserved) {
        fake_host_placeholder(&b->fake, c->guest_base, c->window);
    }
    setup.host = &b->fake.host;
    b->layer = c->ops->create();
    assert_non_null(b->layer);
    assert_int_equal(c->ops->start(b->layer, &setup), 0);
}

void bed_close(struct bed *b)
{
    b->c.ops->destroy(b->layer);
    fake_host_free(&b->fake);
}

uint64_t bed_mmap_raw(struct bed *b, uint64_t start, uint64_t len, int prot, uint32_t flags, int fd,
                      uint64_t offset)
{
    uint64_t ret;

    b->n_events = 0;
    errno = 0;
    ret = b->c.ops->mmap(b->layer, start, len, prot, flags, fd, offset);
    b->err = ret == LAYER_FAILED ? errno : 0;
    assert_true((ret == LAYER_FAILED) == (b->err != 0));
    return ret;
}

uint64_t bed_mmap(struct bed *b, uint64_t start, uint64_t len, int prot, uint64_t flags, int fd,
                  uint64_t offset)
{
    bool linux_guest = strcmp(b->c.ops->system, "linux") == 0;
    uint32_t raw;

    assert_int_equal(abi_mapflags_to_system(linux_guest ? ABI_LINUX : ABI_FREEBSD, flags, &raw), 0);
    return bed_mmap_raw(b, start, len, prot, raw, fd, offset);
}

static int result(struct bed *b, int r)
{
    b->err = r < 0 ? errno : 0;
    assert_true(r == 0 || (r == -1 && b->err > 0));
    return b->err;
}

int bed_munmap(struct bed *b, uint64_t start, uint64_t len)
{
    b->n_events = 0;
    errno = 0;
    return result(b, b->c.ops->munmap(b->layer, start, len));
}

int bed_mprotect(struct bed *b, uint64_t start, uint64_t len, int prot)
{
    b->n_events = 0;
    errno = 0;
    return result(b, b->c.ops->mprotect(b->layer, start, len, prot));
}

uint64_t bed_mremap(struct bed *b, uint64_t old, uint64_t old_size, uint64_t new_size,
                    uint32_t flags, uint64_t to)
{
    uint64_t ret;

    b->n_events = 0;
    errno = 0;
    ret = b->c.ops->mremap(b->layer, old, old_size, new_size, flags, to);
    b->err = ret == LAYER_FAILED ? errno : 0;
    assert_true((ret == LAYER_FAILED) == (b->err != 0));
    return ret;
}

void bed_anon(struct bed *b, uint64_t start, uint64_t len, int prot)
{
    assert_int_equal(bed_mmap(b, start, len, prot, BED_FIXED, -1, 0), start);
}

void bed_mark(struct bed *b, uint64_t start, unsigned n, uint8_t byte)
{
    for (unsigned i = 0; i < n; i++) {
        fake_host_poke(&b->fake, b->c.guest_base + start + i * b->c.guest_page,
                       (uint8_t)(byte + i));
    }
}

static int collect(void *arg, const struct layer_run *run)
{
    struct bed *b = arg;

    assert_true(b->n_runs < BED_RUNS);
    b->runs[b->n_runs++] = *run;
    return 0;
}

void bed_dump(struct bed *b)
{
    b->n_runs = 0;
    assert_int_equal(b->c.ops->page_dump(b->layer, collect, b), 0);
}

const struct layer_run *bed_run(const struct bed *b, uint64_t at)
{
    for (size_t i = 0; i < b->n_runs; i++) {
        if (b->runs[i].start <= at && at <= b->runs[i].last) {
            return &b->runs[i];
        }
    }
    return NULL;
}

uint8_t bed_flags(struct bed *b, uint64_t at)
{
    const struct layer_run *run;

    bed_dump(b);
    run = bed_run(b, at);
    return run ? run->flags : 0;
}

int bed_host(struct bed *b, uint64_t at)
{
    return fake_host_prot(&b->fake, b->c.guest_base + at);
}

int bed_byte(struct bed *b, uint64_t at)
{
    return fake_host_byte(&b->fake, b->c.guest_base + at);
}

const char *bed_map(struct bed *b, uint64_t start, unsigned n)
{
    static char text[512];
    size_t len = 0;

    bed_dump(b);
    for (unsigned i = 0; i < n && len + 8 < sizeof(text); i++) {
        const struct layer_run *run = bed_run(b, start + i * b->c.guest_page);
        uint8_t f = run ? run->flags : 0;
        char r = !f ? '.' : f & PAGE_READ ? 'r' : '-';
        char w = !f ? '.' : f & PAGE_WRITE ? 'w' : f & PAGE_WRITE_ORG ? '!' : '-';

        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%c%s", i ? " " : "", r, w,
                                f & PAGE_EXEC ? "x" : "");
    }
    return text;
}

bool bed_invalidated(const struct bed *b, uint64_t at)
{
    for (size_t i = 0; i < b->n_events; i++) {
        if (b->events[i].start <= at && at <= b->events[i].last) {
            return true;
        }
    }
    return false;
}

uint64_t bed_digest(struct bed *b)
{
    uint64_t hash = fake_host_digest(&b->fake);

    bed_dump(b);
    for (size_t i = 0; i < b->n_runs; i++) {
        const struct layer_run *r = &b->runs[i];
        const uint64_t row[] = {r->start,  r->last,     r->flags,  r->kind,
                                r->shared, r->snapshot, r->object, r->offset};

        for (size_t k = 0; k < ARRAY_LEN(row); k++) {
            hash = (hash ^ row[k]) * UINT64_C(0x9e3779b97f4a7c15);
            hash ^= hash >> 29;
        }
    }
    return hash;
}

/* union(p) from the dump; -1 if no page of the host page is VALID. */
static int expected_prot(const struct bed *b, uint64_t page)
{
    bool protected = false;
    int prot = -1;

    for (uint64_t at = page; at - page < b->c.host_page; at += b->c.guest_page) {
        const struct layer_run *run = bed_run(b, at);

        if (!run) {
            continue;
        }
        prot = prot < 0 ? 0 : prot;
        prot |= run->flags & (PAGE_READ | PAGE_EXEC) ? HOST_R : 0;
        prot |= run->flags & PAGE_WRITE ? HOST_W : 0;
        protected |= (run->flags & PAGE_WRITE_ORG) && !(run->flags & PAGE_WRITE);
    }
    return protected && prot > 0 ? prot & ~HOST_W : prot;
}

static void check_flags(const struct layer_run *r)
{
    assert_true(r->flags & PAGE_VALID);
    assert_false(r->flags & ~(PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG));
    assert_true(!(r->flags & PAGE_WRITE) || (r->flags & PAGE_WRITE_ORG));
}

void bed_check(struct bed *b)
{
    struct layer_counters counters;

    assert_false(b->c.ops->have_mmap_lock(b->layer));
    b->c.ops->counters(b->layer, &counters);
    assert_int_equal(counters.locks, counters.unlocks);
    bed_dump(b);
    for (size_t i = 0; i < b->n_runs; i++) {
        check_flags(&b->runs[i]);
        assert_true(b->runs[i].last < b->c.window);
    }
    for (uint64_t page = 0; page < b->c.window; page += b->c.host_page) {
        int want = expected_prot(b, page);

        for (uint64_t at = page; at - page < b->c.host_page; at += b->c.real_page) {
            const struct fake_area *a = fake_host_area(&b->fake, b->c.guest_base + at);

            if (a && a->emulator) {
                assert_int_equal(want, -1);
            } else if (want < 0 && b->c.reserved) {
                assert_true(a && a->prot == 0 && !a->object && !a->shared);
            } else if (bed_host(b, at) != want) {
                fail_msg("host page 0x%llx has %d, must have %d", (unsigned long long)at,
                         bed_host(b, at), want);
            }
        }
    }
    /* Nothing outside the window. */
    for (size_t i = 0; i < b->fake.areas.n; i++) {
        const struct fake_area *a = &b->fake.areas.v[i];

        assert_true(a->emulator ||
                    (a->start >= b->c.guest_base && a->last - b->c.guest_base < b->c.window));
    }
}
