# MADV_FREE is for private anonymous memory.
requires linux
file f0 size=0x1000
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
madvise(r0, 0x1000, MADV_FREE) = -1 EINVAL
