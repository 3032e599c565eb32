# MREMAP_FIXED with a smaller size drops the rest.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 0x3000, 0x73) = 0
mremap(r0, 0x3000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x50000) = @0x50000
load(@0x50000, 0x1000) = 0x73
load(@0x51000, 1) = SIGSEGV
load(@0x10000, 1) = SIGSEGV
load(@0x12000, 1) = SIGSEGV
