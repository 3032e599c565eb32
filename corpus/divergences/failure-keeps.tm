# A kernel has freed the destination, the source itself, when it fails.
twinmap 1
requires linux
r0 = mmap(@0x40000, 0x10000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mremap(r0, 0, 0x10000, MREMAP_MAYMOVE|MREMAP_FIXED, r0) = -1 EFAULT
load(r0, 1) = 0
