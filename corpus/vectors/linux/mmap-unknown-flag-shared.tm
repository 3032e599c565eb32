# Unknown flags are ignored with MAP_SHARED.
requires linux
file f0 size=0x1000
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|0x200000, f0, 0) = ok
load(r0, 8) = 1
