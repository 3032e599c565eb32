# MAP_FIXED above the user's space.
requires linux
mmap(0xffff800000000000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
