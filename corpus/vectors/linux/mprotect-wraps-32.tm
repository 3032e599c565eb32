# A range that wraps at 2^32.
config bits=32
requires linux
requires bits=32
mprotect(0xffffe000, 0x4000, PROT_READ) = -1 ENOMEM
mprotect(0x5000, 0xfffff001, PROT_READ) = -1 ENOMEM
