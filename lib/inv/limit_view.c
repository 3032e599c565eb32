/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of what the guest sees without asking a call: accesses, mappings, bytes. */
#include "inv/ledger_priv.h"
#include "inv/limit_priv.h"

/*
 * The host page of AT holds a VALID page, that of AT left out, that is no guard and has a right of
 * WANT.
 */
static bool neighbour_has(const struct inv_view *v, uint64_t at, uint8_t want)
{
    const struct region_vec *f = v->ctx->flags_before;
    struct range page = inv_host_pages(v, (struct range){at, at});
    struct range self = range_widen((struct range){at, at}, v->guest_page);

    for (size_t i = region_lower_bound(f, page.start); i < f->n && f->v[i].r.start <= page.last;
         i++) {
        const struct region *g = &f->v[i];

        if ((g->flags & PAGE_VALID) && g->kind != REGION_GUARD && (!want || (g->flags & want)) &&
            !range_contains(self, range_cut(g->r, page))) {
            return true;
        }
    }
    return false;
}

/* The page at AT has a right that may imply R. */
static bool has_rights(const struct inv_view *v, uint64_t at)
{
    return inv_flags(region_find(v->ctx->flags_before, at)) &
           (PAGE_WRITE | PAGE_WRITE_ORG | PAGE_EXEC);
}

static bool has_read(const struct inv_view *v, uint64_t at)
{
    return inv_flags(region_find(v->ctx->flags_before, at)) & PAGE_READ;
}

static bool was_left(const struct limit_ctx *c, uint64_t at)
{
    return !c->left || region_find(c->left, at);
}

/* What the host has at A is not the file's page: a copy. Without a host map nobody knows. */
static bool is_copy(const struct inv_view *v, const struct limit_access *a)
{
    const struct region *h = v->ctx->host_before ? region_find(v->ctx->host_before, a->at) : NULL;

    return !v->ctx->host_before || (h && (h->kind != REGION_FILE || h->object != a->object ||
                                          h->offset + (a->at - h->r.start) != a->offset));
}

static enum limit_id past_eof(const struct limit_ctx *c, const struct inv_view *v,
                              const struct limit_access *a)
{
    uint64_t past = u64_align_up_wrap(a->size, v->space->real_page);

    return limit_if(c, LIMIT_ID_FRAG_PAST_EOF_ZERO, a->offset < past || is_copy(v, a));
}

/* The right is the host page's, or implied by others. */
static enum limit_id right_of_others(const struct limit_ctx *c, const struct inv_view *v,
                                     const struct limit_access *a)
{
    enum limit_id id = limit_if(c, LIMIT_ID_RIGHTS_IMPLIED, !a->write && has_rights(v, a->at));
    uint8_t want = a->write ? PAGE_WRITE | PAGE_WRITE_ORG : PAGE_BITS;

    return id != LIMIT_NONE ? id
                            : limit_if(c, LIMIT_ID_SUBPAGE_PROT, neighbour_has(v, a->at, want));
}

/* A free page in a live host page. */
static enum limit_id slack(const struct limit_ctx *c, const struct inv_view *v, gaddr at)
{
    return limit_if(c, was_left(c, at) ? LIMIT_ID_SUBPAGE_UNMAP : LIMIT_ID_SLACK_VISIBLE,
                    neighbour_has(v, at, 0));
}

/* The layer's guest was refused the access in another way than the kernel's. */
static enum limit_id refused(const struct limit_ctx *c, const struct inv_view *v,
                             const struct limit_access *a)
{
    switch (a->page) {
    case LIMIT_PAGE_GRANTED:
        if (!a->write && has_rights(v, a->at) && !has_read(v, a->at)) {
            return limit_if(c, LIMIT_ID_RIGHTS_IMPLIED, true);
        }
        /* What no undo could bring back after the host had refused (layer.md 1.4, rule 5). */
        return limit_if(c, LIMIT_ID_HOST_FAILED, limit_host_failed(v) || limit_stuck(c, a->at));
    case LIMIT_PAGE_REFUSED: /* so that EOF decides */
        return right_of_others(c, v, a);
    case LIMIT_PAGE_UNMAPPED: /* likewise */
        return slack(c, v, a->at);
    case LIMIT_PAGE_GUARD:
        return limit_if(c, LIMIT_ID_GUARD_FRAG_SOFT, neighbour_has(v, a->at, 0));
    default:
        return LIMIT_NONE;
    }
}

enum limit_id limit_access(const struct limit_ctx *c, const struct limit_access *a)
{
    struct inv_view v;
    enum limit_id id = LIMIT_NONE;

    inv_view_init(&v, c->step);
    if (!a->granted) {
        return refused(c, &v, a);
    }
    switch (a->page) {
    case LIMIT_PAGE_UNMAPPED:
        id = slack(c, &v, a->at);
        break;
    case LIMIT_PAGE_REFUSED:
        id = right_of_others(c, &v, a);
        break;
    case LIMIT_PAGE_GUARD:
        id = limit_if(c, LIMIT_ID_GUARD_FRAG_SOFT, neighbour_has(&v, a->at, 0));
        break;
    case LIMIT_PAGE_PAST_EOF:
        id = past_eof(c, &v, a);
        break;
    case LIMIT_PAGE_GRANTED:
        break;
    }
    return id != LIMIT_NONE ? id : limit_if(c, LIMIT_ID_HOST_FAILED, limit_stuck(c, a->at));
}

bool limit_stuck(const struct limit_ctx *c, gaddr at)
{
    uint64_t last = UINT64_MAX;

    return !(c->off & limit_bit(LIMIT_ID_HOST_FAILED)) &&
           inv_ledger_stuck(c->step->ledger, at, &last);
}

/* WHERE lies in what the call of this step names. */
static bool named(const struct inv_view *v, struct range where)
{
    return (v->has_range && range_contains(v->range, where)) ||
           (v->has_from && range_contains(v->from, where));
}

/* WHERE lies in the destination of a move, and nothing was mapped where it comes from. */
static bool faces_hole(const struct inv_view *v, struct range where)
{
    struct range from;

    if (!v->has_range || !v->has_from || !range_contains(v->range, where)) {
        return false;
    }
    from.start = where.start - v->range.start + v->from.start;
    from.last = where.last - v->range.start + v->from.start;
    return from.last <= v->from.last && !inv_any_valid(v->ctx->flags_before, from);
}

enum limit_id limit_mapping(const struct limit_ctx *c, struct range where,
                            const struct region *kernel, const struct region *book)
{
    struct inv_view v;

    inv_view_init(&v, c->step);
    if (v.kind == OP_mremap && v.ok && v.fixed && kernel && !book && faces_hole(&v, where)) {
        return limit_if(c, LIMIT_ID_MOVE_CLEARS_HOLES, true);
    }
    return limit_if(c, LIMIT_ID_HOST_FAILED, v.failed && limit_host_failed(&v) && named(&v, where));
}

/* R < T: AT lies where zeros stand for what is behind EOF. */
static bool spliced(const struct inv_view *v, const struct limit_bytes *b)
{
    return b->file && b->offset >= u64_align_up_wrap(b->size, v->space->real_page) &&
           b->offset < u64_align_up_wrap(b->size, v->guest_page);
}

static enum limit_id dontneed(const struct limit_ctx *c, const struct inv_view *v,
                              const struct limit_bytes *b)
{
    bool unlike = v->host_page > v->guest_page || v->space->real_page < v->guest_page;
    bool drops = v->kind == OP_madvise && (v->ok || v->failed) &&
                 (inv_arg(v, 2) == LINUX_MADV_DONTNEED || inv_arg(v, 2) == 24);

    return limit_if(c, LIMIT_ID_DONTNEED_KEEPS_COPY,
                    unlike && drops && b->file && !b->shared &&
                        named(v, (struct range){b->at, b->at}));
}

/* At AT there was a copy of a shared object before the step. */
static bool was_snapshot(const struct inv_view *v, gaddr at)
{
    const struct region *g = region_find(v->ctx->flags_before, at);

    return g && g->snapshot;
}

/*
 * This step took the copy that lies at AT: it is of this moment, so nothing can have changed since.
 */
static bool snapshot_taken_now(const struct inv_view *v, gaddr at)
{
    if (!v->ok || !v->has_range || !range_has(v->range, at)) {
        return false;
    }
    if (v->kind == OP_mmap) {
        return true;
    }
    return v->kind == OP_mremap && v->has_from &&
           at - v->range.start <= v->from.last - v->from.start &&
           !was_snapshot(v, at - v->range.start + v->from.start);
}

enum limit_id limit_bytes(const struct limit_ctx *c, const struct limit_bytes *b)
{
    struct inv_view v;
    const struct region *book = region_find(c->step->flags_after, b->at);
    enum limit_id id = LIMIT_NONE;

    inv_view_init(&v, c->step);
    if (book && book->snapshot && !b->own) {
        id = limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT,
                      (b->shared || (b->file && b->changed)) && !snapshot_taken_now(&v, b->at));
    } else if (spliced(&v, b)) {
        /* Through a private map nothing was stored there: zeros. */
        id = limit_if(c, LIMIT_ID_EOF_GROWTH_UNSEEN, b->shared || (!b->stored && b->have == 0));
    } else if (!b->shared && b->file) {
        id = limit_if(c, LIMIT_ID_PRIVATE_COPY_EARLY, !b->own && b->changed);
        id = id != LIMIT_NONE ? id
                              : limit_if(c, LIMIT_ID_PRIVATE_COPY_LATE, !b->stored && b->follows);
    }
    if (id == LIMIT_NONE && b->file && b->offset >= b->size) {
        /* What another map stored behind EOF is no part of the file: a copy has zeros there. */
        id = limit_if(c, LIMIT_ID_FRAG_PAST_EOF_ZERO, !b->own && b->have == 0);
    }
    if (id == LIMIT_NONE) {
        id = dontneed(c, &v, b);
    }
    if (id == LIMIT_NONE && v.failed && (v.n_failed > 1 || v.kind == OP_madvise)) {
        /* One refusal must be undone, bytes included; a second may have been the undo's. */
        id = limit_if(c, LIMIT_ID_HOST_FAILED, named(&v, (struct range){b->at, b->at}));
    }
    if (id == LIMIT_NONE) {
        id = limit_if(c, LIMIT_ID_HOST_FAILED, limit_stuck(c, b->at));
    }
    return id;
}
