# The descriptor is looked up before the length is judged.
requires linux
mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF
