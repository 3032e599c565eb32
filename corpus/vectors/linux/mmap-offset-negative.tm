# A negative file offset.
requires linux
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x8000000000000000) = -1 EOVERFLOW
