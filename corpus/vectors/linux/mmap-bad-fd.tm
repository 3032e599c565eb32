# A closed descriptor.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF
mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, -1, 0) = -1 EBADF
