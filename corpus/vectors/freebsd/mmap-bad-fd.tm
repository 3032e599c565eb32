# A closed descriptor, with and without a sharing type.
requires freebsd
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF
mmap(NULL, 0x1000, PROT_READ, 0, -1, 0) = -1 EBADF
