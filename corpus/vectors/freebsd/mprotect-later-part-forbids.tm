# One forbidden part: nothing changes.
requires freebsd
file f0 size=0x1000 open=O_RDONLY
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mmap(@0x11000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0) = @0x11000
mprotect(@0x10000, 0x2000, PROT_READ|PROT_WRITE) = -1 EACCES
store(@0x10000, 1, 1) = SIGSEGV
