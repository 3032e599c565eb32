# An unaligned address is refused.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
madvise(r0+0x10, 0x10, MADV_NORMAL) = -1 EINVAL
