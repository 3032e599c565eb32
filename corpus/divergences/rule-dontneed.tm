# MADV_DONTNEED drops private pages on Linux and never on FreeBSD.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
store(@0x40000, 0x4000, 7)
madvise(@0x40000, 0x4000, MADV_DONTNEED)
