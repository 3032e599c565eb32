# A range that wraps.
requires freebsd
mprotect(0xfffffffffffff000, 0x2000, PROT_READ) = -1 EINVAL
