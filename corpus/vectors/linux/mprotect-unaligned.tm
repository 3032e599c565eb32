# An unaligned address is refused, also with length zero.
requires linux
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(@0x10800, 0x800, PROT_READ) = -1 EINVAL
mprotect(@0x10800, 0, PROT_READ) = -1 EINVAL
