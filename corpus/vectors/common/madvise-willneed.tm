# Advice without effect on contents.
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 16, 0x56) = 0
madvise(r0, 0x10000, MADV_WILLNEED) = 0
madvise(r0, 0x10000, MADV_SEQUENTIAL) = 0
load(r0, 16) = 0x56
