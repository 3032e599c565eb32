# Length zero succeeds anywhere, before the rights are judged.
requires linux
mprotect(@0x10000, 0, PROT_READ) = 0
mprotect(@0x10000, 0, 0x10) = 0
