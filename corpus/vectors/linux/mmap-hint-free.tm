# A free hint is taken.
requires linux
mmap(@0x200000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = @0x200000
