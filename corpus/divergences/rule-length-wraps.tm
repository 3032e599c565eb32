# A length that rounds up to 0: nothing to do on FreeBSD, an error on Linux.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
munmap(@0x40000, 0xffffffffffffffff)
