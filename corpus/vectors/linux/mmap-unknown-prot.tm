# Unknown protection bits are ignored by mmap.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE|0x1000, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 8, 2) = 0
load(r0, 8) = 2
