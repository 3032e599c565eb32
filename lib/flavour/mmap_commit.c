/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's part of a FIXED map (layer.md 6.3, row 5). Pieces that can be taken back come first:
 * fragments, then host pages that were empty; then those whose old contents are gone for good, the
 * middle last. So the first failure of an irreversible call still leaves everything as it was.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

enum { STAGES = 4 };

static int stage(const struct piece *p)
{
    if (p->kind == PIECE_FILL) {
        return 0;
    }
    if (!p->live) {
        return 1;
    }
    return p->edge ? 2 : 3;
}

/* What is live is the guest's own, so only empty host pages are asked for with NOREPLACE. */
static uint32_t extra_flags(const struct map_plan *plan, const struct piece *p)
{
    return p->live ? plan->flags & ~(uint32_t)HOST_MAP_NOREPLACE : plan->flags;
}

static uint32_t anon_flags(const struct map_plan *plan, const struct piece *p)
{
    bool shared = p->info.shared && !p->info.snapshot;

    return extra_flags(plan, p) | HOST_MAP_ANON | (shared ? HOST_MAP_SHARED : HOST_MAP_PRIVATE);
}

/* Anonymous memory with the piece's bytes at its guest pages. */
static int map_copy(struct layer *l, const struct map_plan *plan, struct piece *p, int prot)
{
    const int rw = HOST_R | HOST_W;
    int err = host_map_at(l, p->hull, p->n_bytes ? rw : prot, anon_flags(plan, p), -1, 0);

    if (err < 0) {
        return err;
    }
    p->changed = true;
    if (p->n_bytes == 0) {
        return 0;
    }
    err = host_write(l->host, g2h(&l->space, p->r.start), p->bytes, p->n_bytes, NULL);
    if (err == 0 && prot != rw) {
        err = host_protect(l->host, g2h(&l->space, p->hull.start), range_len(p->hull), prot);
    }
    return err;
}

static int do_piece(struct layer *l, const struct map_plan *plan, struct piece *p)
{
    int prot = layer_need(p->info.flags);
    int err;

    switch (p->kind) {
    case PIECE_FILL:
        p->frag.bytes = p->bytes;
        p->frag.n_bytes = p->n_bytes;
        return mmap_frag(l, &p->frag);
    case PIECE_FILE:
        return map_file(l, p->hull, plan->req, p->info.offset, prot, extra_flags(plan, p),
                        &p->changed);
    case PIECE_COPY:
        return map_copy(l, plan, p, prot);
    case PIECE_ANON:
        break;
    }
    err = host_map_at(l, p->hull, prot, anon_flags(plan, p), -1, 0);
    p->changed = err == 0;
    return err;
}

/*
 * Guards that shared a host page with a piece that is gone: their host page is PROT_NONE memory
 * again.
 */
static void lay_guards(struct layer *l, struct range hull)
{
    uint64_t host_page = l->space.host_page;
    const struct range edges[] = {{hull.start, hull.start + (host_page - 1)},
                                  {hull.last - (host_page - 1), hull.last}};

    /* The placeholder is just that. */
    for (size_t i = 0; i < ARRAY_LEN(edges) && !l->space.reserved_va; i++) {
        if (pageflags_any(l->flags, edges[i])) {
            host_map_at(l, edges[i], 0, HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0);
        }
    }
}

/* Take back a piece that was done, or that failed half-way. */
static void undo_piece(struct layer *l, struct map_plan *plan, struct piece *p)
{
    if (p->kind == PIECE_FILL) {
        mmap_frag_undo(l, &p->frag);
    } else if (p->changed) {
        host_release_surely(l, p->hull);
        if (p->live) {
            pageflags_unset(l->flags, p->r);
            lay_guards(l, p->hull);
            plan->lost = true;
        }
    }
}

/*
 * A kernel may have taken the old mappings before it failed: then they are gone, and the page flags
 * must say so. Where there was nothing but placeholder it is laid again without asking.
 */
static void look_after_failure(struct layer *l, struct piece *p)
{
    if (p->kind == PIECE_FILL || p->changed) {
        return;
    }
    p->changed = p->live ? hostprot_restore(l, p->hull) == -ENOMEM : l->space.reserved_va != 0;
}

static int do_pieces(struct layer *l, struct map_plan *plan)
{
    for (int s = 0; s < STAGES; s++) {
        for (unsigned i = 0; i < plan->n; i++) {
            struct piece *p = &plan->pieces[i];
            int err = stage(p) == s ? do_piece(l, plan, p) : 0;

            if (err < 0) {
                look_after_failure(l, p);
                return err;
            }
        }
    }
    return 0;
}

int map_commit(struct layer *l, struct map_plan *plan)
{
    int err = do_pieces(l, plan);

    for (unsigned i = 0; i < plan->n; i++) {
        struct piece *p = &plan->pieces[i];

        if (err < 0) {
            undo_piece(l, plan, p);
            continue;
        }
        if (p->kind == PIECE_FILL) {
            mmap_frag_commit(l, &p->frag);
        }
        pageflags_set(l->flags, p->r, &p->info);
        if (p->kind == PIECE_FILE) {
            map_file_mark(l, p->r, &p->info, plan->req);
        }
    }
    /*
     * Only host pages that must be empty are mapped with NOREPLACE: what is there is not the
     * guest's.
     */
    return err == -EEXIST ? -flavour_facts.err_conflict : err;
}
