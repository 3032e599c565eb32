# Nothing mapped there.
requires linux
mprotect(@0x30000, 0x1000, PROT_READ|PROT_WRITE) = -1 ENOMEM
load(@0x30000, 1) = SIGSEGV
