# Private anonymous memory reads zero afterwards.
requires linux
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 0x2000, 4) = 0
madvise(r0, 0x1000, MADV_DONTNEED) = 0
load(r0, 0x1000) = 0
load(r0+0x1000, 0x1000) = 4
