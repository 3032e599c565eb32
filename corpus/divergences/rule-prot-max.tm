# PROT_MAX are unknown bits to mprotect on Linux.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mprotect(@0x40000, 0x4000, PROT_READ|PROT_MAX(PROT_READ|PROT_WRITE))
