# A fixed move onto itself fails on Linux after what was there is gone; a layer keeps it.
twinmap 1
file f0 size=65536
mmap(@0x110000, 0x8000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0)
mremap(@0x114000, 0, 0x8000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x114000) = -1
