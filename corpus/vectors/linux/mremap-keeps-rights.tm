# Each page keeps its rights when it moves.
requires linux
r0 = mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(r0, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x50000) = @0x50000
load(@0x51000, 16) = 0
store(@0x51000, 1, 1) = SIGSEGV
