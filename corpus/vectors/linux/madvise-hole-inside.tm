# What is mapped is advised, then ENOMEM.
requires linux
r0 = mmap(@0x10000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(r0+0x1000, 0x1000) = 0
store(r0+0x2000, 8, 4) = 0
madvise(r0, 0x3000, MADV_DONTNEED) = -1 ENOMEM
load(r0+0x2000, 8) = 0
