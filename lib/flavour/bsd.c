/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BSD flavour: the argument checks of mmap, mprotect and munmap in FreeBSD's order (learned
 * from FreeBSD kern_mmap, kern_mprotect and kern_munmap; layer.md 3, 6.1, 8), and the table of
 * calls. The checks read page flags and ask fstat; they change nothing.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

const struct flavour_facts flavour_facts = {
    .name = "bsd",
    .system = "freebsd",
    .err_conflict = ENOMEM,
};

#define PROT_KNOWN (ABI_PROT_RWX | ABI_PROT_RWX << ABI_PROT_MAX_SHIFT)
#define FLAGS_KNOWN \
    (FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE | FREEBSD_MAP_FIXED | FREEBSD_MAP_HASSEMAPHORE | \
     FREEBSD_MAP_STACK | FREEBSD_MAP_NOSYNC | FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_GUARD | \
     FREEBSD_MAP_EXCL | FREEBSD_MAP_NOCORE | FREEBSD_MAP_PREFAULT_READ | FREEBSD_MAP_32BIT | \
     FREEBSD_MAP_ALIGNED_MASK)
#define FLAGS_GUARD \
    (FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED | FREEBSD_MAP_EXCL | FREEBSD_MAP_32BIT | \
     FREEBSD_MAP_ALIGNED_MASK)
#define ALIGNED_SUPER 1
#define SPACE_32BIT ((uint64_t)1 << 31)

/* The arguments of mmap as the checks see them; they rewrite some. */
struct args {
    gaddr start;
    uint64_t len;
    int prot;
    uint32_t flags;
    int fd;
    uint64_t offset;
};

static bool prot_beyond_max(int prot)
{
    int max = prot >> ABI_PROT_MAX_SHIFT & ABI_PROT_RWX;

    return max != 0 && (prot & ABI_PROT_RWX & ~max) != 0;
}

static int check_flags(struct args *a, struct mmap_req *req)
{
    const uint32_t types = FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE;
    const int rw = ABI_PROT_READ | ABI_PROT_WRITE;

    if ((a->flags & FREEBSD_MAP_ANONYMOUS) && (a->fd != -1 || a->offset != 0)) {
        return -EINVAL;
    }
    if (a->flags & FREEBSD_MAP_STACK) {
        if (a->fd != -1 || (a->prot & rw) != rw) {
            return -EINVAL;
        }
        a->flags |= FREEBSD_MAP_ANONYMOUS;
        a->offset = 0;
    }
    if (a->flags & ~FLAGS_KNOWN) {
        return -EINVAL;
    }
    if ((a->flags & FREEBSD_MAP_EXCL) && !(a->flags & FREEBSD_MAP_FIXED)) {
        return -EINVAL;
    }
    if ((a->flags & types) == types) {
        return -EINVAL;
    }
    req->guard = (a->flags & FREEBSD_MAP_GUARD) != 0;
    if (req->guard &&
        ((a->prot & ABI_PROT_RWX) || a->fd != -1 || a->offset != 0 || (a->flags & ~FLAGS_GUARD))) {
        return -EINVAL;
    }
    req->file = !(a->flags & FREEBSD_MAP_ANONYMOUS) && !req->guard;
    req->shared = (a->flags & FREEBSD_MAP_SHARED) != 0;
    req->fixed = (a->flags & FREEBSD_MAP_FIXED) != 0;
    req->noreplace = (a->flags & FREEBSD_MAP_EXCL) != 0;
    req->wishes = a->flags & FREEBSD_MAP_NOCORE ? HOST_MAP_NOCORE : 0;
    return 0;
}

/*
 * Length with the offset's remainder, and MAP_ALIGNED(n); 1 is a wish for big pages, not an
 * alignment.
 */
static int check_size(struct layer *l, const struct args *a, struct mmap_req *req)
{
    uint32_t n = a->flags >> FREEBSD_MAP_ALIGNED_SHIFT;
    uint64_t sum;

    req->rem = a->offset & (l->space.guest_page - 1);
    if (!u64_add(a->len, req->rem, &sum) || !layer_round_len(l, sum, &req->len)) {
        return -ENOMEM;
    }
    if (n != 0 && n != ALIGNED_SUPER) {
        if (n >= l->space.bits || (uint64_t)1 << n < l->space.guest_page) {
            return -EINVAL;
        }
        req->align = (uint64_t)1 << n;
    }
    return 0;
}

static int check_address(struct layer *l, const struct args *a, struct mmap_req *req)
{
    bool low = (a->flags & FREEBSD_MAP_32BIT) != 0;
    struct range r;

    if (req->fixed) {
        if (a->start < req->rem || !u64_is_aligned(a->start - req->rem, l->space.guest_page) ||
            !layer_range(l, a->start - req->rem, req->len, &r) || (low && r.last >= SPACE_32BIT)) {
            return -EINVAL;
        }
        req->start = r.start;
        return 0;
    }
    req->start = u64_align_down(a->start, l->space.guest_page);
    req->place_last = l->space.window_last;
    if (low) {
        req->place_last = u64_min(req->place_last, SPACE_32BIT - 1);
        if (req->len > SPACE_32BIT || req->start > SPACE_32BIT - req->len) {
            req->start = 0;
        }
    }
    return 0;
}

static int check_file(struct layer *l, const struct args *a, struct mmap_req *req)
{
    int r = host_fstat(l->host, a->fd, &req->stat);

    if (r < 0) {
        return r;
    }
    if (!(a->flags & (FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE))) {
        return -EINVAL;
    }
    /*
     * What is no regular file is left to the host: it knows whether the object can be mapped at
     * all.
     */
    if (req->stat.regular) {
        if ((req->rights & PAGE_READ) && !req->stat.readable) {
            return -EACCES;
        }
        if (req->shared && (req->rights & PAGE_WRITE) && !req->stat.writable) {
            return -EACCES;
        }
    }
    req->fd = a->fd;
    req->offset = a->offset - req->rem;
    /* The largest offset is 2^63 - 1, so no map ends at 2^63. */
    if (req->offset > INT64_MAX || req->len > INT64_MAX - req->offset) {
        return -EINVAL;
    }
    return 0;
}

static int check_conflict(struct layer *l, const struct mmap_req *req)
{
    struct range r;

    if (req->noreplace && range_from_len(req->start, req->len, &r) && pageflags_any(l->flags, r)) {
        return -ENOMEM;
    }
    return 0;
}

int flavour_check_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                       uint64_t offset, struct mmap_req *ret)
{
    struct args a = {
        .start = start,
        .len = len,
        .prot = prot,
        .flags = flags & ~(FREEBSD_MAP_RESERVED0020 | FREEBSD_MAP_RESERVED0040),
        .fd = fd,
        .offset = offset,
    };
    struct mmap_req req = {.rights = prot & PAGE_BITS, .fd = -1};
    int r;

    if (prot & ~PROT_KNOWN) {
        return -EINVAL;
    }
    if (prot_beyond_max(prot)) {
        return -ENOTSUP;
    }
    if (len == 0) {
        return -EINVAL;
    }
    r = check_flags(&a, &req);
    if (r == 0) {
        r = check_size(l, &a, &req);
    }
    if (r == 0) {
        r = check_address(l, &a, &req);
    }
    if (r == 0 && req.file) {
        r = check_file(l, &a, &req);
    }
    if (r == 0) {
        r = check_conflict(l, &req);
    }
    if (r == 0) {
        *ret = req;
    }
    return r;
}

/* PROT_MAX is checked here and not remembered (layer.md 12, prot-max-unenforced). */
int flavour_check_mprotect(struct layer *l, gaddr start, uint64_t len, int prot,
                           struct range_req *ret)
{
    uint64_t rem = start & (l->space.guest_page - 1);
    gaddr from = start - rem;
    uint64_t size;

    *ret = (struct range_req){.rights = prot & PAGE_BITS};
    if (prot & ~PROT_KNOWN) {
        return -EINVAL;
    }
    if (!u64_add(len, rem, &size) || from > layer_last(l)) {
        return -EINVAL;
    }
    /* A size that rounds to 2^bits is 0 in a word of the guest. */
    size = u64_align_up_wrap(size, l->space.guest_page) & layer_last(l);
    if (size != 0 && size - 1 > layer_last(l) - from) {
        return -EINVAL;
    }
    if (prot_beyond_max(prot)) {
        return -ENOTSUP;
    }
    if (size == 0 || from > l->space.window_last || from + (size - 1) < l->first) {
        ret->nothing = true;
        return 0;
    }
    ret->r =
        (struct range){u64_max(from, l->first), u64_min(from + (size - 1), l->space.window_last)};
    return 0;
}

int flavour_check_munmap(struct layer *l, gaddr start, uint64_t len, struct range_req *ret)
{
    uint64_t rem = start & (l->space.guest_page - 1);
    uint64_t size;

    *ret = (struct range_req){0};
    if (len == 0 || !u64_add(len, rem, &size)) {
        return -EINVAL;
    }
    size = u64_align_up_wrap(size, l->space.guest_page);
    if (size == 0) {
        /* Only a 64-bit length can round to 0 and mean nothing, at an address of the window. */
        ret->nothing = l->space.bits == 64 && start - rem >= l->first &&
                       start - rem - 1 <= l->space.window_last;
        return ret->nothing ? 0 : -EINVAL;
    }
    return layer_range(l, start - rem, size, &ret->r) ? 0 : -EINVAL;
}

const struct layer_ops layer_bsd = {
    .abi_version = LAYER_ABI_VERSION,
    .name = "bsd",
    .system = "freebsd",
    .create = layer_create,
    .destroy = layer_destroy,
    .start = layer_start,
    .mmap = target_mmap,
    .munmap = target_munmap,
    .mprotect = target_mprotect,
    .msync = target_msync,
    .madvise = target_madvise,
    .mmap_lock = layer_lock,
    .mmap_unlock = layer_unlock,
    .have_mmap_lock = layer_have_lock,
    .mmap_fork_start = layer_fork_start,
    .mmap_fork_end = layer_fork_end,
    .translate = layer_translate,
    .page_unprotect = layer_page_unprotect,
    .page_dump = layer_page_dump,
    .counters = layer_counters,
    .copy = layer_copy,
};
