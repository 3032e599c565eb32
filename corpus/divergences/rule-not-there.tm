# FreeBSD has no mremap: the map grows on Linux alone.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mremap(@0x40000, 0x4000, 0x8000, 0)
