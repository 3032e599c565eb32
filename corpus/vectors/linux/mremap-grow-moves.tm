# Growing with leave to move.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(r0+0x2000, 0x1000, PROT_READ) = 0
store(r0, 0x1000, 0x61) = 0
store(r0+0x1000, 0x1000, 0x62) = 0
r1 = mremap(r0, 0x2000, 0x4000, MREMAP_MAYMOVE) = ok
load(r1, 0x1000) = 0x61
load(r1+0x1000, 0x1000) = 0x62
load(r1+0x2000, 0x2000) = 0
load(@0x10000, 1) = SIGSEGV
load(@0x12000, 1) = 0
