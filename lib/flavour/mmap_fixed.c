/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed maps (layer.md 6.3): the range is cut into a head and a tail that share their host page
 * with others, and whole host pages between them; everything that can be refused or read is refused
 * and read before the first change.
 *
 * | n * * * | middle | * n n n | * new, n neighbour head: PIECE_FILL one host call tail: PIECE_FILL
 */
#include "flavour/layer_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/int.h"

static void add_piece(struct map_plan *plan, enum piece_kind kind, bool edge, struct range r,
                      struct range hull)
{
    plan->pieces[plan->n++] = (struct piece){.kind = kind, .edge = edge, .r = r, .hull = hull};
}

/*
 * Has R a page whose contents must stay? Guards have none, whatever their host page was mapped
 * from.
 */
static bool has_contents(const struct layer *l, struct range r)
{
    struct page_run run;
    gaddr at = r.start;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        if (run.info.kind != REGION_GUARD) {
            return true;
        }
        if (run.r.last >= r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    return false;
}

/*
 * The part R of the host page HULL becomes a piece of its own if other pages live there, or if it
 * must be a copy because a file cannot be mapped in part. False: it can be replaced together with
 * what lies beside it.
 */
static bool add_edge(struct layer *l, struct map_plan *plan, struct range r, struct range hull)
{
    bool neighbours =
        (r.start > hull.start && has_contents(l, (struct range){hull.start, r.start - 1})) ||
        (r.last < hull.last && has_contents(l, (struct range){r.last + 1, hull.last}));

    if (!neighbours && !plan->file) {
        return false;
    }
    add_piece(plan, neighbours ? PIECE_FILL : PIECE_COPY, true, r, hull);
    return true;
}

static void split(struct layer *l, struct map_plan *plan)
{
    uint64_t host_page = l->space.host_page;
    struct range hull = layer_hull(l, plan->r);
    struct range core = hull;
    bool single = hull.last - hull.start == host_page - 1;
    bool head = plan->r.start > hull.start;
    bool tail = plan->r.last < hull.last;

    if (single && (head || tail) && add_edge(l, plan, plan->r, hull)) {
        return;
    }
    if (!single && head) {
        struct range page = {hull.start, hull.start + (host_page - 1)};

        if (add_edge(l, plan, range_cut(page, plan->r), page)) {
            core.start += host_page;
        }
    }
    if (!single && tail) {
        struct range page = {hull.last - (host_page - 1), hull.last};

        if (add_edge(l, plan, range_cut(page, plan->r), page)) {
            core.last -= host_page;
        }
    }
    if (core.start > core.last) {
        return;
    }
    add_piece(plan, plan->file ? PIECE_FILE : (plan->copy ? PIECE_COPY : PIECE_ANON), false,
              range_cut(core, plan->r), core);
}

/* What the pages of each piece are, and whether something is lost when it is replaced. */
static void describe(struct layer *l, struct map_plan *plan)
{
    for (unsigned i = 0; i < plan->n; i++) {
        struct piece *p = &plan->pieces[i];

        p->info = plan->info;
        if (p->info.object != 0) {
            p->info.offset += p->r.start - plan->r.start;
        }
        if (plan->file && p->kind != PIECE_FILE) {
            p->info.copied = true;
            p->info.snapshot = p->info.shared;
        }
        p->live = pageflags_any(l->flags, p->hull);
        p->frag = (struct frag){
            .r = p->r,
            .hull = p->hull,
            .untouched = p->info.kind == REGION_GUARD,
            .flags = p->info.flags,
        };
    }
}

/* All refusals: copies of what must be truly shared, private beside shared in one host page. */
static int check(struct layer *l, const struct map_plan *plan)
{
    bool shared = plan->info.shared && !plan->info.snapshot;
    bool anon_shared = shared && !plan->file;

    for (unsigned i = 0; i < plan->n; i++) {
        const struct piece *p = &plan->pieces[i];
        int err;

        if (plan->file && shared && p->kind != PIECE_FILE && (p->info.flags & PAGE_WRITE)) {
            return -EINVAL;
        }
        if (p->kind != PIECE_FILL || p->frag.untouched) {
            continue;
        }
        err = mmap_frag_check(l, p->r, p->hull, anon_shared);
        if (err < 0) {
            return err;
        }
    }
    return 0;
}

/* Bytes for the copied edges of a file map. */
static int read_edges(struct layer *l, struct map_plan *plan)
{
    for (unsigned i = 0; i < plan->n; i++) {
        struct piece *p = &plan->pieces[i];
        int err;

        if (p->kind == PIECE_FILE) {
            continue;
        }
        err = file_bytes_read(l, plan->req, p->info.offset, range_len(p->r), &p->own, &p->n_bytes);
        if (err < 0) {
            return err;
        }
        p->bytes = p->own;
    }
    return 0;
}

/* Hand out the bytes of the whole range to the pieces. */
static void deal_bytes(struct map_plan *plan, const uint8_t *bytes, size_t n_bytes)
{
    for (unsigned i = 0; i < plan->n; i++) {
        struct piece *p = &plan->pieces[i];
        uint64_t at = p->r.start - plan->r.start;

        if (at < n_bytes) {
            p->bytes = bytes + at;
            p->n_bytes = u64_min(n_bytes - at, range_len(p->r));
        }
    }
}

static int reserve_changes(struct layer *l, const struct map_plan *plan)
{
    size_t n = FLAG_CHANGES;

    for (unsigned i = 0; i < plan->n; i++) {
        if (plan->pieces[i].kind == PIECE_FILL) {
            /* Each neighbour may get W back, and may turn out to lie past EOF. */
            n += 2 * (layer_count_runs(l, plan->pieces[i].hull) + 1);
        }
    }
    return pageflags_reserve(l->flags, n);
}

static void plan_free(struct map_plan *plan)
{
    for (unsigned i = 0; i < plan->n; i++) {
        free(plan->pieces[i].own);
        mmap_frag_free(&plan->pieces[i].frag);
    }
}

/* BYTES: the contents of a copy; NULL and 0 where they come from plan->req's file, or are zeros. */
static int run(struct layer *l, struct map_plan *plan, const uint8_t *bytes, size_t n_bytes)
{
    uint8_t *own = NULL;
    int err;

    split(l, plan);
    describe(l, plan);
    err = check(l, plan);
    if (err == 0 && plan->file) {
        err = read_edges(l, plan);
    }
    if (err == 0 && plan->copy) {
        if (plan->req) {
            err = file_bytes_read(l, plan->req, plan->req->offset, range_len(plan->r), &own,
                                  &n_bytes);
            bytes = own;
        }
        if (err == 0) {
            deal_bytes(plan, bytes, n_bytes);
        }
    }
    if (err == 0) {
        err = reserve_changes(l, plan);
    }
    if (err == 0) {
        err = map_commit(l, plan);
    }
    plan_free(plan);
    free(own);
    return err;
}

int mmap_fixed(struct layer *l, const struct mmap_req *req)
{
    bool congruent = u64_is_aligned(req->start - req->offset, l->space.host_page);
    struct map_plan plan = {
        .r = {req->start, req->start + (req->len - 1)},
        .info = mmap_req_info(l, req),
        .req = req,
        .file = req->file && congruent,
        .copy = req->file && !congruent,
        .flags = req->wishes,
    };
    int err;

    if (plan.copy) {
        if (req->shared && (req->rights & PAGE_WRITE)) {
            return -EINVAL;
        }
        plan.info.copied = true;
        plan.info.snapshot = req->shared;
    }
    /* The placeholder is there already; without it, what is there belongs to the emulator. */
    if (req->noreplace && !l->space.reserved_va) {
        plan.flags |= HOST_MAP_NOREPLACE;
    }
    err = run(l, &plan, NULL, 0);
    if (err == 0 || plan.lost) {
        layer_tb_invalidate(l, plan.r);
    }
    return err;
}

int map_bytes(struct layer *l, struct range r, const struct page_info *info, const uint8_t *bytes,
              size_t n_bytes)
{
    struct map_plan plan = {.r = r, .info = *info, .copy = true};

    return run(l, &plan, bytes, n_bytes);
}
