# Memory mapped again reads zero.
requires guest_page=4096
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x4000, 0x66) = 0
munmap(r0+0x1000, 0x1000) = 0
mmap(@0x101000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x101000
load(@0x101000, 0x1000) = 0
load(@0x100000, 0x1000) = 0x66
load(@0x102000, 0x2000) = 0x66
