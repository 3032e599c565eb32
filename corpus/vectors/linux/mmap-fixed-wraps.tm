# A fixed range that wraps.
requires linux
mmap(0xfffffffffffff000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
