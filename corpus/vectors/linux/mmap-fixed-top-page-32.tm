# The last page of a 32-bit space is ordinary memory.
config bits=32
requires linux
requires bits=32
r0 = mmap(0xfffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xfffff000
store(0xfffffff0, 16, 7) = 0
mprotect(0xfffff000, 0x1000, PROT_READ) = 0
store(0xfffff000, 1, 8) = SIGSEGV
load(0xfffffff0, 16) = 7
munmap(0xfffff000, 0x1000) = 0
load(0xfffff000, 1) = SIGSEGV
