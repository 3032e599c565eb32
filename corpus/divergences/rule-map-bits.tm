# An unknown flag of a private map: ignored on Linux, refused on FreeBSD.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|0x8000000, -1, 0)
