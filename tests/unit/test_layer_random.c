/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random calls on every page-size relation against a small model of what the guest must see: page
 * flags, bytes, and the relation of books and host after each call. Every second call has one host
 * call fail.
 *
 * Not judged here: stores through shared maps of files (files never change), placement (only that
 * it is legal).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/prng.h"
#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define PAGES_MAX 128
#define SAMPLE 512
#define SAMPLES_MAX (65536 / SAMPLE)
#define UNKNOWN (-2)
#define STEPS 400
#define N_FILES 3

struct model_page {
    bool valid, shared, snapshot, guard, file;
    uint8_t rights;
    int16_t bytes[SAMPLES_MAX]; /* expected, or UNKNOWN: past EOF */
};

struct world {
    struct bed b;
    struct prng rng;
    struct model_page pages[PAGES_MAX];
    unsigned n;
    int fd[N_FILES];
    uint64_t size[N_FILES];
    int mode[N_FILES];
    unsigned emulator_first, emulator_n; /* guest pages that belong to the emulator */
    bool bsd;
    unsigned seed, step; /* for messages */
};

struct call {
    uint64_t start, len;
    int prot;
    uint64_t flags;
    int file; /* -1 anonymous */
    uint64_t offset;
};

static uint64_t page(const struct world *w)
{
    return w->b.c.guest_page;
}

static unsigned samples(const struct world *w)
{
    return (unsigned)(page(w) / SAMPLE);
}

#define CHECK(w, cond) \
    do { \
        if (!(cond)) { \
            fail_msg("seed %u step %u: %s (err %d)", (w)->seed, (w)->step, #cond, (w)->b.err); \
        } \
    } while (0)

static void fresh_page(const struct world *w, const struct call *c, unsigned i,
                       struct model_page *p)
{
    *p = (struct model_page){
        .valid = true,
        .shared = c->flags & ABI_MAP_SHARED,
        .guard = c->flags & ABI_MAP_GUARD,
        .file = c->file >= 0,
        .rights = c->prot & 7,
    };
    for (unsigned s = 0; s < samples(w); s++) {
        uint64_t at = c->offset + i * page(w) + s * SAMPLE;

        if (c->file < 0) {
            p->bytes[s] = 0;
        } else if (at < w->size[c->file]) {
            p->bytes[s] = fake_file_byte(at);
        } else {
            bool past = u64_align_down(at, page(w)) >= w->size[c->file];

            p->bytes[s] = past ? UNKNOWN : 0;
        }
    }
}

static void model_mmap(struct world *w, const struct call *c, uint64_t at)
{
    for (unsigned i = 0; i < c->len / page(w); i++) {
        fresh_page(w, c, i, &w->pages[at / page(w) + i]);
    }
}

/* F and bytes of every page are the model's. */
static void check_world(struct world *w)
{
    bed_check(&w->b);
    for (unsigned i = 0; i < w->n; i++) {
        struct model_page *p = &w->pages[i];
        const struct layer_run *run = bed_run(&w->b, i * page(w));

        CHECK(w, (run != NULL) == p->valid);
        if (!run) {
            continue;
        }
        CHECK(w, (run->flags & PAGE_BITS) == p->rights);
        CHECK(w, !(run->flags & PAGE_WRITE_ORG) == !(p->rights & PAGE_WRITE));
        CHECK(w, run->shared == p->shared);
        CHECK(w, (run->kind == REGION_GUARD) == p->guard);
        CHECK(w, (run->kind == REGION_FILE) == p->file);
        p->snapshot = run->snapshot;
        for (unsigned s = 0; s < samples(w) && !p->guard; s++) {
            int byte = bed_byte(&w->b, i * page(w) + s * SAMPLE);

            if (p->bytes[s] == UNKNOWN) {
                CHECK(w, byte <= 0);
            } else if (byte != p->bytes[s]) {
                fail_msg("seed %u step %u: byte 0x%llx is %d, must be %d", w->seed, w->step,
                         (unsigned long long)(i * page(w) + s * SAMPLE), byte, p->bytes[s]);
            }
        }
    }
}

/* Only pages of [START, LEN] may have become free; the model follows. True if any did. */
static bool accept_lost(struct world *w, uint64_t start, uint64_t len)
{
    bool any = false;

    bed_dump(&w->b);
    for (uint64_t at = start; at - start < len; at += page(w)) {
        struct model_page *p = &w->pages[at / page(w)];

        if (p->valid && !bed_run(&w->b, at)) {
            p->valid = false;
            any = true;
        }
    }
    return any;
}

static bool hits_emulator(const struct world *w, uint64_t start, uint64_t len)
{
    uint64_t host_page = w->b.c.host_page;
    uint64_t first = w->emulator_first * page(w), last = first + w->emulator_n * page(w) - 1;

    return w->emulator_n && u64_align_down(start, host_page) <= last &&
           ((start + len - 1) | (host_page - 1)) >= first;
}

static void arm(struct world *w)
{
    static const int errors[] = {ENOMEM, EACCES, EAGAIN};

    fake_host_arm(&w->b.fake, 0, 0);
    if (prng_chance(&w->rng, 1, 2)) {
        fake_host_arm(&w->b.fake, 1 + (unsigned)prng_below(&w->rng, 8),
                      errors[prng_below(&w->rng, 3)]);
    }
}

static bool random_range(struct world *w, uint64_t *start, uint64_t *len)
{
    unsigned first = (unsigned)prng_between(&w->rng, w->bsd ? 1 : 0, w->n - 1);
    unsigned n = 1 + (unsigned)prng_below(&w->rng, 1 + prng_below(&w->rng, 24));

    n = n > w->n - first ? w->n - first : n;
    *start = first * page(w);
    *len = n * page(w);
    return !hits_emulator(w, *start, *len);
}

/* May this refusal be explained by the documented limits of fragments? */
static bool may_refuse(const struct world *w, const struct call *c)
{
    if (w->b.c.host_page == page(w)) {
        return false;
    }
    if (c->file >= 0 && (c->flags & ABI_MAP_SHARED) && (c->prot & ABI_PROT_WRITE)) {
        return true;
    }
    for (uint64_t at = u64_align_down(c->start, w->b.c.host_page);
         at < ((c->start + c->len - 1) | (w->b.c.host_page - 1)); at += page(w)) {
        const struct model_page *p = &w->pages[at / page(w)];

        if (at >= c->start && at - c->start < c->len) {
            continue;
        }
        if (p->valid && ((p->shared && !p->snapshot) || (c->flags & ABI_MAP_SHARED))) {
            return true;
        }
    }
    return false;
}

static void random_call(struct world *w, struct call *c)
{
    static const int prots[] = {0, 1, 3, 2, 4, 5, 7, 3, 3, 1};

    *c = (struct call){.file = -1};
    random_range(w, &c->start, &c->len);
    c->prot = prots[prng_below(&w->rng, ARRAY_LEN(prots))];
    c->flags = prng_chance(&w->rng, 1, 4) ? ABI_MAP_SHARED : ABI_MAP_PRIVATE;
    if (prng_chance(&w->rng, 1, 2)) {
        c->file = (int)prng_below(&w->rng, N_FILES);
        c->offset = prng_below(&w->rng, 20) * page(w);
        if ((c->flags & ABI_MAP_SHARED) && !(w->mode[c->file] & 2)) {
            c->prot &= ~ABI_PROT_WRITE;
        }
    } else {
        c->flags |= ABI_MAP_ANONYMOUS;
    }
    if (w->bsd && prng_chance(&w->rng, 1, 10)) {
        *c = (struct call){c->start, c->len, 0, ABI_MAP_GUARD, -1, 0};
    }
}

static void do_fixed(struct world *w)
{
    uint64_t before = bed_digest(&w->b);
    bool excl = prng_chance(&w->rng, 1, 4);
    bool busy = false;
    struct call c;

    random_call(w, &c);
    if (hits_emulator(w, c.start, c.len)) {
        return;
    }
    for (uint64_t at = c.start; at - c.start < c.len; at += page(w)) {
        busy |= w->pages[at / page(w)].valid;
    }
    c.flags |= ABI_MAP_FIXED | (excl ? (w->bsd ? ABI_MAP_EXCL : ABI_MAP_FIXED_NOREPLACE) : 0);
    arm(w);
    if (bed_mmap(&w->b, c.start, c.len, c.prot, c.flags, c.file < 0 ? -1 : w->fd[c.file],
                 c.offset) != LAYER_FAILED) {
        CHECK(w, !(excl && busy));
        CHECK(w, bed_invalidated(&w->b, c.start) && bed_invalidated(&w->b, c.start + c.len - 1));
        model_mmap(w, &c, c.start);
        return;
    }
    if (!w->b.fake.fired) {
        CHECK(w, (excl && busy && w->b.err == (w->bsd ? ENOMEM : EEXIST)) ||
                     (w->b.err == EINVAL && may_refuse(w, &c)));
        CHECK(w, bed_digest(&w->b) == before);
    } else if (!accept_lost(w, c.start, c.len)) {
        check_world(w);
        /* Below a host page past EOF an exchange cannot be taken back. */
        CHECK(w, w->b.c.host_page > page(w) || bed_digest(&w->b) == before);
    }
}

static void do_placed(struct world *w)
{
    uint64_t before = bed_digest(&w->b);
    struct call c;
    uint64_t at;

    random_call(w, &c);
    arm(w);
    at = bed_mmap(&w->b, prng_chance(&w->rng, 1, 2) ? c.start : 0, c.len, c.prot, c.flags,
                  c.file < 0 ? -1 : w->fd[c.file], c.offset);
    if (at == LAYER_FAILED) {
        CHECK(w, w->b.fake.fired || w->b.err == ENOMEM);
        CHECK(w, bed_digest(&w->b) == before);
        return;
    }
    CHECK(w, at != 0 && at >= w->b.c.min_addr * !w->bsd);
    CHECK(w, ((at - c.offset) & (w->b.c.host_page - 1)) == 0);
    for (uint64_t g = u64_align_down(at, w->b.c.host_page);
         g < u64_align_up_wrap(at + c.len, w->b.c.host_page); g += page(w)) {
        CHECK(w, !w->pages[g / page(w)].valid);
    }
    model_mmap(w, &c, at);
}

static void do_munmap(struct world *w)
{
    uint64_t before = bed_digest(&w->b);
    uint64_t start, len;
    bool ok;

    random_range(w, &start, &len);
    arm(w);
    ok = bed_munmap(&w->b, start, len) == 0;
    CHECK(w, ok || w->b.fake.fired);
    if (ok) {
        for (uint64_t at = start; at - start < len; at += page(w)) {
            CHECK(w, !w->pages[at / page(w)].valid || bed_invalidated(&w->b, at));
            w->pages[at / page(w)].valid = false;
        }
    } else if (w->b.c.reserved || !accept_lost(w, start, len)) {
        CHECK(w, bed_digest(&w->b) == before);
    }
}

static void do_mprotect(struct world *w)
{
    uint64_t before = bed_digest(&w->b);
    int prot = (int)prng_below(&w->rng, 8);
    uint64_t start, len;
    uint64_t n = 0, holes = 0;
    bool denied = false;

    random_range(w, &start, &len);
    for (n = 0; n < len / page(w); n++) {
        const struct model_page *p = &w->pages[start / page(w) + n];

        if (!p->valid) {
            holes++;
            if (!w->bsd) {
                break;
            }
            continue;
        }
        /*
         * Files opened read-only can refuse W to a shared map; which one it is the model does not
         * keep.
         */
        denied |= (prot & ABI_PROT_WRITE) && p->shared && p->file;
    }
    arm(w);
    bed_mprotect(&w->b, start, len, prot);
    if (w->b.err == EACCES && (denied || w->b.fake.fired)) {
        CHECK(w, bed_digest(&w->b) == before);
        return;
    }
    if (w->b.err == 0 ||
        (w->b.err == ENOMEM && !w->bsd && holes && n > 0 && bed_digest(&w->b) != before)) {
        CHECK(w, w->b.err == 0 || n < len / page(w));
        CHECK(w, w->b.err != 0 || w->bsd || holes == 0);
        for (uint64_t i = 0; i < n; i++) {
            struct model_page *p = &w->pages[start / page(w) + i];

            if (p->valid && !p->guard) {
                CHECK(w, bed_invalidated(&w->b, start + i * page(w)));
                p->rights = (uint8_t)prot;
            }
        }
        return;
    }
    if (!w->b.fake.fired) {
        /* With a hole behind the prefix, the prefix may have had these rights already. */
        CHECK(w, !w->bsd && w->b.err == ENOMEM && holes);
    }
    CHECK(w, bed_digest(&w->b) == before);
}

/* Stores of the guest into private memory. */
static void do_store(struct world *w)
{
    unsigned i = (unsigned)prng_below(&w->rng, w->n);
    struct model_page *p = &w->pages[i];
    unsigned s = (unsigned)prng_below(&w->rng, samples(w));
    uint8_t byte = (uint8_t)prng_below(&w->rng, 256);

    if (!p->valid || p->guard || p->snapshot || (p->shared && p->file) || p->bytes[s] == UNKNOWN) {
        return;
    }
    fake_host_poke(&w->b.fake, w->b.c.guest_base + i * page(w) + s * SAMPLE, byte);
    p->bytes[s] = byte;
}

static void open_world(struct world *w, const struct bed_config *c)
{
    *w = (struct world){.seed = w->seed};
    bed_open(&w->b, c);
    prng_seed(&w->rng, w->seed);
    w->n = (unsigned)(c->window / c->guest_page);
    w->bsd = c->ops == &layer_bsd;
    for (int i = 0; i < N_FILES; i++) {
        w->size[i] = prng_below(&w->rng, 12 * c->guest_page);
        w->mode[i] = i == 0 ? 1 : 3;
        w->fd[i] = fake_host_file(&w->b.fake, w->size[i], w->mode[i]);
    }
    if (!c->reserved && prng_chance(&w->rng, 1, 2)) {
        uint64_t at = u64_align_down(c->window / 2, c->host_page);

        w->emulator_first = (unsigned)(at / c->guest_page);
        w->emulator_n = (unsigned)(c->host_page / c->guest_page);
        fake_host_emulator(&w->b.fake, c->guest_base + at, c->host_page);
    }
}

static void one_world(const struct bed_config *c, unsigned seed)
{
    static struct world world;
    struct world *w = &world;

    w->seed = seed;
    open_world(w, c);
    for (w->step = 0; w->step < STEPS; w->step++) {
        unsigned what = (unsigned)prng_below(&w->rng, 10);

        if (what < 3) {
            do_fixed(w);
        } else if (what < 4) {
            do_placed(w);
        } else if (what < 6) {
            do_munmap(w);
        } else if (what < 8) {
            do_mprotect(w);
        } else {
            do_store(w);
        }
        check_world(w);
        CHECK(
            w,
            w->emulator_n == 0 ||
                fake_host_area(&w->b.fake, c->guest_base + w->emulator_first * page(w))->emulator);
    }
    bed_close(&w->b);
}

static void random_calls(void **state)
{
    static const struct {
        uint64_t t, r, h;
    } sizes[] = {
        {0x1000, 0x1000, 0x1000},   {0x4000, 0x4000, 0x4000},  {0x1000, 0x4000, 0x4000},
        {0x1000, 0x10000, 0x10000}, {0x2000, 0x4000, 0x4000},  {0x4000, 0x10000, 0x10000},
        {0x2000, 0x1000, 0x2000},   {0x4000, 0x1000, 0x4000},  {0x10000, 0x1000, 0x10000},
        {0x10000, 0x4000, 0x10000}, {0x1000, 0x1000, 0x4000},  {0x2000, 0x1000, 0x4000},
        {0x4000, 0x1000, 0x10000},  {0x1000, 0x4000, 0x10000},
    };
    const char *first = getenv("TEST_SEED");
    unsigned from = first ? (unsigned)atoi(first) : 1, worlds = 1;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (unsigned k = 0; k < 8; k++) {
            struct bed_config c = {
                .ops = *state,
                .bits = k & 1 ? 64 : 32,
                .guest_page = sizes[i].t,
                .real_page = sizes[i].r,
                .host_page = sizes[i].h,
                .guest_base = k & 2 ? 0x7000000000 : 0,
                .window = u64_max(64 * sizes[i].t, 8 * sizes[i].h),
                .reserved = k & 4,
            };

            c.window = u64_min(c.window, PAGES_MAX * c.guest_page);
            for (unsigned seed = from; seed < from + worlds; seed++) {
                one_world(&c, seed * 1000 + (unsigned)i * 8 + k);
            }
        }
    }
    print_message("# seeds %u to %u; TEST_SEED=N runs others\n", from, from + worlds - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"random calls linux", random_calls, NULL, NULL, (void *)&layer_linux},
        {"random calls bsd", random_calls, NULL, NULL, (void *)&layer_bsd},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
