/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger as a book: a sorted, bounded list of pieces, and what each of them must hold. */
#include "inv/ledger_priv.h"

#include <stdlib.h>
#include <string.h>

struct inv_ledger *inv_ledger_new(void)
{
    return calloc(1, sizeof(struct inv_ledger));
}

struct inv_ledger *inv_ledger_free(struct inv_ledger *l)
{
    free(l);
    return NULL;
}

void inv_ledger_reset(struct inv_ledger *l, const struct prog *prog, const struct space *space)
{
    l->prog = prog;
    l->page = space->guest_page;
    l->n = 0;
    l->n_moved = 0;
    l->n_stuck = 0;
    l->next = 0;
    l->objects = 0;
    l->wild_anon = false;
    memset(l->files, 0, prog->files.n * sizeof(l->files[0]));
}

void inv_ledger_inherit(struct inv_ledger *child, const struct inv_ledger *parent,
                        const struct space *space)
{
    inv_ledger_reset(child, parent->prog, space);
    memcpy(child->stuck, parent->stuck, parent->n_stuck * sizeof(parent->stuck[0]));
    child->n_stuck = parent->n_stuck;
}

size_t ledger_find(const struct inv_ledger *l, uint64_t at)
{
    size_t low = 0;
    size_t high = l->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (l->v[mid].r.last < at) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static void delete_at(struct inv_ledger *l, size_t i, size_t count)
{
    memmove(&l->v[i], &l->v[i + count], (l->n - i - count) * sizeof(l->v[0]));
    l->n -= count;
}

/*
 * No room for P: stores through it will go unseen, so nothing that shares its object can be relied
 * on.
 */
static void drop(struct inv_ledger *l, size_t i)
{
    const struct ledger_piece *p = &l->v[i];

    if (p->shared && p->file) {
        l->files[p->object].wild = true;
    } else if (p->shared) {
        l->wild_anon = true;
    }
    delete_at(l, i, 1);
}

/* Split the piece that holds AT so that one begins there. */
static void split(struct inv_ledger *l, uint64_t at)
{
    size_t i = ledger_find(l, at);
    struct ledger_piece *p = &l->v[i];

    if (i == l->n || p->r.start >= at) {
        return;
    }
    if (l->n == LEDGER_PIECES_MAX) {
        drop(l, i);
        return;
    }
    memmove(p + 1, p, (l->n - i) * sizeof(*p));
    l->n++;
    p[1].offset = ledger_offset_at(p, at);
    p[1].r.start = at;
    p[0].r.last = at - 1;
}

void ledger_cut(struct inv_ledger *l, struct range r, size_t *first, size_t *past)
{
    split(l, r.start);
    if (r.last != UINT64_MAX) {
        split(l, r.last + 1);
    }
    *first = ledger_find(l, r.start);
    *past = *first;
    while (*past < l->n && l->v[*past].r.start <= r.last) {
        ++*past;
    }
}

void ledger_remove(struct inv_ledger *l, struct range r)
{
    size_t first, past;

    ledger_cut(l, r, &first, &past);
    delete_at(l, first, past - first);
}

void ledger_set(struct inv_ledger *l, const struct ledger_piece *p)
{
    size_t i;

    ledger_remove(l, p->r);
    if (l->n == LEDGER_PIECES_MAX) {
        if (p->shared && p->file) {
            l->files[p->object].wild = true;
        } else if (p->shared) {
            l->wild_anon = true;
        }
        return;
    }
    i = ledger_find(l, p->r.start);
    memmove(&l->v[i + 1], &l->v[i], (l->n - i) * sizeof(*p));
    l->v[i] = *p;
    l->n++;
}

void ledger_forget(struct inv_ledger *l, struct range r)
{
    size_t first, past;

    ledger_cut(l, r, &first, &past);
    for (size_t i = first; i < past; i++) {
        l->v[i].content = LEDGER_UNKNOWN;
    }
}

static bool joins(const struct ledger_piece *a, const struct ledger_piece *b)
{
    return a->r.last + 1 == b->r.start && a->content == b->content && a->value == b->value &&
           a->shared == b->shared && a->file == b->file && a->object == b->object &&
           ((!a->shared && !a->file) || ledger_offset_last(a) + 1 == b->offset);
}

void ledger_merge(struct inv_ledger *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (kept && joins(&l->v[kept - 1], &l->v[i])) {
            l->v[kept - 1].r.last = l->v[i].r.last;
        } else {
            l->v[kept++] = l->v[i];
        }
    }
    l->n = kept;
}

/* ---- what a mapping begins as ---- */

/*
 * Cut P at the end of the page that holds EOF; what lies behind faults, or reads zero by
 * limit:frag-past-eof-zero.
 */
static void cut_at_eof(const struct inv_view *v, struct ledger_piece *p)
{
    uint64_t size = v->ctx->prog->files.v[p->object].size;
    uint64_t past;

    if (!u64_align_up(size, v->guest_page, &past) || p->offset >= past) {
        p->content = LEDGER_UNKNOWN;
        return;
    }
    p->content = LEDGER_FILE;
    p->r.last = u64_min(p->r.last, p->r.start + (past - p->offset) - 1);
}

bool ledger_mapped(const struct inv_view *v, uint64_t at, struct ledger_piece *ret)
{
    const struct region *run;
    struct inv_cursor c;
    struct range r;
    uint64_t last;

    if (!inv_range_in_window(v, &r) || !range_has(r, at)) {
        return false;
    }
    last = r.last;
    *ret = (struct ledger_piece){.r = {at, last}, .content = LEDGER_ZERO};
    if (v->anon) {
        ret->shared = v->shared;
        ret->object = v->shared ? v->ctx->ledger->objects + 1 : 0;
        ret->offset = v->shared ? at - v->range.start : 0;
        ret->content = v->guard ? LEDGER_UNKNOWN : LEDGER_ZERO;
        return true;
    }
    /* limit:shared-ro-snapshot, page by page */
    c = inv_cursor(v->ctx->flags_after, at);
    run = inv_at(&c, at, &last);
    *ret = (struct ledger_piece){
        .r = {at, last},
        .shared = v->shared && !(run && run->snapshot),
        .file = true,
        .object = (uint32_t)v->step->args.file,
        .offset = v->offset - v->rem + (at - v->range.start),
    };
    cut_at_eof(v, ret);
    return true;
}

/* ---- what it must hold ---- */

static bool file_now(const struct inv_view *v, const struct ledger_piece *p, uint64_t offset,
                     size_t len, uint8_t *buf)
{
    const struct inv_memory *m = v->ctx->memory;

    return m->file && m->file(m->arg, p->object, buf, len, offset) == (int64_t)len;
}

void ledger_fresh_file(const struct inv_view *v, const struct ledger_piece *p, uint64_t offset,
                       size_t len, uint8_t *buf)
{
    const struct inv_memory *m = v->ctx->memory;
    uint64_t size = ledger_file_size(v->ctx->ledger, p);
    size_t before_eof = offset < size ? u64_min(len, size - offset) : 0;

    memset(buf + before_eof, 0, len - before_eof);
    if (m->fresh) {
        m->fresh(m->arg, p->object, offset, buf, before_eof);
        return;
    }
    for (size_t i = 0; i < before_eof; i++) {
        buf[i] = prog_file_byte(p->object, offset + i);
    }
}

static bool file_expected(const struct inv_view *v, const struct ledger_piece *p, uint64_t offset,
                          size_t len, uint8_t *buf)
{
    const struct ledger_file *f = &v->ctx->ledger->files[p->object];
    uint64_t size = ledger_file_size(v->ctx->ledger, p);
    struct range r = {offset, offset + len - 1};

    if (f->wild || (f->dirty && range_overlaps(r, (struct range){f->first, f->last}))) {
        /*
         * limit:eof-growth-unseen, and no file has bytes behind its end: only those before it are
         * judged
         */
        return (p->shared || !f->wild) && r.last < size && file_now(v, p, offset, len, buf);
    }
    ledger_fresh_file(v, p, offset, len, buf);
    return true;
}

bool ledger_expected(const struct inv_view *v, const struct ledger_piece *p, uint64_t at,
                     size_t len, uint8_t *buf)
{
    if (p->shared && !p->file && v->ctx->ledger->wild_anon) {
        return false;
    }
    if (p->shared && p->file && p->content == LEDGER_BYTE &&
        v->ctx->ledger->files[p->object].wild) {
        return false;
    }
    switch ((enum ledger_content)p->content) {
    case LEDGER_UNKNOWN:
        return false;
    case LEDGER_ZERO:
        memset(buf, 0, len);
        return true;
    case LEDGER_BYTE:
        memset(buf, p->value, len);
        return true;
    case LEDGER_FILE:
        return file_expected(v, p, ledger_offset_at(p, at), len, buf);
    }
    return false;
}

/* ---- what the host would not give back ---- */

static void stuck_remove(struct inv_ledger *l, struct range r)
{
    size_t n = l->n_stuck;

    for (size_t i = 0; i < n; i++) {
        struct range s = l->stuck[i];

        if (!range_overlaps(s, r)) {
            continue;
        }
        if (s.start < r.start && s.last > r.last && l->n_stuck < LEDGER_STUCK_MAX) {
            l->stuck[l->n_stuck++] = (struct range){r.last + 1, s.last};
            l->stuck[i].last = r.start - 1;
        } else if (s.start < r.start) {
            l->stuck[i].last = r.start - 1;
        } else if (s.last > r.last) {
            l->stuck[i].start = r.last + 1;
        } else {
            l->stuck[i] = l->stuck[--l->n_stuck];
            i--;
            n = u64_min(n, l->n_stuck);
        }
    }
}

static void stuck_add(struct inv_ledger *l, struct range r)
{
    stuck_remove(l, r);
    if (l->n_stuck < LEDGER_STUCK_MAX) {
        l->stuck[l->n_stuck++] = r;
        return;
    }
    /* Full: say less rather than something false. */
    l->stuck[0].start = u64_min(l->stuck[0].start, r.start);
    l->stuck[0].last = u64_max(l->stuck[0].last, r.last);
}

static bool excusable(const struct inv_view *v, const struct trace_call *c, struct range r)
{
    if ((v->failed || v->signal) && v->n_failed > 1) {
        return true;
    }
    return c->kind == CALL_UNMAP && v->placed && v->ctx->flags_before &&
           !inv_any_valid(v->ctx->flags_before, r);
}

void inv_ledger_note_stuck(struct inv_ledger *l, const struct inv_view *v)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        const struct trace_call *c = &v->step->calls.v[i];
        struct range r;

        if (c->kind > CALL_REMAP || inv_call_is_probe(c) || !inv_call_range(v, c, &r)) {
            continue;
        }
        if (c->err == 0) {
            if (l->n_stuck) {
                stuck_remove(l, r);
            }
        } else if (excusable(v, c, r)) {
            stuck_add(l, r);
        }
    }
}

bool inv_ledger_stuck(const struct inv_ledger *l, uint64_t at, uint64_t *last)
{
    for (size_t i = 0; l && i < l->n_stuck; i++) {
        if (range_has(l->stuck[i], at)) {
            *last = u64_min(*last, l->stuck[i].last);
            return true;
        }
        if (l->stuck[i].start > at) {
            *last = u64_min(*last, l->stuck[i].start - 1);
        }
    }
    return false;
}
