# A file offset need not be aligned; the result carries the remainder.
requires freebsd
file f0 size=0x3000
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x1200) = ok
load(r0, 0x200) = 10
load(r0+0x200, 16) = 11
