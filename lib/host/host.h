/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of everything a layer needs from an operating system.
 *
 * Rules for all calls: addresses are host addresses as integers; ranges are not empty; a call
 * returns 0 or a negative errno of the system twinmap runs on and never touches errno; on failure
 * nothing has changed and out parameters are untouched, unless the call says otherwise. Only struct
 * host_ops varies; decorators (guard, record, fault) are hosts that hold another host.
 *
 * This header is part of the ABI for out-of-tree layers (flavour/layer.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_prot { HOST_R = 1, HOST_W = 2, HOST_X = 4 };

enum host_map_flag {
    HOST_MAP_SHARED = 0x1, /* exactly one of SHARED, PRIVATE */
    HOST_MAP_PRIVATE = 0x2,
    HOST_MAP_FIXED = 0x4,     /* replace what is there */
    HOST_MAP_NOREPLACE = 0x8, /* with FIXED: -EEXIST if anything is there */
    HOST_MAP_ANON = 0x10,     /* fd -1, offset 0 */
    HOST_MAP_NORESERVE = 0x20,
    HOST_MAP_LOCKED = 0x40,   /* a wish: a host without it ignores it */
    HOST_MAP_POPULATE = 0x80, /* a wish */
    HOST_MAP_NOCORE = 0x100,  /* a wish */
};

struct host_map_req {
    uint64_t addr;  /* multiple of R; without FIXED a hint, 0 none */
    uint64_t len;   /* multiple of R */
    int prot;       /* enum host_prot */
    uint32_t flags; /* enum host_map_flag */
    int fd;
    uint64_t offset; /* multiple of R */
};

enum host_remap_flag { HOST_REMAP_MAYMOVE = 1, HOST_REMAP_FIXED = 2, HOST_REMAP_DONTUNMAP = 4 };

struct host_remap_req {
    uint64_t old_addr;
    uint64_t old_len;
    uint64_t new_len;
    uint64_t new_addr; /* with FIXED */
    uint32_t flags;
};

enum host_sync_flag { HOST_SYNC_ASYNC = 1, HOST_SYNC_INVALIDATE = 2, HOST_SYNC_SYNC = 4 };
enum host_advice {
    HOST_ADVISE_DONTNEED = 1,
    HOST_ADVISE_DONTNEED_LOCKED = 2, /* locked memory too; -EINVAL where there is no such advice */
};

struct host_stat {
    uint64_t size;   /* bytes; 0 unless regular */
    uint64_t object; /* identity: equal for two descriptors of one file, never 0 */
    bool regular;    /* regular file or memfd */
    bool readable;   /* access mode of the descriptor */
    bool writable;
};

/* Where and how an access faulted. */
struct host_fault {
    int signal;    /* SIGSEGV or SIGBUS; 0 if the call failed otherwise */
    uint64_t addr; /* first host address that could not be accessed */
};

struct host;

struct host_ops {
    const char *name;
    /*
     * Map. Result address in *RET. With FIXED the old mappings of the range are gone on success; on
     * failure they are as they were unless the kernel took them (then the range is a hole).
     */
    int (*map)(struct host *h, const struct host_map_req *req, uint64_t *ret);
    /* Unmap every page of the range; holes are fine. */
    int (*unmap)(struct host *h, uint64_t addr, uint64_t len);
    /*
     * -ENOMEM on a hole (FreeBSD passes over holes), -EACCES where the object forbids it: pages
     * before that point may have changed.
     */
    int (*protect)(struct host *h, uint64_t addr, uint64_t len, int prot);
    /* Linux mremap with all five arguments. -ENOSYS without the capability. */
    int (*remap)(struct host *h, const struct host_remap_req *req, uint64_t *ret);
    int (*sync)(struct host *h, uint64_t addr, uint64_t len, uint32_t flags);
    /* DONTNEED drops private bytes at once on Linux, never on FreeBSD. */
    int (*advise)(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice);
    int (*fstat)(struct host *h, int fd, struct host_stat *ret);
    /* Bytes read (short only at EOF) or a negative errno; EINTR is continued inside. */
    int64_t (*pread)(struct host *h, int fd, void *buf, size_t len, uint64_t offset);
    /*
     * Access memory with the rights it has, as the guest would: -EFAULT instead of a signal,
     * details in *FAULT (may be NULL); bytes before the fault have been transferred. write: BUF
     * NULL writes zeros.
     */
    int (*read)(struct host *h, uint64_t addr, void *buf, size_t len, struct host_fault *fault);
    int (*write)(struct host *h, uint64_t addr, const void *buf, size_t len,
                 struct host_fault *fault);
    /*
     * Read whatever the rights, as a debugger does; for checkers, never for a layer. -EFAULT where
     * nothing is, pages past EOF included.
     */
    int (*peek)(struct host *h, uint64_t addr, void *buf, size_t len);
};

struct host_caps {
    bool remap;     /* has remap */
    bool noreplace; /* FIXED with NOREPLACE is decided by the host */
    bool exec_only; /* memory with X alone cannot be read */
};

struct host {
    const struct host_ops *ops;
    uint64_t page;     /* R */
    uint64_t min_addr; /* lowest address map can use */
    struct host_caps caps;
};

static inline int host_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    return h->ops->map(h, req, ret);
}
static inline int host_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    return h->ops->unmap(h, addr, len);
}
static inline int host_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    return h->ops->protect(h, addr, len, prot);
}
static inline int host_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    return h->ops->remap(h, req, ret);
}
static inline int host_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    return h->ops->sync(h, addr, len, flags);
}
static inline int host_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    return h->ops->advise(h, addr, len, advice);
}
static inline int host_fstat(struct host *h, int fd, struct host_stat *ret)
{
    return h->ops->fstat(h, fd, ret);
}
static inline int64_t host_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    return h->ops->pread(h, fd, buf, len, offset);
}
static inline int host_read(struct host *h, uint64_t addr, void *buf, size_t len,
                            struct host_fault *f)
{
    return h->ops->read(h, addr, buf, len, f);
}
static inline int host_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                             struct host_fault *f)
{
    return h->ops->write(h, addr, buf, len, f);
}
static inline int host_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    return h->ops->peek(h, addr, buf, len);
}
