# Duplicating a private map.
requires linux
r0 = mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(r0, 0, 0x1000, MREMAP_MAYMOVE) = -1 EINVAL
