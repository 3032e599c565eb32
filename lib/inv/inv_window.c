/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reservation-whole and no-leak: what the host holds where no guest page is VALID, the other rows
 * of layer.md 13's table. A live host page's free guest pages are slack (limit:slack-visible,
 * limit:subpage-unmap) and belong to nobody here.
 */
#include "inv/inv_stretch.h"
#include "inv/ledger_priv.h"

/* What the emulator held before the program is not the layer's. */
static bool was_there(const struct inv_view *v, uint64_t at, uint64_t *last)
{
    struct inv_cursor c;

    if (!v->ctx->host_start) {
        return false;
    }
    c = inv_cursor(v->ctx->host_start, at);
    return inv_at(&c, at, last) != NULL;
}

static bool is_placeholder(const struct region *h)
{
    return h && h->prot == 0 && h->kind == REGION_ANON && !h->shared;
}

static bool empty_wrong(const struct inv_view *v, const struct region *h, struct range where,
                        struct inv_violation *ret)
{
    bool reserved = v->space->reserved_va != 0;
    char t[4];

    for (uint64_t at = where.start;;) {
        struct range part = {at, where.last};
        bool excused = inv_ledger_stuck(v->ctx->ledger, at, &part.last);

        if (!reserved && !excused) {
            excused = was_there(v, at, &part.last);
        }
        if (!excused && reserved) {
            return inv_say_at(ret, part, "an empty host page is %s %s, must be placeholder",
                              h ? inv_prot_text(h->prot, t) : "a hole",
                              !h                       ? ""
                              : h->shared              ? "shared"
                              : h->kind == REGION_ANON ? "anonymous"
                                                       : "file");
        }
        if (!excused) {
            return inv_say_at(ret, part, "the host has %s where no page is VALID",
                              inv_prot_text(h->prot, t));
        }
        if (part.last == where.last) {
            return false;
        }
        at = part.last + 1;
    }
}

static bool empties_wrong(const struct inv_view *v, const struct inv_stretch *s,
                          struct inv_cursor *host, struct inv_violation *ret)
{
    bool reserved = v->space->reserved_va != 0;

    for (uint64_t at = s->r.start;;) {
        uint64_t last = s->r.last;
        const struct region *h = inv_at(host, at, &last);
        bool wrong = reserved ? !is_placeholder(h) : h != NULL;

        if (wrong && empty_wrong(v, h, (struct range){at, last}, ret)) {
            return true;
        }
        if (last == s->r.last) {
            return false;
        }
        at = last + 1;
    }
}

static bool empty_pages_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    struct range backed = inv_backed(v);
    struct inv_cursor flags = inv_cursor(v->ctx->flags_after, backed.start);
    struct inv_cursor host = inv_cursor(v->ctx->host_after, backed.start);

    for (uint64_t at = backed.start;;) {
        struct inv_stretch s = inv_stretch_at(v, &flags, at);

        if (!s.live && empties_wrong(v, &s, &host, ret)) {
            return true;
        }
        if (s.r.last >= backed.last) {
            return false;
        }
        at = s.r.last + 1;
    }
}

bool inv_reservation_whole(const struct inv_view *v, struct inv_violation *ret)
{
    return v->space->reserved_va != 0 && empty_pages_wrong(v, ret);
}

bool inv_no_leak(const struct inv_view *v, struct inv_violation *ret)
{
    return v->space->reserved_va == 0 && empty_pages_wrong(v, ret);
}
