# Fresh anonymous memory reads zero.
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
load(r0, 0x10000) = 0
