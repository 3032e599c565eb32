# Unknown flags are ignored.
requires freebsd
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
msync(r0, 0x1000, 0x10) = 0
