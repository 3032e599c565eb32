twinmap 1
# Every form of an expectation, and every name of an errno.
r0 = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0)
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = ok
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = @0x10000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = r0
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = r0+0x1000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = r0-4096
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = NULL
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = 0x7000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = 28672
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = -1
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANON, -1, 0) = -1 ENOMEM
munmap(@0x10000, 4096) = ok
munmap(@0x10000, 4096) = 0
munmap(@0x10000, 4096) = -1
munmap(@0x10000, 4096) = -1 EPERM
munmap(@0x10000, 4096) = -1 ENOENT
munmap(@0x10000, 4096) = -1 EINTR
munmap(@0x10000, 4096) = -1 EIO
munmap(@0x10000, 4096) = -1 ENXIO
munmap(@0x10000, 4096) = -1 E2BIG
munmap(@0x10000, 4096) = -1 EBADF
munmap(@0x10000, 4096) = -1 EAGAIN
munmap(@0x10000, 4096) = -1 ENOMEM
munmap(@0x10000, 4096) = -1 EACCES
munmap(@0x10000, 4096) = -1 EFAULT
munmap(@0x10000, 4096) = -1 EBUSY
munmap(@0x10000, 4096) = -1 EEXIST
munmap(@0x10000, 4096) = -1 ENODEV
munmap(@0x10000, 4096) = -1 ENOTDIR
munmap(@0x10000, 4096) = -1 EINVAL
munmap(@0x10000, 4096) = -1 ENFILE
munmap(@0x10000, 4096) = -1 EMFILE
munmap(@0x10000, 4096) = -1 ETXTBSY
munmap(@0x10000, 4096) = -1 EFBIG
munmap(@0x10000, 4096) = -1 ENOSPC
munmap(@0x10000, 4096) = -1 EDEADLK
munmap(@0x10000, 4096) = -1 ENOSYS
munmap(@0x10000, 4096) = -1 EOVERFLOW
munmap(@0x10000, 4096) = -1 EOPNOTSUPP
munmap(@0x10000, 4096) = -1 ENOTSUP
munmap(@0x10000, 4096) = -1 EWOULDBLOCK
store(@0x10000, 16, 0xab) = ok
exec(@0x10000) = ok
store(@0x10000, 16, 0xab) = 0
exec(@0x10000) = 0
store(@0x10000, 16, 0xab) = SIGSEGV
exec(@0x10000) = SIGSEGV
store(@0x10000, 16, 0xab) = SIGBUS
exec(@0x10000) = SIGBUS
load(@0x10000, 16) = ok
load(@0x10000, 16) = 0
load(@0x10000, 16) = 0xff
load(@0x10000, 16) = 171
load(@0x10000, 16) = SIGSEGV
load(@0x10000, 16) = SIGBUS
mremap(r0, 4096, 8192, MREMAP_MAYMOVE) = ok
mremap(r0, 4096, 8192, MREMAP_MAYMOVE) = @0x20000
mremap(r0, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT
mprotect(r0, 4096, PROT_READ) = ok
mprotect(r0, 4096, PROT_READ) = 0
mprotect(r0, 4096, PROT_READ) = -1
mprotect(r0, 4096, PROT_READ) = -1 EINVAL
msync(r0, 4096, MS_SYNC) = ok
msync(r0, 4096, MS_SYNC) = 0
msync(r0, 4096, MS_SYNC) = -1
msync(r0, 4096, MS_SYNC) = -1 EINVAL
madvise(r0, 4096, MADV_NORMAL) = ok
madvise(r0, 4096, MADV_NORMAL) = 0
madvise(r0, 4096, MADV_NORMAL) = -1
madvise(r0, 4096, MADV_NORMAL) = -1 EINVAL
host_fail(3, EPERM)
host_fail(3, ENOENT)
host_fail(3, EINTR)
host_fail(3, EIO)
host_fail(3, ENXIO)
host_fail(3, E2BIG)
host_fail(3, EBADF)
host_fail(3, EAGAIN)
host_fail(3, ENOMEM)
host_fail(3, EACCES)
host_fail(3, EFAULT)
host_fail(3, EBUSY)
host_fail(3, EEXIST)
host_fail(3, ENODEV)
host_fail(3, ENOTDIR)
host_fail(3, EINVAL)
host_fail(3, ENFILE)
host_fail(3, EMFILE)
host_fail(3, ETXTBSY)
host_fail(3, EFBIG)
host_fail(3, ENOSPC)
host_fail(3, EDEADLK)
host_fail(3, ENOSYS)
host_fail(3, EOVERFLOW)
host_fail(3, EOPNOTSUPP)
