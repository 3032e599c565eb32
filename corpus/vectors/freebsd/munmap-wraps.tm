# A range that wraps.
requires freebsd
munmap(0xfffffffffffff000, 0x2000) = -1 EINVAL
