/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guest's addresses live. Places are tried in order with a map that replaces nothing, so
 * that no table of what sanitizers, loaders and machines keep where is needed. Fences stay mapped
 * while the window itself is holes: they keep two windows apart and stop an access that runs over
 * the edge.
 */
#include "host/window.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "host/catch.h"

#define FENCE_LEN (1ull << 20)
#define ZERO_32_SHORT 0x70000000ull /* ASan's shadow begins at 0x7fff8000 */

/*
 * Slots hold one window each, of any kind, and do not overlap: 2^43 bytes each in the high list.
 * Left out of that list: what a kernel in bottom-up layout (stack size unlimited) fills from a
 * third of the address space upwards, and where PIE programs, libraries and the allocators of
 * sanitizers live. The low lists serve TSan, and machines of 39 bits.
 */
static const uint64_t high_slots[] = {
    0x200000000000, 0x300000000000, 0x380000000000, 0x400000000000, 0x480000000000, 0x180000000000,
};
static const uint64_t low_slots_32[] = {0x0800000000, 0x1000000000, 0x1800000000, 0x2000000000};
static const uint64_t low_slots_64[] = {0x3000000000};

static const uint64_t sizes_32[] = {1ull << 32};
static const uint64_t sizes_64[] = {1ull << 42, 1ull << 41, 1ull << 40};
static const uint64_t sizes_64_low[] = {1ull << 38};
static const uint64_t sizes_32_zero[] = {1ull << 32, ZERO_32_SHORT};
static const uint64_t sizes_64_zero[] = {1ull << 42};
static const uint64_t zero_slot[] = {0};

/* Places in order of preference: every slot with the first size, then the next size. */
struct places {
    const uint64_t *sizes;
    size_t n_sizes;
    const uint64_t *slots;
    size_t n_slots;
};
#define PLACES(sizes, slots) \
    { \
        sizes, ARRAY_LEN(sizes), slots, ARRAY_LEN(slots) \
    }

static const struct places kinds[WINDOW_KIND_COUNT][2] = {
    [WINDOW_32] = {PLACES(sizes_32, high_slots), PLACES(sizes_32, low_slots_32)},
    [WINDOW_64] = {PLACES(sizes_64, high_slots), PLACES(sizes_64_low, low_slots_64)},
    [WINDOW_32_ZERO] = {PLACES(sizes_32_zero, zero_slot)},
    [WINDOW_64_ZERO] = {PLACES(sizes_64_zero, zero_slot)},
};

/* Two windows at guest_base 0 could not see each other while they are holes. */
static atomic_flag zero_taken = ATOMIC_FLAG_INIT;

static int place(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    const struct host_map_req req = {
        .addr = addr,
        .len = len,
        .flags = flags | HOST_MAP_FIXED | HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_NORESERVE,
        .fd = -1,
    };
    uint64_t at;

    return host_map(h, &req, &at);
}

/* First host address of the window that can be mapped. */
static uint64_t window_first(const struct host_window *w)
{
    return w->base + w->min_addr;
}

/* The reservation: the window with its fences. */
static struct range whole(const struct host_window *w)
{
    return (struct range){
        w->base ? w->base - FENCE_LEN : window_first(w),
        w->base + w->size + FENCE_LEN - 1,
    };
}

static int try_place(struct host_window *w, uint64_t base, uint64_t size)
{
    struct host *h = host_real_plain();
    struct host_window at = {
        .base = base,
        .size = size,
        .min_addr = base ? 0 : h->min_addr,
        .reserved = size,
    };
    struct range r = whole(&at);
    int rc = place(h, r.start, range_len(r), HOST_MAP_NOREPLACE);

    if (rc == 0) {
        /*
         * at guest_base 0 there is nothing below: an empty range cannot be said, so it repeats the
         * upper one
         */
        at.fence[1] = (struct range){base + size, r.last};
        at.fence[0] = base ? (struct range){r.start, base - 1} : at.fence[1];
        *w = at;
    }
    return rc;
}

static int try_places(struct host_window *w, const struct places *p)
{
    int rc = -ENOMEM;

    for (size_t i = 0; i < p->n_sizes; i++) {
        for (size_t j = 0; j < p->n_slots; j++) {
            rc = try_place(w, p->slots[j], p->sizes[i]);
            if (rc == 0) {
                return 0;
            }
        }
    }
    return rc;
}

static bool is_zero_kind(enum window_kind kind)
{
    return kind == WINDOW_32_ZERO || kind == WINDOW_64_ZERO;
}

static int explain(enum window_kind kind, int rc, struct err *e)
{
    unsigned bits = kind == WINDOW_32 || kind == WINDOW_32_ZERO ? 32 : 64;

    if (is_zero_kind(kind) && rc == -EEXIST) {
        return err_set(e, rc,
                       "no %u-bit window at guest_base 0: the range from 0x%" PRIx64
                       " is taken, by a sanitizer's shadow or a program built without PIE",
                       bits, host_real_plain()->min_addr);
    }
    return err_set(e, rc, "no room for a %u-bit guest window: %s", bits, strerror(-rc));
}

int host_window_open(struct host_window *w, enum window_kind kind, struct err *e)
{
    int rc = -ENOMEM;

    if (is_zero_kind(kind) && atomic_flag_test_and_set(&zero_taken)) {
        return err_set(e, -EBUSY, "another window at guest_base 0 is open");
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds[kind]) && rc != 0; i++) {
        if (kinds[kind][i].sizes) {
            rc = try_places(w, &kinds[kind][i]);
        }
    }
    if (rc != 0) {
        if (is_zero_kind(kind)) {
            atomic_flag_clear(&zero_taken);
        }
        return explain(kind, rc, e);
    }
    return 0;
}

void host_window_close(struct host_window *w)
{
    if (w->size == 0) {
        return;
    }
    (void)host_unmap(host_real_plain(), whole(w).start, range_len(whole(w)));
    if (w->base == 0) {
        atomic_flag_clear(&zero_taken);
    }
    *w = (struct host_window){0};
}

static int reset_parts(const struct host_window *w, uint64_t reserved)
{
    struct host *h = host_real_plain();
    uint64_t first = window_first(w);
    uint64_t placeholder = reserved > w->min_addr ? reserved - w->min_addr : 0;
    uint64_t rest = w->size - w->min_addr - placeholder;
    int rc = 0;

    if (placeholder) {
        rc = place(h, first, placeholder, 0);
    }
    if (rc == 0 && rest) {
        rc = host_unmap(h, first + placeholder, rest);
    }
    return rc;
}

int host_window_reset(struct host_window *w, uint64_t reserved, struct err *e)
{
    int rc;

    if (reserved > w->size || !u64_is_aligned(reserved, host_real_plain()->page)) {
        return err_set(e, -EINVAL,
                       "reserved 0x%" PRIx64 " does not fit a window of 0x%" PRIx64 " bytes",
                       reserved, w->size);
    }
    rc = reset_parts(w, reserved);
    if (rc) {
        return err_set(e, rc, "cannot reset the guest window: %s", strerror(-rc));
    }
    w->reserved = reserved;
    return 0;
}
