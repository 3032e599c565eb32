# The largest rights a map may have are not remembered.
twinmap 1
requires freebsd
mmap(@0x40000, 0x10000, PROT_READ|PROT_MAX(PROT_READ), MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mprotect(@0x40000, 0x10000, PROT_READ|PROT_WRITE) = 0
