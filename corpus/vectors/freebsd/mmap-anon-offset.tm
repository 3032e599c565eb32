# An anonymous map with an offset.
requires freebsd
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x5000) = -1 EINVAL
