# A hint above the user's space is ignored.
requires linux
mmap(0xffff800000000000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
