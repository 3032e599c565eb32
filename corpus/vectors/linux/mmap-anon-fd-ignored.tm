# An anonymous map does not look at the descriptor.
requires linux
file f0 size=0x1000
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, f0, 0) = ok
load(r0, 16) = 0
