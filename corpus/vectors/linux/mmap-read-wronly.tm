# A write-only descriptor cannot be mapped, whatever the rights.
requires linux
file f0 size=0x1000 open=O_WRONLY
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0) = -1 EACCES
mmap(NULL, 0x1000, PROT_NONE, MAP_PRIVATE, f0, 0) = -1 EACCES
mmap(NULL, 0x1000, PROT_WRITE, MAP_PRIVATE, f0, 0) = -1 EACCES
mmap(NULL, 0x1000, PROT_WRITE, MAP_SHARED, f0, 0) = -1 EACCES
