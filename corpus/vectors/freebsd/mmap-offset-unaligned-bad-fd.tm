# An unaligned offset is no reason to refuse; the descriptor is.
requires freebsd
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, -1, 0x123) = -1 EBADF
