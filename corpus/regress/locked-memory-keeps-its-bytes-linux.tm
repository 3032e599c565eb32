# Memory mapped with MAP_LOCKED may not be dropped by advice nor invalidated; page flags alone do not tell it.
twinmap 1
requires linux
r0 = mmap(@0x40000, 0x20000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = @0x40000
store(r0, 16, 0x5a) = ok
madvise(r0, 0x10000, MADV_DONTNEED) = -1 EINVAL
madvise(r0, 0x10000, MADV_FREE) = -1 EINVAL
madvise(r0, 0x10000, MADV_PAGEOUT) = -1 EINVAL
madvise(r0, 0x10000, MADV_REMOVE) = -1 EINVAL
msync(r0, 0x10000, MS_ASYNC|MS_INVALIDATE) = -1 EBUSY
msync(r0, 0x10000, MS_ASYNC) = 0
load(r0, 16) = 0x5a
mmap(@0x60000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x60000
mremap(@0x50000, 0x20000, 0x30000, MREMAP_MAYMOVE) = -1 EFAULT
