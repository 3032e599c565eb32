# Private and writable on a read-only descriptor is a copy.
requires linux
file f0 size=0x1000 open=O_RDONLY
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
store(r0, 16, 0x99) = 0
load(r0, 16) = 0x99
