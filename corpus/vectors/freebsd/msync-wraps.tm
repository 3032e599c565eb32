# A range that wraps.
requires freebsd
msync(0xfffffffffffff000, 0x2000, 0) = -1 EINVAL
