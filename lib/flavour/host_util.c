/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host calls with rights by the book, and the ways back when one fails (layer.md 1.4, rules 3 and
 * 4).
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

/* A protect call being collected: neighbouring host pages with one answer are one call. */
struct pending {
    struct layer *l;
    struct range r;
    int prot;
    bool any;
    bool again;        /* on the way back: a refusal is tried once more, because nobody else will */
    int err;           /* of the first call that failed, ... */
    gaddr failed_last; /* ... and the last byte it was about */
};

static void flush(struct pending *p)
{
    haddr addr = g2h(&p->l->space, p->r.start);
    int err;

    if (!p->any) {
        return;
    }
    p->any = false;
    err = host_protect(p->l->host, addr, range_len(p->r), p->prot);
    if (err < 0 && p->again) {
        err = host_protect(p->l->host, addr, range_len(p->r), p->prot);
    }
    if (err < 0 && p->err == 0) {
        p->err = err;
        p->failed_last = p->r.last;
    }
}

static void collect(struct pending *p, struct range r, int prot)
{
    if (p->any && p->prot == prot && p->r.last + 1 == r.start) {
        p->r.last = r.last;
        return;
    }
    flush(p);
    p->r = r;
    p->prot = prot;
    p->any = true;
}

/*
 * One pass over HULL: where both views are live and differ, the rights of TO. Stops at the first
 * failure.
 */
static void apply(struct pending *p, const struct view *from, const struct view *to,
                  struct range hull)
{
    gaddr at = hull.start;

    for (;;) {
        gaddr from_last, to_last, last;
        int prot_from, prot_to;

        view_stretch(p->l, from, at, hull.last, &from_last, &prot_from);
        view_stretch(p->l, to, at, hull.last, &to_last, &prot_to);
        last = u64_min(from_last, to_last);
        if (prot_from >= 0 && prot_to >= 0 && prot_from != prot_to) {
            collect(p, (struct range){at, last}, prot_to);
        }
        if (p->err < 0) {
            return;
        }
        if (last >= hull.last) {
            flush(p);
            return;
        }
        at = last + 1;
    }
}

int hostprot_change(struct layer *l, const struct view *from, const struct view *to, struct range r)
{
    struct range hull = layer_hull(l, r);
    struct pending p = {.l = l};

    apply(&p, from, to, hull);
    if (p.err < 0) {
        /*
         * The kernel may have changed a part before it failed, so the failing stretch is set back
         * too.
         */
        struct pending back = {.l = l, .again = true};

        apply(&back, to, from, (struct range){hull.start, p.failed_last});
    }
    return p.err;
}

int hostprot_restore(struct layer *l, struct range r)
{
    const struct view same = {.pf = l->flags};
    struct range hull = layer_hull(l, r);
    struct pending p = {.l = l};
    gaddr at = hull.start;

    for (;;) {
        gaddr last;
        int prot;

        view_stretch(l, &same, at, hull.last, &last, &prot);
        if (prot >= 0) {
            collect(&p, (struct range){at, last}, prot);
        }
        if (last >= hull.last) {
            flush(&p);
            return p.err;
        }
        at = last + 1;
    }
}

int host_map_at(struct layer *l, struct range r, int prot, uint32_t flags, int fd, uint64_t offset)
{
    struct host_map_req req = {
        .addr = g2h(&l->space, r.start),
        .len = range_len(r),
        .prot = prot,
        .flags = flags | HOST_MAP_FIXED,
        .fd = fd,
        .offset = offset,
    };
    uint64_t addr;
    int err;

    if (!l->host->caps.noreplace) {
        req.flags &= ~(uint32_t)HOST_MAP_NOREPLACE;
    }
    err = host_map(l->host, &req, &addr);
    if ((err == -EAGAIN || err == -EPERM) && (req.flags & HOST_MAP_LOCKED)) {
        req.flags &= ~(uint32_t)HOST_MAP_LOCKED;
        err = host_map(l->host, &req, &addr);
    }
    return err;
}

int host_release(struct layer *l, struct range r)
{
    if (l->space.reserved_va) {
        return host_map_at(
            l, r, 0, HOST_MAP_PRIVATE | HOST_MAP_ANON | flavour_facts.placeholder_flags, -1, 0);
    }
    return host_unmap(l->host, g2h(&l->space, r.start), range_len(r));
}

void host_release_surely(struct layer *l, struct range r)
{
    if (host_release(l, r) < 0) {
        host_release(l, r);
    }
}
