/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest could see without asking: mappings by the page flags, bytes by the host. Both
 * against the model, within what a step touched: its ends whole, a few pages between; at the end of
 * a process all that it wrote.
 */
#include "exec/runner_model.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "exec/rangeset.h"
#include "inv/compare.h"

enum { EDGE_PAGES = 6, INNER_PAGES = 4 };

/* ---- mappings ---- */

static int mapping_finding(struct runner *r, const struct trace_step *s,
                           const struct inv_mapping *d)
{
    struct inv_violation v = {
        .id = INV_MODEL_MAPPINGS, .has_range = true, .where = d->where, .text = BUF_INIT};

    buf_fmt(&v.text, "what is mapped at 0x%" PRIx64 " %s: the page flags have ", d->where.start,
            d->what);
    inv_mapping_print(d->book, d->where.start, &v.text);
    buf_str(&v.text, ", the guest's kernel ");
    inv_mapping_print(d->kernel, d->where.start, &v.text);
    return runner_finding(r, s, &v);
}

int model_judge_mappings(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                         struct range within)
{
    struct runner_model *rm = r->model;
    struct limit_ctx limits = model_limits(r, ctx);
    struct inv_mapping d;
    uint64_t at = within.start;
    int rc;

    rc = model_map(r, within);
    if (rc < 0) {
        return err_set(r->err, rc, "out of memory");
    }
    while (rc == 0 && inv_mapping_differs(&rm->map, ctx->flags_after, within, at, &d)) {
        enum limit_id id = limit_mapping(&limits, d.where, d.kernel, d.book);

        if (id == LIMIT_NONE) {
            return mapping_finding(r, s, &d);
        }
        model_excuse(s, id);
        rc = model_adopt(rm->m, d.where, ctx->flags_after);
        rc = rc < 0 ? rc : model_map(r, within);
        if (d.where.last == within.last) {
            break;
        }
        at = d.where.last + 1;
    }
    return model_lost(r, rc);
}

/* ---- bytes ---- */

/* The host's bytes. 0 or negative. A page without rights costs a lot: only where it may matter. */
static int peek(struct runner *r, const struct inv_ctx *ctx, gaddr at, size_t len)
{
    struct host *host = r->machine->host;
    const struct region *g = region_find(ctx->flags_after, at);
    haddr where = g2h(&r->res->space, at);

    if (g && g->prot != 0 && host_read(host, where, r->model->bytes, len, NULL) == 0) {
        return 0;
    }
    return host_peek(host, where, r->model->bytes, len);
}

/* What limits want to know of bytes of one page in model region G; G and file do not change. */
struct facts {
    struct region g;
    bool own;
    bool copied;  /* in this step: what was not stored in it is not its own */
    int64_t file; /* of the program, -1 none */
    uint64_t size;
};

static int learn(struct runner *r, uint64_t at, struct facts *f)
{
    const struct space *space = &r->res->space;
    struct runner_model *rm = r->model;
    int rc;

    rc = model_map(r, (struct range){at, at});
    if (rc < 0 || rm->map.n == 0) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    *f = (struct facts){.g = rm->map.v[0], .file = -1};
    f->g.offset -= f->g.object ? f->g.r.start : 0; /* of guest address 0 */
    /* What a kernel has populated is a copy, too, but nothing was stored to it. */
    f->own = !f->g.shared && vm_private_copy(model_proc(rm->m), at) &&
             (space->host_page == space->guest_page || rangeset_has(&rm->parts, at));
    for (unsigned i = 0; i < rm->n_copied; i++) {
        f->copied |= rm->copied[i] == u64_align_down(at, r->res->space.guest_page);
    }
    f->file = f->g.kind == REGION_FILE ? model_file(r, f->g.object) : -1;
    f->size = f->file < 0 ? 0 : r->prog->files.v[f->file].size;
    return 0;
}

/* The program stored to the part of a page that holds AT, which is a copy of its own. */
static bool stored_part(const struct runner *r, uint64_t at)
{
    const struct runner_model *rm = r->model;
    uint64_t part = u64_min(r->res->space.real_page, r->res->space.guest_page);

    for (unsigned i = 0; i < rm->n_new_parts; i++) {
        if (rm->new_parts[i] == u64_align_down(at, part)) {
            return range_has(rm->stored, at); /* the rest was copied only now */
        }
    }
    return rangeset_has(&rm->parts, at);
}

/* Something was stored to the file's page that is mapped at AT, whatever is there now. */
static bool file_written(const struct runner *r, uint64_t at)
{
    struct range page = range_widen((struct range){at, at}, r->res->space.guest_page);
    uint64_t written = page.start;

    return vm_next_written(model_proc(r->model->m), page, &written);
}

static struct limit_bytes describe(const struct runner *r, const struct facts *f, uint64_t at,
                                   uint8_t want, uint8_t have)
{
    uint8_t now = 0;
    struct limit_bytes b = {
        .at = at,
        .shared = f->g.shared,
        .file = f->file >= 0,
        .own = f->own && (!f->copied || range_has(r->model->stored, at)),
        .offset = f->g.offset + at,
        .size = f->size,
    };
    uint8_t fresh = 0;

    if (b.file && b.offset < b.size) {
        machine_fresh_bytes((unsigned)f->file, b.size, r->prog->files.n, b.offset, &fresh, 1);
    }
    b.changed = fresh != want || (!f->own && file_written(r, at));
    b.stored = stored_part(r, at);
    b.have = have;
    /* Behind EOF nobody can ask the file. */
    b.follows = b.file && b.offset >= b.size &&
                b.offset < u64_align_up_wrap(b.size, r->res->space.real_page);
    b.follows |= b.file && b.offset < b.size &&
                 host_pread(r->machine->host, r->fds[f->file], &now, 1, b.offset) == 1 &&
                 now == have;
    return b;
}

static int bytes_finding(struct runner *r, const struct trace_step *s, uint64_t at, uint8_t have,
                         uint8_t want, const struct region *g)
{
    struct inv_violation v = {
        .id = INV_MODEL_CONTENTS, .has_range = true, .where = {at, at}, .text = BUF_INIT};
    struct region shown = *g;

    buf_fmt(&v.text, "byte 0x%" PRIx64 " is 0x%02x, must be 0x%02x (", at, have, want);
    shown.offset += shown.object ? shown.r.start : 0;
    inv_mapping_print(&shown, at, &v.text);
    buf_str(&v.text, ")");
    return runner_finding(r, s, &v);
}

/* From now on the model has what the host has: a page that became a copy, or was forgotten. */
static bool taken_over(enum limit_id id)
{
    return id == LIMIT_ID_FRAG_PAST_EOF_ZERO || id == LIMIT_ID_PRIVATE_COPY_EARLY ||
           id == LIMIT_ID_PRIVATE_COPY_LATE || id == LIMIT_ID_SHARED_RO_SNAPSHOT ||
           id == LIMIT_ID_DONTNEED_KEEPS_COPY || id == LIMIT_ID_HOST_FAILED;
}

static int poke(struct runner *r, uint64_t at, const uint8_t *bytes, size_t len)
{
    int rc = vm_poke(model_proc(r->model->m), at, bytes, len);

    return model_lost(r, rc == -ENOMEM ? rc : 0);
}

/*
 * LEN bytes at AT, a page or what the guest read of it, are not all what the model WANTs. Every one
 * that is not must be excused.
 */
static int differ(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx, uint64_t at,
                  const uint8_t *have, const uint8_t *want, size_t len, bool lazy)
{
    struct limit_ctx limits = model_limits(r, ctx);
    bool take = false;
    struct facts f;
    int rc = learn(r, at, &f);

    if (rc < 0) {
        return rc;
    }
    if ((r->model->inexact || r->model->astray) && f.g.shared) {
        s->poisoned = true;
        return poke(r, at, have, len);
    }
    for (size_t i = 0; i < len; i++) {
        struct limit_bytes b;
        enum limit_id id;

        if (want[i] == have[i] || (lazy && have[i] == 0)) {
            continue;
        }
        b = describe(r, &f, at + i, want[i], have[i]);
        id = limit_bytes(&limits, &b);
        if (id == LIMIT_NONE) {
            return bytes_finding(r, s, at + i, have[i], want[i], &f.g);
        }
        model_excuse(s, id);
        take |= taken_over(id) && !f.g.shared;
    }
    return take ? poke(r, at, have, len) : 0;
}

/* HAVE is what the model has at AT: WANT. */
static bool same(const uint8_t *have, const uint8_t *want, size_t len, bool lazy)
{
    if (memcmp(want, have, len) == 0) {
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        if (want[i] != have[i] && !(lazy && have[i] == 0)) {
            return false;
        }
    }
    return true;
}

/* The whole page that holds AT, which differs somewhere. */
static int judge_whole(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                       uint64_t at)
{
    uint64_t size = r->res->space.guest_page;
    uint64_t page = u64_align_down(at, size);
    const uint8_t *want = NULL;
    size_t len = 0;
    enum vm_bytes kind = vm_view(model_proc(r->model->m), page, &want, &len);

    if (peek(r, ctx, page, size) < 0) {
        return 0;
    }
    return differ(r, s, ctx, page, r->model->bytes, want, size, kind == VM_BYTES_LAZY);
}

int model_judge_chunk(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      uint64_t at, const uint8_t *have, size_t len)
{
    const uint8_t *want = NULL;
    size_t n = 0;
    enum vm_bytes kind = vm_view(model_proc(r->model->m), at, &want, &n);
    bool lazy = kind == VM_BYTES_LAZY;
    bool load = have != r->model->bytes;
    int rc;

    if (kind == VM_BYTES_UNDEFINED) {
        s->poisoned = true;
        return 0;
    }
    if (kind == VM_BYTES_NONE || same(have, want, len, lazy)) {
        return 0;
    }
    rc = judge_whole(r, s, ctx, at);
    /* What a load saw is judged by itself if the page shows nothing of it. */
    return rc == 0 && load && !r->over && !s->excused ? differ(r, s, ctx, at, have, want, len, lazy)
                                                      : rc;
}

static int judge_host(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      uint64_t at, size_t len)
{
    const struct region *g = region_find(ctx->flags_after, at);
    const uint8_t *want;
    size_t n;
    int rc;

    if (!g || !(g->flags & PAGE_VALID) ||
        vm_view(model_proc(r->model->m), at, &want, &n) == VM_BYTES_NONE) {
        return 0;
    }
    rc = peek(r, ctx, at, len);
    if (rc == -ENOMEM && r->machine->memory > 0) {
        return runner_used_up(r);
    }
    if (rc < 0) {
        struct range where = {at, at + len - 1};
        struct limit_ctx limits = model_limits(r, ctx);
        struct inv_violation v = {
            .id = INV_MODEL_CONTENTS, .has_range = true, .where = where, .text = BUF_INIT};

        if (!(g->flags & PAGE_READ) || limit_stuck(&limits, at)) {
            return 0; /* a reader that cannot look behind PROT_NONE says nothing */
        }
        buf_fmt(&v.text, "memory at 0x%" PRIx64 " cannot be read", at);
        return runner_finding(r, s, &v);
    }
    return model_judge_chunk(r, s, ctx, at, r->model->bytes, len);
}

/* One page: whole, or the first and the last bytes of a large one. */
static int judge_page(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      uint64_t page)
{
    uint64_t size = r->res->space.guest_page;
    size_t len = u64_min(size, VIEW_CHUNK);
    int rc;

    if (r->model->budget == 0) {
        return 0;
    }
    r->model->budget--;
    rc = judge_host(r, s, ctx, page, len);
    if (rc == 0 && !r->over && r->model->on && size > len) {
        rc = judge_host(r, s, ctx, page + size - len, len);
    }
    return rc;
}

/* Behind page I of N: its ends whole, a few between. */
static uint64_t next_page(uint64_t i, uint64_t n)
{
    uint64_t step = n / (INNER_PAGES + 1);

    if (n <= 2 * EDGE_PAGES + INNER_PAGES || i + 1 < EDGE_PAGES || i + EDGE_PAGES >= n) {
        return i + 1;
    }
    return u64_min(i + step, n - EDGE_PAGES);
}

int model_judge_bytes(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      struct range within)
{
    uint64_t size = r->res->space.guest_page;
    struct range pages = range_widen(within, size);
    uint64_t n = (pages.last - pages.start) / size + 1;
    int rc = 0;

    for (uint64_t i = 0; rc == 0 && i < n && r->model->budget > 0 && !r->over && r->model->on;
         i = next_page(i, n)) {
        rc = judge_page(r, s, ctx, pages.start + i * size);
    }
    return rc;
}

int runner_model_end(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx)
{
    struct runner_model *rm = r->model;
    struct range window = {0, r->res->space.window_last};
    uint64_t at = 0;
    int rc;

    if (!rm->on) {
        return 0;
    }
    rc = model_judge_mappings(r, s, ctx, window);
    rm->budget = PAGES_PER_END;
    while (rc == 0 && !r->over && rm->on && rm->budget > 0 && r->opt.contents &&
           vm_next_written(model_proc(rm->m), (struct range){at, window.last}, &at)) {
        at = u64_align_down(at, r->res->space.guest_page);
        rc = judge_page(r, s, ctx, at);
        if (window.last - at < r->res->space.guest_page) {
            break;
        }
        at += r->res->space.guest_page;
    }
    return rc;
}
