# A length that rounds to zero.
requires linux
munmap(@0x10000, 0xffffffffffffffff) = -1 EINVAL
