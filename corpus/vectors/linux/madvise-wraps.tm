# A range that wraps.
requires linux
madvise(0xfffffffffffff000, 0x2000, MADV_NORMAL) = -1 EINVAL
