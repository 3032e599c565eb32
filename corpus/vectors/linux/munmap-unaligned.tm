# An unaligned address is refused, also with length zero.
requires linux
mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(@0x10800, 0x800) = -1 EINVAL
munmap(@0x10800, 0) = -1 EINVAL
load(@0x10000, 1) = 0
