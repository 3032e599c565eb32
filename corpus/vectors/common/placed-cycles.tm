# Room below the last map is used again: many maps come and go in a small address space.
config bits=32
requires bits=32
requires no_reserved
r0 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r0, 0x60000000) = 0
r1 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r1, 0x60000000) = 0
r2 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r2, 0x60000000) = 0
r3 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r3, 0x60000000) = 0
r4 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r4, 0x60000000) = 0
r5 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r5, 0x60000000) = 0
r6 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r6, 0x60000000) = 0
r7 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r7, 0x60000000) = 0
r8 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r8, 0x60000000) = 0
r9 = mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
munmap(r9, 0x60000000) = 0
