# A map at an offset.
file f0 size=0x30000
r0 = mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE, f0, 0x10000) = ok
load(r0, 0x200) = 129
