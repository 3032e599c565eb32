# An unaligned address is rounded outward, also with length zero.
requires freebsd
requires host_page=4096
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(@0x10800, 0, PROT_READ) = 0
store(@0x10000, 1, 1) = SIGSEGV
store(@0x11000, 1, 1) = 0
mprotect(@0x10800, 0x801, PROT_NONE) = 0
load(@0x11000, 1) = SIGSEGV
