# An unaligned offset is refused before all else.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x123) = -1 EINVAL
