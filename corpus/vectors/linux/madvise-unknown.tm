# Unknown advice.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
madvise(r0, 0x1000, 77) = -1 EINVAL
madvise(r0, 0x1000, 5) = -1 EINVAL
