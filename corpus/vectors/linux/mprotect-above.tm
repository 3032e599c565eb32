# Above the user's space.
requires linux
mprotect(0xffff800000000000, 0x1000, PROT_READ) = -1 ENOMEM
