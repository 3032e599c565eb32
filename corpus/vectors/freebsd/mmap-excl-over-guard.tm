# A guard is occupied ground.
requires freebsd
mmap(@0x10000, 0x1000, PROT_NONE, MAP_GUARD|MAP_FIXED, -1, 0) = @0x10000
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_EXCL|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
