# A range that wraps.
requires linux
mprotect(0xfffffffffffff000, 0x2000, PROT_READ) = -1 ENOMEM
mprotect(@0x10000, 0xffffffffffffffff, PROT_READ) = -1 ENOMEM
