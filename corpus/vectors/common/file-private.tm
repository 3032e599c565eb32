# A private file map shows the file; stores stay private.
file f0 size=0x3000
r0 = mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
r1 = mmap(NULL, 0x3000, PROT_READ, MAP_PRIVATE, f0, 0) = ok
load(r0, 0x200) = 1
load(r0+0x1000, 0x200) = 9
store(r0, 0x200, 0xee) = 0
load(r1, 0x200) = 1
