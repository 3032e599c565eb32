# MADV_FREE of a file map: refused on Linux, without effect on FreeBSD.
twinmap 1
file f0 size=65536
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0)
madvise(@0x40000, 0x4000, MADV_FREE)
