# A guard faults, mprotect does not change it, a fixed map replaces it.
requires freebsd
requires host_page=4096
r0 = mmap(@0x10000, 0x2000, PROT_NONE, MAP_GUARD|MAP_FIXED, -1, 0) = @0x10000
load(r0, 1) = SIGSEGV
mprotect(r0, 0x2000, PROT_READ|PROT_WRITE) = 0
load(r0, 1) = SIGSEGV
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(@0x10000, 8, 1) = 0
load(@0x11000, 1) = SIGSEGV
munmap(@0x10000, 0x2000) = 0
