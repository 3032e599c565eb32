# PROT_WRITE alone can be read.
requires linux
r0 = mmap(NULL, 0x1000, PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 8, 3) = 0
load(r0, 8) = 3
