# The same in a 32-bit guest.
config bits=32
requires linux
requires bits=32
mmap(@0x5000, 0xfffff001, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
