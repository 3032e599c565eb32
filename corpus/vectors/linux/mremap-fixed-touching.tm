# Touching ranges do not overlap.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 8, 0x21) = 0
r1 = mremap(r0, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x11000) = @0x11000
load(r1, 8) = 0x21
load(@0x10000, 1) = SIGSEGV
