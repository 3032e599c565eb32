/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault injector: one call of the inner host fails, chosen by its number, so that a program can
 * say which. All faults of all hosts live here; the hosts themselves only tell the truth.
 */
#include "host/decorators.h"

#include <assert.h>
#include <stddef.h>

static struct host_fault_injector *fault_of(struct host *h)
{
    return (struct host_fault_injector *)h;
}

/* Counts the call; 0, or the negative errno it must fail with. */
static int strike(struct host_fault_injector *f)
{
    f->count++;
    if (f->fired || f->count != f->fail_at) {
        return 0;
    }
    f->fired = true;
    return -f->err;
}

static int fault_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_map(f->inner, req, ret);
}

static int fault_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_unmap(f->inner, addr, len);
}

static int fault_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_protect(f->inner, addr, len, prot);
}

static int fault_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_remap(f->inner, req, ret);
}

static int fault_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_sync(f->inner, addr, len, flags);
}

static int fault_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_advise(f->inner, addr, len, advice);
}

static int fault_fstat(struct host *h, int fd, struct host_stat *ret)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_fstat(f->inner, fd, ret);
}

static int64_t fault_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? rc : host_pread(f->inner, fd, buf, len, offset);
}

/* No signal: the access failed, nothing faulted. */
static int fail_access(int rc, uint64_t addr, struct host_fault *fault)
{
    if (fault) {
        *fault = (struct host_fault){.addr = addr};
    }
    return rc;
}

static int fault_read(struct host *h, uint64_t addr, void *buf, size_t len,
                      struct host_fault *fault)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? fail_access(rc, addr, fault) : host_read(f->inner, addr, buf, len, fault);
}

static int fault_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                       struct host_fault *fault)
{
    struct host_fault_injector *f = fault_of(h);
    int rc = strike(f);

    return rc ? fail_access(rc, addr, fault) : host_write(f->inner, addr, buf, len, fault);
}

static int fault_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    return host_peek(fault_of(h)->inner, addr, buf, len);
}

static const struct host_ops fault_ops = {
    .name = "fault",
    .map = fault_map,
    .unmap = fault_unmap,
    .protect = fault_protect,
    .remap = fault_remap,
    .sync = fault_sync,
    .advise = fault_advise,
    .fstat = fault_fstat,
    .pread = fault_pread,
    .read = fault_read,
    .write = fault_write,
    .peek = fault_peek,
};

void host_fault_init(struct host_fault_injector *f, struct host *inner)
{
    *f = (struct host_fault_injector){.host = *inner, .inner = inner};
    f->host.ops = &fault_ops;
}

void host_fault_arm(struct host_fault_injector *f, uint64_t nth, int err)
{
    assert(nth == 0 || err > 0);
    f->fail_at = nth;
    f->err = err;
    f->count = 0;
    f->fired = false;
}

const struct host_fault_injector *host_as_fault(const struct host *h)
{
    return h->ops == &fault_ops ? (const struct host_fault_injector *)h : NULL;
}
