# After munmap nothing is there.
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
munmap(r0, 0x10000) = 0
load(@0x100000, 1) = SIGSEGV
munmap(@0x100000, 0x10000) = 0
