/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real FreeBSD host, written to the documented interfaces (mmap(2), kinfo_getvmmap(3),
 * sysctl(3)). It has been compiled and run on no FreeBSD system yet: the contract test is what to
 * run there first.
 *
 * What FreeBSD has not: remap (-ENOSYS), a file that shows the process's memory whatever its rights
 * (peek lends itself the right to read for the moment), LOCKED (a wish, ignored).
 */
#include "host/catch.h"

#include <sys/types.h>
#include <sys/param.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/int.h"
#include "region/object.h"

#define WISH_MAX (1ull << 20) /* above this a POPULATE is not passed on */

static struct {
    pthread_once_t once;
    struct host host;
} freebsd_host = {.once = PTHREAD_ONCE_INIT};

/* 0 or negative errno, errno as it was. */
static int answer(int ret, int saved)
{
    if (ret == -1) {
        ret = -errno;
    }
    errno = saved;
    return ret;
}

static void *to_pointer(uint64_t addr)
{
    return (void *)(uintptr_t)addr;
}

static int to_prot(int prot)
{
    return (prot & HOST_R ? PROT_READ : 0) | (prot & HOST_W ? PROT_WRITE : 0) |
           (prot & HOST_X ? PROT_EXEC : 0);
}

static int to_map_flags(const struct host_map_req *req)
{
    int ret = 0;

    ret |= req->flags & HOST_MAP_SHARED ? MAP_SHARED : 0;
    ret |= req->flags & HOST_MAP_PRIVATE ? MAP_PRIVATE : 0;
    ret |= req->flags & HOST_MAP_ANON ? MAP_ANON : 0;
    ret |= req->flags & HOST_MAP_NOCORE ? MAP_NOCORE : 0;
    ret |= (req->flags & HOST_MAP_POPULATE) && req->len <= WISH_MAX ? MAP_PREFAULT_READ : 0;
    if (req->flags & HOST_MAP_FIXED) {
        ret |= MAP_FIXED | (req->flags & HOST_MAP_NOREPLACE ? MAP_EXCL : 0);
    }
    return ret;
}

/*
 * MAP_EXCL over something answers ENOMEM (its manual says EINVAL), as do other refusals: the map is
 * asked which it was.
 */
static int occupied(uint64_t addr, uint64_t len)
{
    int n = 0;
    int ret = 0;
    struct kinfo_vmentry *map = kinfo_getvmmap(getpid(), &n);

    for (int i = 0; map && i < n; i++) {
        if (map[i].kve_start < addr + len && addr < map[i].kve_end) {
            ret = 1;
        }
    }
    free(map);
    return ret;
}

static int freebsd_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    int saved = errno;
    void *at;
    int rc;

    if ((req->flags & HOST_MAP_FIXED) && req->addr < h->min_addr) {
        return -EPERM;
    }
    at = mmap(to_pointer(req->addr), req->len, to_prot(req->prot), to_map_flags(req), req->fd,
              (off_t)req->offset);
    if (at != MAP_FAILED) {
        *ret = (uintptr_t)at;
        return 0;
    }
    rc = answer(-1, saved);
    if ((rc == -ENOMEM || rc == -EINVAL) && (req->flags & HOST_MAP_FIXED) &&
        (req->flags & HOST_MAP_NOREPLACE) && occupied(req->addr, req->len)) {
        rc = -EEXIST;
    }
    errno = saved;
    return rc;
}

static int freebsd_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    int saved = errno;

    (void)h;
    return answer(munmap(to_pointer(addr), len), saved);
}

static int freebsd_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    int saved = errno;

    (void)h;
    return answer(mprotect(to_pointer(addr), len, to_prot(prot)), saved);
}

static int freebsd_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    (void)h;
    (void)req;
    (void)ret;
    return -ENOSYS;
}

/* MS_SYNC is 0 there: what is neither ASYNC nor INVALIDATE. */
static int freebsd_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    int saved = errno;
    int theirs = (flags & HOST_SYNC_ASYNC ? MS_ASYNC : 0) |
                 (flags & HOST_SYNC_INVALIDATE ? MS_INVALIDATE : 0) |
                 (flags & HOST_SYNC_SYNC ? MS_SYNC : 0);

    (void)h;
    return answer(msync(to_pointer(addr), len, theirs), saved);
}

static int freebsd_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    int saved = errno;

    (void)h;
    if (advice != HOST_ADVISE_DONTNEED) {
        return -EINVAL;
    }
    return answer(madvise(to_pointer(addr), len, MADV_DONTNEED), saved);
}

static int freebsd_fstat(struct host *h, int fd, struct host_stat *ret)
{
    int saved = errno;
    struct stat st;
    int mode;

    (void)h;
    if (fstat(fd, &st) != 0) {
        return answer(-1, saved);
    }
    mode = fcntl(fd, F_GETFL);
    if (mode == -1) {
        return answer(-1, saved);
    }
    *ret = (struct host_stat){
        .size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0,
        .object =
            object_identity((uint32_t)major(st.st_dev), (uint32_t)minor(st.st_dev), st.st_ino),
        .regular = S_ISREG(st.st_mode),
        .readable = (mode & O_ACCMODE) != O_WRONLY,
        .writable = (mode & O_ACCMODE) != O_RDONLY,
    };
    return 0;
}

static int64_t freebsd_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    int saved = errno;
    size_t done = 0;

    (void)h;
    while (done < len) {
        ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));

        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return answer(-1, saved);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    errno = saved;
    return (int64_t)done;
}

static int freebsd_read(struct host *h, uint64_t addr, void *buf, size_t len,
                        struct host_fault *fault)
{
    (void)h;
    return catch_read(addr, buf, len, fault);
}

static int freebsd_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                         struct host_fault *fault)
{
    (void)h;
    return catch_write(addr, buf, len, fault);
}

/* Rights of the page at ADDR as PROT_ bits, -1 where nothing is. */
static int page_rights(uint64_t addr)
{
    int n = 0;
    int ret = -1;
    struct kinfo_vmentry *map = kinfo_getvmmap(getpid(), &n);

    for (int i = 0; map && i < n; i++) {
        if (map[i].kve_start <= addr && addr < map[i].kve_end) {
            ret = (map[i].kve_protection & KVME_PROT_READ ? PROT_READ : 0) |
                  (map[i].kve_protection & KVME_PROT_WRITE ? PROT_WRITE : 0) |
                  (map[i].kve_protection & KVME_PROT_EXEC ? PROT_EXEC : 0);
        }
    }
    free(map);
    return ret;
}

/* One page that the rights it has do not let us read. */
static int peek_page(uint64_t page, uint64_t addr, void *buf, size_t len)
{
    void *start = to_pointer(u64_align_down(addr, page));
    int rights = page_rights(addr);
    int rc;

    if (rights < 0 || mprotect(start, page, PROT_READ) != 0) {
        return -EFAULT;
    }
    rc = catch_read(addr, buf, len, NULL);
    (void)mprotect(start, page, rights);
    return rc;
}

static int freebsd_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    int saved = errno;
    int rc = catch_read(addr, buf, len, NULL);

    for (size_t done = 0; rc != 0 && done < len;) {
        size_t part = u64_min(len - done, h->page - (addr + done) % h->page);

        if (catch_read(addr + done, (char *)buf + done, part, NULL) != 0 &&
            peek_page(h->page, addr + done, (char *)buf + done, part) != 0) {
            errno = saved;
            return -EFAULT;
        }
        done += part;
    }
    errno = saved;
    return 0;
}

void host_real_after_fork(void)
{
}

static const struct host_ops freebsd_ops = {
    .name = "real",
    .map = freebsd_map,
    .unmap = freebsd_unmap,
    .protect = freebsd_protect,
    .remap = freebsd_remap,
    .sync = freebsd_sync,
    .advise = freebsd_advise,
    .fstat = freebsd_fstat,
    .pread = freebsd_pread,
    .read = freebsd_read,
    .write = freebsd_write,
    .peek = freebsd_peek,
};

static void init_once(void)
{
    uint64_t page = (uint64_t)getpagesize();
    int map_at_zero = 0;
    size_t len = sizeof(map_at_zero);

    if (sysctlbyname("security.bsd.map_at_zero", &map_at_zero, &len, NULL, 0) != 0) {
        map_at_zero = 0;
    }
    freebsd_host.host = (struct host){
        .ops = &freebsd_ops,
        .page = page,
        .min_addr = map_at_zero ? 0 : page,
        .caps = {.remap = false, .noreplace = true},
    };
}

struct host *host_real_plain(void)
{
    int saved = errno;

    (void)pthread_once(&freebsd_host.once, init_once);
    errno = saved;
    return &freebsd_host.host;
}
