# MAP_FIXED needs an aligned address.
requires linux
mmap(@0x10800, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
