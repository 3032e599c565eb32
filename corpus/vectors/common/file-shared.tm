# Two shared maps of a file are one memory.
file f0 size=0x10000
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
r1 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
store(r0, 0x200, 0xee) = 0
load(r1, 0x200) = 0xee
