# A private map of a read-only file does.
requires linux
file f0 size=0x1000 open=O_RDONLY
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0) = ok
mprotect(r0, 0x1000, PROT_READ|PROT_WRITE) = 0
store(r0, 16, 0x77) = 0
load(r0, 16) = 0x77
