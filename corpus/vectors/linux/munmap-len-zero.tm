# A length of zero is refused.
requires linux
munmap(@0x10000, 0) = -1 EINVAL
