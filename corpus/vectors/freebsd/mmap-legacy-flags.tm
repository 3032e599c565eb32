# Two legacy bits are ignored.
requires freebsd
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|0x20|0x40, -1, 0) = ok
load(r0, 8) = 0
