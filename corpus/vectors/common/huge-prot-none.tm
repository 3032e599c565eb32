# One TiB of nothing.
config bits=64
requires bits=64
r0 = mmap(NULL, 0x10000000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mprotect(r0+0x8000000000, 0x10000, PROT_READ|PROT_WRITE) = 0
store(r0+0x8000000000, 16, 1) = 0
munmap(r0, 0x10000000000) = 0
load(r0, 1) = SIGSEGV
