/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents-preserved: fresh memory is zero or the file's, everything else keeps its bytes, and an
 * access that F and the ledger grant does not fault. Whole where a mistake is near (the edges of
 * what was mapped, the host pages around it, the end of a file, what was stored before), by a few
 * samples elsewhere, round and round over all pieces.
 */
#include "inv/ledger_priv.h"

#include <inttypes.h>
#include <string.h>

enum {
    SAMPLE_LEN = 16,
    PIECES_PER_STEP = 16, /* looked at beside the neighbours */
    PAGES_SAMPLED = 8,    /* inside a fresh mapping */
    CHANGED_MAX = 2,
};

/* ---- comparing ---- */

static const char *origin(const struct ledger_piece *p)
{
    switch ((enum ledger_content)p->content) {
    case LEDGER_ZERO:
        return "fresh memory";
    case LEDGER_FILE:
        return "the file";
    case LEDGER_BYTE:
        return "the last store";
    case LEDGER_UNKNOWN:
        break;
    }
    return "nothing";
}

/* P's bytes at AT, which now lie SHIFT further on. */
static bool chunk_wrong(const struct inv_view *v, const struct ledger_piece *p, uint64_t at,
                        size_t len, uint64_t shift, struct inv_violation *ret)
{
    const struct inv_memory *m = v->ctx->memory;
    const struct region *run = region_find(v->ctx->flags_after, at + shift);
    uint8_t want[LEDGER_CHUNK], have[LEDGER_CHUNK];
    uint64_t last = at + shift + len - 1;

    if (!(inv_flags(run) & PAGE_VALID) || inv_ledger_stuck(v->ctx->ledger, at + shift, &last) ||
        !ledger_expected(v, p, at, len, want)) {
        return false;
    }
    if (m->peek(m->arg, at + shift, have, len) < 0) {
        /* A reader that cannot look behind PROT_NONE says nothing about what is there. */
        return (run->flags & PAGE_READ) &&
               inv_say_at(ret, (struct range){at + shift, last},
                          "memory that must hold bytes of %s cannot be read", origin(p));
    }
    if (memcmp(want, have, len) == 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (want[i] != have[i]) {
            return inv_say_at(ret, (struct range){at + shift + i, last},
                              "byte 0x%" PRIx64 " is 0x%02x, must be 0x%02x by %s", at + shift + i,
                              have[i], want[i], origin(p));
        }
    }
    return false;
}

static bool range_wrong(const struct inv_view *v, const struct ledger_piece *p, struct range r,
                        uint64_t shift, struct inv_violation *ret)
{
    for (uint64_t at = r.start;;) {
        uint64_t last = u64_min(r.last, at | (LEDGER_CHUNK - 1));

        if (chunk_wrong(v, p, at, last - at + 1, shift, ret)) {
            return true;
        }
        if (last == r.last) {
            return false;
        }
        at = last + 1;
    }
}

/* The first and the last bytes of R, LEN each. */
static bool ends_wrong(const struct inv_view *v, const struct ledger_piece *p, struct range r,
                       uint64_t len, uint64_t shift, struct inv_violation *ret)
{
    uint64_t n = range_len(r);

    if (n <= 2 * len) {
        return range_wrong(v, p, r, shift, ret);
    }
    return range_wrong(v, p, (struct range){r.start, r.start + len - 1}, shift, ret) ||
           range_wrong(v, p, (struct range){r.last - len + 1, r.last}, shift, ret);
}

/* ---- fresh mappings ---- */

static uint64_t edge_len(const struct inv_view *v)
{
    return v->host_page > v->guest_page ? v->host_page : LEDGER_CHUNK;
}

/* What the program stored into the range before must have gone. */
static bool stale_stores(const struct inv_view *v, const struct ledger_piece *p,
                         struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;

    for (size_t i = ledger_find(l, p->r.start); i < l->n && l->v[i].r.start <= p->r.last; i++) {
        if (l->v[i].content == LEDGER_BYTE &&
            ends_wrong(v, p, range_cut(l->v[i].r, p->r), SAMPLE_LEN, 0, ret)) {
            return true;
        }
    }
    return false;
}

/* The guest page in which the file ends, zero bytes behind its end included. */
static bool eof_page(const struct inv_view *v, const struct ledger_piece *p, struct range *ret)
{
    uint64_t size;

    if (p->content != LEDGER_FILE) {
        return false;
    }
    size = ledger_file_size(v->ctx->ledger, p);
    if (size == 0 || size - 1 < p->offset || size - 1 > ledger_offset_last(p)) {
        return false;
    }
    *ret = range_widen(
        (struct range){p->r.start + (size - 1 - p->offset), p->r.start + (size - 1 - p->offset)},
        v->guest_page);
    return range_contains(p->r, *ret);
}

static bool fresh_wrong(const struct inv_view *v, const struct ledger_piece *p,
                        struct inv_violation *ret)
{
    uint64_t pages = range_len(p->r) / v->guest_page;
    uint64_t step = u64_max(pages / PAGES_SAMPLED, 1);
    struct range r;

    if (ends_wrong(v, p, p->r, edge_len(v), 0, ret) || stale_stores(v, p, ret)) {
        return true;
    }
    if (eof_page(v, p, &r) && range_wrong(v, p, r, 0, ret)) {
        return true;
    }
    for (uint64_t i = step / 2; i < pages; i += step) {
        uint64_t at = p->r.start + i * v->guest_page;

        if (chunk_wrong(v, p, at, SAMPLE_LEN, 0, ret)) {
            return true;
        }
    }
    return false;
}

static bool mmap_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    struct ledger_piece p;

    for (uint64_t at = v->range.start; v->has_range && ledger_mapped(v, at, &p);
         at = p.r.last + 1) {
        if (fresh_wrong(v, &p, ret)) {
            return true;
        }
        if (p.r.last == v->range.last) {
            break;
        }
    }
    return false;
}

static bool mremap_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    uint64_t old = inv_arg(v, 0);
    uint64_t shift = v->out->value - old;
    uint64_t kept, i;
    struct ledger_piece fresh = {.content = LEDGER_ZERO};
    struct range moved;

    if (!v->has_range || !v->has_from) {
        return false;
    }
    kept = u64_min(range_len(v->range), range_len(v->from));
    moved = (struct range){old, old + kept - 1};
    for (i = ledger_find(l, old); i < l->n && l->v[i].r.start <= moved.last; i++) {
        if (ends_wrong(v, &l->v[i], range_cut(l->v[i].r, moved), LEDGER_CHUNK, shift, ret)) {
            return true;
        }
    }
    i = ledger_find(l, moved.last);
    if (i == l->n || !range_has(l->v[i].r, moved.last) || l->v[i].shared || l->v[i].file ||
        !range_from_len(v->out->value + kept, range_len(v->range) - kept, &fresh.r)) {
        return false;
    }
    return ends_wrong(v, &fresh, fresh.r, edge_len(v), 0, ret);
}

/*
 * Linux: dropped private memory begins anew. A file's copy cannot, so only anonymous memory is
 * judged.
 */
static bool dontneed_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    struct range r;

    if (!v->is_linux || inv_arg(v, 2) != LINUX_MADV_DONTNEED || !inv_range_in_window(v, &r)) {
        return false;
    }
    for (size_t i = ledger_find(l, r.start); i < l->n && l->v[i].r.start <= r.last; i++) {
        struct ledger_piece p = l->v[i];

        p.content = LEDGER_ZERO;
        if (!p.shared && !p.file && ends_wrong(v, &p, range_cut(p.r, r), SAMPLE_LEN, 0, ret)) {
            return true;
        }
    }
    return false;
}

/* ---- everything else ---- */

/* Where this step may have changed bytes, so that the ledger is behind. */
static size_t changed_ranges(const struct inv_view *v, struct range r[CHANGED_MAX])
{
    struct range window = {0, v->window.last};
    bool guess = v->failed && v->n_failed > 1;
    size_t n = 0;

    if (!v->ok && !guess && v->kind != OP_store && v->kind != OP_madvise) {
        return 0;
    }
    if (v->kind == OP_mprotect || v->kind == OP_msync || v->kind == OP_load || v->kind == OP_exec) {
        return guess && inv_range_in_window(v, &r[0]) ? (r[0] = inv_host_pages(v, r[0]), 1) : 0;
    }
    if (inv_range_in_window(v, &r[n])) {
        n++;
    }
    if (v->has_from && !(v->ok && v->keep_old && !v->has_from) && range_overlaps(v->from, window)) {
        r[n++] = range_cut(v->from, window);
    }
    for (size_t i = 0; guess && i < n; i++) {
        r[i] = inv_host_pages(v, r[i]);
    }
    return n;
}

/* Pieces whose bytes can change with a store or a child elsewhere. */
static bool follows_others(const struct inv_view *v, const struct ledger_piece *p)
{
    return (v->kind == OP_store || v->kind == OP_wait) &&
           (p->shared || (p->file && p->content == LEDGER_FILE));
}

/* The part of P in WITHIN, but for the changed ranges: whole, or its ends. */
static bool kept_wrong(const struct inv_view *v, const struct ledger_piece *p, struct range within,
                       const struct range *changed, size_t n, bool whole, struct inv_violation *ret)
{
    struct range rest = range_cut(p->r, within);

    for (uint64_t at = rest.start;;) {
        struct range part = {at, rest.last};
        bool skip = false;

        for (size_t i = 0; i < n; i++) {
            if (range_has(changed[i], at)) {
                skip = true;
                part.last = u64_min(rest.last, changed[i].last);
                break;
            }
            if (changed[i].start > at) {
                part.last = u64_min(part.last, changed[i].start - 1);
            }
        }
        if (!skip && (whole ? range_wrong(v, p, part, 0, ret)
                            : ends_wrong(v, p, part, SAMPLE_LEN, 0, ret))) {
            return true;
        }
        if (part.last == rest.last) {
            return false;
        }
        at = part.last + 1;
    }
}

static bool pieces_in(const struct inv_view *v, struct range within, const struct range *changed,
                      size_t n, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;

    for (size_t i = ledger_find(l, within.start); i < l->n && l->v[i].r.start <= within.last; i++) {
        if (!follows_others(v, &l->v[i]) &&
            kept_wrong(v, &l->v[i], within, changed, n, true, ret)) {
            return true;
        }
    }
    return false;
}

/* What shares a host page with the edges of R is where fragments go wrong. */
static bool edges_wrong(const struct inv_view *v, struct range r, const struct range *changed,
                        size_t n, struct inv_violation *ret)
{
    struct range head = inv_host_pages(v, (struct range){r.start, r.start});
    struct range tail = inv_host_pages(v, (struct range){r.last, r.last});

    return pieces_in(v, head, changed, n, ret) ||
           (tail.start != head.start && pieces_in(v, tail, changed, n, ret));
}

static bool neighbours_wrong(const struct inv_view *v, const struct range *changed, size_t n,
                             struct inv_violation *ret)
{
    struct range window = {0, v->window.last};
    struct range r;

    if (v->host_page == v->guest_page || v->kind == OP_load || v->kind == OP_msync) {
        return false;
    }
    if (inv_range_in_window(v, &r) && edges_wrong(v, r, changed, n, ret)) {
        return true;
    }
    return v->has_from && range_overlaps(v->from, window) &&
           edges_wrong(v, range_cut(v->from, window), changed, n, ret);
}

static bool samples_wrong(const struct inv_view *v, const struct range *changed, size_t n,
                          struct inv_violation *ret)
{
    struct inv_ledger *l = v->ctx->ledger;
    size_t count = u64_min(l->n, PIECES_PER_STEP);

    for (size_t i = 0; i < count; i++) {
        const struct ledger_piece *p = &l->v[(l->next + i) % l->n];

        if (!follows_others(v, p) && kept_wrong(v, p, p->r, changed, n, false, ret)) {
            return true;
        }
    }
    l->next = l->n ? (l->next + count) % l->n : 0;
    return false;
}

/* ---- what the guest's own accesses saw ---- */

static bool load_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct inv_ledger *l = v->ctx->ledger;
    uint64_t seen = v->out->value;
    struct range r;

    if (!range_from_len(inv_arg(v, 0), inv_arg(v, 1), &r)) {
        return false;
    }
    for (size_t i = ledger_find(l, r.start); i < l->n && l->v[i].r.start <= r.last; i++) {
        const struct ledger_piece *p = &l->v[i];
        struct range part = range_cut(p->r, r);
        uint64_t last = part.last;
        uint8_t want;

        /* Of unequal bytes the outcome names the first. */
        if (v->out->mixed && part.start != r.start) {
            return false;
        }
        for (uint64_t at = part.start;; at = part.last) {
            if (!inv_ledger_stuck(l, at, &last) && ledger_expected(v, p, at, 1, &want) &&
                want != seen) {
                return inv_say_at(ret, (struct range){at, at},
                                  "load saw 0x%02x at 0x%" PRIx64 ", must be 0x%02x by %s",
                                  (unsigned)seen, at, want, origin(p));
            }
            if (v->out->mixed || at == part.last) {
                break;
            }
        }
    }
    return false;
}

/* Every byte of the access is known to be there, and F grants it. */
static bool granted(const struct inv_view *v, struct range r, uint8_t want)
{
    const struct inv_ledger *l = v->ctx->ledger;
    struct inv_cursor c = inv_cursor(v->ctx->flags_before, r.start);

    for (uint64_t at = r.start;;) {
        size_t i = ledger_find(l, at);
        uint64_t last = r.last;
        uint8_t flags = inv_flags(inv_at(&c, at, &last));

        if (i == l->n || l->v[i].r.start > at || l->v[i].content == LEDGER_UNKNOWN ||
            (flags & (PAGE_VALID | want)) != (PAGE_VALID | want) ||
            inv_ledger_stuck(l, at, &last)) {
            return false;
        }
        last = u64_min(last, l->v[i].r.last);
        if (last == r.last) {
            return true;
        }
        at = last + 1;
    }
}

static bool fault_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    uint8_t want = v->kind == OP_store ? PAGE_WRITE_ORG : PAGE_READ;
    struct range r;

    if ((v->kind != OP_load && v->kind != OP_store) || v->n_failed ||
        !range_from_len(inv_arg(v, 0), inv_arg(v, 1), &r) || !granted(v, r, want)) {
        return false;
    }
    return inv_say_at(ret, r, "a %s faulted where the page flags grant it", op_descs[v->kind].name);
}

static bool own_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    if (v->signal) {
        return fault_wrong(v, ret);
    }
    if (!v->ok || v->must_fail) {
        return false;
    }
    switch (v->kind) {
    case OP_mmap:
        return mmap_wrong(v, ret);
    case OP_mremap:
        return mremap_wrong(v, ret);
    case OP_madvise:
        return dontneed_wrong(v, ret);
    case OP_load:
        return load_wrong(v, ret);
    default:
        return false;
    }
}

bool inv_contents_preserved(const struct inv_view *v, struct inv_violation *ret)
{
    struct range changed[CHANGED_MAX];
    size_t n = changed_ranges(v, changed);

    return own_wrong(v, ret) || neighbours_wrong(v, changed, n, ret) ||
           samples_wrong(v, changed, n, ret);
}
