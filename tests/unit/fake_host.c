/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the fake host, and how tests look at it; the calls are in fake_host_calls.c. */
#include "fake_host_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"

#define FIRST_FD 3

uint8_t fake_file_byte(uint64_t at)
{
    return (uint8_t)(1 + (at * 7 + (at >> 12) * 31) % 251);
}

struct fake_object *fake_object_new(struct fake_host *f, uint64_t size, bool pattern, int mode)
{
    struct fake_object *o = calloc(1, sizeof(*o));

    assert(o);
    *o = (struct fake_object){.size = size, .mode = mode, .refs = 1};
    o->bytes = calloc(1, u64_align_up_wrap(size, f->host.page) + 1);
    assert(o->bytes);
    for (uint64_t i = 0; pattern && i < size; i++) {
        o->bytes[i] = fake_file_byte(i);
    }
    return o;
}

struct fake_object *fake_object_ref(struct fake_object *o)
{
    if (o) {
        o->refs++;
    }
    return o;
}

static void object_unref(struct fake_object *o)
{
    if (o && --o->refs == 0) {
        free(o->bytes);
        free(o);
    }
}

struct fake_object *fake_object_of_fd(struct fake_host *f, int fd)
{
    int i = fd - FIRST_FD;

    return i >= 0 && (unsigned)i < f->n_files ? f->files[i] : NULL;
}

size_t fake_area_index(const struct fake_host *f, uint64_t at)
{
    size_t i = 0;

    while (i < f->areas.n && f->areas.v[i].last < at) {
        i++;
    }
    return i;
}

const struct fake_area *fake_host_area(const struct fake_host *f, uint64_t addr)
{
    size_t i = fake_area_index(f, addr);

    return i < f->areas.n && f->areas.v[i].start <= addr ? &f->areas.v[i] : NULL;
}

void fake_area_insert(struct fake_host *f, struct fake_area a)
{
    size_t i = fake_area_index(f, a.start);
    int r = vec_reserve(&f->areas, f->areas.n + 1);

    assert(r == 0);
    (void)r;
    memmove(&f->areas.v[i + 1], &f->areas.v[i], (f->areas.n - i) * sizeof(f->areas.v[0]));
    f->areas.v[i] = a;
    f->areas.n++;
}

/* Make AT the first address of its area. */
void fake_split(struct fake_host *f, uint64_t at)
{
    size_t i = fake_area_index(f, at);
    struct fake_area upper;

    if (i >= f->areas.n || f->areas.v[i].start >= at) {
        return;
    }
    upper = f->areas.v[i];
    f->areas.v[i].last = at - 1;
    upper.offset += at - upper.start;
    upper.start = at;
    fake_object_ref(upper.object);
    fake_area_insert(f, upper);
}

size_t fake_page_index(const struct fake_host *f, uint64_t addr)
{
    size_t lo = 0, hi = f->pages.n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (f->pages.v[mid].addr < addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

void fake_drop_pages(struct fake_host *f, uint64_t start, uint64_t last)
{
    size_t i = fake_page_index(f, start), j = i;

    while (j < f->pages.n && f->pages.v[j].addr <= last) {
        free(f->pages.v[j++].bytes);
    }
    if (j > i) {
        memmove(&f->pages.v[i], &f->pages.v[j], (f->pages.n - j) * sizeof(f->pages.v[0]));
        f->pages.n -= j - i;
    }
}

void fake_page_put(struct fake_host *f, struct fake_page p)
{
    size_t i = fake_page_index(f, p.addr);
    int r = vec_reserve(&f->pages, f->pages.n + 1);

    assert(r == 0);
    (void)r;
    memmove(&f->pages.v[i + 1], &f->pages.v[i], (f->pages.n - i) * sizeof(f->pages.v[0]));
    f->pages.v[i] = p;
    f->pages.n++;
}

void fake_cut(struct fake_host *f, uint64_t start, uint64_t last)
{
    size_t i, j;

    fake_split(f, start);
    if (last != UINT64_MAX) {
        fake_split(f, last + 1);
    }
    fake_drop_pages(f, start, last);
    i = j = fake_area_index(f, start);
    while (j < f->areas.n && f->areas.v[j].start <= last) {
        object_unref(f->areas.v[j++].object);
    }
    if (j > i) {
        memmove(&f->areas.v[i], &f->areas.v[j], (f->areas.n - j) * sizeof(f->areas.v[0]));
        f->areas.n -= j - i;
    }
}

bool fake_any_area(const struct fake_host *f, uint64_t start, uint64_t last)
{
    size_t i = fake_area_index(f, start);

    return i < f->areas.n && f->areas.v[i].start <= last;
}

bool fake_covered(const struct fake_host *f, uint64_t start, uint64_t last)
{
    for (;;) {
        const struct fake_area *a = fake_host_area(f, start);

        if (!a) {
            return false;
        }
        if (a->last >= last) {
            return true;
        }
        start = a->last + 1;
    }
}

/*
 * Bytes of the real page at ADDR for reading, or for writing with FOR_WRITE; NULL past EOF or in a
 * hole.
 */
uint8_t *fake_page_bytes(struct fake_host *f, uint64_t addr, bool for_write)
{
    static uint8_t zeros[65536];
    const struct fake_area *a = fake_host_area(f, addr);
    size_t i = fake_page_index(f, addr);
    uint8_t *below = zeros;
    struct fake_page p;

    if (!a) {
        return NULL;
    }
    if (a->object) {
        uint64_t at = a->offset + (addr - a->start);

        if (at >= u64_align_up_wrap(a->object->size, f->host.page)) {
            return NULL;
        }
        below = a->object->bytes + at;
        if (a->shared) {
            return below;
        }
    }
    if (i < f->pages.n && f->pages.v[i].addr == addr) {
        return f->pages.v[i].bytes;
    }
    if (!for_write) {
        return below;
    }
    p = (struct fake_page){addr, malloc(f->host.page)};
    assert(p.bytes);
    memcpy(p.bytes, below, f->host.page);
    fake_page_put(f, p);
    return p.bytes;
}

void fake_host_init(struct fake_host *f, uint64_t page)
{
    *f = (struct fake_host){
        .host = {.ops = &fake_ops, .page = page, .caps = {.remap = true, .noreplace = true}},
        .top = UINT64_C(1) << 46,
    };
}

void fake_host_free(struct fake_host *f)
{
    if (f->areas.n > 0) {
        fake_cut(f, 0, UINT64_MAX);
    }
    for (unsigned i = 0; i < f->n_files; i++) {
        object_unref(f->files[i]);
    }
    free(f->areas.v);
    free(f->pages.v);
    *f = (struct fake_host){0};
}

int fake_host_file(struct fake_host *f, uint64_t size, int mode)
{
    assert(f->n_files < ARRAY_LEN(f->files));
    f->files[f->n_files] = fake_object_new(f, size, true, mode);
    return FIRST_FD + (int)f->n_files++;
}

void fake_host_emulator(struct fake_host *f, uint64_t addr, uint64_t len)
{
    fake_cut(f, addr, addr + len - 1);
    fake_area_insert(
        f, (struct fake_area){
               .start = addr, .last = addr + len - 1, .prot = HOST_R | HOST_W, .emulator = true});
}

void fake_host_placeholder(struct fake_host *f, uint64_t addr, uint64_t len)
{
    fake_cut(f, addr, addr + len - 1);
    fake_area_insert(f, (struct fake_area){.start = addr, .last = addr + len - 1});
}

void fake_host_arm(struct fake_host *f, unsigned nth, int err)
{
    f->calls = 0;
    f->fail_at = nth;
    f->fail_err = err;
    f->fired = false;
}

int fake_host_prot(const struct fake_host *f, uint64_t addr)
{
    const struct fake_area *a = fake_host_area(f, addr);

    return a ? a->prot : -1;
}

int fake_host_byte(struct fake_host *f, uint64_t addr)
{
    uint8_t byte;

    return host_peek(&f->host, addr, &byte, 1) == 0 ? byte : -1;
}

void fake_host_poke(struct fake_host *f, uint64_t addr, uint8_t byte)
{
    uint64_t page = u64_align_down(addr, f->host.page);
    uint8_t *bytes = fake_page_bytes(f, page, true);

    assert(bytes);
    bytes[addr - page] = byte;
}

static uint64_t mix_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* LEN is a multiple of 8; four lanes, because tests spend their time here. */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    uint64_t lane[4] = {hash, hash + 1, hash + 2, hash + 3}, word[4];
    const uint8_t *p = data;

    for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
        memcpy(word, p, sizeof(word));
        for (int i = 0; i < 4; i++) {
            lane[i] = mix_word(lane[i], word[i]);
        }
    }
    for (; len > 0; p += sizeof(word[0]), len -= sizeof(word[0])) {
        memcpy(word, p, sizeof(word[0]));
        lane[0] = mix_word(lane[0], word[0]);
    }
    return mix_word(mix_word(mix_word(lane[0], lane[1]), lane[2]), lane[3]);
}

static bool continues(const struct fake_area *a, const struct fake_area *b)
{
    return b->start == a->last + 1 && a->prot == b->prot && a->shared == b->shared &&
           a->emulator == b->emulator && a->object == b->object &&
           (!a->object || b->offset == a->offset + (b->start - a->start));
}

uint64_t fake_host_digest(struct fake_host *f)
{
    static unsigned stamp;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    stamp++;
    for (size_t i = 0; i < f->areas.n;) {
        struct fake_area a = f->areas.v[i++];
        uint64_t row[6];

        while (i < f->areas.n && continues(&a, &f->areas.v[i])) {
            a.last = f->areas.v[i++].last;
        }
        row[0] = a.start;
        row[1] = a.last;
        row[2] = (uint64_t)a.prot;
        row[3] = a.shared | a.emulator << 1;
        row[4] = (uint64_t)(uintptr_t)a.object;
        row[5] = a.object ? a.offset : 0;
        hash = mix(hash, row, sizeof(row));
        if (a.object && a.object->stamp != stamp) {
            a.object->stamp = stamp;
            hash = mix(hash, a.object->bytes, u64_align_up_wrap(a.object->size, f->host.page));
        }
    }
    for (size_t i = 0; i < f->pages.n; i++) {
        struct fake_page p = f->pages.v[i];
        uint8_t *below;

        /* A copy equal to what lies below it cannot be told from no copy. */
        f->pages.v[i].addr = p.addr + 1;
        below = fake_page_bytes(f, p.addr, false);
        f->pages.v[i].addr = p.addr;
        if (!below || memcmp(below, p.bytes, f->host.page) != 0) {
            hash = mix(hash, &p.addr, sizeof(p.addr));
            hash = mix(hash, p.bytes, f->host.page);
        }
    }
    return hash;
}
