# A maximum is not a right: a guard may be given one.
requires freebsd
r0 = mmap(@0x10000, 0x2000, PROT_MAX(PROT_WRITE), MAP_GUARD|MAP_FIXED, -1, 0) = @0x10000
load(r0, 1) = SIGSEGV
