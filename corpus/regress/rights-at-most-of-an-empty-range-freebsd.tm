# FreeBSD widens an empty unaligned range to its page, also where a limit excuses what is done to it.
requires freebsd
r0 = mmap(@0x10000, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(r0, 0x10000, PROT_READ|PROT_MAX(PROT_READ)) = 0
mprotect(r0+0x800, 0, PROT_READ|PROT_WRITE) = 0
store(r0+0x800, 1, 0x11) = ok
