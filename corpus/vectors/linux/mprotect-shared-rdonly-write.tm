# A shared map of a read-only file never becomes writable.
requires linux
file f0 size=0x1000 open=O_RDONLY
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, f0, 0) = ok
mprotect(r0, 0x1000, PROT_READ|PROT_WRITE) = -1 EACCES
load(r0, 16) = 1
mprotect(r0, 0x1000, PROT_NONE) = 0
mprotect(r0, 0x1000, PROT_READ) = 0
load(r0, 16) = 1
