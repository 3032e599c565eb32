/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growth of a map: pages behind its last one. Private anonymous memory is simply mapped there. An
 * object (a file, shared anonymous memory) is known to the host alone, so its last real page is
 * grown by host mremap: of all its pages only that one must be one piece with what follows,
 * whatever protections and splices have cut the rest into.
 */
#include "flavour/mremap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/int.h"

/* EOF is looked for by reading this much at once; beyond it by halving first. */
#define EOF_READ ((uint64_t)1 << 20)

int mremap_grow_check(const struct layer *l, struct range kept, const struct page_info *tail)
{
    uint64_t edge = kept.last + 1;

    /*
     * A copy does not know its file any more, and behind a splice the host has no file to go on
     * with.
     */
    if (tail->snapshot || tail->copied) {
        return -ENOMEM;
    }
    /*
     * The rest of the real page would be part of the map, and may hold what the guest once wrote
     * there.
     */
    if (tail->object != 0 && !tail->shared && !u64_is_aligned(edge, l->space.real_page)) {
        return -ENOMEM;
    }
    return 0;
}

/* The host's part of growth by an object. */
struct growth {
    struct range fresh; /* host range to be had behind the last real page; start > last: none */
    struct range slack; /* the part of it in the last live host page; start > last: none */
};

static bool is_empty(struct range r)
{
    return r.start > r.last;
}

static bool has_neighbours(const struct layer *l, struct range grown)
{
    gaddr hull_last = grown.last | (l->space.host_page - 1);

    return hull_last > grown.last &&
           pageflags_any(l->flags, (struct range){grown.last + 1, hull_last});
}

static struct growth growth_of(const struct layer *l, struct range kept, struct range grown)
{
    uint64_t real = l->space.real_page;
    gaddr page_last = kept.last | (l->space.host_page - 1);
    struct growth g;

    g.fresh.start = (kept.last | (real - 1)) + 1;
    g.fresh.last = has_neighbours(l, grown) ? (grown.last | (real - 1))
                                            : (grown.last | (l->space.host_page - 1));
    if (g.fresh.start == 0) {
        /* The last real page ends the address space: there is nothing behind it. */
        g.fresh = (struct range){1, 0};
    }
    g.slack = (struct range){g.fresh.start, u64_min(page_last, g.fresh.last)};
    return g;
}

/*
 * Pages that stay behind GROWN in its host page: only beside their own kind, and only in the host
 * page that is live already.
 */
static int check_neighbours(struct layer *l, struct range kept, struct range grown,
                            const struct page_info *tail)
{
    gaddr hull_last = grown.last | (l->space.host_page - 1);
    struct growth g = growth_of(l, kept, grown);
    struct page_run run;
    gaddr at = grown.last + 1;

    if (hull_last != (kept.last | (l->space.host_page - 1))) {
        return -ENOMEM;
    }
    if (l->space.real_page > l->space.guest_page && !is_empty(g.fresh)) {
        return -ENOMEM;
    }
    while (pageflags_next(l->flags, at, &run) && run.r.start <= hull_last) {
        if (mremap_truly_shared(&run.info) != mremap_truly_shared(tail)) {
            return -ENOMEM;
        }
        if (run.r.last >= hull_last) {
            break;
        }
        at = run.r.last + 1;
    }
    return 0;
}

int mremap_grow_fits(struct layer *l, struct range kept, struct range grown,
                     const struct page_info *tail)
{
    uint64_t host_page = l->space.host_page;
    struct range page = {u64_align_down(grown.start, host_page), grown.start | (host_page - 1)};

    if (pageflags_any(l->flags, grown)) {
        return -ENOMEM;
    }
    if (tail->object != 0) {
        return has_neighbours(l, grown) ? check_neighbours(l, kept, grown, tail) : 0;
    }
    if (mmap_frag_check(l, range_cut(page, grown), page, false) < 0) {
        return -ENOMEM;
    }
    page = (struct range){u64_align_down(grown.last, host_page), grown.last | (host_page - 1)};
    return mmap_frag_check(l, range_cut(page, grown), page, false) < 0 ? -ENOMEM : 0;
}

/* ---- private anonymous memory ---- */

/* The empty host pages GROWN touches; false if there are none. */
static bool empty_pages(const struct layer *l, struct range kept, struct range grown,
                        struct range *ret)
{
    uint64_t host_page = l->space.host_page;
    struct range r = layer_hull(l, grown);

    if (range_has(r, kept.last)) {
        if (r.last - r.start == host_page - 1) {
            return false;
        }
        r.start += host_page;
    }
    if (has_neighbours(l, grown)) {
        if (r.last - r.start == host_page - 1) {
            return false;
        }
        r.last -= host_page;
    }
    *ret = r;
    return true;
}

/* Take R on the host if nothing is there: the emulator's memory is not in the page flags. */
static int claim(struct layer *l, struct range r)
{
    struct host_map_req req = {
        .addr = g2h(&l->space, r.start),
        .len = range_len(r),
        .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_NORESERVE,
        .fd = -1,
    };
    uint64_t addr;
    int err;

    if (l->host->caps.noreplace) {
        req.flags |= HOST_MAP_FIXED | HOST_MAP_NOREPLACE;
    }
    err = host_map(l->host, &req, &addr);
    if (err == 0 && addr != req.addr) {
        if (host_unmap(l->host, addr, req.len) < 0) {
            host_unmap(l->host, addr, req.len);
        }
        err = -ENOMEM;
    }
    return err == -EEXIST ? -ENOMEM : err;
}

static int grow_anonymous(struct layer *l, struct range kept, struct range grown,
                          const struct page_info *tail, bool owned)
{
    struct page_info info = mremap_lifted(tail);
    bool claimed = false;
    struct range empty;
    int err;

    if (!owned && !l->space.reserved_va && empty_pages(l, kept, grown, &empty)) {
        err = claim(l, empty);
        if (err < 0) {
            return err;
        }
        claimed = true;
    }
    err = map_bytes(l, grown, &info, NULL, 0);
    if (err < 0 && claimed) {
        host_release_surely(l, empty);
    }
    return err;
}

/* ---- objects ---- */

static bool can_read(struct layer *l, gaddr at, int *err)
{
    struct host_fault fault = {0};
    uint8_t byte;
    int r = host_read(l->host, g2h(&l->space, at), &byte, 1, &fault);

    if (r < 0 && fault.signal == 0) {
        *err = r;
    }
    return r == 0;
}

/*
 * The first address of R, readable memory of a file, that lies in a real page past EOF; false if
 * there is none. Everything behind EOF faults, so the place can be found by halving; what is left
 * is read at once.
 */
static bool find_eof(struct layer *l, struct range r, gaddr *ret, int *err)
{
    uint64_t real = l->space.real_page;
    struct host_fault fault = {0};
    uint8_t *buf;
    int e;

    if (range_len(r) > EOF_READ && can_read(l, r.last, err)) {
        return false;
    }
    while (*err == 0 && r.last - r.start >= EOF_READ) {
        gaddr mid = u64_align_down(r.start + (r.last - r.start) / 2, real);

        if (can_read(l, mid, err)) {
            r.start = mid;
        } else {
            r.last = mid + (real - 1);
        }
    }
    if (*err == 0) {
        *err = layer_scratch(range_len(r), &buf);
    }
    if (*err < 0) {
        return false;
    }
    e = host_read(l->host, g2h(&l->space, r.start), buf, range_len(r), &fault);
    free(buf);
    if (e < 0 && fault.signal == 0) {
        *err = e;
    }
    *ret = u64_align_down(h2g(&l->space, fault.addr), real);
    return e < 0 && fault.signal != 0;
}

/*
 * The splice of layer.md 6.4 for pages that came without a look at the file; *SPLICED if there is
 * one, at *AT.
 */
static int splice(struct layer *l, struct range pages, const struct page_info *info, int prot,
                  gaddr *at, bool *spliced)
{
    uint32_t sharing = info->shared ? HOST_MAP_SHARED : HOST_MAP_PRIVATE;
    int err = 0;

    *spliced = find_eof(l, pages, at, &err) && !u64_is_aligned(*at, l->space.guest_page);
    if (err < 0 || !*spliced) {
        return err;
    }
    return host_map_at(l, (struct range){*at, *at | (l->space.guest_page - 1)}, prot,
                       sharing | HOST_MAP_ANON, -1, 0);
}

static void set_pages(struct layer *l, struct range pages, const struct page_info *info,
                      const gaddr *spliced)
{
    struct page_info one = *info;

    pageflags_set(l->flags, pages, info);
    if (spliced) {
        struct range page = range_widen((struct range){*spliced, *spliced}, l->space.guest_page);

        one.copied = true;
        one.offset += page.start - pages.start;
        pageflags_set(l->flags, page, &one);
    }
}

int mremap_settle(struct layer *l, struct range fresh, int have, struct range pages,
                  const struct page_info *info)
{
    bool look = info->kind == REGION_FILE && l->space.real_page < l->space.guest_page;
    bool spliced = false;
    gaddr at = 0;
    int now = have;
    int err = 0;

    if (look && !(have & HOST_R)) {
        now = have | HOST_R;
        err = host_protect(l->host, g2h(&l->space, fresh.start), range_len(fresh), now);
    }
    if (err == 0 && look) {
        err = splice(l, pages, info, now, &at, &spliced);
    }
    if (err < 0) {
        return err;
    }
    set_pages(l, pages, info, spliced ? &at : NULL);
    if (now != layer_need(info->flags) || l->space.host_page > l->space.guest_page) {
        err = hostprot_restore(l, fresh);
    }
    if (err < 0) {
        pageflags_unset(l->flags, pages);
    }
    return err;
}

/*
 * Take away what lies in the way: the placeholder, a block of the caller, slack of the last host
 * page.
 */
static int clear_way(struct layer *l, const struct growth *g, bool all)
{
    struct range r = all ? g->fresh : g->slack;

    return is_empty(r) ? 0 : host_unmap(l->host, g2h(&l->space, r.start), range_len(r));
}

/*
 * After a failure: slack of a live host page is memory again, empty host pages are placeholder
 * again.
 */
static void restore_way(struct layer *l, const struct growth *g, gaddr kept_last, bool all)
{
    const struct view same = {.pf = l->flags};
    gaddr page = u64_align_down(kept_last, l->space.host_page);
    struct range rest = g->fresh;

    if (!is_empty(g->slack)) {
        int prot = view_union(l, &same, page);

        if (host_map_at(l, g->slack, prot, HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0) < 0) {
            host_map_at(l, g->slack, prot, HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0);
        }
        rest.start = g->slack.last + 1;
    }
    if (g->slack.last != g->fresh.last && all) {
        host_release_surely(l, rest);
    }
}

/* The last real page before FRESH grows over it. */
static int grow_on_host(struct layer *l, struct range fresh)
{
    uint64_t real = l->space.real_page;
    struct host_remap_req req = {
        .old_addr = g2h(&l->space, fresh.start - real),
        .old_len = real,
        .new_len = real + range_len(fresh),
    };
    uint64_t addr;
    int err = host_remap(l->host, &req, &addr);

    return err == -ENOSYS ? -ENOMEM : err;
}

static int grow_object(struct layer *l, struct range kept, struct range grown,
                       const struct page_info *tail, bool owned)
{
    const struct view same = {.pf = l->flags};
    struct page_info info = mremap_lifted(tail);
    struct growth g = growth_of(l, kept, grown);
    bool all = owned || l->space.reserved_va;
    int have = view_union(l, &same, u64_align_down(kept.last, l->space.host_page));
    int err;

    info.offset += l->space.guest_page;
    if (is_empty(g.fresh)) {
        /* The real page holds the object's next guest pages already. */
        set_pages(l, grown, &info, NULL);
        return 0;
    }
    err = clear_way(l, &g, all);
    if (err < 0) {
        return err;
    }
    err = grow_on_host(l, g.fresh);
    if (err == 0) {
        err = mremap_settle(l, g.fresh, have, grown, &info);
        if (err < 0 && host_unmap(l->host, g2h(&l->space, g.fresh.start), range_len(g.fresh)) < 0) {
            host_unmap(l->host, g2h(&l->space, g.fresh.start), range_len(g.fresh));
        }
    }
    if (err < 0) {
        restore_way(l, &g, kept.last, all);
    }
    return err;
}

int mremap_grow(struct layer *l, struct range kept, struct range grown,
                const struct page_info *tail, bool owned)
{
    return tail->object == 0 ? grow_anonymous(l, kept, grown, tail, owned)
                             : grow_object(l, kept, grown, tail, owned);
}
