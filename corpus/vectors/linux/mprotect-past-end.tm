# Past the end of a map: the map changes, ENOMEM.
requires linux
r0 = mmap(@0x40000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mprotect(r0, 0x2000, PROT_READ) = -1 ENOMEM
store(r0, 1, 1) = SIGSEGV
