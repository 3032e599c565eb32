# An unaligned file offset is refused.
requires linux
file f0 size=0x3000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x123) = -1 EINVAL
mmap(@0x10123, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x123) = -1 EINVAL
