/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of the fake host, with the answers of Linux (vm-semantics C). */
#include "fake_host_int.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/int.h"

static struct fake_host *of(struct host *h)
{
    return (struct fake_host *)h;
}

static bool fails(struct fake_host *f)
{
    f->calls++;
    if (f->calls != f->fail_at) {
        return false;
    }
    f->fired = true;
    return true;
}

static uint64_t free_room(const struct fake_host *f, uint64_t len)
{
    uint64_t last = f->top - 1;

    for (size_t i = f->areas.n; i-- > 0;) {
        if (f->areas.v[i].start > last) {
            continue;
        }
        if (f->areas.v[i].last < last && last - f->areas.v[i].last >= len) {
            break;
        }
        last = f->areas.v[i].start - 1;
    }
    return last - len + 1;
}

static int check_object(const struct host_map_req *req, const struct fake_object *o)
{
    if (!o) {
        return -EBADF;
    }
    if (!(o->mode & 1)) {
        return -EACCES;
    }
    if ((req->flags & HOST_MAP_SHARED) && (req->prot & HOST_W) && !(o->mode & 2)) {
        return -EACCES;
    }
    return 0;
}

static int fake_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    struct fake_host *f = of(h);
    struct fake_area a = {.prot = req->prot, .shared = req->flags & HOST_MAP_SHARED};
    uint64_t addr = req->addr;

    assert(req->len && u64_is_aligned(req->len | req->addr | req->offset, h->page));
    assert(!(req->flags & HOST_MAP_SHARED) != !(req->flags & HOST_MAP_PRIVATE));
    if (fails(f)) {
        return -f->fail_err;
    }
    if (!(req->flags & HOST_MAP_ANON)) {
        int r = check_object(req, fake_object_of_fd(f, req->fd));

        if (r) {
            return r;
        }
    }
    if (req->flags & HOST_MAP_FIXED) {
        if ((req->flags & HOST_MAP_NOREPLACE) && fake_any_area(f, addr, addr + req->len - 1)) {
            return -EEXIST;
        }
    } else if (addr == 0 || addr < h->min_addr || fake_any_area(f, addr, addr + req->len - 1)) {
        addr = free_room(f, req->len);
    }
    if (!(req->flags & HOST_MAP_ANON)) {
        a.object = fake_object_ref(fake_object_of_fd(f, req->fd));
        a.offset = req->offset;
    } else if (a.shared) {
        a.object = fake_object_new(f, req->len, false, 3);
    }
    a.start = addr;
    a.last = addr + req->len - 1;
    fake_cut(f, a.start, a.last);
    fake_area_insert(f, a);
    *ret = addr;
    return 0;
}

static int fake_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    struct fake_host *f = of(h);

    assert(len && u64_is_aligned(addr | len, h->page));
    if (fails(f)) {
        return -f->fail_err;
    }
    fake_cut(f, addr, addr + len - 1);
    return 0;
}

static int fake_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    struct fake_host *f = of(h);
    uint64_t last = addr + len - 1;

    assert(len && u64_is_aligned(addr | len, h->page) && !(prot & ~7));
    if (fails(f)) {
        return -f->fail_err;
    }
    fake_split(f, addr);
    fake_split(f, last + 1);
    for (uint64_t at = addr; at <= last && at >= addr;) {
        size_t i = fake_area_index(f, at);
        struct fake_area *a;

        if (i >= f->areas.n || f->areas.v[i].start > at) {
            return -ENOMEM;
        }
        a = &f->areas.v[i];
        if ((prot & HOST_W) && a->shared && !(a->object->mode & 2)) {
            return -EACCES;
        }
        a->prot = prot;
        at = a->last + 1;
    }
    return 0;
}

/* Take [OLD, +LEN) to TO: areas and pages keep what they are. */
static void carry(struct fake_host *f, uint64_t old, uint64_t len, uint64_t to)
{
    size_t i;

    fake_split(f, old);
    fake_split(f, old + len);
    for (;;) {
        struct fake_area a;

        i = fake_area_index(f, old);
        if (i >= f->areas.n || f->areas.v[i].start > old + len - 1) {
            break;
        }
        a = f->areas.v[i];
        memmove(&f->areas.v[i], &f->areas.v[i + 1], (f->areas.n - i - 1) * sizeof(a));
        f->areas.n--;
        a.start += to - old;
        a.last += to - old;
        fake_area_insert(f, a);
        if (a.last - (to - old) == old + len - 1) {
            break;
        }
    }
    for (i = fake_page_index(f, old); i < f->pages.n && f->pages.v[i].addr <= old + len - 1;
         i = fake_page_index(f, old)) {
        struct fake_page p = f->pages.v[i];

        memmove(&f->pages.v[i], &f->pages.v[i + 1], (f->pages.n - i - 1) * sizeof(p));
        f->pages.n--;
        p.addr += to - old;
        fake_page_put(f, p);
    }
}

static int grow_in_place(struct fake_host *f, const struct host_remap_req *req)
{
    size_t i = fake_area_index(f, req->old_addr);
    uint64_t last = req->old_addr + req->old_len - 1;
    uint64_t new_last = req->old_addr + req->new_len - 1;

    if (f->areas.v[i].last != last || fake_any_area(f, last + 1, new_last)) {
        return -ENOMEM;
    }
    f->areas.v[i].last = new_last;
    return 0;
}

static int remap_check(struct fake_host *f, const struct host_remap_req *req)
{
    const struct fake_area *a = fake_host_area(f, req->old_addr);

    if (!a) {
        return -EFAULT;
    }
    if (req->old_len == 0) {
        return a->shared ? 0 : -EINVAL;
    }
    if (a->last < req->old_addr + u64_min(req->old_len, req->new_len) - 1 &&
        !(f->moves_many && req->old_len == req->new_len)) {
        return -EFAULT;
    }
    return 0;
}

static int fake_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    struct fake_host *f = of(h);
    uint64_t to = req->new_addr;
    int r;

    assert(u64_is_aligned(req->old_addr | req->old_len | req->new_len, h->page) && req->new_len);
    if (fails(f)) {
        return -f->fail_err;
    }
    r = remap_check(f, req);
    if (r) {
        return r;
    }
    if (!(req->flags & HOST_REMAP_FIXED)) {
        if (req->old_len == 0 || req->new_len < req->old_len) {
            return -EOPNOTSUPP;
        }
        r = req->new_len > req->old_len ? grow_in_place(f, req) : 0;
        if (r == 0) {
            *ret = req->old_addr;
        }
        return r;
    }
    assert((req->flags & HOST_REMAP_MAYMOVE) && u64_is_aligned(to, h->page));
    if (to < req->old_addr + req->old_len && req->old_addr < to + req->new_len) {
        return -EINVAL;
    }
    fake_cut(f, to, to + req->new_len - 1);
    if (req->old_len == 0) {
        struct fake_area a = *fake_host_area(f, req->old_addr);

        a.offset += req->old_addr - a.start;
        a.start = to;
        a.last = to + req->new_len - 1;
        fake_object_ref(a.object);
        fake_area_insert(f, a);
    } else {
        if (req->new_len < req->old_len) {
            fake_cut(f, req->old_addr + req->new_len, req->old_addr + req->old_len - 1);
        }
        carry(f, req->old_addr, u64_min(req->old_len, req->new_len), to);
        if (req->new_len > req->old_len) {
            f->areas.v[fake_area_index(f, to + req->old_len - 1)].last = to + req->new_len - 1;
        }
    }
    *ret = to;
    return 0;
}

static int fake_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    struct fake_host *f = of(h);

    assert(len && u64_is_aligned(addr, h->page) && flags);
    if (fails(f)) {
        return -f->fail_err;
    }
    return fake_covered(f, addr, addr + len - 1) ? 0 : -ENOMEM;
}

static int fake_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    struct fake_host *f = of(h);

    (void)advice; /* nothing is locked here */
    assert(len && u64_is_aligned(addr | len, h->page));
    if (fails(f)) {
        return -f->fail_err;
    }
    fake_drop_pages(f, addr, addr + len - 1);
    return fake_covered(f, addr, addr + len - 1) ? 0 : -ENOMEM;
}

static int fake_fstat(struct host *h, int fd, struct host_stat *ret)
{
    struct fake_host *f = of(h);
    struct fake_object *o = fake_object_of_fd(f, fd);

    if (fails(f)) {
        return -f->fail_err;
    }
    if (!o) {
        return -EBADF;
    }
    *ret = (struct host_stat){.size = o->size,
                              .object = (uint64_t)fd,
                              .regular = true,
                              .readable = o->mode & 1,
                              .writable = o->mode & 2};
    return 0;
}

static int64_t fake_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    struct fake_host *f = of(h);
    struct fake_object *o = fake_object_of_fd(f, fd);

    if (fails(f)) {
        return -f->fail_err;
    }
    if (!o || !(o->mode & 1)) {
        return -EBADF;
    }
    if (offset >= o->size) {
        return 0;
    }
    len = u64_min(len, o->size - offset);
    memcpy(buf, o->bytes + offset, len);
    return (int64_t)len;
}

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_PEEK };

static int access_memory(struct fake_host *f, uint64_t addr, uint8_t *buf, size_t len,
                         enum access kind, struct host_fault *fault)
{
    while (len > 0) {
        uint64_t page = u64_align_down(addr, f->host.page);
        size_t n = u64_min(len, page + f->host.page - addr);
        const struct fake_area *a = fake_host_area(f, page);
        int want = kind == ACCESS_READ ? 7 : kind == ACCESS_WRITE ? HOST_W : 0;
        uint8_t *bytes = NULL;
        int signal = SIGSEGV;

        if (a && (want == 0 || (a->prot & want))) {
            bytes = fake_page_bytes(f, page, kind == ACCESS_WRITE);
            signal = SIGBUS;
        }
        if (!bytes) {
            if (fault) {
                *fault = (struct host_fault){signal, addr};
            }
            return -EFAULT;
        }
        if (kind != ACCESS_WRITE) {
            memcpy(buf, bytes + (addr - page), n);
        } else if (buf) {
            memcpy(bytes + (addr - page), buf, n);
        } else {
            memset(bytes + (addr - page), 0, n);
        }
        buf = buf ? buf + n : NULL;
        addr += n;
        len -= n;
    }
    return 0;
}

static int fake_read(struct host *h, uint64_t addr, void *buf, size_t len, struct host_fault *fault)
{
    struct fake_host *f = of(h);

    if (fails(f)) {
        if (fault) {
            *fault = (struct host_fault){0, 0};
        }
        return -f->fail_err;
    }
    return access_memory(f, addr, buf, len, ACCESS_READ, fault);
}

static int fake_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                      struct host_fault *fault)
{
    struct fake_host *f = of(h);

    if (fails(f)) {
        if (fault) {
            *fault = (struct host_fault){0, 0};
        }
        return -f->fail_err;
    }
    return access_memory(f, addr, (uint8_t *)buf, len, ACCESS_WRITE, fault);
}

static int fake_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    return access_memory(of(h), addr, buf, len, ACCESS_PEEK, NULL);
}

const struct host_ops fake_ops = {
    .name = "fake",
    .map = fake_map,
    .unmap = fake_unmap,
    .protect = fake_protect,
    .remap = fake_remap,
    .sync = fake_sync,
    .advise = fake_advise,
    .fstat = fake_fstat,
    .pread = fake_pread,
    .read = fake_read,
    .write = fake_write,
    .peek = fake_peek,
};
