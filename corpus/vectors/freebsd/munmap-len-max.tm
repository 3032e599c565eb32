# A length that rounds to zero does nothing.
requires freebsd
r0 = mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
munmap(@0x10000, 0xffffffffffffffff) = 0
load(r0, 1) = 0
