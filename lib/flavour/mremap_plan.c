/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a range can move as whole host pages and what must be copied. Copies are needed where a
 * host page has to stay for others: pages of other mappings at the edges of the source or of the
 * destination, or everything if source and destination lie differently within their host pages.
 *
 *     T = 4K, H = 16K, n: another mapping
 *     source       | n  s0  s1  s2 | s3  s4  s5  s6 | s7  .   .   .  |
 *                       left: copied     moves         moves, slack and all
 */
#include "flavour/mremap.h"

#include <errno.h>

#include "base/int.h"

bool mremap_page_info(const struct layer *l, gaddr at, struct page_info *ret)
{
    struct page_run run;

    if (!pageflags_lookup(l->flags, at, &run)) {
        return false;
    }
    *ret = run.info;
    if (ret->object != 0) {
        ret->offset += u64_align_down(at, l->space.guest_page) - run.r.start;
    }
    return true;
}

struct page_info mremap_lifted(const struct page_info *info)
{
    struct page_info lifted = *info;

    if (lifted.flags & PAGE_WRITE_ORG) {
        lifted.flags |= PAGE_WRITE;
    }
    return lifted;
}

/* Is a page of PAGE outside R VALID? */
static bool valid_beside(const struct layer *l, struct range page, struct range r)
{
    if (!range_overlaps(page, r)) {
        return pageflags_any(l->flags, page);
    }
    return (page.start < r.start &&
            pageflags_any(l->flags, (struct range){page.start, r.start - 1})) ||
           (page.last > r.last && pageflags_any(l->flags, (struct range){r.last + 1, page.last}));
}

/*
 * Can the host page at PAGE, which holds kept pages, go as a whole? No page of another mapping may
 * go with it, and none may be in its way. Where source and destination meet in one host page, that
 * page stays for both.
 */
static bool page_moves(const struct layer *l, const struct mremap_plan *p, gaddr page)
{
    struct range src = {page, page | (l->space.host_page - 1)};
    uint64_t shift = p->to.start - p->from.start;

    if (valid_beside(l, src, p->all)) {
        return false;
    }
    if (!p->fixed || range_contains(p->from, src)) {
        return true;
    }
    return !range_overlaps(src, layer_hull(l, mremap_target(p))) &&
           !valid_beside(l, (struct range){src.start + shift, src.last + shift}, mremap_target(p));
}

static void split(const struct layer *l, struct mremap_plan *p)
{
    uint64_t host_page = l->space.host_page;
    struct range hull = layer_hull(l, p->from);
    gaddr last_page = hull.last - (host_page - 1);

    p->moved = hull;
    p->left = p->right = p->from;
    p->has_left = p->has_right = false;
    if (!l->host->caps.remap ||
        (p->fixed && !u64_is_aligned(p->to.start - p->from.start, host_page))) {
        p->has_left = true;
        p->has_moved = false;
        return;
    }
    p->has_left = !page_moves(l, p, hull.start);
    if (hull.start == last_page) {
        p->has_moved = !p->has_left;
        return;
    }
    p->has_right = !page_moves(l, p, last_page);
    p->has_moved = !p->has_left || !p->has_right || hull.start + host_page != last_page;
    if (p->has_left) {
        p->left.last = hull.start + (host_page - 1);
        p->moved.start = p->left.last + 1;
    }
    if (p->has_right) {
        p->right.start = last_page;
        p->moved.last = last_page - 1;
    }
}

/* Nothing truly shared may become a copy that can be written. */
static int check_copied(const struct layer *l, struct range r)
{
    struct page_run run;
    gaddr at = r.start;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        if (mremap_truly_shared(&run.info) && (run.info.flags & (PAGE_WRITE | PAGE_WRITE_ORG))) {
            return -EINVAL;
        }
        if (run.r.last >= r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    return 0;
}

/* Copies beside pages of others in the destination's first and last host page. */
static int check_target(struct layer *l, const struct mremap_plan *p)
{
    struct range target = mremap_target(p);
    struct range hull = layer_hull(l, target);
    struct range page = {hull.start, hull.start | (l->space.host_page - 1)};
    int err;

    if (!p->fixed || l->space.host_page == l->space.guest_page) {
        return 0;
    }
    err = mmap_frag_check(l, range_cut(page, target), page, false);
    if (err < 0 || page.last == hull.last) {
        return err;
    }
    page = (struct range){u64_align_down(hull.last, l->space.host_page), hull.last};
    return mmap_frag_check(l, range_cut(page, target), page, false);
}

/*
 * Pages of an object can only be added behind a page that still shows the object, up to the end of
 * a host page.
 */
static int check_growth(const struct layer *l, const struct mremap_plan *p)
{
    struct range target = mremap_target(p);
    struct range page = {u64_align_down(target.last, l->space.host_page),
                         target.last | (l->space.host_page - 1)};
    struct page_info tail;

    if (!p->grows || !mremap_page_info(l, p->from.last, &tail) || tail.object == 0) {
        return 0;
    }
    if (!p->has_moved || p->moved.last < p->from.last) {
        return -ENOMEM;
    }
    return p->fixed && valid_beside(l, page, target) ? -ENOMEM : 0;
}

int mremap_plan(struct layer *l, struct mremap_plan *p)
{
    int err = 0;

    split(l, p);
    if (p->has_left) {
        err = check_copied(l, p->left);
    }
    if (err == 0 && p->has_right) {
        err = check_copied(l, p->right);
    }
    if (err == 0) {
        err = check_target(l, p);
    }
    if (err == 0) {
        err = check_growth(l, p);
    }
    return err;
}
