# Unknown protection bits are refused.
requires freebsd
mmap(NULL, 0x1000, PROT_READ|0x8, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
mmap(NULL, 0x1000, PROT_READ|0x1000, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
