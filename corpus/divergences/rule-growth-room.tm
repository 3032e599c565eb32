# A map that may not move grows where the next one lies a host page away, not a guest page.
twinmap 1
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
r1 = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
mremap(r0, 0x1000, 0x2000, 0)
