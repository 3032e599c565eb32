/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What maps of files need beside a host call: the splice at EOF, and file bytes as bytes (layer.md
 * 6.4, 4 step 3).
 */
#include "flavour/layer_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/int.h"

/*
 * The part of R, mapped from OFFSET, that lies behind the last real page with file bytes but in the
 * same guest page: a kernel with the guest's page size shows zeros there, the host would raise
 * SIGBUS.
 *
 * T = 8K, R = 4K, EOF at 0x2328 | f | f | f | zeros | f ... 0 0x1000 0x2000 0x3000 0x4000
 */
static bool splice_range(const struct layer *l, struct range r, const struct mmap_req *req,
                         uint64_t offset, struct range *ret)
{
    uint64_t eof, from, behind;

    if (l->space.real_page >= l->space.guest_page || !req->stat.regular ||
        req->stat.size <= req->offset || req->stat.size <= offset) {
        return false;
    }
    eof = req->stat.size - offset;
    if (!u64_align_up(eof, l->space.real_page, &from) ||
        !u64_align_up(eof, l->space.guest_page, &behind) || from == behind ||
        from > r.last - r.start) {
        return false;
    }
    *ret = (struct range){r.start + from, u64_min(r.start + (behind - 1), r.last)};
    return true;
}

int map_file(struct layer *l, struct range r, const struct mmap_req *req, uint64_t offset, int prot,
             uint32_t extra, bool *changed)
{
    uint32_t flags = req->wishes | (req->shared ? HOST_MAP_SHARED : HOST_MAP_PRIVATE);
    struct range splice;
    int err = host_map_at(l, r, prot, flags | extra, req->fd, offset);

    if (err < 0) {
        return err;
    }
    *changed = true;
    if (!splice_range(l, r, req, offset, &splice)) {
        return 0;
    }
    return host_map_at(l, splice, prot, flags | HOST_MAP_ANON, -1, 0);
}

void map_file_mark(struct layer *l, struct range pages, const struct page_info *info,
                   const struct mmap_req *req)
{
    struct page_info spliced = *info;
    struct range splice, page;

    if (!splice_range(l, pages, req, info->offset, &splice)) {
        return;
    }
    page = range_widen((struct range){splice.start, splice.start}, l->space.guest_page);
    spliced.copied = true;
    spliced.offset += page.start - pages.start;
    pageflags_set(l->flags, page, &spliced);
}

/* What mmap of a guest says where reading the descriptor says something else. */
static int read_error(int64_t err)
{
    switch (err) {
    case -EBADF: /* fstat knew it: it is write-only */
        return -EACCES;
    case -ESPIPE:
    case -EISDIR:
        return -ENODEV;
    default:
        return (int)err;
    }
}

int file_bytes_read(struct layer *l, const struct mmap_req *req, uint64_t offset, uint64_t len,
                    uint8_t **ret, size_t *n)
{
    uint64_t left = req->stat.size > offset ? req->stat.size - offset : 0;
    uint64_t want = req->stat.regular ? u64_min(len, left) : len;
    uint8_t *bytes;
    size_t got = 0;
    int err = layer_scratch(want, &bytes);

    if (err < 0) {
        return err;
    }
    while (got < want) {
        int64_t r = host_pread(l->host, req->fd, bytes + got, want - got, offset + got);

        if (r < 0) {
            free(bytes);
            return read_error(r);
        }
        if (r == 0) {
            break;
        }
        got += (size_t)r;
    }
    *ret = bytes;
    *n = got;
    return 0;
}
