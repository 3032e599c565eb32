# A length of zero is refused.
requires freebsd
mmap(@0x10000, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
