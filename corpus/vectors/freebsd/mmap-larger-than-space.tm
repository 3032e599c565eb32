# A length that no address space has.
requires freebsd
mmap(NULL, 0x1000000000000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
