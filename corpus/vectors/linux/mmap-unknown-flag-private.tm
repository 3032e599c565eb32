# Unknown flags are ignored with MAP_PRIVATE.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|0x200000, -1, 0) = ok
store(r0, 8, 1) = 0
