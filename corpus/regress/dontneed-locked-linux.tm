# MADV_DONTNEED_LOCKED drops what is locked, too.
requires linux
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0)
store(r0, 16, 0x74) = ok
madvise(r0, 0x4000, 24) = 0
load(r0, 16) = 0
