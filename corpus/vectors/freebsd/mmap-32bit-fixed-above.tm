# MAP_32BIT with a fixed address above 2 GiB.
requires freebsd
mmap(0x80000000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = -1 EINVAL
