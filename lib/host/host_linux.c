/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real Linux host. Memory calls are raw system calls: a sanitizer's interceptors would map and
 * fill the shadow of what the guest maps, and the C library's mremap cannot say everything.
 */
#include "host/catch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/int.h"
#include "region/object.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define WISH_MAX (1ull << 20) /* above this a LOCKED or POPULATE is not passed on */
#define MIN_ADDR_UNKNOWN 65536
#define FD_FLOOR 256 /* above what engines use */

static struct {
    pthread_once_t once;
    struct host host;
    int mem_fd; /* /proc/self/mem, -1: not open */
} linux_host = {.once = PTHREAD_ONCE_INIT, .mem_fd = -1};

/* What a system call answered as 0 or value, or negative errno; errno as it was. */
static int64_t answer(int64_t ret, int saved)
{
    if (ret == -1) {
        ret = -errno;
    }
    errno = saved;
    return ret;
}

static int64_t call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, int64_t e, uint64_t f)
{
    int saved = errno;

    return answer(syscall(nr, a, b, c, d, e, f), saved);
}

static int to_prot(int prot)
{
    return (prot & HOST_R ? PROT_READ : 0) | (prot & HOST_W ? PROT_WRITE : 0) |
           (prot & HOST_X ? PROT_EXEC : 0);
}

static int to_map_flags(const struct host_map_req *req)
{
    static const struct {
        uint32_t ours;
        int theirs;
    } table[] = {
        {HOST_MAP_SHARED, MAP_SHARED},  {HOST_MAP_PRIVATE, MAP_PRIVATE},
        {HOST_MAP_ANON, MAP_ANONYMOUS}, {HOST_MAP_NORESERVE, MAP_NORESERVE},
        {HOST_MAP_LOCKED, MAP_LOCKED},  {HOST_MAP_POPULATE, MAP_POPULATE},
    };
    uint32_t flags = req->flags;
    int ret = 0;

    if (req->len > WISH_MAX) {
        flags &= ~(uint32_t)(HOST_MAP_LOCKED | HOST_MAP_POPULATE);
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        ret |= flags & table[i].ours ? table[i].theirs : 0;
    }
    if (flags & HOST_MAP_FIXED) {
        ret |= flags & HOST_MAP_NOREPLACE ? MAP_FIXED_NOREPLACE : MAP_FIXED;
    }
    return ret;
}

static int64_t do_map(const struct host_map_req *req, int flags)
{
    return call(SYS_mmap, req->addr, req->len, (uint64_t)to_prot(req->prot), (uint64_t)flags,
                req->fd, req->offset);
}

static int linux_map(struct host *h, const struct host_map_req *req, uint64_t *ret)
{
    int64_t at;

    if ((req->flags & HOST_MAP_FIXED) && req->addr < h->min_addr) {
        return -EPERM;
    }
    at = do_map(req, to_map_flags(req));
    if ((at == -EAGAIN || at == -EPERM) && (req->flags & HOST_MAP_LOCKED)) {
        at = do_map(req, to_map_flags(req) & ~MAP_LOCKED);
    }
    if (at < 0) {
        return (int)at;
    }
    /* a kernel without NOREPLACE takes the address for a hint */
    if ((req->flags & HOST_MAP_FIXED) && (uint64_t)at != req->addr) {
        (void)call(SYS_munmap, (uint64_t)at, req->len, 0, 0, 0, 0);
        return -EEXIST;
    }
    *ret = (uint64_t)at;
    return 0;
}

static int linux_unmap(struct host *h, uint64_t addr, uint64_t len)
{
    (void)h;
    return (int)call(SYS_munmap, addr, len, 0, 0, 0, 0);
}

static int linux_protect(struct host *h, uint64_t addr, uint64_t len, int prot)
{
    (void)h;
    return (int)call(SYS_mprotect, addr, len, (uint64_t)to_prot(prot), 0, 0, 0);
}

static int linux_remap(struct host *h, const struct host_remap_req *req, uint64_t *ret)
{
    int flags = (req->flags & HOST_REMAP_MAYMOVE ? MREMAP_MAYMOVE : 0) |
                (req->flags & HOST_REMAP_FIXED ? MREMAP_FIXED : 0) |
                (req->flags & HOST_REMAP_DONTUNMAP ? MREMAP_DONTUNMAP : 0);
    int64_t at;

    if ((req->flags & HOST_REMAP_FIXED) && req->new_addr < h->min_addr) {
        return -EPERM;
    }
    at = call(SYS_mremap, req->old_addr, req->old_len, req->new_len, (uint64_t)flags,
              (int64_t)req->new_addr, 0);
    if (at < 0) {
        return (int)at;
    }
    *ret = (uint64_t)at;
    return 0;
}

static int linux_sync(struct host *h, uint64_t addr, uint64_t len, uint32_t flags)
{
    int theirs = (flags & HOST_SYNC_ASYNC ? MS_ASYNC : 0) |
                 (flags & HOST_SYNC_INVALIDATE ? MS_INVALIDATE : 0) |
                 (flags & HOST_SYNC_SYNC ? MS_SYNC : 0);

    (void)h;
    return (int)call(SYS_msync, addr, len, (uint64_t)theirs, 0, 0, 0);
}

static int linux_advise(struct host *h, uint64_t addr, uint64_t len, enum host_advice advice)
{
    /* Linux 5.18; older kernels and headers do not know it */
    const uint64_t dontneed_locked = 24;

    (void)h;
    return (int)call(SYS_madvise, addr, len,
                     advice == HOST_ADVISE_DONTNEED_LOCKED ? dontneed_locked : MADV_DONTNEED, 0, 0,
                     0);
}

static int linux_fstat(struct host *h, int fd, struct host_stat *ret)
{
    int saved = errno;
    struct stat st;
    int mode;

    (void)h;
    if (fstat(fd, &st) != 0) {
        return (int)answer(-1, saved);
    }
    mode = fcntl(fd, F_GETFL);
    if (mode == -1) {
        return (int)answer(-1, saved);
    }
    *ret = (struct host_stat){
        .size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0,
        .object = object_identity(major(st.st_dev), minor(st.st_dev), st.st_ino),
        .regular = S_ISREG(st.st_mode),
        .readable = (mode & O_ACCMODE) != O_WRONLY,
        .writable = (mode & O_ACCMODE) != O_RDONLY,
    };
    return 0;
}

static int64_t linux_pread(struct host *h, int fd, void *buf, size_t len, uint64_t offset)
{
    size_t done = 0;

    (void)h;
    while (done < len) {
        int saved = errno;
        int64_t n =
            answer(pread(fd, (char *)buf + done, len - done, (off_t)(offset + done)), saved);

        if (n == 0) {
            break;
        }
        if (n < 0 && n != -EINTR) {
            return n;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (int64_t)done;
}

static int linux_read(struct host *h, uint64_t addr, void *buf, size_t len,
                      struct host_fault *fault)
{
    (void)h;
    return catch_read(addr, buf, len, fault);
}

static int linux_write(struct host *h, uint64_t addr, const void *buf, size_t len,
                       struct host_fault *fault)
{
    (void)h;
    return catch_write(addr, buf, len, fault);
}

/* The process's memory as a file, at a number out of everybody's way. */
static int open_mem(void)
{
    int saved = errno;
    int low = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    int fd;

    if (low < 0) {
        return (int)answer(-1, saved);
    }
    fd = fcntl(low, F_DUPFD_CLOEXEC, FD_FLOOR);
    if (fd >= 0) {
        (void)close(low);
        low = fd;
    }
    errno = saved;
    return low;
}

static int linux_peek(struct host *h, uint64_t addr, void *buf, size_t len)
{
    int64_t n;

    if (linux_host.mem_fd < 0) {
        int fd = open_mem();

        if (fd < 0) {
            return fd;
        }
        linux_host.mem_fd = fd;
    }
    /* the kernel refuses with EIO; where it stops early a hole follows */
    n = linux_pread(h, linux_host.mem_fd, buf, len, addr);
    return n == (int64_t)len ? 0 : -EFAULT;
}

void host_real_after_fork(void)
{
    int saved = errno;

    if (linux_host.mem_fd >= 0) {
        (void)close(linux_host.mem_fd);
        linux_host.mem_fd = -1;
    }
    errno = saved;
}

static uint64_t read_min_addr(uint64_t page)
{
    char text[32] = "";
    uint64_t v = MIN_ADDR_UNKNOWN;
    int fd = open("/proc/sys/vm/mmap_min_addr", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%" SCNu64, &v) != 1) {
            v = MIN_ADDR_UNKNOWN;
        }
        (void)close(fd);
    }
    return u64_max(u64_align_up_wrap(v, page), page);
}

/*
 * Whether memory with X alone keeps its bytes to itself: asked of the kernel, which reads for a
 * program with the program's rights.
 */
static bool find_exec_only(uint64_t page)
{
    int64_t at = call(SYS_mmap, 0, page, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool only = false;
    int fd[2];

    if (at < 0) {
        return false;
    }
    if (pipe2(fd, O_CLOEXEC) == 0) {
        only = call(SYS_write, (uint64_t)fd[1], (uint64_t)at, 1, 0, 0, 0) == -EFAULT;
        (void)close(fd[0]);
        (void)close(fd[1]);
    }
    (void)call(SYS_munmap, (uint64_t)at, page, 0, 0, 0, 0);
    return only;
}

static const struct host_ops linux_ops = {
    .name = "real",
    .map = linux_map,
    .unmap = linux_unmap,
    .protect = linux_protect,
    .remap = linux_remap,
    .sync = linux_sync,
    .advise = linux_advise,
    .fstat = linux_fstat,
    .pread = linux_pread,
    .read = linux_read,
    .write = linux_write,
    .peek = linux_peek,
};

static void init_once(void)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    linux_host.host = (struct host){
        .ops = &linux_ops,
        .page = page,
        .min_addr = read_min_addr(page),
        .caps = {.remap = true, .noreplace = true, .exec_only = find_exec_only(page)},
    };
    linux_host.mem_fd = open_mem();
}

struct host *host_real_plain(void)
{
    int saved = errno;

    (void)pthread_once(&linux_host.once, init_once);
    errno = saved;
    return &linux_host.host;
}
