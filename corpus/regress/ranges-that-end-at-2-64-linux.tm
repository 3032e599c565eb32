# A range whose end does not fit into 64 bits wraps: nothing of it changes.
twinmap 1
config bits=64
requires linux
requires bits=64
r0 = mmap(@0x10000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(r0, 0xffffffffffff0000, PROT_NONE) = -1 ENOMEM
store(r0, 8, 0x11) = ok
madvise(0xffffffffffff0000, 0x10000, MADV_DONTNEED) = -1 EINVAL
munmap(r0, 0x10000) = 0
r1 = mmap(@0x10000, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = @0x10000
msync(r1, 0xffffffffffff0000, MS_INVALIDATE) = -1 ENOMEM
