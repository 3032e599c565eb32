# Above the user's space: clipped.
requires freebsd
mprotect(0xffff800000000000, 0x1000, PROT_READ) = 0
