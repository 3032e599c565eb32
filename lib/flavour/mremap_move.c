/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A planned move carried out. Order: read what must be copied; the fixed destination leaves;
 * copies, host pages, growth arrive there; the source leaves last. Until then the page flags of the
 * source stay, so that the way back from any failure is to move the host pages back and to free the
 * destination.
 */
#include "flavour/mremap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/int.h"
#include "base/vec.h"

struct mover {
    struct layer *l;
    const struct mremap_plan *p;
    uint64_t shift; /* destination minus source, modulo 2^64 */
    struct {
        struct range *v;
        size_t n, cap;
    } done;         /* moved on the host, source addresses */
    uint8_t *bytes; /* of the VALID pages of p->left, then p->right */
    bool rights;    /* moved pages may have other host rights than their source had */
};

static struct range shifted(const struct mover *m, struct range r)
{
    return (struct range){r.start + m->shift, r.last + m->shift};
}

/*
 * The run that holds AT or comes next in R, cut to R, with the offset of what is left of it; false
 * at the end.
 */
static bool next_run(const struct layer *l, gaddr at, struct range r, struct page_run *ret)
{
    struct range cut;

    if (!pageflags_next(l->flags, at, ret) || ret->r.start > r.last) {
        return false;
    }
    cut = range_cut(ret->r, (struct range){at, r.last});
    if (ret->info.object != 0) {
        ret->info.offset += cut.start - ret->r.start;
    }
    ret->r = cut;
    return true;
}

/* ---- copies ---- */

static uint64_t valid_bytes(const struct layer *l, struct range r)
{
    struct page_run run;
    uint64_t sum = 0;
    gaddr at = r.start;

    while (next_run(l, at, r, &run)) {
        sum += range_len(run.r);
        if (run.r.last == r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    return sum;
}

/* Make every live host page that R touches readable; *RAISED if one was not. */
static int raise_rights(struct layer *l, struct range r, bool *raised)
{
    const struct view same = {.pf = l->flags};
    struct range hull = layer_hull(l, r);
    gaddr at = hull.start;

    for (;;) {
        gaddr last;
        int prot;

        view_stretch(l, &same, at, hull.last, &last, &prot);
        if (prot >= 0 && !(prot & HOST_R)) {
            int err = host_protect(l->host, g2h(&l->space, at), last - at + 1, prot | HOST_R);

            *raised = true;
            if (err < 0) {
                return err;
            }
        }
        if (last >= hull.last) {
            return 0;
        }
        at = last + 1;
    }
}

static void restore_rights(struct layer *l, struct range r)
{
    if (hostprot_restore(l, r) < 0) {
        hostprot_restore(l, r);
    }
}

/*
 * The bytes of one run; what lies past EOF reads as zero (frag-past-eof-zero), and BUF is zero
 * already.
 */
static int read_run(struct layer *l, struct range r, uint8_t *buf)
{
    struct host_fault fault = {0};
    int err = host_read(l->host, g2h(&l->space, r.start), buf, range_len(r), &fault);

    return err < 0 && fault.signal == SIGBUS ? 0 : err;
}

static int read_part(struct layer *l, struct range r, uint8_t *buf)
{
    struct page_run run;
    gaddr at = r.start;
    bool raised = false;
    int err = raise_rights(l, r, &raised);

    while (err == 0 && next_run(l, at, r, &run)) {
        err = read_run(l, run.r, buf);
        buf += range_len(run.r);
        if (run.r.last == r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    if (raised) {
        restore_rights(l, r);
    }
    return err;
}

static int read_copies(struct mover *m)
{
    const struct mremap_plan *p = m->p;
    uint64_t left = p->has_left ? valid_bytes(m->l, p->left) : 0;
    uint64_t right = p->has_right ? valid_bytes(m->l, p->right) : 0;
    int err = layer_scratch(left + right, &m->bytes);

    if (err == 0 && left > 0) {
        err = read_part(m->l, p->left, m->bytes);
    }
    if (err == 0 && right > 0) {
        err = read_part(m->l, p->right, m->bytes + left);
    }
    return err;
}

/* What a page is as a copy. */
static struct page_info copied_info(const struct page_info *info)
{
    struct page_info copy = mremap_lifted(info);

    copy.snapshot = info->shared;
    copy.copied = info->kind == REGION_FILE;
    return copy;
}

/* Lay copies of R down at the destination; *BYTES moves on. */
static int build_copies(struct mover *m, struct range r, const uint8_t **bytes)
{
    struct page_run run;
    gaddr at = r.start;

    while (next_run(m->l, at, r, &run)) {
        struct page_info info = copied_info(&run.info);
        int err = map_bytes(m->l, shifted(m, run.r), &info, *bytes, range_len(run.r));

        if (err < 0) {
            return err;
        }
        *bytes += range_len(run.r);
        if (run.r.last == r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    return 0;
}

/* ---- whole host pages ---- */

static int remap(struct mover *m, struct range from, uint64_t shift)
{
    struct host_remap_req req = {
        .old_addr = g2h(&m->l->space, from.start),
        .old_len = range_len(from),
        .new_len = range_len(from),
        .new_addr = g2h(&m->l->space, from.start + shift),
        .flags = HOST_REMAP_MAYMOVE | HOST_REMAP_FIXED,
    };
    uint64_t addr;

    return host_remap(m->l->host, &req, &addr);
}

/*
 * Move R. What the guest sees as one mapping the host may hold in several pieces (rights lowered
 * for TBs, splices, kernels that do not merge), and kernels before 6.17 move one piece at a time:
 * halve until each call lies in one.
 */
static int move_stretch(struct mover *m, struct range r)
{
    uint64_t half = u64_align_down(range_len(r) / 2, m->l->space.real_page);
    int err = vec_reserve(&m->done, m->done.n + 1);

    if (err < 0) {
        return err;
    }
    err = remap(m, r, m->shift);
    if (err == 0) {
        m->done.v[m->done.n++] = r;
        return 0;
    }
    if (err != -EFAULT || half == 0) {
        return err;
    }
    err = move_stretch(m, (struct range){r.start, r.start + (half - 1)});
    return err < 0 ? err : move_stretch(m, (struct range){r.start + half, r.last});
}

/* Stretches of live host pages move, empty host pages between them stay behind. */
static int move_pages(struct mover *m)
{
    uint64_t host_page = m->l->space.host_page;
    struct range all = m->p->moved;
    struct page_run run;
    gaddr at = all.start;
    bool more = next_run(m->l, at, all, &run);

    while (more) {
        struct range r = range_widen(run.r, host_page);
        int err;

        while ((more = r.last < all.last && next_run(m->l, r.last + 1, all, &run)) &&
               u64_align_down(run.r.start, host_page) == r.last + 1) {
            r.last = run.r.last | (host_page - 1);
        }
        err = move_stretch(m, r);
        if (err < 0) {
            return err;
        }
    }
    return 0;
}

/*
 * Page flags of what moved. TB protection ends here, and with it the missing host W; so do rights
 * the last host page has only for the sake of a surplus that does not come along.
 */
static int settle_pages(struct mover *m)
{
    struct range r = range_cut(m->p->moved, m->p->from);
    struct page_run run;
    gaddr at = r.start;
    bool rights = m->p->all.last > m->p->from.last && m->p->moved.last > m->p->from.last;

    while (next_run(m->l, at, r, &run)) {
        struct page_info info = mremap_lifted(&run.info);

        rights |= info.flags != run.info.flags;
        pageflags_set(m->l->flags, shifted(m, run.r), &info);
        if (run.r.last == r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    if (!rights) {
        return 0;
    }
    m->rights = true;
    return hostprot_restore(m->l, shifted(m, r));
}

static int grow(struct mover *m)
{
    const struct mremap_plan *p = m->p;
    struct range target = mremap_target(p);
    struct page_info tail;

    if (!p->grows || !mremap_page_info(m->l, p->to.last, &tail)) {
        return 0;
    }
    return mremap_grow(m->l, p->to, (struct range){p->to.last + 1, target.last}, &tail, true);
}

/* ---- the source leaves ---- */

/*
 * Giving up after the data has moved would lose more than it saves: what fails here is tried once
 * more.
 */
static int leave(struct layer *l, struct range r)
{
    int err = munmap_range(l, r);

    return err < 0 ? munmap_range(l, r) : err;
}

static int vacate(struct mover *m)
{
    const struct mremap_plan *p = m->p;
    struct layer *l = m->l;
    int err = 0;

    if (!p->has_moved) {
        return leave(l, p->all);
    }
    if (l->space.reserved_va) {
        err = host_release(l, p->moved);
        err = err < 0 ? host_release(l, p->moved) : err;
    }
    if (err == 0 && p->all.start < p->moved.start) {
        err = leave(l, (struct range){p->all.start, p->moved.start - 1});
    }
    if (err == 0 && p->all.last > p->moved.last) {
        err = leave(l, (struct range){p->moved.last + 1, p->all.last});
    }
    if (err == 0) {
        pageflags_unset(l->flags, range_cut(p->moved, p->all));
    }
    return err;
}

/* ---- the whole ---- */

static void undo(struct mover *m)
{
    const struct mremap_plan *p = m->p;
    struct range target = mremap_target(p);
    struct layer *l = m->l;

    while (m->done.n > 0) {
        struct range r = m->done.v[--m->done.n];

        if (remap(m, shifted(m, r), -m->shift) < 0 && remap(m, shifted(m, r), -m->shift) < 0) {
            pageflags_unset(l->flags, range_cut(r, p->all));
        }
    }
    if (m->rights) {
        restore_rights(l, range_cut(p->moved, p->from));
    }
    if (!p->fixed) {
        pageflags_unset(l->flags, target);
        mmap_release_vma(l, p->block.start, range_len(p->block));
        return;
    }
    leave(l, target);
    if (l->space.reserved_va && mmap_reserve(l, target) < 0) {
        mmap_reserve(l, target);
    }
}

static int carry_out(struct mover *m)
{
    const struct mremap_plan *p = m->p;
    const uint8_t *bytes = m->bytes;
    int err = 0;

    if (p->has_left) {
        err = build_copies(m, p->left, &bytes);
    }
    if (err == 0 && p->has_right) {
        err = build_copies(m, p->right, &bytes);
    }
    if (err == 0 && p->has_moved) {
        err = move_pages(m);
    }
    if (err == 0 && p->has_moved) {
        err = settle_pages(m);
    }
    if (err == 0) {
        err = grow(m);
    }
    return err < 0 ? err : vacate(m);
}

/* Room for all changes of the page flags, those of a failure included. */
static int reserve_changes(struct layer *l, const struct mremap_plan *p)
{
    size_t runs = layer_count_runs(l, layer_hull(l, p->all)) +
                  (p->fixed ? layer_count_runs(l, layer_hull(l, mremap_target(p))) : 0);
    size_t pages = l->space.host_page / l->space.guest_page;

    return pageflags_reserve(l->flags, 4 * (runs + pages) + 4 * FLAG_CHANGES);
}

int mremap_move(struct layer *l, const struct mremap_plan *p)
{
    struct mover m = {.l = l, .p = p, .shift = p->to.start - p->from.start};
    int err = reserve_changes(l, p);

    if (err == 0) {
        err = read_copies(&m);
    }
    if (err < 0) {
        if (!p->fixed) {
            mmap_release_vma(l, p->block.start, range_len(p->block));
        }
        free(m.bytes);
        return err;
    }
    if (p->fixed) {
        err = munmap_range(l, mremap_target(p));
    }
    if (err == 0) {
        err = carry_out(&m);
        if (err < 0) {
            undo(&m);
        }
    }
    if (err == 0) {
        layer_tb_invalidate(l, p->all);
    }
    layer_tb_invalidate(l, mremap_target(p));
    free(m.done.v);
    free(m.bytes);
    return err;
}
