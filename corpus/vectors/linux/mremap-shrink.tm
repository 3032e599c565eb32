# Shrinking unmaps the tail and never moves.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 8, 0x41) = 0
store(r0+0x3000, 8, 0x42) = 0
mremap(r0, 0x4000, 0x1000, MREMAP_MAYMOVE) = @0x10000
load(r0, 8) = 0x41
load(r0+0x1000, 1) = SIGSEGV
load(r0+0x3000, 1) = SIGSEGV
