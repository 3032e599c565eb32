# Advice 23, to write to pages, stops at the first that forbids it; a layer that ignores it sees the hole behind.
requires linux
r0 = mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
madvise(r0, 0x40000, 23)
madvise(r0, 0x10000, 23)
