/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random mremap calls, between mmap, munmap, mprotect and TB protection, on every page-size
 * relation against a model of what the guest must see: flags, sharing and bytes of every page.
 * Every second call has one host call fail.
 *
 * Shared memory is written once, when it is mapped, so that a page's bytes follow from its object
 * and offset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/prng.h"
#include "layer_bed.h"
#include "pageflags/pageflags.h"

#define PAGES_MAX 128
#define SAMPLE 512
#define SAMPLES_MAX (65536 / SAMPLE)
#define PAST_EOF (-2) /* nothing, or zero where a documented limit says so */
#define ANY (-3)      /* what an object holds where the guest never looked */
#define STEPS 200
#define N_FILES 3

struct model_page {
    bool valid, shared, snapshot, file;
    bool tb;      /* TB-protected */
    bool spliced; /* EOF lies in it and the host needed a splice, then or never */
    uint8_t rights;
    unsigned object; /* 0 private anonymous; else file + 1, or above N_FILES shared anonymous */
    uint64_t offset;
    int16_t bytes[SAMPLES_MAX];
};

struct world {
    struct bed b;
    struct prng rng;
    struct model_page pages[PAGES_MAX];
    unsigned n;
    int fd[N_FILES];
    uint64_t size[N_FILES];
    unsigned next_object;
    unsigned done, refused; /* mremap calls that succeeded, that a limit refused */
    unsigned seed, step;
};

#define CHECK(w, cond) \
    do { \
        if (!(cond)) { \
            fail_msg("seed %u step %u: %s (err %d)", (w)->seed, (w)->step, #cond, (w)->b.err); \
        } \
    } while (0)

static uint64_t page(const struct world *w)
{
    return w->b.c.guest_page;
}

static unsigned samples(const struct world *w)
{
    return (unsigned)(page(w) / SAMPLE);
}

static struct model_page *at(struct world *w, uint64_t addr)
{
    return &w->pages[addr / page(w)];
}

/* Bytes of a page of a file. */
static void file_bytes(const struct world *w, struct model_page *p)
{
    uint64_t size = w->size[p->object - 1];

    p->spliced = size > p->offset && size < p->offset + page(w) &&
                 u64_align_up_wrap(size, w->b.c.real_page) < p->offset + page(w);
    for (unsigned s = 0; s < samples(w); s++) {
        uint64_t pos = p->offset + s * SAMPLE;

        p->bytes[s] = pos < size ? fake_file_byte(pos) : p->offset >= size ? PAST_EOF : 0;
    }
}

static void fill_bytes(struct model_page *p, int16_t value)
{
    for (unsigned s = 0; s < SAMPLES_MAX; s++) {
        p->bytes[s] = value;
    }
}

/* What the guest sees of every page is the model's. */
static void check_world(struct world *w)
{
    int copies = w->b.c.host_page > page(w) ? 0 : -1; /* pages past EOF read zero in copies only */

    bed_check(&w->b);
    for (unsigned i = 0; i < w->n; i++) {
        struct model_page *p = &w->pages[i];
        const struct layer_run *run = bed_run(&w->b, i * page(w));

        CHECK(w, (run != NULL) == p->valid);
        if (!run) {
            continue;
        }
        CHECK(w, ((run->flags & PAGE_BITS) | (p->rights & PAGE_WRITE)) == p->rights);
        CHECK(w, !(run->flags & PAGE_WRITE_ORG) == !(p->rights & PAGE_WRITE));
        CHECK(w, run->shared == p->shared);
        CHECK(w, (run->kind == REGION_FILE) == p->file);
        CHECK(w, (run->object != 0) == (p->object != 0));
        CHECK(w, !p->object || run->offset + (i * page(w) - run->start) == p->offset);
        p->snapshot = run->snapshot;
        for (unsigned s = 0; s < samples(w); s++) {
            int byte = bed_byte(&w->b, i * page(w) + s * SAMPLE);

            if (p->bytes[s] == PAST_EOF ? byte > copies
                                        : p->bytes[s] != ANY && byte != p->bytes[s]) {
                fail_msg("seed %u step %u: byte 0x%llx is %d, must be %d", w->seed, w->step,
                         (unsigned long long)(i * page(w) + s * SAMPLE), byte, p->bytes[s]);
            }
        }
    }
}

static void arm(struct world *w, unsigned range)
{
    static const int errors[] = {ENOMEM, EACCES, EFAULT, EAGAIN};

    fake_host_arm(&w->b.fake, 0, 0);
    if (prng_chance(&w->rng, 1, 2)) {
        fake_host_arm(&w->b.fake, 1 + (unsigned)prng_below(&w->rng, range),
                      errors[prng_below(&w->rng, 4)]);
    }
}

static void random_range(struct world *w, uint64_t *start, uint64_t *len, unsigned longest)
{
    unsigned first = (unsigned)prng_below(&w->rng, w->n);
    unsigned n = 1 + (unsigned)prng_below(&w->rng, 1 + prng_below(&w->rng, longest));

    n = n > w->n - first ? w->n - first : n;
    *start = first * page(w);
    *len = n * page(w);
}

/* ---- what fills the world ---- */

static void do_mmap(struct world *w)
{
    static const int prots[] = {0, 1, 3, 3, 3, 5, 7, 7};
    int file = prng_chance(&w->rng, 1, 2) ? (int)prng_below(&w->rng, N_FILES) : -1;
    bool shared = prng_chance(&w->rng, 2, 5);
    bool fixed = prng_chance(&w->rng, 2, 3);
    int prot = prots[prng_below(&w->rng, ARRAY_LEN(prots))];
    uint64_t offset = file < 0 ? 0 : prng_below(&w->rng, 8) * page(w);
    uint64_t flags = shared ? ABI_MAP_SHARED : ABI_MAP_PRIVATE;
    uint64_t start, len, ret;

    random_range(w, &start, &len, 10);
    flags |= (file < 0 ? ABI_MAP_ANONYMOUS : 0) | (fixed ? ABI_MAP_FIXED : 0);
    ret = bed_mmap(&w->b, fixed ? start : 0, len, prot, flags, file < 0 ? -1 : w->fd[file], offset);
    if (ret == LAYER_FAILED) {
        return;
    }
    w->next_object++;
    for (uint64_t i = 0; i < len / page(w); i++) {
        struct model_page *p = at(w, ret + i * page(w));

        *p = (struct model_page){
            .valid = true, .shared = shared, .file = file >= 0, .rights = (uint8_t)prot};
        if (file >= 0) {
            p->object = (unsigned)file + 1;
            p->offset = offset + i * page(w);
            file_bytes(w, p);
            continue;
        }
        if (shared) {
            p->object = N_FILES + w->next_object;
            p->offset = i * page(w);
        }
        for (unsigned s = 0; s < samples(w); s++) {
            uint8_t byte = (uint8_t)(w->next_object * 16 + i * 3 + s + 1);

            fake_host_poke(&w->b.fake, w->b.c.guest_base + ret + i * page(w) + s * SAMPLE, byte);
            p->bytes[s] = byte;
        }
    }
}

static void do_munmap(struct world *w)
{
    uint64_t start, len;

    random_range(w, &start, &len, 12);
    if (bed_munmap(&w->b, start, len) == 0) {
        for (uint64_t i = 0; i < len; i += page(w)) {
            at(w, start + i)->valid = false;
        }
    }
}

static void do_mprotect(struct world *w)
{
    int prot = (int)prng_below(&w->rng, 8);
    uint64_t start, len;

    random_range(w, &start, &len, 3);
    bed_mprotect(&w->b, start, len, prot);
    bed_dump(&w->b);
    for (uint64_t i = start; i < start + len && at(w, i)->valid && w->b.err != EACCES;
         i += page(w)) {
        at(w, i)->rights = (uint8_t)prot;
    }
}

static void do_translate(struct world *w)
{
    uint64_t addr = prng_below(&w->rng, w->n) * page(w);
    struct model_page *p = at(w, addr);
    int r = w->b.c.ops->translate(w->b.layer, addr + 1);

    CHECK(w, (r == 0) == (p->valid && (p->rights & PAGE_EXEC)));
}

/* ---- mremap ---- */

struct call {
    uint64_t old, old_len, new_len, to;
    uint32_t flags;
};

static bool same_mapping(const struct model_page *a, const struct model_page *b, uint64_t page_len)
{
    return b->valid && a->rights == b->rights && a->file == b->file && a->shared == b->shared &&
           a->object == b->object && (!a->object || a->offset + page_len == b->offset);
}

static bool one_mapping(struct world *w, uint64_t start, uint64_t len)
{
    for (uint64_t i = start; i - start < len; i += page(w)) {
        if (i >= w->b.c.window || !at(w, i)->valid ||
            (i > start && !same_mapping(at(w, i - page(w)), at(w, i), page(w)))) {
            return false;
        }
    }
    return true;
}

static bool free_range(struct world *w, uint64_t start, uint64_t len)
{
    for (uint64_t i = start; i - start < len; i += page(w)) {
        if (i >= w->b.c.window || at(w, i)->valid) {
            return false;
        }
    }
    return true;
}

/* The errno the checks of layer.md demand; 0: none of them fails. */
static int expected_check(struct world *w, const struct call *c)
{
    bool fixed = c->flags & ABI_MREMAP_FIXED, maymove = c->flags & ABI_MREMAP_MAYMOVE;
    const struct model_page *p;

    if ((c->flags & ~3u) || c->old % page(w) || !c->new_len || c->new_len > w->b.c.window) {
        return EINVAL;
    }
    if (fixed && (c->to % page(w) || !maymove || c->to >= w->b.c.window ||
                  c->new_len > w->b.c.window - c->to)) {
        return EINVAL;
    }
    if (fixed && c->old_len && c->old < c->to + c->new_len && c->to < c->old + c->old_len) {
        return EINVAL;
    }
    if (fixed && !c->old_len && c->old > c->to && c->old < c->to + c->new_len) {
        return EINVAL;
    }
    if (c->old >= w->b.c.window || !at(w, c->old)->valid) {
        return EFAULT;
    }
    p = at(w, c->old);
    if (!c->old_len) {
        return !p->shared ? EINVAL : fixed && c->to == c->old ? EFAULT : !maymove ? ENOMEM : 0;
    }
    if (c->new_len > c->old_len && !one_mapping(w, c->old, c->old_len)) {
        return EFAULT;
    }
    if (fixed && c->new_len < c->old_len && !one_mapping(w, c->old, c->new_len)) {
        return EFAULT;
    }
    return c->new_len < c->old_len && c->old + c->old_len > w->b.c.window ? EINVAL : 0;
}

/* May the limits of layer.md 12 refuse what the checks let pass? */
static bool may_refuse(struct world *w, const struct call *c)
{
    bool grows = c->new_len > c->old_len;
    struct model_page *tail = at(w, c->old + (c->old_len ? c->old_len - page(w) : 0));

    if (w->b.err == EINVAL) {
        return w->b.c.host_page > page(w);
    }
    if (w->b.err != ENOMEM) {
        return false;
    }
    if (grows && c->old_len && !(c->flags & ABI_MREMAP_MAYMOVE)) {
        /*
         * In place: refused although the pages behind are free only beside others in a host page,
         * or behind a copy.
         */
        return !free_range(w, c->old + c->old_len, c->new_len - c->old_len) || tail->spliced ||
               w->b.c.host_page > page(w);
    }
    /* No room, a copy too, a splice. */
    return !(c->flags & ABI_MREMAP_FIXED) || tail->spliced || w->b.c.host_page > page(w);
}

/* Pages behind TAIL, COUNT of them, to TO. */
static void grow_model(struct world *w, uint64_t to, uint64_t len, struct model_page tail)
{
    for (uint64_t i = 0; i < len; i += page(w)) {
        struct model_page *p = at(w, to + i);

        *p = tail;
        p->tb = false;
        if (!tail.object) {
            fill_bytes(p, 0);
            continue;
        }
        p->offset = tail.offset + page(w) + i;
        if (p->file) {
            file_bytes(w, p);
        } else {
            fill_bytes(p, ANY);
        }
    }
}

static void apply(struct world *w, const struct call *c, uint64_t ret)
{
    static struct model_page moved[PAGES_MAX];
    uint64_t kept = u64_min(c->old_len, c->new_len), n = kept / page(w);
    struct model_page tail;

    if (!c->old_len) {
        tail = *at(w, c->old);
        tail.offset -= page(w);
        grow_model(w, ret, c->new_len, tail);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        moved[i] = (struct model_page){0};
        if (c->old + i * page(w) < w->b.c.window) {
            moved[i] = *at(w, c->old + i * page(w));
        }
    }
    for (uint64_t i = 0; i < c->old_len && c->old + i < w->b.c.window; i += page(w)) {
        if (ret != c->old || i >= kept) {
            at(w, c->old + i)->valid = false;
            CHECK(w, i >= kept || bed_invalidated(&w->b, c->old + i));
        }
    }
    tail = moved[n - 1];
    for (uint64_t i = 0; i < n; i++) {
        if (ret == c->old && c->old + i * page(w) >= w->b.c.window) {
            break;
        }
        *at(w, ret + i * page(w)) = moved[i];
        CHECK(w, ret == c->old || bed_invalidated(&w->b, ret + i * page(w)));
    }
    if (c->new_len > kept) {
        grow_model(w, ret + kept, c->new_len - kept, tail);
    }
}

static void random_call(struct world *w, struct call *c)
{
    static const uint32_t flags[] = {0, 1, 1, 1, 3, 3, 3, 3, 2, 5};
    uint64_t len;

    random_range(w, &c->old, &c->old_len, 10);
    if (prng_chance(&w->rng, 2, 3)) {
        /* Mostly where something is. */
        for (unsigned i = 0; i < w->n && !at(w, c->old)->valid; i++) {
            c->old = (c->old + page(w)) % w->b.c.window;
        }
    }
    random_range(w, &c->to, &len, 10);
    c->new_len = prng_chance(&w->rng, 1, 3) ? c->old_len : len;
    c->flags = flags[prng_below(&w->rng, ARRAY_LEN(flags))];
    if (prng_chance(&w->rng, 1, 10)) {
        c->old_len = 0;
    }
    if (prng_chance(&w->rng, 1, 30)) {
        c->new_len = 0;
    }
    if (prng_chance(&w->rng, 1, 30)) {
        c->old_len += w->b.c.window;
    }
    if (prng_chance(&w->rng, 1, 30)) {
        c->old += 1 + prng_below(&w->rng, page(w) - 1);
    }
}

/* A fixed destination may be lost by a failure: the model follows. True if it was. */
static bool accept_lost(struct world *w, const struct call *c)
{
    bool any = false;

    bed_dump(&w->b);
    for (uint64_t i = 0; (c->flags & ABI_MREMAP_FIXED) && i < c->new_len; i += page(w)) {
        struct model_page *p = at(w, c->to + i);

        if (p->valid && !bed_run(&w->b, c->to + i)) {
            p->valid = false;
            any = true;
        }
    }
    return any;
}

static void check_result(struct world *w, const struct call *c, uint64_t ret)
{
    if (c->flags & ABI_MREMAP_FIXED) {
        CHECK(w, ret == c->to);
    } else if (c->old_len && c->new_len <= c->old_len) {
        CHECK(w, ret == c->old);
    } else if (ret != c->old) {
        CHECK(w, c->flags & ABI_MREMAP_MAYMOVE);
        CHECK(w, ret && ((ret - c->old) & (w->b.c.host_page - 1)) == 0);
        CHECK(w, free_range(w, ret, c->new_len));
    } else {
        CHECK(w, free_range(w, c->old + c->old_len, c->new_len - c->old_len));
    }
}

static void do_mremap(struct world *w)
{
    uint64_t before = bed_digest(&w->b);
    struct call c;
    uint64_t ret;
    int want;

    random_call(w, &c);
    want = expected_check(w, &c);
    arm(w, 14);
    ret = bed_mremap(&w->b, c.old, c.old_len, c.new_len, c.flags, c.to);
    if (ret != LAYER_FAILED) {
        CHECK(w, want == 0);
        check_result(w, &c, ret);
        apply(w, &c, ret);
        w->done++;
    } else if (want) {
        CHECK(w, w->b.err == want);
        CHECK(w, bed_digest(&w->b) == before);
    } else if (!w->b.fake.fired) {
        CHECK(w, may_refuse(w, &c));
        CHECK(w, bed_digest(&w->b) == before);
        w->refused++;
    } else {
        accept_lost(w, &c);
    }
}

static void open_world(struct world *w, const struct bed_config *c, bool moves_many)
{
    *w = (struct world){.seed = w->seed};
    bed_open(&w->b, c);
    w->b.fake.moves_many = moves_many;
    prng_seed(&w->rng, w->seed);
    w->n = (unsigned)(c->window / c->guest_page);
    for (int i = 0; i < N_FILES; i++) {
        w->size[i] = prng_below(&w->rng, 10 * c->guest_page);
        w->fd[i] = fake_host_file(&w->b.fake, w->size[i], 3);
    }
}

static unsigned one_world(const struct bed_config *c, unsigned seed)
{
    static struct world world;
    struct world *w = &world;

    w->seed = seed;
    open_world(w, c, seed & 1);
    for (w->step = 0; w->step < STEPS; w->step++) {
        unsigned what = (unsigned)prng_below(&w->rng, 12);

        if (what < 3) {
            fake_host_arm(&w->b.fake, 0, 0);
            do_mmap(w);
        } else if (what < 4) {
            fake_host_arm(&w->b.fake, 0, 0);
            do_munmap(w);
        } else if (what < 5) {
            fake_host_arm(&w->b.fake, 0, 0);
            do_mprotect(w);
        } else if (what < 6) {
            fake_host_arm(&w->b.fake, 0, 0);
            do_translate(w);
        } else {
            do_mremap(w);
        }
        check_world(w);
    }
    bed_close(&w->b);
    return w->done;
}

static void random_calls(void **state)
{
    static const struct {
        uint64_t t, r, h;
    } sizes[] = {
        {0x1000, 0x1000, 0x1000},   {0x1000, 0x4000, 0x4000},  {0x1000, 0x10000, 0x10000},
        {0x2000, 0x4000, 0x4000},   {0x2000, 0x1000, 0x2000},  {0x4000, 0x1000, 0x4000},
        {0x10000, 0x1000, 0x10000}, {0x1000, 0x1000, 0x4000},  {0x2000, 0x1000, 0x4000},
        {0x4000, 0x1000, 0x10000},  {0x1000, 0x4000, 0x10000},
    };
    const char *first = getenv("TEST_SEED");
    const char *count = getenv("TEST_WORLDS");
    unsigned from = first ? (unsigned)atoi(first) : 1;
    unsigned worlds = count ? (unsigned)atoi(count) : 1, done = 0;

    (void)state;
    for (unsigned seed = from; seed < from + worlds; seed++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            for (unsigned k = 0; k < 4; k++) {
                struct bed_config c = {
                    .ops = &layer_linux,
                    .bits = k & 1 ? 64 : 32,
                    .guest_page = sizes[i].t,
                    .real_page = sizes[i].r,
                    .host_page = sizes[i].h,
                    .guest_base = 0x7000000000,
                    .window = u64_max(64 * sizes[i].t, 8 * sizes[i].h),
                    .reserved = k & 2,
                };

                c.window = u64_min(c.window, PAGES_MAX * c.guest_page);
                done += one_world(&c, seed * 1000 + (unsigned)i * 4 + k);
            }
        }
    }
    assert_true(done > worlds * 44 * 15);
    print_message("# seeds %u to %u, %u moves; TEST_SEED, TEST_WORLDS choose others\n", from,
                  from + worlds - 1, done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
