/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/small.h"

#include <errno.h>
#include <stdlib.h>

#include "base/int.h"
#include "base/vec.h"

#define RW (ABI_PROT_READ | ABI_PROT_WRITE)
#define FIXED_PRIVATE (ABI_MAP_FIXED | ABI_MAP_PRIVATE)
#define FIXED_SHARED (ABI_MAP_FIXED | ABI_MAP_SHARED)

enum { FILE_BYTES_SHORT = 100 }; /* by which the file ends before its last page does */

/* First page and number of pages of the ranges that calls name. */
static const struct {
    uint8_t first, n;
} ranges[] = {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {0, 2}, {1, 2}, {2, 2}, {0, 4}};

/* What is mapped. SKEW: pages by which the file offset differs from the place. */
static const struct {
    uint64_t flags;
    uint8_t prot;
    bool file;
    uint8_t skew;
} maps[] = {
    {FIXED_PRIVATE | ABI_MAP_ANONYMOUS, RW, false, 0},
    {FIXED_PRIVATE | ABI_MAP_ANONYMOUS, ABI_PROT_READ, false, 0},
    {FIXED_PRIVATE | ABI_MAP_ANONYMOUS, 0, false, 0},
    {FIXED_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED_NOREPLACE, RW, false, 0},
    {FIXED_SHARED | ABI_MAP_ANONYMOUS, RW, false, 0},
    {FIXED_PRIVATE, ABI_PROT_READ, true, 0},
    {FIXED_PRIVATE, RW, true, 1},
    {FIXED_SHARED, RW, true, 0},
    {FIXED_SHARED, ABI_PROT_READ, true, 1},
};

static const uint8_t prots[] = {0, ABI_PROT_READ, RW};

static struct value number(uint64_t v)
{
    return (struct value){.base = VALUE_NUM, .num = v};
}

static struct value place(const struct small_world *w, unsigned page)
{
    uint64_t T = w->config.value[CONFIG_GUEST_PAGE];

    return (struct value){.base = VALUE_WINDOW, .num = w->base + page * T};
}

static struct value pages(const struct small_world *w, unsigned n)
{
    return number(n * w->config.value[CONFIG_GUEST_PAGE]);
}

static int add(struct small_world *w, struct op op)
{
    op.result = OP_NO_RESULT;
    if (vec_reserve(&w->calls, w->calls.n + 1) < 0) {
        return -ENOMEM;
    }
    w->calls.v[w->calls.n++] = op;
    return 0;
}

static int add_map(struct small_world *w, size_t kind, size_t r)
{
    struct value fd = number(UINT64_MAX);

    if (maps[kind].file) {
        fd = (struct value){.base = VALUE_FILE};
    }
    return add(w, (struct op){.kind = OP_mmap,
                              .arg = {place(w, ranges[r].first), pages(w, ranges[r].n),
                                      number(maps[kind].prot), number(maps[kind].flags), fd,
                                      maps[kind].file ? pages(w, ranges[r].first + maps[kind].skew)
                                                      : number(0)}});
}

static int add_maps(struct small_world *w)
{
    int rc = 0;

    for (size_t k = 0; k < ARRAY_LEN(maps); k++) {
        for (size_t r = 0; rc == 0 && r < ARRAY_LEN(ranges); r++) {
            rc = add_map(w, k, r);
        }
    }
    return rc;
}

static int add_range_calls(struct small_world *w, size_t r)
{
    struct value at = place(w, ranges[r].first);
    struct value len = pages(w, ranges[r].n);
    int rc = add(w, (struct op){.kind = OP_munmap, .arg = {at, len}});

    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(prots); i++) {
        rc = add(w, (struct op){.kind = OP_mprotect, .arg = {at, len, number(prots[i])}});
    }
    return rc;
}

static int add_mremap(struct small_world *w, unsigned from, unsigned n, unsigned to_n,
                      uint64_t flags, unsigned to)
{
    return add(w, (struct op){.kind = OP_mremap,
                              .arg = {place(w, from), pages(w, n), pages(w, to_n), number(flags),
                                      flags & ABI_MREMAP_FIXED ? place(w, to) : number(0)}});
}

static int add_mremaps(struct small_world *w)
{
    const uint64_t move = ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED;
    int rc = add_mremap(w, 0, 2, 1, 0, 0);

    rc = rc < 0 ? rc : add_mremap(w, 0, 1, 2, 0, 0);
    rc = rc < 0 ? rc : add_mremap(w, 1, 1, 3, ABI_MREMAP_MAYMOVE, 0);
    rc = rc < 0 ? rc : add_mremap(w, 0, 1, 1, move, 3);
    rc = rc < 0 ? rc : add_mremap(w, 1, 2, 1, move, 0);
    return rc < 0 ? rc : add_mremap(w, 0, 2, 2, move, 2);
}

static int add_rest(struct small_world *w)
{
    const struct value whole = pages(w, SMALL_PAGES);
    int rc =
        add(w, (struct op){.kind = OP_msync, .arg = {place(w, 0), whole, number(ABI_MS_SYNC)}});

    rc = rc < 0 ? rc
                : add(w, (struct op){.kind = OP_madvise,
                                     .arg = {place(w, 1), pages(w, 2), number(ABI_MADV_DONTNEED)}});
    for (unsigned i = 0; rc == 0 && i < SMALL_PAGES; i++) {
        rc = add(w,
                 (struct op){.kind = OP_store, .arg = {place(w, i), number(16), number(0xe0 + i)}});
    }
    return rc;
}

int small_world_init(struct small_world *w, enum abi_system system,
                     const struct prog_config *config)
{
    uint64_t host_page = config_effective_host_page(config);
    int rc;

    *w = (struct small_world){.system = system, .config = *config};
    w->base = 4 * 65536;
    if (host_page > config->value[CONFIG_GUEST_PAGE]) {
        w->base += host_page - 2 * config->value[CONFIG_GUEST_PAGE];
    }
    rc = add_maps(w);
    for (size_t r = 0; rc == 0 && r < ARRAY_LEN(ranges); r++) {
        rc = add_range_calls(w, r);
    }
    if (rc == 0 && system == ABI_LINUX) {
        rc = add_mremaps(w);
    }
    rc = rc < 0 ? rc : add_rest(w);
    if (rc < 0) {
        small_world_free(w);
    }
    return rc;
}

void small_world_free(struct small_world *w)
{
    free(w->calls.v);
    *w = (struct small_world){0};
}

uint64_t small_world_count(const struct small_world *w, unsigned steps)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < steps; i++) {
        if (__builtin_mul_overflow(n, w->calls.n, &n)) {
            return UINT64_MAX;
        }
    }
    return n;
}

static bool makes_writable(const struct op *op)
{
    return op->kind == OP_mmap && (op->arg[2].num & ABI_PROT_WRITE);
}

static int add_step(struct prog *p, const struct op *call, unsigned step)
{
    const struct op mark = {.kind = OP_store,
                            .result = OP_NO_RESULT,
                            .arg = {call->arg[0], call->arg[1], number(0xa0 + step)}};
    int rc = prog_insert(p, p->ops.n, call);

    return rc == 0 && makes_writable(call) ? prog_insert(p, p->ops.n, &mark) : rc;
}

int small_world_prog(const struct small_world *w, unsigned steps, uint64_t index, struct prog *p)
{
    uint64_t T = w->config.value[CONFIG_GUEST_PAGE];
    int rc;

    prog_clear(p);
    p->config = w->config;
    /* the world's last page lies behind the file's end under a map with skew */
    rc = prog_add_file(
        p, (struct prog_file){.size = SMALL_PAGES * T - FILE_BYTES_SHORT, .open = PROG_RDWR});
    for (unsigned i = 0; rc == 0 && i < steps; i++) {
        rc = add_step(p, &w->calls.v[index % w->calls.n], i);
        index /= w->calls.n;
    }
    return rc;
}
