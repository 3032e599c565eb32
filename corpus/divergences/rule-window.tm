# The last page of one window lies inside a larger one.
twinmap 1
mmap(@0xffff000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
