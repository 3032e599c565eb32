/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of the simulated hosts: each is put in the numbers of its kernel and done by vm/. What
 * the real hosts add to the bare calls is added here alike: nothing below min_addr, no large LOCKED
 * or POPULATE, NOREPLACE answered with -EEXIST.
 */
#include "host/sim.h"

#include <assert.h>
#include <errno.h>

#include "base/int.h"
#include "host/sim_int.h"

#define WISH_MAX (1ull << 20) /* above this a LOCKED or POPULATE is not passed on */

static_assert((int)HOST_R == (int)ABI_PROT_READ && (int)HOST_W == (int)ABI_PROT_WRITE &&
                  (int)HOST_X == (int)ABI_PROT_EXEC,
              "rights go through as they are");
static_assert((int)HOST_REMAP_MAYMOVE == (int)ABI_MREMAP_MAYMOVE &&
                  (int)HOST_REMAP_FIXED == (int)ABI_MREMAP_FIXED &&
                  (int)HOST_REMAP_DONTUNMAP == (int)ABI_MREMAP_DONTUNMAP,
              "remap flags go through as they are");
static_assert((int)HOST_SYNC_ASYNC == (int)ABI_MS_ASYNC &&
                  (int)HOST_SYNC_INVALIDATE == (int)ABI_MS_INVALIDATE &&
                  (int)HOST_SYNC_SYNC == (int)ABI_MS_SYNC,
              "sync flags go through abi/ as they are");

static struct sim_host *of(struct host *h)
{
    return (struct sim_host *)h;
}

static struct vm_proc *current(struct host *h)
{
    return sim_current(of(h));
}

/* 0 or the negative errno of this system for a negative neutral one; errno as it was. */
static int status(int rc, int saved)
{
    errno = saved;
    return rc < 0 ? -abi_errno_to_host(-rc) : 0;
}

/* What a call came to. */
static int answer(int rc, const struct vm_reply *reply, int saved)
{
    return status(rc ? rc : -reply->took.err, saved);
}

/* HOST_MAP_* and the flag of each system; 0: it has none. */
static uint32_t to_map_flags(enum abi_system system, const struct host_map_req *req)
{
    static const struct {
        uint32_t ours;
        uint32_t theirs[ABI_SYSTEM_COUNT];
    } table[] = {
        {HOST_MAP_SHARED, {LINUX_MAP_SHARED, FREEBSD_MAP_SHARED}},
        {HOST_MAP_PRIVATE, {LINUX_MAP_PRIVATE, FREEBSD_MAP_PRIVATE}},
        {HOST_MAP_ANON, {LINUX_MAP_ANONYMOUS, FREEBSD_MAP_ANONYMOUS}},
        {HOST_MAP_NORESERVE, {LINUX_MAP_NORESERVE, 0}},
        {HOST_MAP_LOCKED, {LINUX_MAP_LOCKED, 0}},
        {HOST_MAP_POPULATE, {LINUX_MAP_POPULATE, FREEBSD_MAP_PREFAULT_READ}},
        {HOST_MAP_NOCORE, {0, FREEBSD_MAP_NOCORE}},
    };
    static const uint32_t fixed[ABI_SYSTEM_COUNT] = {LINUX_MAP_FIXED, FREEBSD_MAP_FIXED};
    static const uint32_t noreplace[ABI_SYSTEM_COUNT] = {LINUX_MAP_FIXED_NOREPLACE,
                                                         FREEBSD_MAP_FIXED | FREEBSD_MAP_EXCL};
    uint32_t flags = req->flags;
    uint32_t ret = 0;

    if (req->len > WISH_MAX) {
        flags &= ~(uint32_t)(HOST_MAP_LOCKED | HOST_MAP_POPULATE);
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        ret |= flags & table[i].ours ? table[i].theirs[system] : 0;
    }
    if (flags & HOST_MAP_FIXED) {
        ret |= flags & HOST_MAP_NOREPLACE ? noreplace[system] : fixed[system];
    }
    return ret;
}

/* 0 with *AT, or a negative neutral errno. */
static int do_map(struct sim_host *s, const struct host_map_req *req, uint32_t flags, uint64_t *at)
{
    const struct vm_mmap_args args = {
        req->addr, req->len, (uint64_t)req->prot, flags, req->fd, req->offset,
    };
    struct vm_reply reply;
    int rc = vm_mmap(sim_current(s), &args, NULL, &reply);

    if (rc == 0 && reply.took.err == 0) {
        *at = reply.took.value;
    }
    return rc ? rc : -reply.took.err;
}

/* FreeBSD says ENOMEM for what is taken and for much else: the map is asked which it was. */
static bool occupied(struct sim_host *s, uint64_t addr, uint64_t len)
{
    region_vec_clear(&s->regions);
    return vm_regions(sim_current(s), (struct range){addr, addr + len - 1}, &s->regions) == 0 &&
           s->regions.n > 0;
}

static int sim_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    const uint32_t exclusive = HOST_MAP_FIXED | HOST_MAP_NOREPLACE;
    struct sim_host *s = of(h);
    uint32_t flags = to_map_flags(s->system, req);
    int saved = errno;
    int rc;

    if ((req->flags & HOST_MAP_FIXED) && req->addr < h->min_addr) {
        return -EPERM;
    }
    rc = do_map(s, req, flags, ret);
    if (s->system == ABI_LINUX && (rc == -ABI_EAGAIN || rc == -ABI_EPERM) &&
        (req->flags & HOST_MAP_LOCKED)) {
        rc = do_map(s, req, flags & ~(uint32_t)LINUX_MAP_LOCKED, ret);
    }
    if (s->system == ABI_FREEBSD && rc == -ABI_ENOMEM && (req->flags & exclusive) == exclusive &&
        occupied(s, req->addr, req->len)) {
        rc = -ABI_EEXIST;
    }
    return status(rc, saved);
}

static int sim_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    int saved = errno;
    struct vm_reply reply;
    int rc = vm_munmap(current(h), addr, len, NULL, &reply);

    return answer(rc, &reply, saved);
}

static int sim_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    int saved = errno;
    struct vm_reply reply;
    int rc = vm_mprotect(current(h), addr, len, (uint64_t)prot, NULL, &reply);

    return answer(rc, &reply, saved);
}

static int sim_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    const struct vm_mremap_args args = {
        req->old_addr, req->old_len, req->new_len, req->flags, req->new_addr,
    };
    int saved = errno;
    struct vm_reply reply;
    int rc;

    if (!h->caps.remap) {
        return -ENOSYS;
    }
    if ((req->flags & HOST_REMAP_FIXED) && req->new_addr < h->min_addr) {
        return -EPERM;
    }
    rc = vm_mremap(current(h), &args, NULL, &reply);
    if (rc == 0 && reply.took.err == 0) {
        *ret = reply.took.value;
    }
    return answer(rc, &reply, saved);
}

static int sim_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    int saved = errno;
    uint32_t theirs = 0;
    struct vm_reply reply;
    int rc = abi_msync_to_system(of(h)->system, flags, &theirs);

    assert(rc == 0);
    rc = vm_msync(current(h), addr, len, theirs, NULL, &reply);
    return answer(rc, &reply, saved);
}

static int sim_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    int saved = errno;
    struct vm_reply reply;
    /* Linux's number; FreeBSD knows none of that number */
    uint32_t number = advice == HOST_ADVISE_DONTNEED_LOCKED ? 24 : LINUX_MADV_DONTNEED;
    int rc;

    static_assert((int)LINUX_MADV_DONTNEED == (int)FREEBSD_MADV_DONTNEED, "DONTNEED");
    rc = vm_madvise(current(h), addr, len, number, NULL, &reply);
    return answer(rc, &reply, saved);
}

static int sim_fstat(struct host *h, int fd, struct host_stat *ret)
{
    uint64_t size, identity;
    const struct vm_file_spec *spec = vm_file_stat(of(h)->vm, fd, &size, &identity);
    bool regular;

    if (!spec) {
        return -EBADF;
    }
    regular = spec->kind == VM_FILE_REGULAR;
    *ret = (struct host_stat){
        .size = regular ? size : 0,
        .object = identity,
        .regular = regular,
        .readable = spec->readable,
        .writable = spec->writable,
    };
    return 0;
}

static int64_t sim_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    int saved = errno;
    int64_t n = vm_file_read(of(h)->vm, fd, buf, len, offset);

    return n < 0 ? status((int)n, saved) : (errno = saved, n);
}

/* An access that was refused without a signal failed for want of memory. */
static int access_status(int rc, const struct vm_fault *met, struct host_fault *fault, int saved)
{
    if (rc != 0 && fault) {
        *fault = (struct host_fault){
            .signal = rc == -ABI_EFAULT ? met->signal : 0,
            .addr = met->addr,
        };
    }
    return status(rc, saved);
}

static int sim_read(struct host *h, uint64_t addr, void *buf, size_t len, struct host_fault *fault)
{
    int saved = errno;
    struct vm_fault met = {.addr = addr};

    return access_status(vm_load(current(h), addr, buf, len, &met), &met, fault, saved);
}

static int sim_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                     struct host_fault *fault)
{
    int saved = errno;
    struct vm_fault met = {.addr = addr};

    return access_status(vm_store(current(h), addr, buf, len, &met), &met, fault, saved);
}

static int sim_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    int saved = errno;

    return status(vm_peek(current(h), addr, buf, len), saved);
}

#define SIM_OPS(system) \
    { \
        .name = (system), .map = sim_map, .unmap = sim_unmap, .protect = sim_protect, \
        .remap = sim_remap, .sync = sim_sync, .advise = sim_advise, .fstat = sim_fstat, \
        .pread = sim_pread, .read = sim_read, .write = sim_write, .peek = sim_peek, \
    }

const struct host_ops sim_linux_ops = SIM_OPS("sim-linux");
const struct host_ops sim_freebsd_ops = SIM_OPS("sim-freebsd");
