# Length zero syncs the map that holds the address.
requires freebsd
r0 = mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
msync(r0, 0, 0) = 0
msync(@0x40000, 0, 0) = -1 ENOMEM
