# Shared and writable on a read-only descriptor.
requires freebsd
file f0 size=0x1000 open=O_RDONLY
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = -1 EACCES
