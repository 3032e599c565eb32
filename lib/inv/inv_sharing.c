/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sharing-kept: a store to a shared map reaches its file and every other map of the object; a store
 * to a private one, and whatever the layer writes by itself, reaches no file.
 */
#include "inv/ledger_priv.h"

#include <inttypes.h>
#include <string.h>

enum { PROBE_LEN = 64, ALIASES_MAX = 8 };

/* Bytes [OFFSET, OFFSET + LEN) of P's file against WANT. */
static bool file_differs(const struct inv_view *v, const struct ledger_piece *p, uint64_t at,
                         size_t len, const uint8_t *want, const char *what,
                         struct inv_violation *ret)
{
    const struct inv_memory *m = v->ctx->memory;
    uint64_t offset = ledger_offset_at(p, at);
    uint8_t have[PROBE_LEN];

    if (!m->file || m->file(m->arg, p->object, have, len, offset) != (int64_t)len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (have[i] != want[i]) {
            return inv_say_at(ret, (struct range){at + i, at + i},
                              "byte 0x%" PRIx64 " of f%u is 0x%02x, must be 0x%02x: %s", offset + i,
                              p->object, have[i], want[i], what);
        }
    }
    return false;
}

/*
 * PART of file piece P, cut to what lies before EOF and to a probe's length; false if nothing does.
 */
static bool before_eof(const struct inv_view *v, const struct ledger_piece *p, struct range *part)
{
    uint64_t size = ledger_file_size(v->ctx->ledger, p);

    if (ledger_offset_at(p, part->start) >= size) {
        return false;
    }
    part->last = u64_min(part->last, part->start + (size - 1 - ledger_offset_at(p, part->start)));
    return true;
}

static bool reaches_file(const struct inv_view *v, const struct ledger_piece *p, struct range part,
                         struct inv_violation *ret)
{
    uint8_t want[PROBE_LEN];
    size_t len;

    if (!before_eof(v, p, &part)) {
        return false;
    }
    len = u64_min(range_len(part), PROBE_LEN);
    memset(want, (int)(uint8_t)inv_arg(v, 2), len);
    return file_differs(v, p, part.start, len, want, "stored through a shared map", ret) ||
           file_differs(v, p, part.last - len + 1, len, want, "stored through a shared map", ret);
}

/* The file must still be the pattern where no store to a shared map can have changed it. */
static bool leaves_file(const struct inv_view *v, const struct ledger_piece *p, struct range part,
                        const char *what, struct inv_violation *ret)
{
    const struct ledger_file *f = &v->ctx->ledger->files[p->object];
    uint8_t want[PROBE_LEN];
    uint64_t first, last;
    size_t len;

    if (f->wild || !before_eof(v, p, &part)) {
        return false;
    }
    first = ledger_offset_at(p, part.start);
    last = ledger_offset_at(p, part.last);
    if (f->dirty && f->first <= last && first <= f->last) {
        return false;
    }
    len = u64_min(range_len(part), PROBE_LEN);
    for (uint64_t at = part.start;; at = part.last - len + 1) {
        ledger_fresh_file(v, p, ledger_offset_at(p, at), len, want);
        if (file_differs(v, p, at, len, want, what, ret)) {
            return true;
        }
        if (at == part.last - len + 1) {
            return false;
        }
    }
}

/* The other pieces that show the stored bytes of shared piece P. */
static bool reaches_aliases(const struct inv_view *v, const struct ledger_piece *p,
                            struct range part, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    const struct inv_memory *m = v->ctx->memory;
    uint64_t first = ledger_offset_at(p, part.start);
    uint64_t last = ledger_offset_at(p, part.last);
    unsigned seen = 0;

    for (size_t i = 0; i < l->n && seen < ALIASES_MAX; i++) {
        const struct ledger_piece *q = &l->v[i];
        uint8_t value = (uint8_t)inv_arg(v, 2);
        uint64_t at;
        uint8_t have;

        if (!q->shared || q->file != p->file || q->object != p->object || q->offset > last ||
            ledger_offset_last(q) < first) {
            continue;
        }
        seen++;
        at = q->r.start + (u64_max(first, q->offset) - q->offset);
        if (m->peek(m->arg, at, &have, 1) == 0 && have != value) {
            return inv_say_at(ret, (struct range){at, at},
                              "a shared object shows 0x%02x at 0x%" PRIx64 ", stored was 0x%02x",
                              have, at, value);
        }
    }
    return false;
}

/*
 * Store R goes through a shared map of P's file too: then what the file holds is no witness against
 * the private one.
 */
static bool also_shared(const struct inv_ledger *l, struct range r, const struct ledger_piece *p)
{
    for (size_t i = ledger_find(l, r.start); i < l->n && l->v[i].r.start <= r.last; i++) {
        if (l->v[i].file && l->v[i].shared && l->v[i].object == p->object) {
            return true;
        }
    }
    return false;
}

static bool store_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    struct range r;

    if (!range_from_len(inv_arg(v, 0), inv_arg(v, 1), &r)) {
        return false;
    }
    for (size_t i = ledger_find(l, r.start); i < l->n && l->v[i].r.start <= r.last; i++) {
        const struct ledger_piece *p = &l->v[i];
        struct range part = range_cut(p->r, r);
        /* limit:eof-growth-unseen: behind EOF a map shows what it likes */
        bool whole = !p->file || before_eof(v, p, &part);

        if (p->file && !p->shared && !also_shared(l, r, p) &&
            leaves_file(v, p, part, "stored through a private map", ret)) {
            return true;
        }
        if (p->file && p->shared && reaches_file(v, p, part, ret)) {
            return true;
        }
        if (p->shared && whole && reaches_aliases(v, p, part, ret)) {
            return true;
        }
    }
    return false;
}

/*
 * The layer filled part of a host page: no file that shows in it may have changed, slack of its map
 * included.
 */
static bool fill_wrong(const struct inv_view *v, struct range filled, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    struct range wide = inv_host_pages(v, filled);

    for (size_t i = ledger_find(l, wide.start); i < l->n && l->v[i].r.start <= wide.last; i++) {
        struct ledger_piece p = l->v[i];

        if (!p.file) {
            continue;
        }
        /* The piece as if it filled the host page, as its host mapping does. */
        if (p.r.start > wide.start && p.offset >= p.r.start - wide.start) {
            p.offset -= p.r.start - wide.start;
            p.r.start = wide.start;
        }
        p.r.last = u64_max(p.r.last, wide.last);
        if (range_overlaps(p.r, filled) &&
            leaves_file(v, &p, range_cut(p.r, filled),
                        "the layer wrote into a host page that shows it", ret)) {
            return true;
        }
    }
    return false;
}

static bool fills_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        struct range r;

        if (v->step->calls.v[i].kind == CALL_WRITE && inv_call_range(v, &v->step->calls.v[i], &r) &&
            r.last <= v->window.last && fill_wrong(v, r, ret)) {
            return true;
        }
    }
    return false;
}

bool inv_sharing_kept(const struct inv_view *v, struct inv_violation *ret)
{
    if (v->kind == OP_store) {
        return v->ok && store_wrong(v, ret);
    }
    return fills_wrong(v, ret);
}
