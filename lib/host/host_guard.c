/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard: confinement, decided before a call is made. It knows nothing of guest pages or of who
 * owns what inside the window (lib/inv does); it only keeps a wrong layer from destroying the
 * process it runs in.
 */
#include "host/decorators.h"

#include <errno.h>
#include <stddef.h>

#include "base/range.h"

static struct host_guard *guard_of(struct host *h)
{
    return (struct host_guard *)h;
}

/*
 * An empty range counts as the byte it begins at: what the host makes of it is the host's answer.
 */
static bool inside(const struct host_guard *g, uint64_t addr, uint64_t len)
{
    struct range window = {g->first, g->last};
    struct range r;

    return range_from_len(addr, len ? len : 1, &r) && range_contains(window, r);
}

static int refuse(struct host_guard *g)
{
    g->refused++;
    return -EFAULT;
}

/*
 * A placed block outside the window: remembered for its unmap, or given back where another is still
 * held.
 */
static int keep_probe(struct host_guard *g, uint64_t addr, uint64_t len)
{
    if (g->probe_len) {
        (void)host_unmap(g->inner, addr, len);
        return refuse(g);
    }
    g->probe_addr = addr;
    g->probe_len = len;
    return 0;
}

static int guard_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    struct host_guard *g = guard_of(h);
    uint64_t at;
    int rc;

    if (req->flags & HOST_MAP_FIXED) {
        return inside(g, req->addr, req->len) ? host_map(g->inner, req, ret) : refuse(g);
    }
    if (req->addr && !inside(g, req->addr, 1)) {
        return refuse(g);
    }
    rc = host_map(g->inner, req, &at);
    if (rc == 0 && !inside(g, at, req->len)) {
        rc = keep_probe(g, at, req->len);
    }
    if (rc == 0) {
        *ret = at;
    }
    return rc;
}

static int guard_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    struct host_guard *g = guard_of(h);
    int rc;

    if (g->probe_len && addr == g->probe_addr && len == g->probe_len) {
        rc = host_unmap(g->inner, addr, len);
        if (rc == 0) {
            g->probe_len = 0;
        }
        return rc;
    }
    return inside(g, addr, len) ? host_unmap(g->inner, addr, len) : refuse(g);
}

static int guard_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    struct host_guard *g = guard_of(h);

    return inside(g, addr, len) ? host_protect(g->inner, addr, len, prot) : refuse(g);
}

static bool remap_inside(const struct host_guard *g, const struct host_remap_req *req)
{
    if (!inside(g, req->old_addr, req->old_len)) {
        return false;
    }
    if (req->flags & HOST_REMAP_FIXED) {
        return inside(g, req->new_addr, req->new_len);
    }
    return !(req->flags & HOST_REMAP_MAYMOVE) && inside(g, req->old_addr, req->new_len);
}

static int guard_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    struct host_guard *g = guard_of(h);

    return remap_inside(g, req) ? host_remap(g->inner, req, ret) : refuse(g);
}

static int guard_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    struct host_guard *g = guard_of(h);

    return inside(g, addr, len) ? host_sync(g->inner, addr, len, flags) : refuse(g);
}

static int guard_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    struct host_guard *g = guard_of(h);

    return inside(g, addr, len) ? host_advise(g->inner, addr, len, advice) : refuse(g);
}

static int guard_fstat(struct host *h, int fd, struct host_stat *ret)
{
    return host_fstat(guard_of(h)->inner, fd, ret);
}

static int64_t guard_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    return host_pread(guard_of(h)->inner, fd, buf, len, offset);
}

static int refuse_access(struct host_guard *g, uint64_t addr, struct host_fault *fault)
{
    if (fault) {
        *fault = (struct host_fault){
            .addr = addr >= g->first && addr <= g->last ? g->last + 1 : addr,
        };
    }
    return refuse(g);
}

static int guard_read(struct host *h, uint64_t addr, void *buf, size_t len,
                      struct host_fault *fault)
{
    struct host_guard *g = guard_of(h);

    if (!inside(g, addr, len)) {
        return refuse_access(g, addr, fault);
    }
    return host_read(g->inner, addr, buf, len, fault);
}

static int guard_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                       struct host_fault *fault)
{
    struct host_guard *g = guard_of(h);

    if (!inside(g, addr, len)) {
        return refuse_access(g, addr, fault);
    }
    return host_write(g->inner, addr, buf, len, fault);
}

static int guard_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    return host_peek(guard_of(h)->inner, addr, buf, len);
}

static const struct host_ops guard_ops = {
    .name = "guard",
    .map = guard_map,
    .unmap = guard_unmap,
    .protect = guard_protect,
    .remap = guard_remap,
    .sync = guard_sync,
    .advise = guard_advise,
    .fstat = guard_fstat,
    .pread = guard_pread,
    .read = guard_read,
    .write = guard_write,
    .peek = guard_peek,
};

void host_guard_init(struct host_guard *g, struct host *inner)
{
    /* first above last: no range lies inside */
    *g = (struct host_guard){.host = *inner, .inner = inner, .first = UINT64_MAX};
    g->host.ops = &guard_ops;
}

bool host_guard_begin(struct host_guard *g, uint64_t first, uint64_t last)
{
    bool left = g->probe_len != 0;

    if (left) {
        (void)host_unmap(g->inner, g->probe_addr, g->probe_len);
    }
    g->probe_addr = 0;
    g->probe_len = 0;
    g->first = first;
    g->last = last;
    g->refused = 0;
    return left;
}

const struct host_guard *host_as_guard(const struct host *h)
{
    return h->ops == &guard_ops ? (const struct host_guard *)h : NULL;
}
