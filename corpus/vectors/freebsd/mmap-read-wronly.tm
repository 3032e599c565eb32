# Reading needs a readable descriptor.
requires freebsd
file f0 size=0x1000 open=O_WRONLY
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0) = -1 EACCES
