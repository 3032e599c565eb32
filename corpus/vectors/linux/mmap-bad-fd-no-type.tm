# The descriptor is looked up before the sharing type is judged.
requires linux
mmap(NULL, 0x1000, PROT_READ, 0, -1, 0) = -1 EBADF
