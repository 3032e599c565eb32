# Unknown advice, unaligned address, a range outside.
requires freebsd
madvise(@0x10000, 0x1000, 77) = -1 EINVAL
madvise(@0x10010, 0x1000, MADV_NORMAL) = 0
madvise(0xffff800000000000, 0x1000, MADV_NORMAL) = -1 EINVAL
madvise(0xfffffffffffff000, 0x2000, MADV_NORMAL) = -1 EINVAL
