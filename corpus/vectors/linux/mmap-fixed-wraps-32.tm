# A fixed range that wraps at 2^32.
config bits=32
requires linux
requires bits=32
mmap(0xffffe000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
