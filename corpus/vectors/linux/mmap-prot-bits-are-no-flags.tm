# Protection bits that the layer uses inside grant nothing.
requires linux
r0 = mmap(NULL, 0x10000, PROT_READ|0x10, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 1, 1) = SIGSEGV
r1 = mmap(NULL, 0x10000, PROT_READ|0x1f0, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r1, 1, 1) = SIGSEGV
load(r1, 1) = 0
