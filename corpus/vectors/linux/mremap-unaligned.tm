# An unaligned old address.
requires linux
r0 = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mremap(r0+0x10, 0x1000, 0x1000, MREMAP_MAYMOVE) = -1 EINVAL
