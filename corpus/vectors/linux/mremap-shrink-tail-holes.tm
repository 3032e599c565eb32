# The tail may have holes.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(r0+0x2000, 0x1000) = 0
mremap(r0, 0x4000, 0x1000, 0) = @0x10000
load(r0+0x1000, 1) = SIGSEGV
