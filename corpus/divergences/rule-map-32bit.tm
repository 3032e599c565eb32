# MAP_32BIT at a fixed place above 2 GiB: a wish on Linux, refused on FreeBSD.
twinmap 1
mmap(@0x100000000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_32BIT, -1, 0)
