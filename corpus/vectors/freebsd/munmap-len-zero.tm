# A length of zero is refused.
requires freebsd
munmap(@0x10000, 0) = -1 EINVAL
munmap(@0x10800, 0) = -1 EINVAL
