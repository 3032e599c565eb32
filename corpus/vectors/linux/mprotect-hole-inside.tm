# A hole inside: what lies before it has changed.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(r0+0x1000, 0x1000) = 0
mprotect(r0, 0x3000, PROT_READ) = -1 ENOMEM
store(r0, 1, 1) = SIGSEGV
store(r0+0x2000, 1, 1) = 0
