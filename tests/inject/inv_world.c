/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. */
#include "inv_world.h"

#include <string.h>

static int peek(void *arg, gaddr at, void *buf, size_t len)
{
    struct world *w = arg;

    if (w->unreadable && at <= w->unreadable && at + len > w->unreadable) {
        return -1;
    }
    memcpy(buf, world_at(w, at), len);
    return 0;
}

static int64_t file_now(void *arg, unsigned file, void *buf, size_t len, uint64_t offset)
{
    struct world *w = arg;

    if (file != 0 || offset >= WORLD_FILE) {
        return 0;
    }
    len = u64_min(len, WORLD_FILE - offset);
    memcpy(buf, w->file + offset, len);
    return (int64_t)len;
}

uint8_t *world_at(struct world *w, uint64_t at)
{
    return &w->memory[at - WORLD_START];
}

void world_init(struct world *w, uint64_t guest, uint64_t host, uint64_t real, bool reserved)
{
    memset(w, 0, sizeof(*w));
    w->space = (struct space){
        .bits = 32,
        .guest_page = guest,
        .host_page = host,
        .real_page = real,
        .guest_base = WORLD_BASE,
        .reserved_va = reserved ? WORLD_SIZE : 0,
        .window_last = WORLD_SIZE - 1,
        .min_addr = WORLD_START,
    };
    w->files[0] = (struct prog_file){WORLD_FILE, PROG_RDWR};
    w->files[1] = (struct prog_file){WORLD_FILE, PROG_RDONLY};
    w->prog = PROG_INIT;
    w->prog.files.v = w->files;
    w->prog.files.n = 2;
    w->prog.ops.v = &w->op;
    w->prog.ops.n = 1;
    for (uint64_t i = 0; i < WORLD_FILE; i++) {
        w->file[i] = prog_file_byte(0, i);
    }
    w->reader = (struct inv_memory){.arg = w, .peek = peek, .file = file_now};
    w->ledger = inv_ledger_new();
    assert_non_null(w->ledger);
    inv_ledger_reset(w->ledger, &w->prog, &w->space);
    w->flags_before.v = w->flags[0];
    w->flags_after.v = w->flags[1];
    w->host_before.v = w->host[0];
    w->host_after.v = w->host[1];
    w->ctx = (struct inv_ctx){
        .space = &w->space,
        .system = ABI_LINUX,
        .prog = &w->prog,
        .step = &w->step,
        .flags_before = &w->flags_before,
        .flags_after = &w->flags_after,
        .ledger = w->ledger,
    };
    world_flags(w, "", "");
}

void world_free(struct world *w)
{
    w->ledger = inv_ledger_free(w->ledger);
}

struct kind_of {
    char c;
    uint8_t flags;
    uint8_t kind;
    bool shared, snapshot;
};

enum { V = PAGE_VALID, R = PAGE_READ, W = PAGE_WRITE | PAGE_WRITE_ORG, X = PAGE_EXEC };

static const struct kind_of guest_pages[] = {
    {'n', V, REGION_ANON, false, false},
    {'r', V | R, REGION_ANON, false, false},
    {'w', V | R | W, REGION_ANON, false, false},
    {'x', V | R | X, REGION_ANON, false, false},
    {'X', V | R | W | X, REGION_ANON, false, false},
    {'o', V | W, REGION_ANON, false, false},
    {'t', V | R | X | PAGE_WRITE_ORG, REGION_ANON, false, false},
    {'g', V, REGION_GUARD, false, false},
    {'F', V | R, REGION_FILE, false, false},
    {'P', V | R | W, REGION_FILE, false, false},
    {'R', V | R, REGION_FILE, true, false},
    {'S', V | R | W, REGION_FILE, true, false},
    {'Z', V | R, REGION_FILE, true, true},
    {'A', V | R | W, REGION_ANON, true, false},
};

static const struct kind_of host_pages[] = {
    {'-', 0, REGION_ANON, false, false},
    {'r', REGION_R, REGION_ANON, false, false},
    {'w', REGION_R | REGION_W, REGION_ANON, false, false},
    {'o', REGION_W, REGION_ANON, false, false},
    {'x', REGION_R | REGION_X, REGION_ANON, false, false},
    {'F', REGION_R, REGION_FILE, false, false},
    {'P', REGION_R | REGION_W, REGION_FILE, false, false},
    {'R', REGION_R, REGION_FILE, true, false},
    {'S', REGION_R | REGION_W, REGION_FILE, true, false},
};

static struct region page_of(const struct kind_of *table, size_t n, char c, bool guest)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].c == c) {
            return (struct region){.prot = table[i].flags & 7,
                                   .flags = guest ? table[i].flags : 0,
                                   .kind = table[i].kind,
                                   .shared = table[i].shared,
                                   .snapshot = table[i].snapshot};
        }
    }
    fail_msg("no such page: '%c'", c);
    return (struct region){0};
}

static void draw_flags(struct world *w, struct region_vec *v, const char *ruler)
{
    v->n = 0;
    for (size_t i = 0; ruler[i]; i++) {
        uint64_t at = WORLD_START + i * w->space.guest_page;
        struct region r;

        if (ruler[i] == '.') {
            continue;
        }
        assert_true(v->n < WORLD_REGIONS);
        r = page_of(guest_pages, ARRAY_LEN(guest_pages), ruler[i], true);
        r.r = (struct range){at, at + w->space.guest_page - 1};
        v->v[v->n++] = r;
    }
    region_normalise(v, REGION_MASK_ALL);
}

/* A stretch of placeholder outside the ruler. */
static void fill(struct world *w, struct region_vec *v, uint64_t first, uint64_t past)
{
    if (w->space.reserved_va && first < past) {
        v->v[v->n++] = (struct region){.r = {first, past - 1}};
    }
}

static void draw_host(struct world *w, struct region_vec *v, const char *ruler)
{
    uint64_t at = WORLD_START;

    v->n = 0;
    fill(w, v, 0, WORLD_START);
    for (size_t i = 0; ruler[i]; i++, at += w->space.real_page) {
        if (ruler[i] != '.') {
            struct region r = page_of(host_pages, ARRAY_LEN(host_pages), ruler[i], false);

            assert_true(v->n < WORLD_REGIONS - 1);
            r.r = (struct range){at, at + w->space.real_page - 1};
            v->v[v->n++] = r;
        }
    }
    fill(w, v, at, WORLD_SIZE);
    region_normalise(v, REGION_MASK_ALL);
}

void world_flags(struct world *w, const char *before, const char *after)
{
    draw_flags(w, &w->flags_before, before);
    draw_flags(w, &w->flags_after, after);
}

void world_host(struct world *w, const char *before, const char *after)
{
    draw_host(w, &w->host_before, before);
    draw_host(w, &w->host_after, after);
    w->ctx.host_before = &w->host_before;
    w->ctx.host_after = &w->host_after;
}

void world_op(struct world *w, enum op_kind kind, uint64_t value, size_t n, const uint64_t *arg)
{
    w->op = (struct op){.kind = kind, .result = OP_NO_RESULT};
    w->step = (struct trace_step){
        .args.file = -1,
        .outcome = {.kind = OUTCOME_OK, .value = value},
        .lock = {.locks = 1, .unlocks = 1, .lookups = 4},
        .calls.v = w->calls,
        .tbs.v = w->tbs,
    };
    memcpy(w->step.args.arg, arg, n * sizeof(*arg));
    if (kind == OP_mmap && (int64_t)arg[4] >= 0) {
        w->step.args.file = (int64_t)arg[4];
    }
}

void world_fails(struct world *w, int err)
{
    w->step.outcome = (struct outcome){.kind = OUTCOME_FAIL, .err = err, .value = UINT64_MAX};
}

struct trace_call *world_call(struct world *w, enum call_kind kind, uint64_t at, uint64_t len,
                              int prot, uint32_t flags)
{
    struct trace_call *c = &w->calls[w->step.calls.n++];

    assert_true(w->step.calls.n <= WORLD_CALLS);
    *c = (struct trace_call){
        .kind = (uint8_t)kind,
        .addr = WORLD_BASE + at,
        .len = len,
        .prot = prot,
        .flags = flags,
        .result = kind == CALL_MAP || kind == CALL_REMAP ? WORLD_BASE + at : 0,
    };
    return c;
}

void world_tb(struct world *w, uint64_t first, uint64_t last)
{
    assert_true(w->step.tbs.n < WORLD_TBS);
    w->tbs[w->step.tbs.n++].r = (struct range){first, last};
}

void world_contents(struct world *w)
{
    w->ctx.memory = &w->reader;
}

void check_world_holds(struct world *w, const char *name)
{
    struct inv_violation v;

    for (unsigned id = 0; id < INV_COUNT; id++) {
        if (inv_check_one((enum inv_id)id, &w->ctx, &v) != 0) {
            fail_msg("%s: %s fires on a sound step: %s", name, inv_descs[id].name,
                     buf_text(&v.text));
        }
    }
    assert_int_equal(inv_check(&w->ctx, &v), 0);
}

void world_fires(struct world *w, enum inv_id id, const char *name)
{
    struct inv_violation v;

    for (unsigned other = 0; other < INV_COUNT; other++) {
        int rc = inv_check_one((enum inv_id)other, &w->ctx, &v);

        if (rc != (other == id)) {
            fail_msg("%s: %s %s: %s", name, inv_descs[other].name,
                     rc ? "fires too" : "does not fire", rc ? buf_text(&v.text) : "");
        }
        if (rc) {
            assert_int_equal(v.id, id);
            assert_true(v.text.len > 0);
        }
        buf_free(&v.text);
    }
    assert_int_equal(inv_check(&w->ctx, &v), 1);
    assert_int_equal(v.id, id);
    buf_free(&v.text);
}
