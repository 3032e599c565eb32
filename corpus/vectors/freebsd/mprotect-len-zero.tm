# Length zero at an aligned address.
requires freebsd
mprotect(@0x30000, 0, PROT_READ) = 0
mprotect(@0x30000, 0, PROT_READ|0x8) = -1 EINVAL
