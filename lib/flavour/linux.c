/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux flavour: the argument checks of mmap, mprotect and munmap in the kernel's order
 * (learned from Linux do_mmap, mprotect and munmap; layer.md 3, 6.1, 8), and the table of calls.
 * The checks read page flags and ask fstat; they change nothing.
 */
#include "flavour/layer_int.h"

#include <errno.h>

#include "base/int.h"

const struct flavour_facts flavour_facts = {
    .name = "linux",
    .system = "linux",
    .err_conflict = EEXIST,
    .page_zero = true,
    .holes_fail = true,
    .placeholder_flags = HOST_MAP_NORESERVE,
};

/*
 * Flags without a name in the table that every file accepts beside SHARED_VALIDATE: ABOVE4G, huge
 * page sizes.
 */
#define LEGACY_UNNAMED 0x7c000080u
/*
 * Flags SHARED_VALIDATE knows: all old ones; FIXED_NOREPLACE and SYNC came later and need a file
 * that knows them.
 */
#define LEGACY_FLAGS \
    (LINUX_MAP_TYPE | LINUX_MAP_FIXED | LINUX_MAP_ANONYMOUS | LINUX_MAP_DENYWRITE | \
     LINUX_MAP_EXECUTABLE | LINUX_MAP_GROWSDOWN | LINUX_MAP_LOCKED | LINUX_MAP_NORESERVE | \
     LINUX_MAP_POPULATE | LINUX_MAP_NONBLOCK | LINUX_MAP_STACK | LINUX_MAP_HUGETLB | \
     LINUX_MAP_32BIT | LEGACY_UNNAMED)

static uint32_t wishes_of(uint32_t flags)
{
    uint32_t wishes = 0;

    if (flags & LINUX_MAP_NORESERVE) {
        wishes |= HOST_MAP_NORESERVE;
    }
    if (flags & LINUX_MAP_LOCKED) {
        wishes |= HOST_MAP_LOCKED;
    }
    if ((flags & LINUX_MAP_POPULATE) && !(flags & LINUX_MAP_NONBLOCK)) {
        wishes |= HOST_MAP_POPULATE;
    }
    return wishes;
}

/* Descriptor and huge pages: what the kernel looks at before it looks at the length. */
static int check_source(struct layer *l, uint32_t flags, int fd, uint64_t offset,
                        struct mmap_req *req)
{
    req->file = !(flags & LINUX_MAP_ANONYMOUS);
    if (req->file) {
        int r = host_fstat(l->host, fd, &req->stat);

        if (r < 0) {
            return r;
        }
        req->fd = fd;
        req->offset = offset;
        return flags & LINUX_MAP_HUGETLB ? -EINVAL : 0;
    }
    /* The guest has no pool of huge pages. */
    return flags & LINUX_MAP_HUGETLB ? -ENOMEM : 0;
}

/*
 * Before access rights are judged: can LEN bytes be free at all? The placement may still find no
 * room.
 */
static bool room_left(const struct layer *l, uint64_t len)
{
    const struct range window = {l->lowest, l->space.window_last};
    uint64_t page = l->space.guest_page;
    gaddr room;

    return window.start <= window.last && len - 1 <= window.last - window.start &&
           pageflags_find_free(l->flags, window, len, page, page, true, &room);
}

/* Address and length; a range beyond the window is ENOMEM even if it is unaligned as well. */
static int check_address(struct layer *l, gaddr start, uint64_t len, uint32_t flags,
                         struct mmap_req *req)
{
    struct range r;

    if (len == 0) {
        return -EINVAL;
    }
    if (!layer_round_len(l, len, &req->len)) {
        return -ENOMEM;
    }
    if (!req->fixed) {
        req->start = u64_align_down(start, l->space.guest_page);
        return room_left(l, req->len) ? 0 : -ENOMEM;
    }
    if (!layer_range(l, start, req->len, &r)) {
        return -ENOMEM;
    }
    if (!u64_is_aligned(start, l->space.guest_page)) {
        return -EINVAL;
    }
    if (l->space.guest_base == 0 && start < l->space.min_addr) {
        return -EPERM;
    }
    req->start = start;
    req->noreplace = (flags & LINUX_MAP_FIXED_NOREPLACE) != 0;
    return req->noreplace && pageflags_any(l->flags, r) ? -EEXIST : 0;
}

static int check_file(uint32_t flags, struct mmap_req *req)
{
    uint32_t type = flags & LINUX_MAP_TYPE;

    /* The largest offset is 2^63 - 1, so no map ends at 2^63. */
    if (req->offset > INT64_MAX || req->len > INT64_MAX - req->offset) {
        return -EOVERFLOW;
    }
    if (type == LINUX_MAP_SHARED_VALIDATE && (flags & ~LEGACY_FLAGS)) {
        return -EOPNOTSUPP;
    }
    req->shared = type == LINUX_MAP_SHARED || type == LINUX_MAP_SHARED_VALIDATE;
    if (!req->shared && type != LINUX_MAP_PRIVATE) {
        return -EINVAL;
    }
    if (req->shared && (req->rights & PAGE_WRITE) && !req->stat.writable) {
        return -EACCES;
    }
    if (!req->stat.readable) {
        return -EACCES;
    }
    return flags & LINUX_MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_anonymous(uint32_t flags, struct mmap_req *req)
{
    switch (flags & LINUX_MAP_TYPE) {
    case LINUX_MAP_SHARED:
        req->shared = true;
        return flags & LINUX_MAP_GROWSDOWN ? -EINVAL : 0;
    case LINUX_MAP_PRIVATE:
        return 0;
    default:
        return -EINVAL;
    }
}

/*
 * MAP_32BIT exists on x86 only, where it is a wish about the address: a guest in general ignores
 * it.
 */
int flavour_check_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
                       uint64_t offset, struct mmap_req *ret)
{
    struct mmap_req req = {
        .fixed = (flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)) != 0,
        .rights = prot & PAGE_BITS,
        .wishes = wishes_of(flags),
        .extra = flags & LINUX_MAP_STACK ? PAGE_NOHUGE : 0,
        .fd = -1,
        .place_last = l->space.window_last,
    };
    int r;

    if (!u64_is_aligned(offset, l->space.guest_page)) {
        return -EINVAL;
    }
    r = check_source(l, flags, fd, offset, &req);
    if (r < 0) {
        return r;
    }
    r = check_address(l, start, len, flags, &req);
    if (r < 0) {
        return r;
    }
    r = req.file ? check_file(flags, &req) : check_anonymous(flags, &req);
    if (r < 0) {
        return r;
    }
    *ret = req;
    return 0;
}

/* Nothing here grows by itself, so what PROT_GROWSDOWN or UP is for is never what is mapped. */
static int check_growth(const struct layer *l, struct range r, int prot)
{
    struct page_run run;
    bool any = pageflags_next(l->flags, r.start, &run) && run.r.start <= r.last;

    return any && (run.r.start <= r.start || (prot & ABI_PROT_GROWSDOWN)) ? -EINVAL : -ENOMEM;
}

int flavour_check_mprotect(struct layer *l, gaddr start, uint64_t len, int prot,
                           struct range_req *ret)
{
    const int grows = ABI_PROT_GROWSDOWN | ABI_PROT_GROWSUP;
    uint64_t rounded;

    *ret = (struct range_req){.rights = prot & PAGE_BITS};
    if ((prot & grows) == grows || !u64_is_aligned(start, l->space.guest_page)) {
        return -EINVAL;
    }
    if (len == 0) {
        ret->nothing = true;
        return 0;
    }
    /* A kernel's range has an end behind it: one that 64 bits cannot hold wraps. */
    if (!layer_round_len(l, len, &rounded) || start > layer_last(l) ||
        rounded - 1 > layer_last(l) - start || start + rounded == 0) {
        return -ENOMEM;
    }
    if (prot & ~(ABI_PROT_RWX | ABI_PROT_SEM | grows)) {
        return -EINVAL;
    }
    if (start > l->space.window_last) {
        return -ENOMEM;
    }
    ret->hole_after = start + (rounded - 1) > l->space.window_last;
    ret->r = (struct range){start, u64_min(start + (rounded - 1), l->space.window_last)};
    return prot & grows ? check_growth(l, ret->r, prot) : 0;
}

int flavour_check_munmap(struct layer *l, gaddr start, uint64_t len, struct range_req *ret)
{
    uint64_t rounded;

    *ret = (struct range_req){0};
    if (!u64_is_aligned(start, l->space.guest_page) || !layer_round_len(l, len, &rounded) ||
        !layer_range(l, start, rounded, &ret->r)) {
        return -EINVAL;
    }
    return 0;
}

const struct layer_ops layer_linux = {
    .abi_version = LAYER_ABI_VERSION,
    .name = "linux",
    .system = "linux",
    .create = layer_create,
    .destroy = layer_destroy,
    .start = layer_start,
    .mmap = target_mmap,
    .munmap = target_munmap,
    .mprotect = target_mprotect,
    .mremap = target_mremap,
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
