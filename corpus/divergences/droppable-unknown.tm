# A sharing type of later kernels.
twinmap 1
requires linux
mmap(@0x40000, 0x10000, PROT_READ, MAP_FIXED|MAP_ANONYMOUS|0x8, -1, 0) = -1 EINVAL
