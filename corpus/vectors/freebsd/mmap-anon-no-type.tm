# An anonymous map without a sharing type is private.
requires freebsd
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_ANONYMOUS, -1, 0) = ok
store(r0, 8, 1) = 0
