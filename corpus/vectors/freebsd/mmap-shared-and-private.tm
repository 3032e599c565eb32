# Both sharing types at once.
requires freebsd
file f0 size=0x2000
mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_PRIVATE, f0, 0) = -1 EINVAL
