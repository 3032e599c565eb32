# Equal sizes over a hole succeed.
requires linux
r0 = mmap(@0x10000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(r0+0x1000, 0x1000) = 0
mremap(r0, 0x3000, 0x3000, 0) = @0x10000
