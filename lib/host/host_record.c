/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder: every call a layer makes, as plain data, for reports and for the checkers that
 * count and judge host calls. It changes no answer; without memory for an entry it counts the call
 * as dropped.
 */
#include "host/decorators.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

static struct host_recorder *recorder_of(struct host *h)
{
    return (struct host_recorder *)h;
}

/* What the decorators below had done before the call. */
struct mark {
    unsigned refused;
    bool fired;
};

static struct mark mark_now(const struct host_recorder *r)
{
    return (struct mark){
        .refused = r->guard ? r->guard->refused : 0,
        .fired = r->fault && r->fault->fired,
    };
}

static bool grow(struct host_recorder *r)
{
    int saved = errno;
    int rc = vec_reserve(r, r->n + 1);

    errno = saved;
    return rc == 0;
}

static void add(struct host_recorder *r, struct mark before, int err, struct trace_call c)
{
    struct mark now = mark_now(r);

    if (r->n == r->cap && !grow(r)) {
        r->dropped++;
        return;
    }
    c.err = err;
    c.refused = now.refused != before.refused;
    c.injected = now.fired && !before.fired;
    r->v[r->n++] = c;
}

static int record_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_map(r->inner, req, ret);

    add(r, before, -rc,
        (struct trace_call){
            .kind = CALL_MAP,
            .addr = req->addr,
            .len = req->len,
            .addr2 = (uint64_t)(int64_t)req->fd,
            .len2 = req->offset,
            .flags = req->flags,
            .prot = req->prot,
            .result = rc ? 0 : *ret,
        });
    return rc;
}

static int record_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_unmap(r->inner, addr, len);

    add(r, before, -rc, (struct trace_call){.kind = CALL_UNMAP, .addr = addr, .len = len});
    return rc;
}

static int record_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_protect(r->inner, addr, len, prot);

    add(r, before, -rc,
        (struct trace_call){.kind = CALL_PROTECT, .addr = addr, .len = len, .prot = prot});
    return rc;
}

static int record_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_remap(r->inner, req, ret);

    add(r, before, -rc,
        (struct trace_call){
            .kind = CALL_REMAP,
            .addr = req->old_addr,
            .len = req->old_len,
            .addr2 = req->new_addr,
            .len2 = req->new_len,
            .flags = req->flags,
            .result = rc ? 0 : *ret,
        });
    return rc;
}

static int record_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_sync(r->inner, addr, len, flags);

    add(r, before, -rc,
        (struct trace_call){.kind = CALL_SYNC, .addr = addr, .len = len, .flags = flags});
    return rc;
}

static int record_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_advise(r->inner, addr, len, advice);

    add(r, before, -rc,
        (struct trace_call){.kind = CALL_ADVISE, .addr = addr, .len = len, .flags = advice});
    return rc;
}

static int record_fstat(struct host *h, int fd, struct host_stat *ret)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_fstat(r->inner, fd, ret);

    add(r, before, -rc, (struct trace_call){.kind = CALL_FSTAT, .addr2 = (uint64_t)(int64_t)fd});
    return rc;
}

static int64_t record_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int64_t rc = host_pread(r->inner, fd, buf, len, offset);

    add(r, before, rc < 0 ? (int)-rc : 0,
        (struct trace_call){
            .kind = CALL_PREAD,
            .len = len,
            .addr2 = (uint64_t)(int64_t)fd,
            .len2 = offset,
            .result = rc < 0 ? 0 : (uint64_t)rc,
        });
    return rc;
}

static int record_read(struct host *h, uint64_t addr, void *buf, size_t len,
                       struct host_fault *fault)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_read(r->inner, addr, buf, len, fault);

    add(r, before, -rc, (struct trace_call){.kind = CALL_READ, .addr = addr, .len = len});
    return rc;
}

static int record_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                        struct host_fault *fault)
{
    struct host_recorder *r = recorder_of(h);
    struct mark before = mark_now(r);
    int rc = host_write(r->inner, addr, buf, len, fault);

    add(r, before, -rc, (struct trace_call){.kind = CALL_WRITE, .addr = addr, .len = len});
    return rc;
}

static int record_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    return host_peek(recorder_of(h)->inner, addr, buf, len);
}

static const struct host_ops record_ops = {
    .name = "record",
    .map = record_map,
    .unmap = record_unmap,
    .protect = record_protect,
    .remap = record_remap,
    .sync = record_sync,
    .advise = record_advise,
    .fstat = record_fstat,
    .pread = record_pread,
    .read = record_read,
    .write = record_write,
    .peek = record_peek,
};

void host_record_init(struct host_recorder *r, struct host *inner)
{
    *r = (struct host_recorder){.host = *inner, .inner = inner};
    r->host.ops = &record_ops;
    r->fault = host_as_fault(inner);
    r->guard = host_as_guard(r->fault ? r->fault->inner : inner);
    if (r->guard && !r->fault) {
        r->fault = host_as_fault(r->guard->inner);
    }
}

void host_record_free(struct host_recorder *r)
{
    free(r->v);
    r->v = NULL;
    r->n = 0;
    r->cap = 0;
}
