# An unaligned address is rounded outward.
requires freebsd
requires host_page=4096
r0 = mmap(@0x10000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(@0x10800, 0x801) = 0
load(@0x10000, 1) = SIGSEGV
load(@0x11000, 1) = SIGSEGV
load(@0x12000, 1) = 0
