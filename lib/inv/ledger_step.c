/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each op does to the ledger. Where an outcome leaves doubt, contents become unknown. */
#include "inv/ledger_priv.h"

#include <string.h>

/* ---- stores ---- */

static void mark_dirty(struct ledger_file *f, uint64_t first, uint64_t last)
{
    f->first = f->dirty ? u64_min(f->first, first) : first;
    f->last = f->dirty ? u64_max(f->last, last) : last;
    f->dirty = true;
}

/*
 * The bytes [FIRST, LAST] of an object are now what CONTENT says: everything else that shows them
 * follows.
 */
static void object_changed(struct inv_ledger *l, const struct ledger_piece *stored, uint64_t first,
                           uint64_t last, enum ledger_content content, uint8_t value)
{
    struct ledger_piece model = *stored;

    if (model.file) {
        mark_dirty(&l->files[model.object], first, last);
    }
    for (size_t i = 0; i < l->n; i++) {
        struct ledger_piece *p = &l->v[i];
        struct range part;
        size_t a, past;

        if (p->file != model.file || p->object != model.object || (!p->file && !p->shared) ||
            p->offset > last || ledger_offset_last(p) < first) {
            continue;
        }
        part.start = p->r.start + (u64_max(first, p->offset) - p->offset);
        part.last = p->r.start + (u64_min(last, ledger_offset_last(p)) - p->offset);
        if (!p->shared) {
            /* A private page follows the file until its first store, which is not told apart. */
            if (p->content == LEDGER_FILE) {
                ledger_forget(l, part);
            }
            continue;
        }
        /* What was not known may lie behind EOF, where nothing is to be seen. */
        if (p->content == LEDGER_UNKNOWN && (p->file || content != LEDGER_BYTE)) {
            continue;
        }
        ledger_cut(l, part, &a, &past);
        for (size_t k = a; k < past; k++) {
            l->v[k].content = (uint8_t)content;
            l->v[k].value = value;
        }
    }
}

/*
 * A store through shared piece P at R. Behind EOF only the storing map is sure to show it
 * (limit:eof-growth-unseen).
 */
static void shared_store(struct inv_ledger *l, const struct ledger_piece *p, struct range r,
                         bool sure, uint8_t value)
{
    uint64_t first = ledger_offset_at(p, r.start);
    uint64_t last = ledger_offset_at(p, r.last);
    uint64_t size;

    if (!p->file) {
        object_changed(l, p, first, last, sure ? LEDGER_BYTE : LEDGER_UNKNOWN, value);
        return;
    }
    size = ledger_file_size(l, p);
    if (first < size) {
        object_changed(l, p, first, u64_min(last, size - 1), sure ? LEDGER_BYTE : LEDGER_FILE,
                       value);
    }
    if (last >= size) {
        object_changed(l, p, u64_max(first, size), last, LEDGER_UNKNOWN, 0);
    }
}

/*
 * limit:slack-visible: bytes without a piece may still be a shared object's, the one mapped beside
 * them.
 */
static void slack_store(const struct inv_view *v, struct inv_ledger *l, struct range r)
{
    struct range wide = inv_host_pages(v, r);

    for (size_t i = ledger_find(l, wide.start); i < l->n && l->v[i].r.start <= wide.last; i++) {
        struct ledger_piece p = l->v[i];

        if (p.shared) {
            object_changed(l, &p, 0, UINT64_MAX, p.file ? LEDGER_FILE : LEDGER_UNKNOWN, 0);
            i = ledger_find(l, p.r.last);
        }
    }
}

static void store_range(const struct inv_view *v, struct inv_ledger *l, struct range r, bool sure)
{
    uint8_t value = (uint8_t)inv_arg(v, 2);

    for (uint64_t at = r.start;;) {
        size_t i = ledger_find(l, at);
        uint64_t last = r.last;

        if (i == l->n || l->v[i].r.start > at) {
            last = i == l->n ? last : u64_min(last, l->v[i].r.start - 1);
            if (v->host_page > v->guest_page) {
                slack_store(v, l, (struct range){at, last});
            }
        } else {
            struct ledger_piece p = l->v[i];
            struct range part = {at, u64_min(last, p.r.last)};
            size_t first, past;

            last = part.last;
            ledger_cut(l, part, &first, &past);
            for (; first < past; first++) {
                l->v[first].content = sure ? LEDGER_BYTE : LEDGER_UNKNOWN;
                l->v[first].value = value;
            }
            if (p.shared) {
                shared_store(l, &p, part, sure, value);
            }
        }
        if (last == r.last) {
            return;
        }
        at = last + 1;
    }
}

static void step_store(const struct inv_view *v, struct inv_ledger *l)
{
    struct range r;

    if ((v->ok || v->signal) && range_from_len(inv_arg(v, 0), inv_arg(v, 1), &r)) {
        r.last = u64_min(r.last, v->window.last);
        if (r.start <= r.last) {
            /* A store that faulted may have written what came before. */
            store_range(v, l, r, v->ok);
        }
    }
}

/* ---- calls ---- */

static void step_mmap(const struct inv_view *v, struct inv_ledger *l)
{
    struct ledger_piece p;
    struct range r;

    if (!inv_range_in_window(v, &r)) {
        return;
    }
    ledger_remove(l, r);
    for (uint64_t at = r.start; ledger_mapped(v, at, &p); at = p.r.last + 1) {
        if (!v->guard) {
            ledger_set(l, &p);
        }
        if (p.r.last == r.last) {
            break;
        }
    }
    l->objects += v->anon && v->shared;
}

/* The pages that mremap added behind the last one, which P is. */
static void grown(const struct inv_view *v, struct inv_ledger *l, struct range r,
                  const struct ledger_piece *last)
{
    uint64_t past;
    struct ledger_piece p = *last;

    p.r = r;
    p.offset = last->offset + (range_len(last->r));
    p.content = !p.file && !p.shared ? LEDGER_ZERO : LEDGER_UNKNOWN;
    if (p.file && last->content != LEDGER_UNKNOWN &&
        u64_align_up(ledger_file_size(l, &p), v->guest_page, &past) && p.offset < past) {
        /* The part before EOF; what lies behind is not known. */
        p.r.last = u64_min(r.last, r.start + (past - p.offset) - 1);
        p.content = LEDGER_FILE;
    }
    ledger_set(l, &p);
    if (p.r.last < r.last) {
        p.offset += range_len(p.r);
        p.r = (struct range){p.r.last + 1, r.last};
        p.content = LEDGER_UNKNOWN;
        ledger_set(l, &p);
    }
}

/* A shared part that had to be copied is a snapshot now. */
static bool became_snapshot(const struct inv_view *v, struct range r)
{
    const struct region *run = region_find(v->ctx->flags_after, r.start);

    return run && run->snapshot;
}

static void move_pieces(const struct inv_view *v, struct inv_ledger *l, struct range from,
                        uint64_t to)
{
    size_t first, past;

    ledger_cut(l, from, &first, &past);
    l->n_moved = past - first;
    memcpy(l->moved, &l->v[first], l->n_moved * sizeof(l->v[0]));
    ledger_remove(l, (struct range){to, to + (from.last - from.start)});
    if (!v->keep_old) {
        ledger_remove(l, from);
    }
    for (size_t i = 0; i < l->n_moved; i++) {
        struct ledger_piece p = l->moved[i];

        p.r.start = p.r.start - from.start + to;
        p.r.last = p.r.last - from.start + to;
        if (p.shared && became_snapshot(v, p.r)) {
            p.shared = false;
            p.content = p.file ? p.content : LEDGER_UNKNOWN;
        }
        ledger_set(l, &p);
    }
}

/* old_size 0: the object of the page at the old address appears a second time. */
static void step_duplicate(const struct inv_view *v, struct inv_ledger *l)
{
    size_t i = ledger_find(l, inv_arg(v, 0));
    struct ledger_piece p;

    if (i == l->n || !range_has(l->v[i].r, inv_arg(v, 0))) {
        ledger_remove(l, v->range);
        return;
    }
    p = l->v[i];
    p.offset = ledger_offset_at(&p, inv_arg(v, 0));
    p.r = v->range;
    p.content = LEDGER_UNKNOWN;
    p.shared = p.shared && !became_snapshot(v, p.r);
    ledger_set(l, &p);
}

/* DONTUNMAP leaves fresh memory behind: zero if it is anonymous and private, else not known. */
static void fresh_source(struct inv_ledger *l, struct range from)
{
    size_t first, past;

    ledger_cut(l, from, &first, &past);
    for (; first < past; first++) {
        bool zero = !l->v[first].file && !l->v[first].shared;

        l->v[first].content = zero ? LEDGER_ZERO : LEDGER_UNKNOWN;
    }
}

static void step_mremap(const struct inv_view *v, struct inv_ledger *l)
{
    uint64_t old = inv_arg(v, 0);
    uint64_t at = v->out->value;
    uint64_t old_len = v->has_from ? range_len(v->from) : 0;
    uint64_t new_len = v->has_range ? range_len(v->range) : 0;
    uint64_t kept = u64_min(old_len, new_len);
    struct ledger_piece last;
    bool known;
    struct range r;
    size_t i;

    if (!v->has_range || !range_contains((struct range){0, v->window.last}, v->range)) {
        return;
    }
    if (kept == 0) {
        step_duplicate(v, l);
        return;
    }
    i = ledger_find(l, old + kept - 1);
    known = i < l->n && range_has(l->v[i].r, old + kept - 1);
    if (known) {
        /* As if the piece ended where the move does. */
        last = l->v[i];
        last.r.last = old + kept - 1;
    }
    if (at != old) {
        move_pieces(v, l, (struct range){old, old + kept - 1}, at);
    }
    if (v->keep_old && at != old) {
        fresh_source(l, v->from);
    } else if (range_from_len(old + kept, old_len - kept, &r)) {
        ledger_remove(l, r);
    }
    if (range_from_len(at + kept, new_len - kept, &r)) {
        ledger_remove(l, r);
        if (known) {
            grown(v, l, r, &last);
        }
    }
}

static uint64_t free_advice(const struct inv_view *v)
{
    return v->is_linux ? (uint64_t)LINUX_MADV_FREE : (uint64_t)FREEBSD_MADV_FREE;
}

static void advise_piece(const struct inv_view *v, struct ledger_piece *p)
{
    uint64_t advice = inv_arg(v, 2);
    bool sure = v->ok;

    if (p->shared) {
        return;
    }
    if (v->is_linux && advice == LINUX_MADV_DONTNEED) {
        /* A copy (below a host page) cannot go back to its file. */
        bool back =
            sure && (!p->file || (v->host_page == v->guest_page && p->content != LEDGER_UNKNOWN));

        p->content = !back ? LEDGER_UNKNOWN : p->file ? LEDGER_FILE : LEDGER_ZERO;
    } else if (advice == free_advice(v) && p->content == LEDGER_BYTE) {
        p->content = LEDGER_UNKNOWN;
    }
}

/* Advice that changes neither bytes nor what a child inherits. */
static bool harmless(const struct inv_view *v)
{
    uint64_t advice = inv_arg(v, 2);

    return !v->is_linux || advice <= 3 || (advice >= 12 && advice <= 17) || advice == 20 ||
           advice == 21;
}

static void step_madvise(const struct inv_view *v, struct inv_ledger *l)
{
    uint64_t advice = inv_arg(v, 2);
    struct range r;
    size_t first, past;

    /* ENOMEM comes after the mapped parts were treated. */
    if (!inv_range_in_window(v, &r) ||
        (v->failed && v->n_failed == 0 && v->out->err != ABI_ENOMEM)) {
        return;
    }
    ledger_cut(l, r, &first, &past);
    if (advice == LINUX_MADV_DONTNEED || advice == free_advice(v)) {
        for (; first < past; first++) {
            advise_piece(v, &l->v[first]);
        }
        return;
    }
    for (; !harmless(v) && first < past; first++) {
        if (advice == LINUX_MADV_REMOVE && l->v[first].file) {
            l->files[l->v[first].object].wild = true;
        }
        l->wild_anon |= advice == LINUX_MADV_REMOVE && l->v[first].shared && !l->v[first].file;
        l->v[first].content = LEDGER_UNKNOWN;
    }
}

/* A child ran and is gone: what it shared with its parent may have changed. */
static void step_wait(struct inv_ledger *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct ledger_piece *p = &l->v[i];

        if (p->shared) {
            p->content = p->file && p->content != LEDGER_UNKNOWN ? LEDGER_FILE : LEDGER_UNKNOWN;
        } else if (p->file && p->content == LEDGER_FILE) {
            p->content = LEDGER_UNKNOWN;
        }
    }
    for (size_t i = 0; i < l->prog->files.n; i++) {
        mark_dirty(&l->files[i], 0, UINT64_MAX);
    }
}

/* ---- failures ---- */

/* Pages that F gave up are gone; where an undo failed too, contents are anyone's guess. */
static void step_failed(const struct inv_view *v, struct inv_ledger *l)
{
    struct range window = {0, v->window.last};
    struct range r;

    if (v->n_failed == 0) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        uint64_t hole;

        if (!inv_all_valid(v->ctx->flags_after, l->v[i].r, &hole)) {
            uint64_t last = l->v[i].r.last;
            struct inv_cursor c = inv_cursor(v->ctx->flags_after, hole);

            (void)inv_at(&c, hole, &last);
            ledger_remove(l, (struct range){hole, last});
            i = ledger_find(l, hole) - 1;
        }
    }
    if (v->n_failed < 2) {
        return;
    }
    if (inv_range_in_window(v, &r) && !(v->kind == OP_mremap && !v->fixed)) {
        ledger_forget(l, inv_host_pages(v, r));
        if (v->kind == OP_mmap && v->shared && !v->anon && v->step->args.file >= 0 &&
            (size_t)v->step->args.file < l->prog->files.n) {
            l->files[v->step->args.file].wild = true;
        }
    }
    if (v->has_from && range_overlaps(v->from, window)) {
        ledger_forget(l, inv_host_pages(v, range_cut(v->from, window)));
    }
}

static void step_ok(const struct inv_view *v, struct inv_ledger *l)
{
    struct range r;

    switch (v->kind) {
    case OP_mmap:
        step_mmap(v, l);
        break;
    case OP_munmap:
        if (inv_range_in_window(v, &r)) {
            ledger_remove(l, r);
        }
        break;
    case OP_mremap:
        step_mremap(v, l);
        break;
    case OP_wait:
        step_wait(l);
        break;
    default:
        break;
    }
}

void inv_ledger_step(struct inv_ledger *l, const struct inv_ctx *ctx)
{
    struct inv_view v;

    inv_view_init(&v, ctx);
    inv_ledger_note_stuck(l, &v);
    if (!ctx->memory || !ctx->flags_before || !ctx->flags_after || v.must_fail) {
        return;
    }
    if (v.kind == OP_store) {
        step_store(&v, l);
    } else if (v.kind == OP_madvise && (v.ok || v.failed)) {
        step_madvise(&v, l);
    } else if (v.ok) {
        step_ok(&v, l);
    } else if (v.failed) {
        step_failed(&v, l);
    }
    ledger_merge(l);
}
