# Growing into a neighbour without leave to move.
requires linux
requires host_page=4096
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(r0+0x1000, 0x1000, PROT_READ) = 0
mremap(r0, 0x1000, 0x2000, 0) = -1 ENOMEM
store(r0, 8, 1) = 0
store(r0+0x1000, 1, 1) = SIGSEGV
