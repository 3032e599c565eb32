# A change over a hole changes the rest, and a store meets what the page flags say.
config bits=32
requires freebsd
requires no_reserved
r0 = mmap(0x40000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x40000000
mprotect(0x40000000, 0x2000, PROT_READ) = 0
store(r0, 1, 1) = SIGSEGV
mprotect(0x3ffff000, 0x3000, PROT_READ|PROT_WRITE) = 0
store(r0, 1, 1) = ok
