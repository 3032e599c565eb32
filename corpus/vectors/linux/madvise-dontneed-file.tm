# A private copy reverts to the file.
requires linux
file f0 size=0x1000
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
store(r0, 16, 0x88) = 0
madvise(r0, 0x1000, MADV_DONTNEED) = 0
load(r0, 16) = 1
