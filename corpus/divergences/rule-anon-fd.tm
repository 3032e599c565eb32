# Anonymous memory with an offset: FreeBSD refuses it, Linux does not look.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0x10000)
