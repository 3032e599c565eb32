# A hole at the start: nothing changes.
requires linux
mmap(@0x11000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x11000
mprotect(@0x10000, 0x2000, PROT_READ) = -1 ENOMEM
store(@0x11000, 8, 1) = 0
