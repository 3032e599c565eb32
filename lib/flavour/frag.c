/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_frag (layer.md 4): some guest pages of a live host page get new contents, the others keep
 * bytes and flags.
 *
 * 0x10000 0x11000 0x12000 0x13000 H = 16K, T = 4K | n | * | * | n | * the fragment, n neighbours
 * that stay
 *
 * A host page with no neighbours is not a fragment's business: it is replaced (mmap_fixed.c).
 */
#include "flavour/layer_int.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"

#define RW (HOST_R | HOST_W)

/*
 * Snapshots and read-in file bytes are private memory on the host, whatever the guest calls them.
 */
static bool truly_shared(const struct page_info *info)
{
    return info->shared && !info->snapshot;
}

/* A walk over the runs of one host page outside a fragment. */
struct neighbours {
    struct range r;    /* the fragment */
    struct range hull; /* its host page */
    gaddr at;
    bool done;
};

static struct neighbours neighbours_of(struct range r, struct range hull)
{
    return (struct neighbours){.r = r, .hull = hull, .at = hull.start};
}

/* RUN cut to R, its offset that of the first page left. */
static void cut_run(struct page_run *run, struct range r)
{
    struct range cut = range_cut(run->r, r);

    if (run->info.object != 0) {
        run->info.offset += cut.start - run->r.start;
    }
    run->r = cut;
}

/* The next run, cut to the host page and to one side of the fragment; false at the end. */
static bool next_neighbour(const struct layer *l, struct neighbours *n, struct page_run *ret)
{
    if (!n->done && n->at < n->r.start) {
        if (pageflags_next(l->flags, n->at, ret) && ret->r.start < n->r.start) {
            cut_run(ret, (struct range){n->at, n->r.start - 1});
            n->at = ret->r.last + 1;
            return true;
        }
        n->at = n->r.start;
    }
    if (n->done || n->r.last >= n->hull.last) {
        return false;
    }
    n->at = u64_max(n->at, n->r.last + 1);
    if (!pageflags_next(l->flags, n->at, ret) || ret->r.start > n->hull.last) {
        return false;
    }
    cut_run(ret, (struct range){n->at, n->hull.last});
    n->done = ret->r.last == n->hull.last;
    n->at = ret->r.last + 1;
    return true;
}

int mmap_frag_check(struct layer *l, struct range r, struct range hull, bool shared)
{
    struct neighbours n = neighbours_of(r, hull);
    struct page_run run;

    while (next_neighbour(l, &n, &run)) {
        if (shared || truly_shared(&run.info)) {
            return -EINVAL;
        }
    }
    return 0;
}

static bool has_protected_neighbour(struct layer *l, const struct frag *f)
{
    struct neighbours n = neighbours_of(f->r, f->hull);
    struct page_run run;

    while (next_neighbour(l, &n, &run)) {
        if ((run.info.flags & PAGE_WRITE_ORG) && !(run.info.flags & PAGE_WRITE)) {
            return true;
        }
    }
    return false;
}

static struct view view_before(const struct layer *l)
{
    return (struct view){.pf = l->flags};
}

static struct view view_after(const struct layer *l, const struct frag *f)
{
    return (struct view){
        .pf = l->flags,
        .change = VIEW_NEW,
        .r = f->r,
        .flags = f->flags,
        .lift = !f->untouched,
    };
}

static int protect_hull(struct layer *l, const struct frag *f, int prot)
{
    return host_protect(l->host, g2h(&l->space, f->hull.start), range_len(f->hull), prot);
}

/* Neighbours in R, a real page that was past EOF, are zero pages of their own from now on. */
static void mark_copied(struct layer *l, const struct frag *f, struct range r)
{
    struct neighbours n = neighbours_of(f->r, f->hull);
    struct page_run run;

    while (next_neighbour(l, &n, &run)) {
        if (run.info.kind == REGION_FILE && !run.info.copied && range_overlaps(run.r, r)) {
            cut_run(&run, r);
            run.info.copied = true;
            pageflags_set(l->flags, run.r, &run.info);
        }
    }
}

/*
 * The real page at AT lies past EOF of its file and cannot be written: an anonymous one takes its
 * place.
 */
static int exchange(struct layer *l, const struct frag *f, gaddr at)
{
    struct range real = range_widen((struct range){at, at}, l->space.real_page);
    int err = host_map_at(l, real, RW, HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0);

    if (err == 0) {
        mark_copied(l, f, real);
    }
    return err;
}

/* Write BYTES (NULL: zeros) over the fragment, whose host page has RW. */
static int fill(struct layer *l, const struct frag *f, const uint8_t *bytes)
{
    uint64_t len = range_len(f->r);
    uint64_t pos = 0;

    while (pos < len) {
        struct host_fault fault = {0};
        haddr addr = g2h(&l->space, f->r.start + pos);
        int err = host_write(l->host, addr, bytes ? bytes + pos : NULL, len - pos, &fault);
        gaddr at = h2g(&l->space, fault.addr);

        if (err == 0) {
            return 0;
        }
        if (fault.signal != SIGBUS || !range_has(f->r, at) || at < f->r.start + pos) {
            return err;
        }
        err = exchange(l, f, at);
        if (err < 0) {
            return err;
        }
        pos = at - f->r.start;
    }
    return 0;
}

/*
 * What a failure must bring back: the bytes of pages that were VALID. Real pages past EOF have
 * none.
 */
static int save(struct layer *l, struct frag *f)
{
    uint64_t len = range_len(f->r);
    uint64_t pos = 0;
    int err = layer_scratch(len, &f->saved);

    if (err < 0) {
        return err;
    }
    while (pos < len) {
        struct host_fault fault = {0};
        gaddr at;

        err =
            host_read(l->host, g2h(&l->space, f->r.start + pos), f->saved + pos, len - pos, &fault);
        at = h2g(&l->space, fault.addr);
        if (err == 0) {
            return 0;
        }
        if (fault.signal != SIGBUS || !range_has(f->r, at) || at < f->r.start + pos) {
            return err;
        }
        pos = (at | (l->space.real_page - 1)) - f->r.start + 1;
    }
    return 0;
}

/* The whole contents of the fragment as one buffer; NULL: all zeros. */
static int contents(const struct frag *f, uint8_t **ret)
{
    int err;

    *ret = NULL;
    if (f->n_bytes == 0) {
        return 0;
    }
    err = layer_scratch(range_len(f->r), ret);
    if (err == 0) {
        memcpy(*ret, f->bytes, f->n_bytes);
    }
    return err;
}

static int replace_bytes(struct layer *l, struct frag *f, int before)
{
    uint8_t *bytes;
    int err;

    if (has_protected_neighbour(l, f)) {
        /* Their host page is about to be writable: no code made from it may survive that. */
        layer_tb_invalidate(l, f->hull);
    }
    err = contents(f, &bytes);
    if (err < 0) {
        return err;
    }
    f->started = true;
    err = (before & RW) == RW ? 0 : protect_hull(l, f, RW);
    if (err == 0) {
        err = save(l, f);
    }
    if (err == 0) {
        f->written = true;
        err = fill(l, f, bytes);
    }
    free(bytes);
    return err;
}

int mmap_frag(struct layer *l, struct frag *f)
{
    const struct view v_before = view_before(l);
    const struct view v_after = view_after(l, f);
    int before = view_union(l, &v_before, f->hull.start);
    int after = view_union(l, &v_after, f->hull.start);
    int now = before;
    int err = 0;

    if (!f->untouched) {
        err = replace_bytes(l, f, before);
        now = RW;
    }
    if (err == 0 && now != after) {
        f->started = true;
        err = protect_hull(l, f, after);
    }
    if (err < 0) {
        mmap_frag_undo(l, f);
    }
    return err;
}

void mmap_frag_undo(struct layer *l, struct frag *f)
{
    const struct view v_before = view_before(l);
    int before = view_union(l, &v_before, f->hull.start);

    if (!f->started) {
        return;
    }
    /* Nobody comes after an undo, so each step gets a second try. */
    if (f->written && (protect_hull(l, f, RW) == 0 || protect_hull(l, f, RW) == 0) &&
        fill(l, f, f->saved) < 0) {
        fill(l, f, f->saved);
    }
    if (protect_hull(l, f, before) < 0) {
        protect_hull(l, f, before);
    }
    f->started = false;
}

void mmap_frag_commit(struct layer *l, struct frag *f)
{
    struct neighbours n = neighbours_of(f->r, f->hull);
    struct page_run run;

    while (!f->untouched && next_neighbour(l, &n, &run)) {
        if (run.info.flags & PAGE_WRITE_ORG) {
            pageflags_update(l->flags, run.r, 0, PAGE_WRITE);
        }
    }
}

void mmap_frag_free(struct frag *f)
{
    free(f->saved);
    f->saved = NULL;
}
