# A hint is rounded down.
requires linux
mmap(@0x200fff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = @0x200000
