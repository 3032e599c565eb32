# A private page not yet written follows the file.
file f0 size=0x10000
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
r1 = mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE, f0, 0) = ok
load(r1, 0x200) = 1
store(r0, 0x200, 0xee) = 0
load(r1, 0x200) = 0xee
