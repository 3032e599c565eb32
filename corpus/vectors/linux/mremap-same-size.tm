# Equal sizes change nothing.
requires linux
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 8, 0x31) = 0
mremap(r0, 0x2000, 0x2000, 0) = @0x10000
mremap(r0, 0x1800, 0x1801, MREMAP_MAYMOVE) = @0x10000
load(r0, 8) = 0x31
